/* status.h - how everything in libdsgd reports failure.
 *
 * A function that can fail returns enum dsgd_status and leaves its result through its last pointer. The one-sentence
 * explanation (which input, which value, what was expected) goes into a buffer of the calling thread. The library never
 * prints, aborts or exits; the command turns a status into an exit code.
 */
#ifndef DSGD_SIM_STATUS_H
#define DSGD_SIM_STATUS_H

/** The statuses: symbol, exit code of the command, text. */
#define DSGD_STATUS_LIST(X)                                                                       \
    X(DSGD_OK, 0, "success")                                                                      \
    X(DSGD_EINTERNAL, 1, "internal failure")                                                      \
    X(DSGD_ENOMEM, 1, "out of memory")                                                            \
    X(DSGD_EMESSAGE, 1, "malformed message")                                                      \
    X(DSGD_EINPUT, 2, "bad input")                                                                \
    X(DSGD_EUNAVAILABLE, 2, "not to be had")                                                     \
    X(DSGD_EIO, 3, "input/output error")                                                          \
    X(DSGD_EINTERRUPTED, 130, "interrupted")

/** DSGD_OK, or what kind of failure. */
enum dsgd_status {
#define DSGD_STATUS_ENUM(name, code, text) name,
    DSGD_STATUS_LIST(DSGD_STATUS_ENUM)
#undef DSGD_STATUS_ENUM
};

enum { DSGD_MESSAGE_MAX = 768 }; /* bytes of one explanation, longer ones are cut */

/** Exit code of the command for a status: 0, 1 internal, 2 bad input, 3 input/output, 130 interrupted. */
int dsgd_status_exit_code(enum dsgd_status status);

/** Two or three words for a status; static storage. */
const char *dsgd_status_text(enum dsgd_status status);

/** Stores the explanation for this thread and returns `status`, so that callers can write `return dsgd_fail(...)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
enum dsgd_status dsgd_fail(enum dsgd_status status, const char *format, ...);

/** The last explanation of this thread; "" if there was none. Valid until the thread's next dsgd_fail. */
const char *dsgd_error(void);

/** Relays a failure to the caller. */
#define DSGD_TRY(call)                                                                            \
    do {                                                                                          \
        enum dsgd_status dsgd_try_ = (call);                                                      \
        if (dsgd_try_ != DSGD_OK) { return dsgd_try_; }                                           \
    } while (0)

#endif
