/* cmd_verify.c - dsgd verify: every statement of the theory against what is measured, as a table with verdicts. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/general.h"
#include "command/options.h"
#include "lab/run/session.h"
#include "lab/report/text_out.h"
#include "command/verify_conditions.h"
#include "command/verify_map.h"
#include "command/verify_store.h"
#include "command/verify_tables.h"
#include "command/whole_output.h"
#include "sim/clock.h"
#include "verify/mnist.h"
#include "verify/table.h"

enum { KEY_ONLY = 1000, KEY_SEED, KEY_SEEDS, KEY_FULL, KEY_FAULT, KEY_LIST, KEY_RESTART, KEY_MARKDOWN, KEY_MAP, KEY_STATEMENT };

struct verify_options {
    const char *only[VERIFY_CHECKS_MAX];
    int onlys;
    int64_t seed, seeds, threads;
    bool full, list, restart, markdown, quiet, json;
    const char *fault, *map, *data, *output, *statement;
    struct common_options user; /* CONFIG and --set */
};

static const struct argp_option table[] = {
    {"only", KEY_ONLY, "CHECK", 0, "One check instead of all; repeatable", 0},
    {"full", KEY_FULL, NULL, 0, "The full set (up to two hours) instead of the quick one (minutes)", 0},
    {"seed", KEY_SEED, "N", 0, "Changes all seeds (1)", 0},
    {"seeds", KEY_SEEDS, "N", 0, "Also makes the table with N - 1 further seeds, and says how many verdicts changed (1)", 0},
    {"fault", KEY_FAULT, "NAME", 0, "Plants a fault, to see that the checks find it; see --list", 0},
    {"map", KEY_MAP, "NAME", 0, "Writes the numbers behind a figure to the file of -o instead of the table; see --list", 0},
    {"statement", KEY_STATEMENT, "NAME", 0, "With CONFIG: one statement alone, such as 'Lemma 1'; exit code 1 if its conditions do not hold", 0},
    {"set", 's', "KEY=VALUE", 0, "With CONFIG: override a key; repeatable", 0},
    {"list", KEY_LIST, NULL, 0, "Lists checks, maps, known findings and faults", 0},
    {"restart", KEY_RESTART, NULL, 0, "Makes everything anew; without it what stands in results/verify is taken", 0},
    {"markdown", KEY_MARKDOWN, NULL, 0, "The table as Markdown", 0},
    {"json", 'j', NULL, 0, "The rows as JSON, with settings, digests and commands", 0},
    {"output", 'o', "FILE", 0, "Also write all rows with settings, digests and commands as tab-separated text", 0},
    {"data", 'd', "FOLDER", 0, "Folder of the datasets (default: $DSGD_DATA, then data/)", 0},
    {"threads", 't', "N", 0, "Checks at a time (all cores); results do not depend on it", 0},
    {"quiet", 'q', NULL, 0, "No progress", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct verify_options *o = state->input;
    switch (key) {
    case KEY_ONLY:
        if (!verify_check_find(arg)) { argp_error(state, "--only %s: expected a check (dsgd verify --list)", arg); }
        if (o->onlys < VERIFY_CHECKS_MAX) { o->only[o->onlys++] = arg; }
        return 0;
    case KEY_FULL: o->full = true; return 0;
    case KEY_SEED: return option_integer(state, "--seed", arg, 0, 4294967295, &o->seed);
    case KEY_SEEDS: return option_integer(state, "--seeds", arg, 1, 1000, &o->seeds);
    case KEY_FAULT:
        if (!verify_fault_find(arg)) { argp_error(state, "--fault %s: expected a fault (dsgd verify --list)", arg); }
        o->fault = arg;
        return 0;
    case KEY_MAP:
        if (!verify_map_find(arg)) { argp_error(state, "--map %s: expected a map (dsgd verify --list)", arg); }
        o->map = arg;
        return 0;
    case ARGP_KEY_END:
        if (o->user.sets > 0 && !o->user.config) { argp_error(state, "--set %s: expected a CONFIG too", o->user.set[0]); }
        if (o->statement && !o->user.config) { argp_error(state, "--statement %s: expected a CONFIG too", o->statement); }
        if (o->map && !o->output) { argp_error(state, "--map %s: expected -o FILE", o->map); }
        return 0;
    case KEY_LIST: o->list = true; return 0;
    case KEY_RESTART: o->restart = true; return 0;
    case KEY_MARKDOWN: o->markdown = true; return 0;
    case KEY_STATEMENT: o->statement = arg; return 0;
    case 's': return option_set(&o->user, arg);
    case ARGP_KEY_ARG:
        if (o->user.config) { argp_error(state, "%s: expected one CONFIG", arg); }
        o->user.config = arg;
        return 0;
    case 'o': o->output = arg; return 0;
    case 'd': o->data = arg; return 0;
    case 't': return option_integer(state, "--threads", arg, 1, 1024, &o->threads);
    case 'q': o->quiet = true; return 0;
    case 'j': o->json = o->user.json = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static bool selected(const struct verify_options *o, const char *name)
{
    for (int i = 0; i < o->onlys; ++i) {
        if (strcmp(o->only[i], name) == 0) { return true; }
    }
    return o->onlys == 0;
}

static enum dsgd_status rows_open(const struct verify_options *o, struct verify_rows *rows)
{
    memset(rows, 0, sizeof *rows);
    for (int i = 0; verify_check_at(i) && rows->checks < VERIFY_CHECKS_MAX; ++i) {
        if (selected(o, verify_check_at(i)->name)) { rows->check[rows->checks++] = verify_check_at(i); }
    }
    rows->row = calloc((size_t)rows->checks * VERIFY_ROWS_MAX, sizeof *rows->row);
    return rows->row ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %d checks", rows->checks);
}

static bool needs_mnist(const struct verify_rows *rows)
{
    bool needed = false;
    for (int c = 0; c < rows->checks; ++c) { needed = needed || rows->check[c]->needs_mnist; }
    return needed;
}

/* The dataset that some checks need; *mnist NULL and a sentence in `absent` where it is not at hand. */
static enum dsgd_status open_data(const struct verify_options *o, bool needed, struct dsgd_dataset **mnist, char absent[DSGD_MESSAGE_MAX])
{
    *mnist = NULL;
    *absent = '\0';
    if (!needed) { return DSGD_OK; }
    const enum dsgd_status status = verify_mnist_load(o->data, mnist);
    if (status != DSGD_EINPUT) { return status; }
    dsgd_text_shown_into(absent, DSGD_MESSAGE_MAX, dsgd_error());
    return DSGD_OK;
}

/* One table: each check in one thread, its rows stored when it is done. The first failure is reported at the end. */
static enum dsgd_status rows_make(const struct verify_options *o, uint32_t seed, const struct verify_store *store, const struct dsgd_dataset *mnist,
                                  struct verify_rows *rows)
{
    const int threads = o->threads > 0 ? (int)o->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int c = 0; c < rows->checks; ++c) {
        struct verify_context context = {.seed = seed, .full = o->full, .fault = o->fault ? verify_fault_find(o->fault) : NULL,
                                         .data = o->data, .mnist = mnist, .cache = dsgd_session_cache_folder(), .threads = 1,
                                         .row = rows->row + (size_t)c * VERIFY_ROWS_MAX};
        enum verify_source source = VERIFY_STORED;
        const double start = dsgd_clock();
        rows->status[c] = verify_store_get(store, &context, rows->check[c], &source);
        rows->count[c] = rows->status[c] == DSGD_OK ? context.rows : 0;
        if (rows->status[c] != DSGD_OK) { snprintf(rows->message[c], DSGD_MESSAGE_MAX, "%s", dsgd_error()); }
        if (source == VERIFY_MADE && !o->quiet && rows->status[c] == DSGD_OK) {
            fprintf(stderr, "dsgd: verify: %s, %d rows in %.1f s\n", rows->check[c]->name, rows->count[c], dsgd_clock() - start);
        }
    }
    for (int c = 0; c < rows->checks; ++c) {
        if (rows->status[c] != DSGD_OK) { return dsgd_fail(rows->status[c], "%s", rows->message[c]); }
    }
    return DSGD_OK;
}

static enum dsgd_status write_tsv(const struct verify_options *o, const struct verify_rows *rows)
{
    struct whole_output whole;
    DSGD_TRY(whole_output_open(&whole));
    fprintf(whole.out, "%s\n", verify_columns);
    for (int c = 0; c < rows->checks; ++c) {
        for (int r = 0; r < rows->count[c]; ++r) {
            verify_row_print(whole.out, rows->row + (size_t)c * VERIFY_ROWS_MAX + r, rows->check[c]->name, (uint32_t)o->seed, o->full);
            fputc('\n', whole.out);
        }
    }
    return whole_output_close(&whole, DSGD_OK, o->output, TEXT_FILE_TSV);
}

/* *expected: no statement is violated but known findings, and all controls are. */
static enum dsgd_status verify(const struct verify_options *o, bool *expected)
{
    char absent[DSGD_MESSAGE_MAX];
    const struct verify_store store = {.restart = o->restart, .quiet = o->quiet, .absent = absent};
    struct dsgd_dataset *mnist = NULL;
    if (o->output) { /* before minutes of work */
        DSGD_TRY(dsgd_text_file_check(o->output));
        dsgd_text_file_clean(o->output);
    }
    struct verify_rows *tables = calloc((size_t)o->seeds, sizeof *tables);
    if (!tables) { return dsgd_fail(DSGD_ENOMEM, "no memory for %lld tables", (long long)o->seeds); }
    enum dsgd_status status = rows_open(o, &tables[0]);
    if (status == DSGD_OK) { status = open_data(o, needs_mnist(&tables[0]), &mnist, absent); }
    for (int64_t s = 0; status == DSGD_OK && s < o->seeds; ++s) {
        if (s > 0) { status = rows_open(o, &tables[s]); }
        if (status == DSGD_OK) { status = rows_make(o, (uint32_t)(o->seed + s), &store, mnist, &tables[s]); }
    }
    if (status == DSGD_OK) {
        if (o->json) {
            status = verify_tables_json(tables, o->seeds, o->seed, o->full);
        } else {
            verify_tables_print(tables, o->seeds, o->markdown);
        }
        if (status == DSGD_OK && o->output) { status = write_tsv(o, &tables[0]); }
    }
    if (status == DSGD_OK) {
        *expected = verify_tables_judge(tables, o->seeds, o->seed);
        if (!o->quiet) { verify_tables_news(tables, o->seeds, o->seed); }
    }
    dsgd_dataset_destroy(mnist);
    for (int64_t s = 0; s < o->seeds; ++s) { free(tables[s].row); }
    free(tables);
    return status;
}

static enum dsgd_status write_map(const struct verify_options *o)
{
    char absent[DSGD_MESSAGE_MAX];
    const struct verify_map *map = verify_map_find(o->map);
    struct dsgd_dataset *mnist = NULL;
    DSGD_TRY(open_data(o, map->uses_mnist, &mnist, absent));
    const struct verify_context context = {.seed = (uint32_t)o->seed, .full = o->full, .data = o->data, .mnist = mnist,
                                           .cache = dsgd_session_cache_folder(), .threads = 1};
    const enum dsgd_status status = verify_map_write(map, &context, o->output, o->restart, o->quiet);
    dsgd_dataset_destroy(mnist);
    return status;
}

static void list(void)
{
    printf("checks\n");
    for (int i = 0; verify_check_at(i); ++i) { printf("  %-18s %s\n", verify_check_at(i)->name, verify_check_at(i)->title); }
    printf("maps\n");
    for (int i = 0; verify_map_at(i); ++i) { printf("  %-18s %s\n", verify_map_at(i)->name, verify_map_at(i)->title); }
    printf("known findings\n");
    for (int i = 0; verify_finding_at(i); ++i) { printf("  %-44s %s\n", verify_finding_at(i)->id, verify_finding_at(i)->reason); }
    printf("faults\n");
    for (int i = 0; verify_fault_at(i); ++i) { printf("  %-18s %s\n", verify_fault_at(i)->name, verify_fault_at(i)->help); }
}

static int command(int argc, char **argv)
{
    static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {table, parse, "[CONFIG]", "Holds every statement of the theory against measurements and prints a verdict for "
                                     "each: holds, violated, vacuous (the bound says nothing), undecided (the interval is too wide). "
                                     "Exit code 1 if a statement is violated that is no known finding, or a control with a broken premise is not. "
                                     "With CONFIG nothing is run: tells for each statement whether its "
                                     "conditions hold for that configuration, or which one does not. docs/theory.md explains statements and rows.", general, NULL, NULL};
    struct verify_options options = {.seed = 1, .seeds = 1};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    if (options.list) {
        list();
        return 0;
    }
    options.user.data = options.data;
    bool expected = true;
    const enum dsgd_status status = options.user.config ? verify_conditions(&options.user, options.statement, &expected)
                                  : options.map ? write_map(&options) : verify(&options, &expected);
    common_options_clear(&options.user);
    return status != DSGD_OK ? command_fail(status) : expected ? 0 : 1;
}

const struct command command_verify = {"verify", "hold the theory against measurements, with a verdict for each statement", command};
