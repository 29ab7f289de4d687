/* cmd_optimum.c - dsgd optimum: w*, f*, mu, L of a configuration's problem, with the certificate; cached. */
#include <argp.h>
#include <stdio.h>

#include "experiments/commands.h"
#include "experiments/json_out.h"
#include "experiments/options.h"
#include "experiments/session.h"
#include "experiments/text_out.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = state->input;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static enum dsgd_status print_json(const struct session *s)
{
    const struct dsgd_reference *r = &s->reference;
    const struct dsgd_problem_ops *problem = s->spec->problem;
    json_t *root = json_object();
    json_set_text(root, "problem", problem->name);
    json_set_text(root, "dataset", session_dataset_title(s));
    json_set_text(root, "certificate", r->optimum.certificate);
    json_set_text(root, "solver", r->optimum.solver);
    json_set_number(root, "f_star", r->optimum.f_star);
    json_set_number(root, "gap", r->optimum.gap);
    json_set_number(root, "mu", r->constants.mu);
    json_set_number(root, "L", r->constants.L);
    for (int m = 0; m < problem->metrics; ++m) { json_set_number(root, problem->metric[m].name, r->metric[m]); }
    return json_print(root);
}

static enum dsgd_status print(const struct session *s, bool json)
{
    const struct dsgd_reference *r = &s->reference;
    const struct dsgd_problem_ops *problem = s->spec->problem;
    if (json) { return print_json(s); }
    printf("problem       %s on ", problem->name);
    text_shown(stdout, session_dataset_title(s));
    printf("\nf*            %.15g  (at most %.2g above the minimum: ", r->optimum.f_star, r->optimum.gap);
    text_shown(stdout, r->optimum.certificate); /* of a stored file, as the solver's name */
    printf(")\nsolver        ");
    text_shown(stdout, r->optimum.solver);
    printf("\nmu            %.10g\nL             %.10g\n", r->constants.mu, r->constants.L);
    for (int m = 0; m < problem->metrics; ++m) { printf("%-13s %.10g\n", problem->metric[m].name, r->metric[m]); }
    printf("from          ");
    text_shown(stdout, r->hit ? session_cache_folder() : "this computation");
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
    struct spec spec;
    struct session session = {.spec = NULL};
    enum dsgd_status status = spec_load(options.config, options.set, options.sets, &spec);
    if (status == DSGD_OK) {
        const struct session_options open = {options.data, session_cache_folder(), options.threads, options.quiet, false, NULL};
        spec.run.log.optimum = true;
        status = session_open(&spec, &open, &session);
        if (status == DSGD_OK && !session.reference.has_optimum) {
            status = dsgd_fail(DSGD_EINPUT, "problem %s has no certified optimum%s", spec.problem->name,
                               spec.problem->optimum ? " in this configuration: expected l2 > 0" : ": expected a convex problem");
        }
        if (status == DSGD_OK && !options.quiet) { status = print(&session, options.json); }
        session_close(&session);
        spec_clear(&spec);
    }
    common_options_clear(&options);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_optimum = {"optimum", "compute the certified optimum of a configuration's problem", command};
