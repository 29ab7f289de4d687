/* cmd_list.c - dsgd list: what a configuration can say, from the plug-ins' own tables. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "experiments/commands.h"
#include "experiments/spec.h"

static void print_range(const struct dsgd_param *p)
{
    switch (p->type) {
    case DSGD_PARAM_INT: printf("%.0f .. %.0f", p->min, p->max); break;
    case DSGD_PARAM_REAL: printf("%g .. %g", p->min, p->max); break;
    case DSGD_PARAM_BOOL: printf("true | false"); break;
    case DSGD_PARAM_CHOICE:
        for (const char *c = p->choices; *c; ++c) { printf(*c == '|' ? " | " : "%c", *c); }
        break;
    case DSGD_PARAM_TEXT: printf("text"); break;
    }
}

static void print_table(const struct dsgd_param *table)
{
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        printf("  %-18s = %-12s ", p->name, *p->initial ? p->initial : "\"\"");
        print_range(p);
        printf("\n      %s\n", p->help);
    }
}

/* Columns of /trace that a problem brings. */
static void print_metrics(const struct dsgd_problem_ops *problem)
{
    printf("columns of /trace\n");
    for (int m = 0; m < problem->metrics; ++m) {
        printf("  %-18s [%s] %s\n", problem->metric[m].name, problem->metric[m].unit, problem->metric[m].help);
    }
}

static void list_names(const char *role)
{
    const bool all = !role;
    if (all || strcmp(role, "algorithms") == 0) {
        printf("algorithms\n");
        for (size_t i = 0; dsgd_algorithm_at(i); ++i) {
            const struct dsgd_algorithm *a = dsgd_algorithm_at(i);
            printf("  %-14s %s (%s)%s%s\n", a->name, a->title, a->reference, a->aliases ? "; elsewhere: " : "", a->aliases ? a->aliases : "");
        }
    }
    if (all || strcmp(role, "problems") == 0) {
        printf("problems\n");
        for (size_t i = 0; dsgd_problem_at(i); ++i) { printf("  %-14s %s\n", dsgd_problem_at(i)->name, dsgd_problem_at(i)->title); }
    }
    if (all || strcmp(role, "datasets") == 0) {
        printf("datasets\n");
        for (size_t i = 0; dsgd_dataset_at(i); ++i) { printf("  %-14s %s\n", dsgd_dataset_at(i)->name, dsgd_dataset_at(i)->title); }
    }
    if (all) { printf("engine\n  dsgd list engine shows the keys of every run; dsgd list NAME those of a plug-in\n"); }
}

static enum dsgd_status list_one(const char *name)
{
    const char *section = NULL;
    const struct dsgd_param *table = NULL;
    if (strcmp(name, "engine") == 0) {
        printf("top level\n");
        print_table(dsgd_run_params);
        printf("step { }\n");
        print_table(dsgd_step_params);
        printf("log { }\n");
        print_table(dsgd_log_params);
        return DSGD_OK;
    }
    for (size_t i = 0; spec_section(i, &section, &table); ++i) {
        if (strcmp(section, name) != 0) { continue; }
        const struct dsgd_algorithm *a = dsgd_algorithm_find(name);
        const struct dsgd_problem_ops *p = dsgd_problem_find(name);
        if (a) { printf("%s: %s\n%s\n", a->name, a->title, a->reference); }
        if (p) { printf("%s: %s\n%s\n", p->name, p->title, p->reference); }
        printf("%s { }\n", name);
        print_table(table);
        if (p) { print_metrics(p); }
        return DSGD_OK;
    }
    return dsgd_fail(DSGD_EINPUT, "list %s: expected algorithms, problems, datasets, engine or the name of one of them", name);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    const char **name = state->input;
    if (key != ARGP_KEY_ARG || *name) { return ARGP_ERR_UNKNOWN; }
    *name = arg;
    return 0;
}

static int command(int argc, char **argv)
{
    static const struct argp argp = {NULL, parse, "[algorithms|problems|datasets|engine|NAME]",
                                     "Lists plug-ins, or the keys of one with defaults, ranges and other tools' words.", NULL, NULL, NULL};
    const char *name = NULL;
    if (argp_parse(&argp, argc, argv, 0, NULL, &name)) { return 2; }
    if (!name || strcmp(name, "algorithms") == 0 || strcmp(name, "problems") == 0 || strcmp(name, "datasets") == 0) {
        list_names(name);
        return 0;
    }
    enum dsgd_status status = list_one(name);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_list = {"list", "list algorithms, problems, datasets and their keys", command};
