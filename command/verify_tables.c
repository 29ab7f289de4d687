/* verify_tables.c - the table that people read, and whether it is as expected. Interface: verify_tables.h. */
#include "command/verify_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/whole_output.h"
#include "verify/table.h"

/* One name is an id of at most 63 characters and its verdict. */
enum { NAMES_MAX = 5, NAMES_BYTES = 1024 };

static const struct verify_row *row_at(const struct verify_rows *rows, int c, int r)
{
    return rows->row + (size_t)c * VERIFY_ROWS_MAX + r;
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
    const char *is = verify_class_name(verify_class_of(row));
    if (markdown) {
        char quantity[2 * VERIFY_TEXT_MAX];
        escape_bars(row->quantity, quantity, sizeof quantity);
        printf("| %s | %s | `%s` | %s | %s | %s | %s | %s |%s\n", row->statement, is, row->id, quantity, measured, claim, slack_text,
               theory_verdict_name(row->verdict), again);
    } else {
        printf("%-10s %-8s  %-28s %-34s %-34s %-24s %8s%s\n", theory_verdict_name(row->verdict), is, row->statement, row->id, measured, claim, slack_text,
               again);
    }
}

static void print_head(int64_t seeds, bool markdown)
{
    if (markdown) {
        printf("| Statement | Class | Row | Measured quantity | Value [99.9 %% interval] | Claim | Slack | Verdict |%s\n|---|---|---|---|---|---|---|---|%s\n",
               seeds > 1 ? " Verdicts changed |" : "", seeds > 1 ? "---|" : "");
    } else {
        printf("%-10s %-8s  %-28s %-34s %-34s %-24s %8s%s\n", "verdict", "class", "statement", "row", "measured [99.9 % interval]", "claim", "slack",
               seeds > 1 ? "  changed" : "");
    }
}

/* How often the verdict of a row differs from that of the first table. */
static int changes(const struct verify_rows *tables, int64_t seeds, int c, const struct verify_row *row)
{
    int changed = 0;
    for (int64_t s = 1; s < seeds; ++s) {
        const struct verify_row *other = row_at(&tables[s], c, 0);
        bool same = false;
        for (int r = 0; r < tables[s].count[c]; ++r) {
            if (strcmp(other[r].id, row->id) == 0) { same = other[r].verdict == row->verdict; }
        }
        changed += !same;
    }
    return changed;
}

static void print_class(const char *name, const int total[4])
{
    printf("%s: %d rows, %d hold, %d violated, %d vacuous, %d undecided\n", name, total[0] + total[1] + total[2] + total[3], total[THEORY_HOLDS],
           total[THEORY_VIOLATED], total[THEORY_VACUOUS], total[THEORY_UNDECIDED]);
}

/* Theorems make the headline; what else was tested stands below it. */
static void print_totals(int total[VERIFY_CLASSES][4])
{
    print_class("theorems", total[VERIFY_THEOREM]);
    print_class("  identities", total[VERIFY_IDENTITY]);
    print_class("  design", total[VERIFY_DESIGN]);
    print_class("  findings (those of the list are violated)", total[VERIFY_FINDING]);
    print_class("  controls with a broken premise (to be violated)", total[VERIFY_CONTROL]);
}

void verify_tables_print(const struct verify_rows *tables, int64_t seeds, bool markdown)
{
    int total[VERIFY_CLASSES][4] = {{0}};
    print_head(seeds, markdown);
    for (int c = 0; c < tables[0].checks; ++c) {
        for (int r = 0; r < tables[0].count[c]; ++r) {
            const struct verify_row *row = row_at(&tables[0], c, r);
            print_row(row, changes(tables, seeds, c, row), seeds, markdown);
            ++total[verify_class_of(row)][row->verdict];
        }
    }
    if (!markdown) { print_totals(total); }
}

