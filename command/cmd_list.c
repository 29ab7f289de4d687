/* cmd_list.c - dsgd list: what a configuration can say, from the plug-ins' own tables. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "command/commands.h"
#include "command/general.h"
#include "command/list_json.h"
#include "command/explain.h"
#include "command/options.h"
#include "datasets/dataset.h"
#include "lab/config/spec.h"
#include "lab/plugin.h"
#include "lab/report/text_out.h"

static void print_range(const struct dsgd_param *p)
{
    switch (p->type) {
    case DSGD_PARAM_INT: printf("%.0f .. %.0f", p->min, p->max); break;
    case DSGD_PARAM_COUNT: printf("%.0f .. d", p->min); break;
    case DSGD_PARAM_REAL: printf("%g .. %g", p->min, p->max); break;
    case DSGD_PARAM_BOOL: printf("true | false"); break;
    case DSGD_PARAM_CHOICE:
        for (const char *c = p->choices; *c; ++c) { printf(*c == '|' ? " | " : "%c", *c); }
        break;
    case DSGD_PARAM_TEXT: printf("text"); break;
    }
}

/* What a key means, then what other tools call it; on a line of its own where an algorithm's default comes from. */
static void print_help(const char *help)
{
    const char *source = strstr(help, "; default: ");
    if (source) {
        printf("\n      %.*s\n      default from: %s\n", (int)(source - help), help, source + strlen("; default: "));
    } else {
        printf("\n      %s\n", help);
    }
}

