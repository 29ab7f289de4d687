/* main.c - the command dsgd: finds the subcommand. */
#include <argp.h>
#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <string.h>

#include "dsgd_revision.h"
#include "experiments/commands.h"

static const struct command *const commands[] = {
    &command_run, &command_path, &command_optimum, &command_show, &command_curve, &command_export, &command_list,
    &command_digest, &command_diff, &command_bench,
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fprintf(out, "Usage: dsgd COMMAND [ARGUMENT...]\n"
                 "Simulator and benchmarks for communication-efficient distributed SGD.\n\n");
    for (int j = 0; j < COMMANDS; ++j) { fprintf(out, "  %-9s %s\n", commands[j]->name, commands[j]->help); }
    fprintf(out, "\n  dsgd COMMAND --help explains one. First run: dsgd run experiments/logistic_heavymix.conf\n"
                 "  Exit codes: 0 complete, 1 internal failure, 2 bad input, 3 input/output, 130 interrupted (resumable).\n");
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off(); /* return codes are checked; GSL's own handler aborts */
    argp_err_exit_status = 2;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("dsgd %s (%.12s%s, %s)\n", DSGD_VERSION, DSGD_GIT_REVISION, DSGD_GIT_DIRTY ? ", modified" : "", DSGD_COMPILER);
        return 0;
    }
    for (int j = 0; j < COMMANDS; ++j) {
        if (strcmp(argv[1], commands[j]->name) == 0) {
            char name[64];
            snprintf(name, sizeof name, "dsgd %s", commands[j]->name);
            argv[1] = name;
            return commands[j]->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "dsgd: unknown command %s: expected one of", argv[1]);
    for (int j = 0; j < COMMANDS; ++j) { fprintf(stderr, " %s", commands[j]->name); }
    fprintf(stderr, "\n");
    return 2;
}
