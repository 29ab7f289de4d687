/* waiting.c - threads of the command that wait give their processor away.
 *
 * libgomp's threads spin for milliseconds before they sleep: beside other processes a run of many short parallel regions then takes a
 * hundred times as long. OMP_WAIT_POLICY=passive lets them sleep at once, but libgomp reads the environment while it is loaded, before the
 * first line of main, and the program's own functions that run still earlier (.preinit_array, on systems with glibc) cannot add a variable:
 * the C library takes the environment as it was given. So the wish stands in the place of a variable that no library reads, until all
 * libraries are initialised. A user who says how threads shall wait is obeyed, and programs that dsgd starts see what dsgd saw. Without
 * such a variable, or with another C library, everything is as OpenMP likes it.
 */
#include <features.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED /* nothing that they watch may run before they are ready */
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

static char wish[] = "OMP_WAIT_POLICY=passive";
static char **place; /* of the variable that the wish stands for */
static char *kept;

/* Whether a variable has this name. No function of a library may be called yet. */
static bool named(const char *variable, const char *name)
{
    while (*name && *variable == *name) {
        ++variable;
        ++name;
    }
    return *name == '\0' && *variable == '=';
}

static void lend(int argc, char **argv, char **environment)
{
    static const char *const said[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"};
    static const char *const unread[] = {"_", "SHLVL", "OLDPWD", "PWD", "LOGNAME"};
    size_t best = sizeof unread / sizeof *unread;
    (void)argc;
    (void)argv;
    for (char **variable = environment; *variable; ++variable) {
        for (size_t j = 0; j < sizeof said / sizeof *said; ++j) {
            if (named(*variable, said[j])) { return; }
        }
        for (size_t j = 0; j < best; ++j) {
            if (named(*variable, unread[j])) {
                place = variable;
                best = j;
            }
        }
    }
    if (place) {
        kept = *place;
        *place = wish;
    }
}

/* After the libraries' constructors, before main. */
__attribute__((constructor)) static void give_back(void)
{
    if (place) { *place = kept; }
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **, char **) = lend;

#else

typedef int nothing_to_do; /* a file of ISO C has a declaration */

#endif
