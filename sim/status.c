/* status.c - status codes, and the calling thread's explanation of its last failure. */
#include "sim/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[DSGD_MESSAGE_MAX];

int dsgd_status_exit_code(enum dsgd_status status)
{
    switch (status) {
#define DSGD_STATUS_CODE(name, code, text) case name: return code;
        DSGD_STATUS_LIST(DSGD_STATUS_CODE)
#undef DSGD_STATUS_CODE
    }
    return 1;
}

const char *dsgd_status_text(enum dsgd_status status)
{
    switch (status) {
#define DSGD_STATUS_TEXT(name, code, text) case name: return text;
        DSGD_STATUS_LIST(DSGD_STATUS_TEXT)
#undef DSGD_STATUS_TEXT
    }
    return "unknown status";
}

enum dsgd_status dsgd_fail(enum dsgd_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char text[DSGD_MESSAGE_MAX]; /* the arguments may point into message */
    if (vsnprintf(text, sizeof text, format, arguments) < 0) { text[0] = '\0'; }
    va_end(arguments);
    snprintf(message, sizeof message, "%s", text);
    return status;
}

const char *dsgd_error(void)
{
    return message;
}