static void print_table(const struct dsgd_param *table)
{
    for (const struct dsgd_param *p = table; p && p->name; ++p) {
        char initial[DSGD_TEXT_MAX + 2]; /* as a configuration file would say it */
        const bool quoted = !*p->initial || strchr(p->initial, ' ');
        snprintf(initial, sizeof initial, quoted ? "\"%s\"" : "%s", p->initial);
        printf("  %-18s = %-12s ", p->name, initial);
        print_range(p);
        print_help(p->help);
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

/* Which plug-in an entry comes from, if it is not the tree's own. */
static void print_origin(const void *entry)
{
    struct dsgd_plugin_origin origin;
    if (!dsgd_plugin_origin(entry, &origin)) { return; }
    printf("  %-14s from ", "");
    dsgd_print_shown(stdout, origin.path);
    printf(" (sha256 %.8s)\n", origin.sha256);
}

static void list_names(const char *role)
{
    const bool all = !role;
    if (all || strcmp(role, "algorithms") == 0) {
        printf("algorithms\n");
        for (size_t i = 0; dsgd_algorithm_at(i); ++i) {
            const struct dsgd_algorithm *a = dsgd_algorithm_at(i);
            printf("  %-14s %s\n  %-14s %s\n", a->name, a->title, "", a->reference);
            print_origin(a);
            if (a->aliases) { printf("  %-14s elsewhere: %s\n", "", a->aliases); }
        }
    }
    if (all || strcmp(role, "problems") == 0) {
        printf("problems\n");
        for (size_t i = 0; dsgd_problem_at(i); ++i) {
            printf("  %-14s %s\n", dsgd_problem_at(i)->name, dsgd_problem_at(i)->title);
            print_origin(dsgd_problem_at(i));
        }
        if (dsgd_problems_lacking()) { printf("  %s\n", dsgd_problems_lacking()); }
    }
    if (all || strcmp(role, "datasets") == 0) {
        printf("datasets\n");
        for (size_t i = 0; dsgd_dataset_at(i); ++i) {
            printf("  %-14s %s\n", dsgd_dataset_at(i)->name, dsgd_dataset_at(i)->title);
            print_origin(dsgd_dataset_at(i));
        }
    }
    if (all) { printf("engine\n  dsgd list engine shows the keys of every run; dsgd list NAME those of a plug-in\n"); }
}

struct list_options {
    const char *name;
    bool json;
    const char **set; /* [sets] NAME.key=value, borrowed from argv */
    size_t sets;
    int64_t d, rows, workers, steps;
};

/* The algorithm's configuration: defaults and --set NAME.key=value. */
static enum dsgd_status configure(const struct dsgd_algorithm *a, const struct list_options *options, void *config)
{
    DSGD_TRY(dsgd_param_defaults(a->params, a->name, config));
    const size_t prefix = strlen(a->name);
    for (size_t j = 0; j < options->sets; ++j) {
        const char *text = options->set[j], *equals = strchr(text, '=');
        const struct dsgd_param *param = NULL;
        char key[DSGD_TEXT_MAX];
        if (equals && strncmp(text, a->name, prefix) == 0 && text[prefix] == '.' &&
            snprintf(key, sizeof key, "%.*s", (int)(equals - text - (ptrdiff_t)prefix - 1), text + prefix + 1) < (int)sizeof key) {
            param = dsgd_param_find(a->params, key);
        }
        if (!param) { return dsgd_fail(DSGD_EINPUT, "list: --set %s: expected %s.KEY=VALUE with a key of that table", text, a->name); }
        DSGD_TRY(dsgd_param_set(param, a->name, config, equals + 1));
    }
    return DSGD_OK;
}

static void print_departures(const char *text)
{
    printf("departures from the sources\n");
    for (const char *line = text; *line;) {
        const int length = (int)strcspn(line, "\n");
        printf("  - %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

/* The keys and their values, in lines of about 100 characters. */
static void print_values(const struct dsgd_algorithm *a, const void *config)
{
    int column = printf("  with");
    for (const struct dsgd_param *p = a->params; p && p->name; ++p) {
        char value[DSGD_TEXT_MAX + 32], text[4 * sizeof value];
        dsgd_param_format(p, config, value, sizeof value);
        dsgd_text_shown_into(text, sizeof text, value);
        if (column > 6 && (size_t)column + strlen(p->name) + strlen(text) > 96) { column = printf("\n      ") - 1; }
        column += printf(" %s = %s%s", p->name, text, p[1].name ? "," : "");
    }
    printf(a->params && a->params->name ? "\n" : "out keys\n");
}

/* Why W workers are not one worker on the mean gradient; "" if they are. */
static const char *not_merged(const struct dsgd_algorithm *a, const struct dsgd_setting *setting)
{
    const char *reason = a->may_merge ? a->may_merge(setting) : a->unmergeable;
    return reason ? reason : "not declared";
}

/* What the algorithm is, then the setting as check and may_merge see it, then a run. A refused setting prints nothing. */
static enum dsgd_status explain_algorithm(const struct dsgd_algorithm *a, const void *config, const struct list_options *options)
{
    if (options->d % options->rows != 0) {
        return dsgd_fail(DSGD_EINPUT, "list: --rows %lld: expected a divisor of -d %lld", (long long)options->rows, (long long)options->d);
    }
    const struct dsgd_segment segment = {.name = "all", .count = (size_t)options->d, .rows = (size_t)options->rows,
                                         .cols = (size_t)(options->d / options->rows)};
    const struct dsgd_layout layout = {(size_t)options->d, 1, &segment};
    const struct dsgd_setting setting = {.config = config, .params = a->params, .layout = &layout,
                                         .workers = (uint32_t)options->workers, .seed_hash = 1, .seed_algorithm = 1};
    DSGD_TRY(dsgd_param_check_counts(a->params, a->name, config, (uint64_t)options->d));
    if (a->check) { DSGD_TRY(a->check(&setting)); }
    printf("%s: %s\n  %s\n", a->name, a->title, a->reference);
    if (a->aliases) { printf("  elsewhere: %s\n", a->aliases); }
    printf("\n%s { }\n", a->name);
    print_table(a->params);
    printf("\n");
    print_departures(a->departures);
    const char *reason = not_merged(a, &setting);
    printf("\nemulation = merged: %s%s\n", *reason ? "no, " : "yes", reason);
    printf("\nwhat crosses the network, d = %lld", (long long)options->d);
    if (options->rows > 1) { printf(" as a matrix of %lld x %lld", (long long)options->rows, (long long)(options->d / options->rows)); }
    printf(", W = %lld, Gaussian gradients\n", (long long)options->workers);
    print_values(a, config);
    const struct explain question = {a, config, options->d, options->rows, options->workers, options->steps};
    return explain_print(&question);
}

static enum dsgd_status list_algorithm(const struct dsgd_algorithm *a, const struct list_options *options)
{
    void *config = calloc(1, a->config_size ? a->config_size : 1);
    if (!config) { return dsgd_fail(DSGD_ENOMEM, "no memory for the configuration of %s", a->name); }
    enum dsgd_status status = configure(a, options, config);
    if (status == DSGD_OK) { status = explain_algorithm(a, config, options); }
    free(config);
    return status;
}

static enum dsgd_status list_one(const struct list_options *options)
{
    const char *name = options->name;
    const char *section = NULL;
    const struct dsgd_param *table = NULL;
    if (strcmp(name, "engine") == 0) {
        printf("top level\n");
        print_table(dsgd_run_params);
        for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) {
            printf("%s { }\n", s->name);
            print_table(s->params);
        }
        return DSGD_OK;
    }
    for (size_t i = 0; dsgd_spec_section(i, &section, &table); ++i) {
        if (strcmp(section, name) != 0) { continue; }
        const struct dsgd_algorithm *a = dsgd_algorithm_find(name);
        const struct dsgd_problem_ops *p = dsgd_problem_find(name);
        if (a) { return list_algorithm(a, options); }
        const struct dsgd_dataset_ops *data = p ? NULL : dsgd_dataset_find(name);
        if (p) { printf("%s: %s\n%s\n", p->name, p->title, p->reference); }
        if (data) { printf("%s: %s\n%s\nexamples: %s\n", data->name, data->title, data->reference, data->pairs ? "pairs of sentences" : "rows with labels"); }
        printf("%s { }\n", name);
        print_table(table);
        if (p) { print_metrics(p); }
        return DSGD_OK;
    }
    return dsgd_fail(DSGD_EINPUT, "list %s: expected algorithms, problems, datasets, engine or the name of one of them", name);
}

enum { KEY_ROWS = 256, KEY_STEPS };

static const struct argp_option table[] = {
    {"set", 's', "NAME.KEY=VALUE", 0, "An algorithm: another value of one of its keys, as sketched_sgd.k=20; repeatable", 0},
    {"parameters", 'd', "N", 0, "An algorithm's cost for d parameters (default 785)", 0},
    {"workers", 'w', "N", 0, "... and W workers (default 4)", 0},
    {"rows", KEY_ROWS, "N", 0, "... whose model is a matrix of so many rows (default 1: a vector). The rows of a sketch are a key: --set", 0},
    {"json", 'j', NULL, 0, "Names, keys, defaults and ranges as JSON", 0},
    {"steps", KEY_STEPS, "N", 0, "... as the mean of so many steps (default 16)", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct list_options *options = state->input;
    switch (key) {
    case 's': {
        const char **grown = realloc(options->set, (options->sets + 1) * sizeof *grown);
        if (!grown) { return ENOMEM; }
        options->set = grown;
        options->set[options->sets++] = arg;
        return 0;
    }
    case 'j': options->json = true; return 0;
    case 'd': return option_integer(state, "-d", arg, 1, 4294967295, &options->d);
    case 'w': return option_integer(state, "--workers", arg, 1, 1000000, &options->workers);
    case KEY_ROWS: return option_integer(state, "--rows", arg, 1, 4294967295, &options->rows);
    case KEY_STEPS: return option_integer(state, "--steps", arg, 1, 1000000, &options->steps);
    case ARGP_KEY_ARG:
        if (options->name) { return ARGP_ERR_UNKNOWN; }
        options->name = arg;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static int command(int argc, char **argv)
{
    static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {table, parse, "[algorithms|problems|datasets|engine|NAME]",
                                     "Lists plug-ins, or the keys of one with defaults, ranges and other tools' words. An algorithm "
                                     "is explained: source, departures, and what it sends, measured on Gaussian gradients.", general, NULL, NULL};
    struct list_options options = {.d = 785, .rows = 1, .workers = 4, .steps = 16};
    int code = argp_parse(&argp, argc, argv, 0, NULL, &options) ? 2 : 0;
    const char *name = options.name;
    if (code == 0 && options.json) {
        const enum dsgd_status status = list_json(name);
        code = status == DSGD_OK ? 0 : command_fail(status);
    } else if (code == 0 && (!name || strcmp(name, "algorithms") == 0 || strcmp(name, "problems") == 0 || strcmp(name, "datasets") == 0)) {
        list_names(name);
    } else if (code == 0) {
        enum dsgd_status status = list_one(&options);
        code = status == DSGD_OK ? 0 : command_fail(status);
    }
    free(options.set);
    return code;
}

const struct command command_list = {"list", "list algorithms, problems, datasets and their keys; explain one", command};
