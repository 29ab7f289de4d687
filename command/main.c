/* main.c - the command dsgd: finds the subcommand. */
#include <argp.h>
#include <gsl/gsl_errno.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsgd_revision.h"
#include "command/commands.h"
#include "command/visible_stderr.h"
#include "lab/plugin.h"
#include "sim/level.h"

static const struct command *const commands[] = {
    &command_run, &command_path, &command_optimum, &command_show, &command_curve, &command_export, &command_list,
    &command_digest, &command_diff, &command_bench, &command_devices, &command_data, &command_sweep, &command_tune, &command_table, &command_verify,
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* help2man makes the man page of this text and of the subcommands' --help (scripts/man.sh). */
static void print_help(FILE *out)
{
    fprintf(out, "Usage: dsgd COMMAND [ARGUMENT...]\n"
                 "Simulator and benchmarks for communication-efficient distributed SGD.\n\n"
                 "Commands:\n");
    for (int j = 0; j < COMMANDS; ++j) { fprintf(out, "  %-9s %s\n", commands[j]->name, commands[j]->help); }
    fprintf(out, "\nOptions:\n"
                 "  --help, -h  print this and end; dsgd COMMAND --help explains one command\n"
                 "  --version   print version, revision and compiler, and end\n\n"
                 "Environment:\n"
                 "  DSGD_DATA     folder of the datasets (else data/)\n"
                 "  DSGD_CACHE    folder of certified optima (else results/optimum/)\n"
                 "  DSGD_CUDA_LIBRARY  the CUDA library (else the one beside libdsgd)\n"
                 "  DSGD_ISA      instruction set of the kernels (else the best; dsgd --version)\n"
                 "  DSGD_UNPACKED folder where published data stay unpacked, for many short runs\n"
                 "  DSGD_PLUGINS  plug-ins to load, with colons between them (--plugin FILE.so)\n\n"
                 "Examples:\n"
                 "  dsgd run experiments/figure5/logistic_heavymix.conf  figure 5's run with HEAVYMIX, about 5 s\n"
                 "  dsgd list sketched_sgd                       the keys of an algorithm\n\n"
                 "Exit status:\n"
                 "  0    complete (a run that diverged, too)\n"
                 "  1    internal failure; results that differ (dsgd diff), an unexpected\n"
                 "       verdict (dsgd verify)\n"
                 "  2    bad input\n"
                 "  3    input or output failed\n"
                 "  130  interrupted; the same command goes on\n");
}

static char version[512];

/* The text of --version; kernels: those that this processor can run, the one in use first. */
static void write_version(void)
{
    int n = snprintf(version, sizeof version, "dsgd %s (%.12s%s, %s)\nKernels: %s", DSGD_VERSION, DSGD_GIT_REVISION,
                     DSGD_GIT_DIRTY ? ", modified" : "", DSGD_COMPILER, dsgd_level_name(dsgd_level()));
    for (int level = 0; level < dsgd_levels(); ++level) {
        if (level != dsgd_level() && dsgd_level_runs(level)) { n += snprintf(version + n, sizeof version - (size_t)n, ", %s", dsgd_level_name(level)); }
    }
    snprintf(version + n, sizeof version - (size_t)n, " (DSGD_ISA chooses)\nLicense GPL-3.0-or-later. There is no warranty.");
}

int main(int argc, char **argv)
{
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is a failed write, with a sentence */
    visible_stderr();
    H5dont_atexit(); /* all files are closed by then, and after damage or without memory HDF5's own end may loop or crash */
    gsl_set_error_handler_off(); /* return codes are checked; GSL's own handler aborts */
    argp_err_exit_status = 2;
    write_version();
    argp_program_version = version; /* gives each subcommand --version */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts(version);
        return 0;
    }
    const enum dsgd_status plugins = dsgd_plugin_load_all(getenv("DSGD_PLUGINS"));
    if (plugins != DSGD_OK) { return command_fail(plugins); }
    while (argc > 2 && strncmp(argv[1], "--plugin", 8) == 0 && (argv[1][8] == '\0' || argv[1][8] == '=')) { /* in front of the command too */
        const bool apart = argv[1][8] == '\0';
        const enum dsgd_status status = dsgd_plugin_load(apart ? argv[2] : argv[1] + 9);
        if (status != DSGD_OK) { return command_fail(status); }
        argc -= apart ? 2 : 1;
        argv += apart ? 2 : 1;
    }
    if (argc < 2) { return print_help(stderr), 2; }
    for (int j = 0; j < COMMANDS; ++j) {
        if (strcmp(argv[1], commands[j]->name) == 0) {
            char name[64];
            snprintf(name, sizeof name, "dsgd %s", commands[j]->name);
            argv[1] = name;
            const int code = commands[j]->run(argc - 1, argv + 1);
            if (fflush(stdout) != 0 || ferror(stdout)) { /* a half-written report must not pass as good */
                fprintf(stderr, "dsgd: cannot write to standard output: expected a place with enough space\n");
                return code ? code : dsgd_status_exit_code(DSGD_EIO);
            }
            return code;
        }
    }
    fprintf(stderr, "dsgd: unknown command %s: expected one of", argv[1]);
    for (int j = 0; j < COMMANDS; ++j) { fprintf(stderr, " %s", commands[j]->name); }
    fprintf(stderr, "\n");
    return 2;
}
