/* cmd_bench.c - dsgd bench: steps per second of the figure's settings, W = 4, batch 1, faithful, one thread.
 *
 * The problem is the configuration's; rounds only, no evaluation.
 * Settings take turns and the median over the turns counts, so that a neighbour's load hits all of them alike.
 */
#include <argp.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>

#include "command/commands.h"
#include "command/json_out.h"
#include "command/options.h"
#include "lab/run/session.h"
#include "lab/report/text_out.h"

enum { TURNS_MAX = 99, SETTINGS = 5 };

static const struct setting {
    const char *name;
    const char *set[4];
    size_t sets;
} settings[SETTINGS] = {
    {"sgd", {"algorithm=sgd"}, 1},
    {"sketched_sgd heavymix", {"algorithm=sketched_sgd", "sketched_sgd.variant=heavymix"}, 2},
    {"sketched_sgd topk", {"algorithm=sketched_sgd", "sketched_sgd.variant=topk", "sketched_sgd.lr_inside=true"}, 3},
    {"local_topk", {"algorithm=local_topk"}, 1},
    {"terngrad", {"algorithm=terngrad"}, 1},
};

struct bench {
    struct common_options common;
    int64_t turns;
    double rate[SETTINGS][TURNS_MAX];
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench *bench = state->input;
    switch (key) {
    case 'n': return option_integer(state, "--turns", arg, 1, TURNS_MAX, &bench->turns);
    case ARGP_KEY_INIT: state->child_inputs[0] = &bench->common; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Rounds of one setting for about 0.4 s. */
static enum dsgd_status measure(const struct dsgd_session *base, const struct dsgd_spec *spec, double *rate)
{
    struct dsgd_engine_args args = base->args;
    args.config = &spec->run;
    args.algorithm = spec->algorithm;
    args.algorithm_config = spec->algorithm_config;
    args.threads = 1;
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(dsgd_engine_create(&args, &engine));
    enum dsgd_status status = DSGD_OK;
    double seconds = 0.0, evaluation = 0.0;
    while (status == DSGD_OK && seconds < 0.4 && dsgd_engine_status(engine) == DSGD_RUNNING) {
        status = dsgd_engine_step(engine);
        dsgd_engine_seconds(engine, &seconds, &evaluation);
    }
    *rate = (double)dsgd_engine_steps_done(engine) / seconds;
    dsgd_engine_destroy(engine);
    return status;
}

static enum dsgd_status print(struct bench *bench, const struct dsgd_session *session)
{
    json_t *root = json_object();
    const double sgd = (gsl_sort(bench->rate[0], 1, (size_t)bench->turns), gsl_stats_median_from_sorted_data(bench->rate[0], 1, (size_t)bench->turns));
    if (!bench->common.json) {
        dsgd_print_shown(stdout, dsgd_session_dataset_title(session));
        printf(", W = 4, batch 1, faithful, one thread; steps/s, %lld turns\n%-24s %10s %10s %10s %8s\n", (long long)bench->turns, "algorithm", "min", "median", "max", "of sgd");
    }
    for (int j = 0; j < SETTINGS; ++j) {
        double *rate = bench->rate[j];
        gsl_sort(rate, 1, (size_t)bench->turns);
        const double median = gsl_stats_median_from_sorted_data(rate, 1, (size_t)bench->turns);
        json_set_number(root, settings[j].name, median);
        if (!bench->common.json) {
            printf("%-24s %10.0f %10.0f %10.0f %8.3f\n", settings[j].name, rate[0], median, rate[bench->turns - 1], median / sgd);
        }
    }
    if (bench->common.json) { return json_print(root); }
    json_decref(root);
    return DSGD_OK;
}

static enum dsgd_status bench_all(struct bench *bench)
{
    const struct common_options *common = &bench->common;
    const char *set[64];
    if (common->sets > 48) { return dsgd_fail(DSGD_EINPUT, "bench: expected at most 48 --set options"); }
    struct dsgd_spec spec;
    struct dsgd_session session = {.spec = NULL};
    struct dsgd_session_options open = common_session(common, false);
    open.threads = 1;
    DSGD_TRY(dsgd_spec_load(common->config, common->set, common->sets, &spec));
    enum dsgd_status status = dsgd_session_open(&spec, &open, &session);
    for (int64_t turn = 0; turn < bench->turns && status == DSGD_OK; ++turn) {
        for (int j = 0; j < SETTINGS && status == DSGD_OK; ++j) {
            size_t sets = 0;
            for (size_t s = 0; s < common->sets; ++s) { set[sets++] = common->set[s]; }
            for (size_t s = 0; s < settings[j].sets; ++s) { set[sets++] = settings[j].set[s]; }
            set[sets++] = "workers=4";
            set[sets++] = "batch=1";
            set[sets++] = "emulation=faithful";
            set[sets++] = "log.per_decade=0";
            set[sets++] = "log.oracle=false";
            set[sets++] = "steps=4000000000";
            struct dsgd_spec one;
            status = dsgd_spec_load(common->config, set, sets, &one);
            if (status == DSGD_OK) {
                status = measure(&session, &one, &bench->rate[j][turn]);
                dsgd_spec_clear(&one);
            }
        }
    }
    if (status == DSGD_OK) { status = print(bench, &session); }
    dsgd_session_close(&session);
    dsgd_spec_clear(&spec);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_option table[] = {{"turns", 'n', "N", 0, "Measurements a setting (default 5)", 0}, {NULL, 0, NULL, 0, NULL, 0}};
    static const struct argp_child children[] = {{&common_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {table, parse, "CONFIG", "Steps per second of the algorithms on a configuration's problem.", children,
                                     NULL, NULL};
    static struct bench bench = {.turns = 5};
    if (argp_parse(&argp, argc, argv, 0, NULL, &bench)) { return 2; }
    enum dsgd_status status = bench_all(&bench);
    common_options_clear(&bench.common);
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_bench = {"bench", "measure steps per second", command};