enum dsgd_status verify_tables_json(const struct verify_rows *tables, int64_t seeds, int64_t seed, bool full)
{
    static const char *const column[] = {"seed", "check", "class", "id", "statement", "verdict", "value", "low", "high", "claim", "bound", "upper", "trivial",
                                         "control", "digest", "setting", "quantity", "command"};
    struct dsgd_grid g = {.columns = 0};
    for (size_t j = 0; j < sizeof column / sizeof *column; ++j) { dsgd_grid_column(&g, column[j]); }
    for (int64_t s = 0; s < seeds; ++s) {
        for (int c = 0; c < tables[s].checks; ++c) {
            for (int r = 0; r < tables[s].count[c]; ++r) {
                const struct verify_row *row = row_at(&tables[s], c, r);
                const char *check = tables[s].check[c]->name;
                char claim[64], command[160];
                verify_claim_text(row, claim, sizeof claim);
                snprintf(command, sizeof command, "dsgd verify --only %s --seed %lld%s", check, (long long)(seed + s), full ? " --full" : "");
                const char *const head[] = {check, verify_class_name(verify_class_of(row)), row->id, row->statement, theory_verdict_name(row->verdict)};
                const double number[] = {row->measured.value, row->measured.low, row->measured.high};
                const double bound[] = {row->bound, row->relation == THEORY_WITHIN ? row->upper : (double)NAN, row->trivial};
                const char *const tail[] = {row->control ? "yes" : "no", row->digest, row->setting, row->quantity, command};
                dsgd_grid_integer(&g, seed + s);
                for (size_t j = 0; j < sizeof head / sizeof *head; ++j) { dsgd_grid_text(&g, head[j]); }
                for (size_t j = 0; j < sizeof number / sizeof *number; ++j) { dsgd_grid_real(&g, 17, number[j]); }
                dsgd_grid_text(&g, claim);
                for (size_t j = 0; j < sizeof bound / sizeof *bound; ++j) { dsgd_grid_real(&g, 17, bound[j]); }
                for (size_t j = 0; j < sizeof tail / sizeof *tail; ++j) { dsgd_grid_text(&g, tail[j]); }
            }
        }
    }
    return whole_output_grid(&g, WHOLE_JSON, NULL);
}

/* ---- what was expected ---- */

static bool is_unexpected(const struct verify_row *row)
{
    return row->control ? row->verdict != THEORY_VIOLATED : row->verdict == THEORY_VIOLATED && verify_class_of(row) != VERIFY_FINDING;
}

static bool is_news(const struct verify_row *row)
{
    return !row->control && row->verdict != THEORY_VIOLATED && verify_finding_find(row->id);
}

/* Names of the rows, at most NAMES_MAX, with verdicts; how many there are. */
static int name_rows(const struct verify_rows *tables, int64_t seeds, int64_t seed, bool (*wanted)(const struct verify_row *row), char *names, size_t size)
{
    int count = 0;
    size_t used = 0;
    *names = '\0';
    for (int64_t s = 0; s < seeds; ++s) {
        for (int c = 0; c < tables[s].checks; ++c) {
            for (int r = 0; r < tables[s].count[c]; ++r) {
                const struct verify_row *row = row_at(&tables[s], c, r);
                if (!wanted(row) || ++count > NAMES_MAX) { continue; }
                char of_seed[40] = "";
                if (seeds > 1) { snprintf(of_seed, sizeof of_seed, ", seed %lld", (long long)(seed + s)); }
                used += (size_t)snprintf(names + used, size - used, "%s%s (%s%s%s)", count > 1 ? ", " : "", row->id, row->control ? "a control: " : "",
                                         theory_verdict_name(row->verdict), of_seed);
            }
        }
    }
    if (count > NAMES_MAX) { snprintf(names + used, size - used, " and %d more", count - NAMES_MAX); }
    return count;
}

bool verify_tables_judge(const struct verify_rows *tables, int64_t seeds, int64_t seed)
{
    char names[NAMES_BYTES];
    const int count = name_rows(tables, seeds, seed, is_unexpected, names, sizeof names);
    if (count > 0) {
        fprintf(stderr, "dsgd: verify: %d verdicts are not as expected: %s; expected no violation but known findings, and each control violated "
                "(dsgd verify --list)\n", count, names);
    }
    return count == 0;
}

void verify_tables_news(const struct verify_rows *tables, int64_t seeds, int64_t seed)
{
    char names[NAMES_BYTES];
    if (name_rows(tables, seeds, seed, is_news, names, sizeof names) > 0) {
        fprintf(stderr, "dsgd: verify: known findings that are not violated here: %s\n", names);
    }
}
