/* show.h - parts of `dsgd show`: what one file says, and the summary over seeds. */
#ifndef DSGD_COMMAND_SHOW_H
#define DSGD_COMMAND_SHOW_H

#include <jansson.h>
#include <stdio.h>
#include "lab/report/comm.h"
#include "command/sweep_input.h"
#include "lab/report/curves.h"

/** The numbers of one run that tables print; NaN where unknown. */
struct show_facts {
    int64_t steps_done;
    double objective, gap;
    double test_loss, test_loss_excess;   /* excess: minus the value at w* */
    double test_error, test_error_excess; /* percent; percentage points */
    struct comm comm;
};

enum dsgd_status show_facts(const struct dsgd_runfile *run, struct show_facts *out);

/** One run for people: its numbers, and what else its last row knows. */
void show_block(FILE *out, const struct dsgd_runfile *run, const struct show_facts *facts);

struct show_window {
    double from, to; /* steps between which slopes are fitted */
};

/** Medians over seeds and slopes, one row for each curve (and each T if the curves are final). With `json` an array is
 *  appended there instead. */
enum dsgd_status show_summary(const struct curve_set *set, const struct show_window *window, FILE *out, json_t *json);

/** Writes value by a printf format for one double; "-" in its width for NaN: what nobody knows is not a number. */
const char *show_text(char text[32], const char *format, double value);

#endif
