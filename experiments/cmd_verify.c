/* cmd_verify.c - dsgd verify: every statement of the theory against what is measured, as a table with verdicts. */
#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/commands.h"
#include "experiments/options.h"
#include "experiments/session.h"
#include "experiments/text_file.h"
#include "experiments/verify_conditions.h"
#include "experiments/verify_map.h"
#include "experiments/verify_store.h"
#include "sim/clock.h"
#include "verify/mnist.h"
#include "verify/table.h"

enum { KEY_ONLY = 1000, KEY_SEED, KEY_SEEDS, KEY_FULL, KEY_FAULT, KEY_LIST, KEY_RESTART, KEY_MARKDOWN, KEY_MAP, KEY_STATEMENT, CHECKS_MAX = 64 };

struct verify_options {
    const char *only[CHECKS_MAX];
    int onlys;
    int64_t seed, seeds, threads;
    bool full, list, restart, markdown, quiet;
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
    {"statement", KEY_STATEMENT, "NAME", 0, "With CONFIG: one statement alone, such as 'Lemma 1'; exit code 2 if its conditions do not hold", 0},
    {"set", 's', "KEY=VALUE", 0, "With CONFIG: override a key; repeatable", 0},
    {"list", KEY_LIST, NULL, 0, "Lists checks and faults", 0},
    {"restart", KEY_RESTART, NULL, 0, "Makes everything anew; without it what stands in results/verify is taken", 0},
    {"markdown", KEY_MARKDOWN, NULL, 0, "The table as Markdown", 0},
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
        if (o->onlys < CHECKS_MAX) { o->only[o->onlys++] = arg; }
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
    case 's': {
        const char **grown = realloc(o->user.set, (o->user.sets + 1) * sizeof *grown);
        if (!grown) { return ENOMEM; }
        o->user.set = grown;
        o->user.set[o->user.sets++] = arg;
        return 0;
    }
    case ARGP_KEY_ARG:
        if (o->user.config) { argp_error(state, "%s: expected one CONFIG", arg); }
        o->user.config = arg;
        return 0;
    case 'o': o->output = arg; return 0;
    case 'd': o->data = arg; return 0;
    case 't': return option_integer(state, "--threads", arg, 1, 1024, &o->threads);
    case 'q': o->quiet = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* All rows of one table, one block of VERIFY_ROWS_MAX a check. */
struct rows {
    int checks;
    const struct verify_check *check[CHECKS_MAX];
    struct verify_row *row; /* [checks][VERIFY_ROWS_MAX] */
    int count[CHECKS_MAX];
    enum dsgd_status status[CHECKS_MAX];
    char message[CHECKS_MAX][DSGD_MESSAGE_MAX];
};

static bool selected(const struct verify_options *o, const char *name)
{
    for (int i = 0; i < o->onlys; ++i) {
        if (strcmp(o->only[i], name) == 0) { return true; }
    }
    return o->onlys == 0;
}

static enum dsgd_status rows_open(const struct verify_options *o, struct rows *rows)
{
    memset(rows, 0, sizeof *rows);
    for (int i = 0; verify_check_at(i) && rows->checks < CHECKS_MAX; ++i) {
        if (selected(o, verify_check_at(i)->name)) { rows->check[rows->checks++] = verify_check_at(i); }
    }
    rows->row = calloc((size_t)rows->checks * VERIFY_ROWS_MAX, sizeof *rows->row);
    return rows->row ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %d checks", rows->checks);
}

static bool needs_mnist(const struct rows *rows)
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
    snprintf(absent, DSGD_MESSAGE_MAX, "%s", dsgd_message());
    return DSGD_OK;
}

