/* cmd_optimum.c - dsgd optimum: w*, f*, mu, L of a configuration's problem, with the certificate; cached. */
#include <argp.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/json_out.h"
#include "command/options.h"
#include "lab/run/session.h"
#include "lab/report/text_out.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum dsgd_status print_json(const struct dsgd_session *s)
{
    const struct dsgd_reference *r = &s->reference;
    const struct dsgd_problem_ops *problem = s->spec->problem;
    json_t *root = json_object();
    json_set_text(root, "problem", problem->name);
    json_set_text(root, "dataset", dsgd_session_dataset_title(s));
    json_set_text(root, "certificate", r->optimum.certificate);
    json_set_text(root, "solver", r->optimum.solver);
    json_set_number(root, "f_star", r->optimum.f_star);
    json_set_number(root, "gap", r->optimum.gap);
    json_set_number(root, "mu", r->constants.mu);
    json_set_number(root, "L", r->constants.L);
    for (int m = 0; m < problem->metrics; ++m) { json_set_number(root, problem->metric[m].name, r->metric[m]); }
    return json_print(root);
}

static enum dsgd_status print(const struct dsgd_session *s, bool json)
{
    const struct dsgd_reference *r = &s->reference;
    const struct dsgd_problem_ops *problem = s->spec->problem;
    if (json) { return print_json(s); }
    printf("problem       %s on ", problem->name);
    dsgd_print_shown(stdout, dsgd_session_dataset_title(s));
    printf("\nf*            %.15g  (at most %.2g above the minimum: ", r->optimum.f_star, r->optimum.gap);
    dsgd_print_shown(stdout, r->optimum.certificate); /* of a stored file, as the solver's name */
    printf(")\nsolver        ");
    dsgd_print_shown(stdout, r->optimum.solver);
    printf("\nmu            %.10g\nL             %.10g\n", r->constants.mu, r->constants.L);
    for (int m = 0; m < problem->metrics; ++m) { printf("%-13s %.10g\n", problem->metric[m].name, r->metric[m]); }
    printf("from          ");
    dsgd_print_shown(stdout, r->hit ? dsgd_session_cache_folder() : "this computation");
    printf("\n");
    return DSGD_OK;
}

static int command(int argc, char **argv)
{
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {NULL, parse, "CONFIG", "Computes and stores the certified minimiser of a configuration's problem "
                                     "(in $DSGD_CACHE, or results/optimum).", children, NULL, NULL};
    struct common_options options = {.config = NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &options)) { return 2; }
    struct dsgd_spec spec;
    struct dsgd_session session = {.spec = NULL};
    enum dsgd_status status = dsgd_spec_load(options.config, options.set, options.sets, &spec);
    if (status == DSGD_OK) {
        const struct dsgd_session_options open = common_session(&options, false);
        spec.run.log.optimum = true;
        status = dsgd_session_open(&spec, &open, &session);
        if (status == DSGD_OK && !session.reference.has_optimum) {
            status = dsgd_fail(DSGD_EINPUT, "problem %s has no certified optimum%s", spec.problem->name,
                               spec.problem->optimum ? " in this configuration: expected l2 > 0" : ": it states none");
        }
        if (status == DSGD_OK && !options.quiet) { status = print(&session, options.json); }
        dsgd_session_close(&session);
        dsgd_spec_clear(&spec);
    }
    common_options_clear(&options);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_optimum = {"optimum", "compute the certified optimum of a configuration's problem", command};
