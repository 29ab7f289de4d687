/* command_fail.c - a failure as one line on stderr and an exit code. */
#include <stdio.h>
#include <unistd.h>

#include "experiments/commands.h"
#include "experiments/text_out.h"

int command_fail(enum dsgd_status status)
{
    fprintf(stderr, "dsgd: ");
    text_shown(stderr, *dsgd_message() ? dsgd_message() : dsgd_status_text(status));
    fprintf(stderr, "\n");
    if (status == DSGD_ENOMEM) { /* HDF5's exit handler may crash where its own allocations failed */
        fflush(NULL);
        _exit(dsgd_status_exit_code(status));
    }
    return dsgd_status_exit_code(status);
}