/* One table: each check in one thread, its rows stored when it is done. The first failure is reported at the end. */
static enum dsgd_status rows_make(const struct verify_options *o, uint32_t seed, const struct verify_store *store, const struct dsgd_dataset *mnist,
                                  struct rows *rows)
{
    const int threads = o->threads > 0 ? (int)o->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int c = 0; c < rows->checks; ++c) {
        struct verify_context context = {.seed = seed, .full = o->full, .fault = o->fault ? verify_fault_find(o->fault) : NULL,
                                         .data = o->data, .mnist = mnist, .cache = session_cache_folder(), .threads = 1,
                                         .row = rows->row + (size_t)c * VERIFY_ROWS_MAX};
        enum verify_source source = VERIFY_STORED;
        const double start = dsgd_clock();
        rows->status[c] = verify_store_get(store, &context, rows->check[c], &source);
        rows->count[c] = rows->status[c] == DSGD_OK ? context.rows : 0;
        if (rows->status[c] != DSGD_OK) { snprintf(rows->message[c], DSGD_MESSAGE_MAX, "%s", dsgd_message()); }
        if (source == VERIFY_MADE && !o->quiet && rows->status[c] == DSGD_OK) {
            fprintf(stderr, "dsgd: verify: %s, %d rows in %.1f s\n", rows->check[c]->name, rows->count[c], dsgd_clock() - start);
        }
    }
    for (int c = 0; c < rows->checks; ++c) {
        if (rows->status[c] != DSGD_OK) { return dsgd_fail(rows->status[c], "%s", rows->message[c]); }
    }
    return DSGD_OK;
}

/* A bar ends a cell of a Markdown table: "||g||" needs its bars escaped. */
static void escape_bars(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text && n + 3 < size; ++text) {
        if (*text == '|') { out[n++] = '\\'; }
        out[n++] = *text;
    }
    out[n] = '\0';
}

static void print_row(const struct verify_row *row, int changed, int64_t seeds, bool markdown)
{
    char claim[64], measured[96], again[32] = "";
    verify_claim_text(row, claim, sizeof claim);
    if (row->measured.low < row->measured.high) {
        snprintf(measured, sizeof measured, "%.4g [%.4g, %.4g]", row->measured.value, row->measured.low, row->measured.high);
    } else {
        snprintf(measured, sizeof measured, "%.4g", row->measured.value);
    }
    const double slack = verify_slack(row);
    char slack_text[32] = "-";
    if (isfinite(slack)) { snprintf(slack_text, sizeof slack_text, "%.3g", slack); }
    if (seeds > 1) { snprintf(again, sizeof again, markdown ? " %d of %lld |" : "  %d of %lld", changed, (long long)seeds); }
    const char *control = row->control ? " (control)" : "";
    if (markdown) {
        char quantity[2 * VERIFY_TEXT_MAX];
        escape_bars(row->quantity, quantity, sizeof quantity);
        printf("| %s%s | `%s` | %s | %s | %s | %s | %s |%s\n", row->statement, control, row->id, quantity, measured, claim, slack_text,
               theory_verdict_name(row->verdict), again);
    } else {
        printf("%-10s %-28s %-34s %-34s %-24s %8s%s%s\n", theory_verdict_name(row->verdict), row->statement, row->id, measured, claim, slack_text,
               control, again);
    }
}

static void print_head(const struct verify_options *o)
{
    if (o->markdown) {
        printf("| Statement | Row | Measured quantity | Value [99.9 %% interval] | Claim | Slack | Verdict |%s\n|---|---|---|---|---|---|---|%s\n",
               o->seeds > 1 ? " Verdicts changed |" : "", o->seeds > 1 ? "---|" : "");
    } else {
        printf("%-10s %-28s %-34s %-34s %-24s %8s%s\n", "verdict", "statement", "row", "measured [99.9 % interval]", "claim", "slack",
               o->seeds > 1 ? "  changed" : "");
    }
}

/* How often the verdict of a row differs from that of the first table. */
static int changes(const struct rows *tables, int64_t seeds, int c, const struct verify_row *row)
{
    int changed = 0;
    for (int64_t s = 1; s < seeds; ++s) {
        const struct verify_row *other = tables[s].row + (size_t)c * VERIFY_ROWS_MAX;
        bool same = false;
        for (int r = 0; r < tables[s].count[c]; ++r) {
            if (strcmp(other[r].id, row->id) == 0) { same = other[r].verdict == row->verdict; }
        }
        changed += !same;
    }
    return changed;
}

