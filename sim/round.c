/* round.c - one round of synchronous training, top to bottom.
 *
 * gradient -> encode -> absorb -> finish -> broadcast (once for each exchange) -> settle -> decode -> model and average.
 * Workers run in chunks of the thread count; the server reads their messages in ascending order of workers, so sums
 * have one order. In merged emulation one worker gets the mean of all W gradients and its messages are booked W times.
 */
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"
#include "sim/engine_internal.h"
#include "sim/rng.h"

/* The gradient of emulated worker `worker` at the replica, weight decay included. */
static enum dsgd_status worker_gradient(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t worker, uint32_t step)
{
    const struct dsgd_run_config *config = e->args.config;
    const struct dsgd_batch batch = {.example = lane->example, .count = (uint32_t)config->batch, .step = step,
                                     .worker = worker, .seed = e->key_batch.seed};
    for (uint32_t j = 0; e->n > 0 && j < batch.count; ++j) {
        lane->example[j] = dsgd_rng_below(e->key_batch, j, step, worker, (uint32_t)e->n); /* the algorithm is not in the key */
    }
    const bool decay = config->weight_decay > 0.0 && config->weight_decay_mode == DSGD_DECAY_COUPLED;
    if (e->alg->point) { /* a local method: this worker's own iterate */
        const uint32_t state = e->merged_sum ? 0 : worker; /* merged: the one worker's point is everybody's */
        e->alg->point(e->common, &e->workers.state[state], e->replica, lane->point);
        DSGD_TRY(e->args.problem->gradient(e->args.problem_self, lane->point, &batch, lane->grad));
        if (decay) { e->be->add_scaled_f32(e->layout.d, (float)config->weight_decay, lane->point, lane->grad); }
        return DSGD_OK;
    }
    DSGD_TRY(e->args.problem->gradient(e->args.problem_self, e->replica, &batch, lane->grad));
    if (decay) { e->be->axpy_f32(e->layout.d, config->weight_decay, e->x, lane->grad); }
    return DSGD_OK;
}

/* Runs `work` for positions base .. base + lanes - 1 below `count`, one lane each; reports the lowest failure. */
static enum dsgd_status for_chunk(struct dsgd_engine *e, uint32_t base, uint32_t count, const struct dsgd_round *round,
                                  enum dsgd_status (*work)(struct dsgd_engine *, struct dsgd_lane *, uint32_t,
                                                           const struct dsgd_round *))
{
    const int chunk = (int)(count - base < (uint32_t)e->lanes ? count - base : (uint32_t)e->lanes);
    if (chunk == 1) { return work(e, &e->lane[0], base, round); }
#pragma omp parallel for schedule(static, 1) num_threads(chunk)
    for (int l = 0; l < chunk; ++l) {
        struct dsgd_lane *lane = &e->lane[l];
        lane->status = work(e, lane, base + (uint32_t)l, round);
        if (lane->status != DSGD_OK) { snprintf(lane->message, sizeof lane->message, "%s", dsgd_error()); }
        e->lane[omp_get_thread_num()].worked = true;
    }
    for (int l = 0; l < chunk; ++l) {
        if (e->lane[l].status != DSGD_OK) { return dsgd_fail(e->lane[l].status, "%s", e->lane[l].message); }
    }
    return DSGD_OK;
}

static enum dsgd_status work_gradient(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t i, const struct dsgd_round *round)
{
    const double start = dsgd_clock();
    enum dsgd_status status = worker_gradient(e, lane, i, round->step);
    lane->gradient_s += dsgd_clock() - start;
    return status;
}

static enum dsgd_status work_encode(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t i, const struct dsgd_round *round)
{
    struct dsgd_round mine = *round;
    mine.worker = i;
    mine.scratch = &lane->scratch;
    mine.input = e->observer.lending ? lane->input : NULL;
    if (round->exchange == 0 && !e->merged_sum) { DSGD_TRY(work_gradient(e, lane, i, round)); }
    dsgd_arena_reset(&lane->scratch);
    dsgd_message_reset(&lane->up);
    const double start = dsgd_clock();
    enum dsgd_status status = e->alg->encode(e->common, &e->workers.state[i], &mine, round->exchange == 0 ? lane->grad : NULL,
                                             e->down, &lane->up);
    lane->encode_s += dsgd_clock() - start;
    return status;
}

