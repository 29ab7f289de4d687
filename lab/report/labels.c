/* labels.c - names and order of curves. Interface: labels.h. */
#include "lab/report/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/config/resolved.h"

enum { LABEL = sizeof ((struct curve *)NULL)->label };

static const char *base(const struct curve *curve)
{
    return dsgd_run_label(curve->run[0]);
}

static const char *config(const struct curve *curve)
{
    return curve->run[0]->config;
}

/* Keys that tell no curves apart: seeds, the label itself, with final rows the number of steps. */
static bool is_left_out(const struct curve *curve, const struct dsgd_resolved_line *line)
{
    if (line->section.length > 0) { return false; }
    return dsgd_resolved_is_seed(line) || dsgd_span_same(line->key, dsgd_span_of("label")) ||
           (curve->final && dsgd_span_same(line->key, dsgd_span_of("steps")));
}

/* Another curve of this name has another value; a section that it does not have is no difference, the algorithm's or problem's name is. */
static bool differs(const struct curve_set *set, const struct curve *curve, const struct dsgd_resolved_line *line)
{
    for (int c = 0; c < set->curves; ++c) {
        struct dsgd_resolved_line other;
        if (strcmp(base(&set->curve[c]), base(curve)) == 0 && dsgd_resolved_find(config(&set->curve[c]), line->section, line->key, &other) &&
            !dsgd_span_same(other.value, line->value)) {
            return true;
        }
    }
    return false;
}

/* "name key=value section.key=value". The algorithm is no key of a curve that is named after it. */
static void name(const struct curve_set *set, const struct curve *curve, char out[LABEL])
{
    const char *algorithm = curve->run[0]->algorithm;
    struct dsgd_resolved reader = {config(curve), {"", 0}};
    struct dsgd_resolved_line line;
    size_t used = (size_t)snprintf(out, LABEL, "%s", base(curve));
    while (dsgd_resolved_next(&reader, &line) && used < LABEL) {
        if (is_left_out(curve, &line) || !differs(set, curve, &line)) { continue; }
        const bool own = line.section.length == 0 || dsgd_span_same(line.section, dsgd_span_of(algorithm));
        used += (size_t)snprintf(out + used, LABEL - used, " %.*s%s%.*s=%.*s", own ? 0 : (int)line.section.length, line.section.at, own ? "" : ".",
                                 (int)line.key.length, line.key.at, (int)line.value.length, line.value.at);
    }
}

void dsgd_curve_labels(struct curve_set *set)
{
    for (int c = 0; c < set->curves; ++c) { name(set, &set->curve[c], set->curve[c].label); }
    for (int c = 0; c < set->curves; ++c) {
        int same = 1;
        for (int b = 0; b < c; ++b) { same += strcmp(set->curve[b].label, set->curve[c].label) == 0; }
        if (same > 1) {
            char text[LABEL];
            snprintf(text, sizeof text, "%.*s #%d", LABEL - 16, set->curve[c].label, same);
            strcpy(set->curve[c].label, text);
        }
    }
}

/* ---- --label OLD=NEW ---- */

/* The curve of this label, or the only one whose label begins with it; NULL with the reason in *why. */
static struct curve *find(struct curve_set *set, const char *old, size_t length, const char **why)
{
    struct curve *found = NULL;
    int n = 0;
    for (int c = 0; c < set->curves; ++c) {
        struct curve *curve = &set->curve[c];
        if (strncmp(curve->label, old, length) != 0) { continue; }
        if (curve->label[length] == '\0') { return curve; }
        found = curve;
        ++n;
    }
    *why = n > 1 ? "several labels begin so" : "no curve has this label";
    return n == 1 ? found : NULL;
}

enum dsgd_status dsgd_curve_rename(struct curve_set *set, const char *rename)
{
    const char *why = "no OLD=NEW";
    for (const char *equals = strchr(rename, '='); equals; equals = strchr(equals + 1, '=')) { /* labels may have an = themselves */
        struct curve *curve = find(set, rename, (size_t)(equals - rename), &why);
        if (!curve || equals == rename) { continue; }
        snprintf(curve->label, LABEL, "%s", equals + 1);
        return DSGD_OK;
    }
    char known[400] = "";
    for (int c = 0; c < set->curves; ++c) {
        const size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s\"%s\"", c ? ", " : "", set->curve[c].label);
    }
    return dsgd_fail(DSGD_EINPUT, "--label %.100s: %s; expected OLD=NEW with one of the labels %s", rename, why, known);
}

/* ---- --sort ---- */

struct place {
    struct curve curve;
    char *text;    /* NULL: no value */
    double number; /* NaN: the text is none */
    int given;
    bool down;
};

static int compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = (x->text == NULL) - (y->text == NULL);
    if (order == 0 && x->text) {
        const bool numbers = !isnan(x->number) && !isnan(y->number);
        order = numbers ? (x->number > y->number) - (x->number < y->number) : strcmp(x->text, y->text);
        order = x->down ? -order : order;
    }
    return order != 0 ? order : x->given - y->given;
}

/* Median of a column in the last rows. */
static double last_median(const struct curve *curve, const char *column)
{
    double *value = malloc(((size_t)curve->runs + 1) * sizeof *value);
    double median = (double)NAN;
    if (!value) { return median; }
    for (int r = 0; r < curve->runs; ++r) { value[r] = dsgd_run_last(curve->run[r], column); }
    median = dsgd_quantile(value, curve->runs, 0.5);
    free(value);
    return median;
}

/* The value to sort by, owned; NULL: none. */
static char *value_of(const struct curve *curve, const char *by)
{
    const char *dot = strchr(by, '.');
    char section[64] = "", text[32];
    if (strcmp(by, "label") == 0) { return strdup(curve->label); }
    if (dot && (size_t)(dot - by) < sizeof section) { snprintf(section, sizeof section, "%.*s", (int)(dot - by), by); }
    char *value = dsgd_resolved_value(config(curve), section, dot ? dot + 1 : by);
    if (!value && !dot) { value = dsgd_resolved_value(config(curve), curve->run[0]->algorithm, by); }
    if (!value && dsgd_table_find(dsgd_runfile_table(curve->run[0], "trace"), by)) {
        snprintf(text, sizeof text, "%.17g", last_median(curve, by));
        value = strdup(text);
    }
    return value;
}

enum dsgd_status dsgd_curve_sort(struct curve_set *set, const char *by)
{
    const bool down = *by == '-';
    int found = 0;
    by += down;
    if (strcmp(by, "given") == 0) { return DSGD_OK; }
    struct place *place = calloc((size_t)set->curves + 1, sizeof *place);
    if (!place) { return dsgd_fail(DSGD_ENOMEM, "no memory for the order of %d curves", set->curves); }
    for (int c = 0; c < set->curves; ++c) {
        struct place *p = &place[c];
        char *end = NULL;
        *p = (struct place){.curve = set->curve[c], .text = value_of(&set->curve[c], by), .given = c, .down = down};
        p->number = p->text ? strtod(p->text, &end) : (double)NAN;
        if (p->text && (end == p->text || *end)) { p->number = (double)NAN; }
        found += p->text != NULL;
    }
    if (found > 0) {
        qsort(place, (size_t)set->curves, sizeof *place, compare);
        for (int c = 0; c < set->curves; ++c) { set->curve[c] = place[c].curve; }
    }
    for (int c = 0; c < set->curves; ++c) { free(place[c].text); }
    free(place);
    if (found > 0 || set->curves == 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "--sort %.100s: expected given, label, a key of the configurations such as workers or local_topk.k, or a column of /trace", by);
}