static void print_tables(const struct verify_options *o, const struct rows *tables)
{
    int total[4] = {0}, controls = 0, controls_violated = 0;
    print_head(o);
    for (int c = 0; c < tables[0].checks; ++c) {
        for (int r = 0; r < tables[0].count[c]; ++r) {
            const struct verify_row *row = tables[0].row + (size_t)c * VERIFY_ROWS_MAX + r;
            print_row(row, changes(tables, o->seeds, c, row), o->seeds, o->markdown);
            if (row->control) {
                ++controls;
                controls_violated += row->verdict == THEORY_VIOLATED;
            } else {
                ++total[row->verdict];
            }
        }
    }
    if (!o->markdown) {
        printf("%d rows: %d hold, %d violated, %d vacuous, %d undecided; and %d controls with a broken premise, %d of them violated as they should be\n",
               total[0] + total[1] + total[2] + total[3], total[THEORY_HOLDS], total[THEORY_VIOLATED], total[THEORY_VACUOUS],
               total[THEORY_UNDECIDED], controls, controls_violated);
    }
}

static enum dsgd_status write_tsv(const struct verify_options *o, const struct rows *rows)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for the table"); }
    fprintf(out, "%s\n", verify_columns);
    for (int c = 0; c < rows->checks; ++c) {
        for (int r = 0; r < rows->count[c]; ++r) {
            verify_row_print(out, rows->row + (size_t)c * VERIFY_ROWS_MAX + r, rows->check[c]->name, (uint32_t)o->seed, o->full);
            fputc('\n', out);
        }
    }
    const bool complete = fclose(out) == 0;
    const enum dsgd_status status = complete ? text_file_write(o->output, text, size, TEXT_FILE_HASH) : dsgd_fail(DSGD_ENOMEM, "no memory for the table");
    free(text);
    return status;
}

static enum dsgd_status verify(const struct verify_options *o)
{
    char absent[DSGD_MESSAGE_MAX];
    const struct verify_store store = {.restart = o->restart, .quiet = o->quiet, .absent = absent};
    struct dsgd_dataset *mnist = NULL;
    if (o->output) { DSGD_TRY(text_file_check(o->output)); } /* before minutes of work */
    struct rows *tables = calloc((size_t)o->seeds, sizeof *tables);
    if (!tables) { return dsgd_fail(DSGD_ENOMEM, "no memory for %lld tables", (long long)o->seeds); }
    enum dsgd_status status = rows_open(o, &tables[0]);
    if (status == DSGD_OK) { status = open_data(o, needs_mnist(&tables[0]), &mnist, absent); }
    for (int64_t s = 0; status == DSGD_OK && s < o->seeds; ++s) {
        if (s > 0) { status = rows_open(o, &tables[s]); }
        if (status == DSGD_OK) { status = rows_make(o, (uint32_t)(o->seed + s), &store, mnist, &tables[s]); }
    }
    if (status == DSGD_OK) {
        print_tables(o, tables);
        if (o->output) { status = write_tsv(o, &tables[0]); }
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
                                           .cache = session_cache_folder(), .threads = 1};
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
    printf("faults\n");
    for (int i = 0; verify_fault_at(i); ++i) { printf("  %-18s %s\n", verify_fault_at(i)->name, verify_fault_at(i)->help); }
}

static int command(int argc, char **argv)
{
    static const struct argp argp = {table, parse, "[CONFIG]", "Holds every statement of the theory against measurements and prints a verdict for "
                                     "each: holds, violated, vacuous (the bound says nothing), undecided (the interval is too wide). "
                                     "With CONFIG nothing is run: tells for each statement whether its "
                                     "conditions hold for that configuration, or which one does not. docs/theory.md explains statements and rows.", NULL, NULL, NULL};
    struct verify_options options = {.seed = 1, .seeds = 1};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    if (options.list) {
        list();
        return 0;
    }
    options.user.data = options.data;
    const enum dsgd_status status = options.user.config ? verify_conditions(&options.user, options.statement)
                                  : options.map ? write_map(&options) : verify(&options);
    common_options_clear(&options.user);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_verify = {"verify", "hold the theory against measurements, with a verdict for each statement", command};