static enum dsgd_status work_settle(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t i, const struct dsgd_round *round)
{
    struct dsgd_round mine = *round;
    mine.worker = i;
    mine.scratch = &lane->scratch;
    dsgd_arena_reset(&lane->scratch);
    const double start = dsgd_clock();
    enum dsgd_status status = e->alg->settle(e->common, &e->workers.state[i], &mine, e->down);
    lane->settle_s += dsgd_clock() - start;
    return status;
}

/* Merged emulation: the mean of all W gradients, summed in doubles in ascending order of workers, into lane 0. */
static enum dsgd_status mean_gradient(struct dsgd_engine *e, const struct dsgd_round *round)
{
    const uint32_t workers = (uint32_t)e->args.config->workers;
    e->be->clear(e->merged_sum, e->layout.d * sizeof *e->merged_sum);
    for (uint32_t base = 0; base < workers; base += (uint32_t)e->lanes) {
        DSGD_TRY(for_chunk(e, base, workers, round, work_gradient));
        for (uint32_t i = base; i < workers && i < base + (uint32_t)e->lanes; ++i) {
            e->be->add_f32(e->layout.d, e->lane[i - base].grad, e->merged_sum);
        }
    }
    e->be->mean_f32(e->layout.d, 1.0 / workers, e->merged_sum, e->lane[0].grad);
    return DSGD_OK;
}

static enum dsgd_status exchange(struct dsgd_engine *e, const struct dsgd_round *round, bool observe)
{
    const bool wanted = observe && round->exchange == 0 && dsgd_observer_wants_vectors(e);
    const uint32_t copies = (uint32_t)e->args.config->workers / e->emulated; /* W when merged, else 1 */
    struct dsgd_round server = *round;
    server.scratch = &e->server_scratch;
    for (uint32_t base = 0; base < e->emulated; base += (uint32_t)e->lanes) {
        e->observer.lending = wanted && e->observer.lends;
        DSGD_TRY(for_chunk(e, base, e->emulated, round, work_encode));
        const double encoded = dsgd_clock();
        for (uint32_t i = base; wanted && i < e->emulated && i < base + (uint32_t)e->lanes; ++i) {
            dsgd_observer_vector(e, i, &e->lane[i - base]);
        }
        const double start = dsgd_clock();
        e->observer.lent_s += start - encoded;
        for (uint32_t i = base; i < e->emulated && i < base + (uint32_t)e->lanes; ++i) {
            const struct dsgd_message *up = &e->lane[i - base].up;
            if (e->args.tap.message) { e->args.tap.message(e->args.tap.context, round->step, round->exchange, true, i, up); }
            dsgd_transport_up(&e->ledger, up, copies);
            dsgd_arena_reset(&e->server_scratch);
            DSGD_TRY(e->alg->absorb(e->common, &e->server.state[0], &server, i, up));
        }
        e->server_s += dsgd_clock() - start;
    }
    struct dsgd_message *down = &e->down[round->exchange];
    const double start = dsgd_clock();
    dsgd_arena_reset(&e->server_scratch);
    dsgd_message_reset(down);
    DSGD_TRY(e->alg->finish(e->common, &e->server.state[0], &server, down));
    if (e->args.tap.message) { e->args.tap.message(e->args.tap.context, round->step, round->exchange, false, DSGD_RNG_SERVER, down); }
    dsgd_transport_down(&e->ledger, down, (uint32_t)e->args.config->workers);
    e->server_s += dsgd_clock() - start;
    return DSGD_OK;
}

/* w_t joins the average before the update of step t (theory.md: sums run over t = 0 .. T-1). */
static void average_model(struct dsgd_engine *e)
{
    const double weight = dsgd_schedule_weight(&e->schedule, (double)e->step);
    if (weight > 0.0) {
        e->weight_sum += weight;
        e->be->average_f64(e->layout.d, weight / e->weight_sum, e->x, e->average);
    }
}

