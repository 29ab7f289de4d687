/* verify_conditions.c - a configuration against the conditions of each statement. Interface: verify_conditions.h. */
#include "experiments/verify_conditions.h"

#include <math.h>
#include <stdio.h>

#include "experiments/session.h"
#include "experiments/text_out.h"
#include "verify/conditions_of.h"

static enum dsgd_status setting_of(const struct session *session, const struct spec *spec, struct theory_setting *setting)
{
    struct dsgd_layout layout;
    size_t n = 0;
    struct dsgd_constants constants = session->args.constants;
    spec->problem->shape(session->problem, &layout, &n);
    if (isnan(constants.mu) && isnan(constants.L)) {
        const struct dsgd_problem_args args = {.config = spec->problem_config, .data = session->data, .seed_data = (uint32_t)spec->run.seed_data};
        DSGD_TRY(dsgd_constants_cached(spec->problem, session->problem, &args, session_cache_folder(), &constants, NULL));
    }
    return conditions_of(&spec->run, &constants, &layout, spec->algorithm, spec->algorithm_config, setting);
}

static enum dsgd_status print_all(const struct theory_setting *setting, const char *statement)
{
    if (statement) {
        DSGD_TRY(theory_check(statement, setting));
        printf("%-24s %s\n", statement, "its conditions hold");
        return DSGD_OK;
    }
    for (size_t i = 0; theory_statement_at(i); ++i) {
        const struct theory_statement *s = theory_statement_at(i);
        const enum dsgd_status status = theory_statement_check(s, setting);
        if (status != DSGD_OK && status != DSGD_EINPUT) { return status; }
        printf("%-24s ", s->name);
        text_shown(stdout, status == DSGD_OK ? "its conditions hold" : dsgd_error());
        printf("\n");
    }
    return DSGD_OK;
}

enum dsgd_status verify_conditions(const struct common_options *options, const char *statement)
{
    struct spec spec;
    struct session session = {.spec = NULL};
    struct theory_setting setting;
    DSGD_TRY(spec_load(options->config, options->set, options->sets, &spec));
    spec.run.log.optimum = false; /* nothing runs: f* is not needed */
    const struct session_options open = {.data = options->data, .cache = session_cache_folder(), .threads = options->threads, .quiet = options->quiet};
    enum dsgd_status status = session_open(&spec, &open, &session);
    if (status == DSGD_OK) { status = setting_of(&session, &spec, &setting); }
    if (status == DSGD_OK) { status = print_all(&setting, statement); }
    session_close(&session);
    spec_clear(&spec);
    return status;
}
