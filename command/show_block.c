/* show_block.c - what `dsgd show` says of one file, for people. */
#include <math.h>
#include <string.h>

#include "command/show.h"
#include "lab/report/text_out.h"

/* Whatever else the last row of /trace knows: the problem's own quantities, a line for three of them. */
static void print_others(FILE *out, const struct dsgd_runfile *run)
{
    static const char *const shown[] = {"objective", "gap", "test_loss", "test_error", "lr"};
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace");
    int printed = 0;
    for (int c = 0; c < trace->columns; ++c) {
        const struct dsgd_column *column = &trace->column[c];
        bool known = column->integer || isnan(dsgd_run_last(run, column->name));
        for (size_t s = 0; s < sizeof shown / sizeof *shown; ++s) { known = known || strcmp(column->name, shown[s]) == 0; }
        if (known) { continue; }
        fprintf(out, "%s", printed % 3 ? ", " : printed ? ",\n                 " : "  also           ");
        dsgd_print_shown(out, column->name);
        fprintf(out, " %.4g", dsgd_run_last(run, column->name));
        ++printed;
    }
    if (printed) { fputc('\n', out); }
}

void show_block(FILE *out, const struct dsgd_runfile *run, const struct show_facts *f)
{
    const struct comm *c = &f->comm;
    char error[32];
    snprintf(error, sizeof error, "%.3f %%", f->test_error);
    dsgd_print_shown(out, run->path);
    fprintf(out, "\n  run            ");
    dsgd_print_shown(out, dsgd_run_label(run));
    fprintf(out, ": ");
    dsgd_print_shown(out, run->algorithm);
    fprintf(out, " on ");
    dsgd_print_shown(out, run->problem);
    fprintf(out, ", seed %lld\n  dataset        ", (long long)run->seed);
    dsgd_print_shown(out, run->dataset_title);
    for (const char *line = run->plugins, *end; *line; line = end + (*end == '\n')) {
        char shown[sizeof run->plugins];
        end = line + strcspn(line, "\n");
        snprintf(shown, sizeof shown, "%.*s", (int)(end - line), line);
        fprintf(out, "\n  from a plug-in ");
        dsgd_print_shown(out, shown);
    }
    if (*run->problem_library) {
        fprintf(out, "\n  computed by    ");
        dsgd_print_shown(out, run->problem_library);
    }
    fprintf(out, "%sd = %zu\n  steps          %lld of %lld, ", *run->plugins || *run->problem_library ? "\n  parameters     " : ", ", run->d, (long long)f->steps_done, (long long)run->steps);
    dsgd_print_shown(out, run->status);
    fprintf(out, "\n  objective      %-12.7g", f->objective);
    if (!isnan(run->f_star)) {
        fprintf(out, " minus f*         %-11.4g f* = %.10g (certified within %.2g)", f->gap, run->f_star, run->f_star_gap);
    }
    fprintf(out, "\n");
    if (!isnan(f->test_loss)) {
        fprintf(out, "  test loss      %-12.7g", f->test_loss);
        if (!isnan(f->test_loss_excess)) { fprintf(out, " minus its value at w* %.4g", f->test_loss_excess); }
        fprintf(out, "\n");
    }
    if (!isnan(f->test_error)) {
        fprintf(out, "  test error     %-12s", error);
        if (!isnan(f->test_error_excess)) { fprintf(out, " minus that of w*   %+.3f points", f->test_error_excess); }
        fprintf(out, "\n");
    }
    print_others(out, run);
    fprintf(out, "  per worker and step, from the ledger:\n");
    fprintf(out, "                         up         down        total   least per step    most per step\n");
    fprintf(out, "  values (words) %10.6g %12.6g %12.6g %14.6g %14.6g\n", c->values_up, c->values_down, c->values, c->values_least,
            c->values_most);
    fprintf(out, "  wire (bytes)   %10.6g %12.6g %12.6g %14.6g %14.6g\n", c->wire_up, c->wire_down, c->wire, c->wire_least, c->wire_most);
    fprintf(out, "  broadcast      %10s %12.6g bytes per step if every answer were sent once to all\n", "", c->broadcast);
    fprintf(out, "  compression    %.2f in values (2 d = %zu), %.2f in bytes on the wire (8 d = %zu)\n", c->ratio_values, 2 * run->d,
            c->ratio_wire, 8 * run->d);
}