/* buffer = m buffer + update, and the update becomes the buffer (Polyak), or update + m buffer (Nesterov, in the form of
 * Sutskever et al. 2013 that deep learning libraries use). Every replica does the same with the same bytes. */
static enum dsgd_status server_momentum(struct dsgd_engine *e, struct dsgd_update *update)
{
    if (!e->momentum || update->n == 0) { return DSGD_OK; } /* nothing arrived: a step between two averagings of local methods */
    const size_t d = e->layout.d;
    const float m = (float)e->args.config->server_momentum;
    float *dense = dsgd_arena_take(&e->server_scratch, d * sizeof *dense);
    if (!dense) { return dsgd_fail(DSGD_ENOMEM, "no memory for the momentum of %zu parameters", d); }
    if (update->index) {
        e->be->clear(dense, d * sizeof *dense);
        e->be->scatter_f32(update->n, update->index, update->value, dense);
    } else {
        e->be->copy(dense, update->value, d * sizeof *dense);
    }
    e->be->scale_add_f32(d, m, e->momentum, dense);
    if (e->args.config->server_nesterov) {
        e->be->add_scaled_f32(d, m, e->momentum, dense);
    } else {
        e->be->copy(dense, e->momentum, d * sizeof *dense);
    }
    update->index = NULL;
    update->n = d;
    update->value = dense;
    return DSGD_OK;
}

static void apply_update(struct dsgd_engine *e, const struct dsgd_update *update)
{
    if (update->index && update->shrink != 0.0) { e->be->shrink(e->layout.d, update->shrink, e->x, e->replica); }
    if (!e->be->apply(update->n, update->index, update->value, update->index ? 0.0 : update->shrink, update->scale, e->x,
                      e->replica)) {
        e->status = DSGD_DIVERGED;
    }
}

enum dsgd_status dsgd_engine_round(struct dsgd_engine *e, bool observe)
{
    const double start = dsgd_clock();
    const struct dsgd_run_config *config = e->args.config;
    const double lr = dsgd_schedule_lr(&e->schedule, (double)e->step);
    const bool decoupled = config->weight_decay_mode == DSGD_DECAY_DECOUPLED;
    struct dsgd_round round = {.step = (uint32_t)e->step, .worker = DSGD_RNG_SERVER, .participants = e->emulated, .lr = lr,
                               .shrink = decoupled ? lr * config->weight_decay : 0.0, .threads = e->args.threads,
                               .scratch = &e->server_scratch};
    const int exchanges = e->alg->plan(e->common, round.step);
    e->plan_s += dsgd_clock() - start;
    e->observer.lent_s = 0.0;
    if (e->merged_sum) { DSGD_TRY(mean_gradient(e, &round)); }
    for (round.exchange = 0; round.exchange < exchanges; ++round.exchange) { DSGD_TRY(exchange(e, &round, observe)); }
    round.exchange = exchanges - 1;
    dsgd_transport_round(&e->ledger, (uint32_t)config->workers);
    double paused = e->observer.lent_s;
    if (observe) {
        const double observing = dsgd_clock();
        dsgd_observer_input(e);
        paused += dsgd_clock() - observing;
    }
    for (uint32_t base = 0; e->alg->settle && base < e->emulated; base += (uint32_t)e->lanes) {
        DSGD_TRY(for_chunk(e, base, e->emulated, &round, work_settle));
    }
    const double decoding = dsgd_clock();
    struct dsgd_update update = {.shrink = round.shrink, .scale = lr, .gain = 1.0};
    dsgd_arena_reset(&e->server_scratch);
    DSGD_TRY(e->alg->decode(e->common, &round, e->down, &update));
    average_model(e);
    const struct dsgd_update decoded_update = update;
    DSGD_TRY(server_momentum(e, &update));
    apply_update(e, &update);
    const double decoded = dsgd_clock();
    e->decode_s += decoded - decoding;
    if (observe) {
        DSGD_TRY(dsgd_observer_update(e, &decoded_update));
        paused += dsgd_clock() - decoded;
    }
    ++e->step;
    e->round_s += dsgd_clock() - start - paused;
    e->evaluation_s += paused;
    return DSGD_OK;
}
