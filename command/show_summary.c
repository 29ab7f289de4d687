/* show_summary.c - the summary of `dsgd show`: medians over seeds, ratios, slopes with intervals. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command/json_out.h"
#include "command/show.h"
#include "lab/report/text_out.h"

/* One line: a curve at one number of steps. */
struct line {
    int seeds;
    int64_t steps;
    double gap, gap_least, gap_most; /* over the seeds */
    double loss_excess, error, error_excess;
    double values, ratio_values, ratio_wire;
};

/* Median over the runs of a point, of a column or its excess over w*. */
static double median_at(const struct curve *curve, size_t point, const char *column, enum curve_measure measure,
                        double *work)
{
    return dsgd_quantile(work, dsgd_curve_values(curve, point, column, measure, work), 0.5);
}

static double median_comm(const struct curve *curve, size_t point, double (*pick)(const struct comm *), double *work)
{
    int n = 0;
    for (int r = 0; r < curve->runs; ++r) {
        struct comm comm;
        if (curve->final && curve->run[r]->steps != curve->step[point]) { continue; }
        if (dsgd_comm_from_ledger(dsgd_runfile_table(curve->run[r], "ledger"), curve->run[r]->d, &comm) == DSGD_OK) {
            work[n++] = pick(&comm);
        }
    }
    return dsgd_quantile(work, n, 0.5);
}

static double pick_values(const struct comm *c)
{
    return c->values;
}

static double pick_ratio_values(const struct comm *c)
{
    return c->ratio_values;
}

static double pick_ratio_wire(const struct comm *c)
{
    return c->ratio_wire;
}

static enum dsgd_status line_at(const struct curve *curve, size_t point, struct line *out)
{
    *out = (struct line){.steps = curve->step[point]};
    double *work = malloc(((size_t)curve->runs + 1) * sizeof *work);
    if (!work) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", curve->runs); }
    out->seeds = dsgd_curve_values(curve, point, "gap", CURVE_VALUE, work);
    out->gap = dsgd_quantile(work, out->seeds, 0.5);
    out->gap_least = dsgd_quantile(work, out->seeds, 0.0);
    out->gap_most = dsgd_quantile(work, out->seeds, 1.0);
    out->loss_excess = median_at(curve, point, "test_loss", CURVE_MINUS_OPTIMUM, work);
    out->error = 100.0 * median_at(curve, point, "test_error", CURVE_VALUE, work);
    out->error_excess = 100.0 * median_at(curve, point, "test_error", CURVE_MINUS_OPTIMUM, work);
    out->values = median_comm(curve, point, pick_values, work);
    out->ratio_values = median_comm(curve, point, pick_ratio_values, work);
    out->ratio_wire = median_comm(curve, point, pick_ratio_wire, work);
    free(work);
    return DSGD_OK;
}

static int label_width(const struct curve_set *set)
{
    int width = 5;
    for (int c = 0; c < set->curves; ++c) {
        const int length = dsgd_text_width(set->curve[c].label);
        width = length > width ? length : width;
    }
    return width;
}

static void print_lines_head(FILE *out, int width)
{
    fprintf(out, "%-*s %9s %5s %10s %21s %10s %7s %8s %8s %6s %6s\n", width, "median over seeds", "steps", "seeds",
            "gap", "least .. most", "test loss", "test", "points", "values per", "ratio", "ratio");
    fprintf(out, "%-*s %9s %5s %10s %21s %10s %7s %8s %8s %6s %6s\n", width, "", "", "", "", "", "- at w*", "error %",
            "- at w*", "w. step", "values", "wire");
}

const char *show_text(char text[32], const char *format, double value)
{
    int width = 0;
    if (!isnan(value)) {
        snprintf(text, 32, format, value);
    } else {
        sscanf(format, "%%%*[+]%d", &width);
        if (width == 0) { sscanf(format, "%%%d", &width); }
        snprintf(text, 32, "%*s", width, "-");
    }
    return text;
}

static void print_line(FILE *out, int width, const char *label, const struct line *l)
{
    char gap[32], least[32], most[32], loss[32], error[32], excess[32];
    dsgd_print_padded(out, -width, label);
    fprintf(out, " %9lld %5d %s %s .. %s %s %s %s %8.6g %6.2f %6.2f\n", (long long)l->steps, l->seeds,
            show_text(gap, "%10.3e", l->gap), show_text(least, "%9.3e", l->gap_least), show_text(most, "%9.3e", l->gap_most),
            show_text(loss, "%10.3e", l->loss_excess), show_text(error, "%7.3f", l->error),
            show_text(excess, "%+8.3f", l->error_excess), l->values, l->ratio_values, l->ratio_wire);
}

