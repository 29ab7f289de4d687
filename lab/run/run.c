/* run.c - one run from its first round to its result file, with snapshots in between. Interface: run.h. */
#include "lab/run/run.h"

#include "lab/run/provenance.h"
#include "sim/clock.h"

/* Rounds until the end, a wish to stop or a failure. */
static enum dsgd_status go(struct dsgd_engine *engine, const struct dsgd_run_options *options, struct output *output,
                           const struct dsgd_session *session, const struct dsgd_runfile_args *file)
{
    const struct dsgd_run_watch *watch = &options->watch;
    double last = dsgd_clock();
    while (dsgd_engine_status(engine) == DSGD_RUNNING) {
        if (watch->stop && watch->stop(watch->context)) {
            DSGD_TRY(dsgd_output_snapshot(output, engine, file));
            return dsgd_fail(DSGD_EINTERRUPTED, "interrupted at step %lld; the same command%s goes on from %s",
                             (long long)dsgd_engine_steps_done(engine), options->wish.restart ? " without --restart" : "", output->snapshot);
        }
        DSGD_TRY(dsgd_engine_step(engine));
        if (watch->round) { watch->round(watch->context, engine); }
        const double now = dsgd_engine_clock(engine); /* of the round: a look at the clock costs a hundredth of a small one */
        const int64_t steps = dsgd_engine_steps_done(engine);
        const bool due = (options->snapshot_seconds > 0.0 && now - last >= options->snapshot_seconds) ||
                         (options->snapshot_steps > 0 && steps % options->snapshot_steps == 0);
        /* where a user's file is in the way the run may still end well */
        if (due && dsgd_engine_status(engine) == DSGD_RUNNING && dsgd_output_snapshot_free(output)) {
            DSGD_TRY(dsgd_output_snapshot(output, engine, file));
            last = dsgd_clock();
        }
    }
    return dsgd_output_result(output, session, engine, file);
}

static enum dsgd_status make(const struct dsgd_run_options *options, const struct dsgd_session *session, struct dsgd_engine *engine,
                             struct output *output, enum output_state state)
{
    const struct dsgd_run_watch *watch = &options->watch;
    struct provenance provenance;
    DSGD_TRY(dsgd_provenance_collect(session, options->argc, options->argv, &provenance));
    const struct dsgd_runfile_args file = {provenance.attribute, provenance.attributes, &session->stored, NULL};
    enum dsgd_status status = DSGD_OK;
    if (state == OUTPUT_SNAPSHOT) { status = dsgd_runfile_restore(output->snapshot, engine); }
    if (status == DSGD_OK) {
        if (watch->begin) { watch->begin(watch->context, session, engine, state == OUTPUT_SNAPSHOT ? output->snapshot : NULL); }
        status = go(engine, options, output, session, &file);
        if (watch->end) { watch->end(watch->context); }
    }
    dsgd_provenance_clear(&provenance);
    return status;
}

/* The engine comes first: it refuses impossible settings before a folder is made. */
enum dsgd_status dsgd_run(const char *path, const struct dsgd_run_options *options, const struct dsgd_session *session)
{
    const struct dsgd_run_watch *watch = &options->watch;
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    struct output output;
    enum output_state state;
    enum dsgd_status status = dsgd_output_open(path, session, &options->wish, &output, &state);
    if (status == DSGD_OK) {
        const bool complete = state == OUTPUT_COMPLETE;
        if (!complete) { status = make(options, session, engine, &output, state); }
        if (status == DSGD_OK && watch->done) { status = watch->done(watch->context, session, complete ? NULL : engine, complete ? path : output.path); }
        dsgd_output_close(&output);
    }
    dsgd_engine_destroy(engine);
    return status;
}
