/* commands.h - the subcommands of dsgd: one file each, one line in main.c. */
#ifndef DSGD_COMMAND_COMMANDS_H
#define DSGD_COMMAND_COMMANDS_H

#include "sim/status.h"

struct command {
    const char *name, *help;        /* one line for `dsgd --help` */
    int (*run)(int argc, char **argv); /* argv[0] = "dsgd NAME"; returns the exit code */
};

extern const struct command command_run, command_list, command_show, command_export, command_curve, command_optimum,
    command_path, command_devices, command_digest, command_diff, command_bench, command_data, command_sweep, command_tune, command_table,
    command_verify;

/** Prints "dsgd: MESSAGE" on stderr (message of the last failure) and returns the status's exit code. */
int command_fail(enum dsgd_status status);

#endif