static void print_slopes(FILE *out, int width, const struct curve *curve, const struct curve_slopes *s)
{
    dsgd_print_padded(out, -width, curve->label);
    if (s->pooled.points == 0) {
        fprintf(out, " no gaps between these steps\n");
        return;
    }
    fprintf(out, " %5d %9.3f %12.3f +- %-8.3f %12.3f +- %-8.3f %6d\n", s->seeds, s->median, s->mean, s->half, s->pooled.slope,
            s->pooled.half, s->pooled.points);
}

static json_t *line_json(const char *label, const struct line *l)
{
    return json_pack("{s:o, s:I, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "label", json_text(label), "steps",
                     (json_int_t)l->steps, "seeds", l->seeds, "gap", json_number(l->gap), "gap_least",
                     json_number(l->gap_least), "gap_most", json_number(l->gap_most), "test_loss_minus_optimum",
                     json_number(l->loss_excess), "test_error_percent", json_number(l->error),
                     "test_error_minus_optimum_points", json_number(l->error_excess), "values", json_number(l->values),
                     "ratio_values", json_number(l->ratio_values), "ratio_wire", json_number(l->ratio_wire));
}

static json_t *slopes_json(const struct show_window *window, const struct curve_slopes *s)
{
    return json_pack("{s:f, s:f, s:i, s:o, s:o, s:o, s:o, s:o, s:i}", "from", window->from, "to", window->to, "seeds",
                     s->seeds, "median", json_number(s->median), "mean", json_number(s->mean), "half_interval",
                     json_number(s->half), "pooled", json_number(s->pooled.slope), "pooled_half_interval",
                     json_number(s->pooled.half), "pooled_points", s->pooled.points);
}

/* All lines of a curve: every T if final, else the last common step. */
static enum dsgd_status curve_lines(const struct curve *curve, int width, FILE *out, json_t *lines)
{
    for (size_t p = curve->final || curve->points == 0 ? 0 : curve->points - 1; p < curve->points; ++p) {
        struct line line;
        DSGD_TRY(line_at(curve, p, &line));
        if (!lines) {
            print_line(out, width, curve->label, &line);
        } else if (json_array_append_new(lines, line_json(curve->label, &line)) != 0) {
            return dsgd_fail(DSGD_ENOMEM, "no memory for JSON");
        }
    }
    return DSGD_OK;
}

static enum dsgd_status summary_json(const struct curve_set *set, const struct show_window *window, FILE *out,
                                     json_t *json)
{
    for (int c = 0; c < set->curves; ++c) {
        const struct curve *curve = &set->curve[c];
        struct curve_slopes slopes;
        json_t *lines = json_array();
        enum dsgd_status status = curve_lines(curve, 0, out, lines);
        if (status == DSGD_OK) { status = dsgd_curve_slopes(curve, "gap", window->from, window->to, &slopes); }
        if (status != DSGD_OK) {
            json_decref(lines);
            return status;
        }
        json_t *entry = json_pack("{s:o, s:o, s:o}", "label", json_text(curve->label), "points", lines, "slope_of_gap",
                                  slopes_json(window, &slopes));
        if (json_array_append_new(json, entry) != 0) { return dsgd_fail(DSGD_ENOMEM, "no memory for JSON"); }
    }
    return DSGD_OK;
}

enum dsgd_status show_summary(const struct curve_set *set, const struct show_window *window, FILE *out, json_t *json)
{
    if (json) { return summary_json(set, window, out, json); }
    int width = label_width(set);
    width = width < 17 ? 17 : width;
    const struct dsgd_runfile *first = set->curve[0].run[0];
    dsgd_print_shown(out, first->problem);
    fprintf(out, " on ");
    dsgd_print_shown(out, first->dataset_title);
    fprintf(out, ", d = %zu", first->d);
    if (!isnan(first->f_star)) { fprintf(out, ", f* = %.10g (certified within %.2g)", first->f_star, first->f_star_gap); }
    const double error = 100.0 * dsgd_run_optimum(first, "test_error");
    if (!isnan(error)) { fprintf(out, ", test error of w* %.3f %%", error); }
    fprintf(out, "\n");
    print_lines_head(out, width);
    for (int c = 0; c < set->curves; ++c) { DSGD_TRY(curve_lines(&set->curve[c], width, out, NULL)); }
    fprintf(out, "\nslope of the gap against steps on [%g, %g], log-log, robust (bisquare), with 95%% intervals\n",
            window->from, window->to);
    fprintf(out, "%-*s %5s %9s %24s %24s %6s\n", width, "", "seeds", "median", "mean over seeds", "all points pooled",
            "points");
    for (int c = 0; c < set->curves; ++c) {
        struct curve_slopes slopes;
        DSGD_TRY(dsgd_curve_slopes(&set->curve[c], "gap", window->from, window->to, &slopes));
        print_slopes(out, width, &set->curve[c], &slopes);
    }
    if (!set->curve[0].final) {
        fprintf(out, "(rows of one run are not independent: the interval over seeds is the honest one)\n");
    }
    return DSGD_OK;
}
