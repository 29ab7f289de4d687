/* verify_conditions.c - a configuration against the conditions of each statement. Interface: verify_conditions.h. */
#include "command/verify_conditions.h"

#include <math.h>
#include <stdio.h>

#include "lab/run/session.h"
#include "lab/report/text_out.h"
#include "command/whole_output.h"
#include "verify/conditions_of.h"

static enum dsgd_status setting_of(const struct dsgd_session *session, const struct dsgd_spec *spec, struct theory_setting *setting)
{
    struct dsgd_layout layout;
    size_t n = 0;
    spec->problem->shape(session->problem, &layout, &n);
    return conditions_of(&spec->run, &session->args.constants, &layout, spec->algorithm, spec->algorithm_config, setting);
}

/* One line, or one row; whether the conditions hold. */
static enum dsgd_status print_one(const struct theory_statement *s, const struct theory_setting *setting, struct dsgd_grid *grid, bool *hold)
{
    const enum dsgd_status status = theory_statement_check(s, setting);
    if (status != DSGD_OK && status != DSGD_EINPUT) { return status; }
    *hold = status == DSGD_OK;
    const char *why = *hold ? "its conditions hold" : dsgd_error();
    if (grid) {
        dsgd_grid_text(grid, s->name);
        dsgd_grid_text(grid, *hold ? "yes" : "no");
        dsgd_grid_text(grid, *hold ? "" : why);
        return DSGD_OK;
    }
    printf("%-24s ", s->name);
    dsgd_print_shown(stdout, why);
    printf("\n");
    return DSGD_OK;
}

/* What the proofs say of the sketch. */
static void print_sketch(const struct theory_setting *setting)
{
    if (setting->compressor != THEORY_HEAVYMIX) { return; }
    printf("sketch of %.0f x %.0f, k = %g, d = %g: a call fails to contract by k/d with probability at most %.3g by Lemma 1's proof; %.0f steps "
           "together need at most %.3g each\n", setting->rows, setting->cols, setting->k, setting->d, setting->call_delta, setting->steps,
           THEORY_DELTA / setting->steps);
}

static enum dsgd_status print_all(const struct theory_setting *setting, const char *statement, bool json, bool *hold)
{
    bool one = true;
    struct dsgd_grid grid = {.columns = 0}, *to = json ? &grid : NULL;
    enum dsgd_status status = DSGD_OK;
    if (json) {
        dsgd_grid_column(&grid, "statement");
        dsgd_grid_column(&grid, "holds");
        dsgd_grid_column(&grid, "reason");
    } else {
        print_sketch(setting);
    }
    if (statement) {
        status = print_one(theory_statement_find(statement), setting, to, hold);
    }
    for (size_t i = 0; !statement && status == DSGD_OK && theory_statement_at(i); ++i) { status = print_one(theory_statement_at(i), setting, to, &one); }
    if (status == DSGD_OK && json) { return whole_output_grid(&grid, WHOLE_JSON, NULL); }
    dsgd_grid_clear(&grid);
    return status;
}

enum dsgd_status verify_conditions(const struct common_options *options, const char *statement, bool *hold)
{
    if (statement && !theory_statement_find(statement)) {
        return dsgd_fail(DSGD_EINPUT, "statement \"%s\": expected one of the theory's, such as \"Lemma 1\"", statement);
    }
    struct dsgd_spec spec;
    struct dsgd_session session = {.spec = NULL};
    struct theory_setting setting;
    DSGD_TRY(dsgd_spec_load(options->config, options->set, options->sets, &spec));
    spec.run.log.optimum = false; /* nothing runs: f* is not needed */
    struct dsgd_session_options open = common_session(options, false);
    open.constants = true;
    enum dsgd_status status = dsgd_session_open(&spec, &open, &session);
    if (status == DSGD_OK) { status = setting_of(&session, &spec, &setting); }
    if (status == DSGD_OK) { status = print_all(&setting, statement, options->json, hold); }
    dsgd_session_close(&session);
    dsgd_spec_clear(&spec);
    return status;
}
