/* command_fail.c - a failure as one line on stderr and an exit code. */
#include <stdio.h>

#include "command/commands.h"
#include "lab/report/text_out.h"

int command_fail(enum dsgd_status status)
{
    fprintf(stderr, "dsgd: ");
    dsgd_print_shown(stderr, *dsgd_error() ? dsgd_error() : dsgd_status_text(status));
    fprintf(stderr, "\n");
    return dsgd_status_exit_code(status);
}
