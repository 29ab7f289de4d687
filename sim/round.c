/* round.c - one round of synchronous training, top to bottom.
 *
 * plan, prepare -> { gradient, encode, post (blocks of workers, one per lane) -> absorb (the blocks in ascending order) -> finish, post } once
 * for each exchange -> settle -> decode -> model and average. The server reads the workers' messages in ascending order, so sums have
 * one order. In merged emulation one worker gets the mean of all W gradients and its messages are booked W times.
 */
#include <omp.h>
#include <stdlib.h>

#include "sim/clock.h"
#include "sim/engine_internal.h"
#include "sim/problem_rows.h"

typedef void lane_work(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round);
/* What is done for a block: the lane's work, what follows it and may wait (both at once where nothing waits), and the server's part. */
struct phase { lane_work *work, *post, *both, *then; };

void dsgd_engine_block(struct dsgd_engine *e, struct dsgd_lane *lane, uint32_t first, uint32_t rows)
{
    struct dsgd_rows *w = &lane->turn;
    const struct dsgd_place *place = lane->place;
    w->first = first;
    w->rows = rows;
    w->step = (uint32_t)e->step;
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        if (!place->worker[j].used) { continue; }
        w->field[j] = place->worker[j];
        if (e->merged_sum.used) { /* the one worker's state is everybody's, and only a turn of one row writes it */
            if (rows > 1) { w->field[j].as.array = dsgd_array_shared(&place->worker[j].as.array); }
        } else {
            w->field[j].as.array = dsgd_array_rows(w->field[j].type, &place->worker[j].as.array, first - place->first);
        }
    }
    dsgd_turn_begin(w);
}

/* g min(1, c/||g||) of each row (Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, section 3.2): a worker knows its own length, so nothing is sent. */
void dsgd_engine_clip(struct dsgd_engine *e, struct dsgd_lane *lane)
{
    dsgd_f64 *length = &lane->length.as.f64;
    if (!e->clipped) { return; }
    dsgd_turn_begin(&lane->turn);
    dsgd_group_norm(&lane->turn, e->clipped, &lane->grad.as.f32, length);
    dsgd_group_shorten(&lane->turn, e->clipped, e->args.config->step.clip, length, &lane->grad.as.f32, &lane->grad.as.f32);
}

/* The gradients of the block at the replica or the workers' own points, weight decay included, none longer than step.clip. */
static void gradients(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    (void)round;
    const struct dsgd_run_config *config = e->args.config;
    struct dsgd_rows *w = &lane->turn;
    const uint32_t takers = e->whole ? (uint32_t)config->workers : w->rows;
    const struct dsgd_batch batch = {.example = lane->example, .count = e->examples, .step = w->step, .worker = w->first, .workers = e->whole ? takers : 1,
                                     .seed = e->minibatch.key.seed, .work = lane->work, .threads = lane->threads, .lane = (uint32_t)(lane - e->lane), .resident = lane->place->resident};
    for (uint32_t row = 0; row < takers; ++row) {
        dsgd_minibatch_take(&e->minibatch, &lane->memo, w->step, w->first + row, lane->example + (size_t)row * (size_t)config->batch);
    }
    const dsgd_f32 *x = &lane->place->replica_shared.as.f32;
    dsgd_f32 *grad = &lane->grad.as.f32;
    if (e->alg->point) { /* a local method: each worker's own iterate */
        e->alg->point(e->common, w, x, &lane->point.as.f32);
        x = &lane->point.as.f32;
    }
    if (lane->queue.failed != DSGD_OK) { return; }
    const enum dsgd_status status = dsgd_problem_gradients(e->args.problem, e->args.problem_self, w, x, &batch, grad);
    if (status != DSGD_OK) { dsgd_queue_fail(&lane->queue, status, "%s", dsgd_error()); }
    if (config->weight_decay > 0.0 && config->weight_decay_mode == DSGD_DECAY_COUPLED) {
        if (e->alg->point) {
            dsgd_add_scaled(w, (float)config->weight_decay, x, grad);
        } else {
            dsgd_axpy(w, config->weight_decay, &lane->place->x_shared.as.f64, grad);
        }
    }
    dsgd_engine_clip(e, lane);
    lane->gradient_s += dsgd_lap(&lane->mark);
}

static void encode(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    struct dsgd_rows *w = &lane->turn;
    struct dsgd_crossing *up = lane->up[round->exchange];
    if (round->exchange == 0 && !e->merged_sum.used) { gradients(e, lane, round); }
    const dsgd_f32 *grad = round->exchange > 0 ? NULL : e->merged_sum.used ? &e->mean_gradient.as.f32 : &lane->grad.as.f32;
    for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) {
        w->send[s].used = false;
        if (up[s].sent.used && !round->silent) { w->send[s] = up[s].sent; }
    }
    dsgd_turn_begin(w);
    e->alg->encode(e->common, w, round, grad);
    lane->encode_s += dsgd_lap(&lane->mark);
}

/* What a block has encoded sets out. On a stream this waits, where a length depends on data. */
static void post(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    const struct dsgd_rows *w = &lane->turn;
    for (uint32_t row = 0; row < w->rows; ++row) { lane->message[row].sections = 0; }
    if (!round->silent) { dsgd_engine_post(e, &lane->queue, DSGD_UP, round, lane->up[round->exchange], w->first, w->rows, &lane->weights, lane->message); }
    lane->encode_s += dsgd_lap(&lane->mark);
}

static void encode_and_post(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    encode(e, lane, round);
    post(e, lane, round);
}

static void settle(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    e->alg->settle(e->common, &lane->turn, round);
    lane->settle_s += dsgd_lap(&lane->mark);
}

/* On streams: every place gets the work of its first block before anything is waited for; `then` is done in ascending order of workers, so
 * a later block of a place is begun when the one before it is through. */
static enum dsgd_status for_streams(struct dsgd_engine *e, uint32_t count, const struct dsgd_round *round, const struct phase *phase)
{
    for (int ahead = 1; ahead >= 0; --ahead) {
        for (int p = 0; p < e->places.count; ++p) {
            struct dsgd_lane *lane = &e->lane[p];
            const uint32_t begin = e->places.count == 1 ? 0 : lane->place->first, end = e->places.count == 1 ? count : begin + lane->place->workers;
            for (uint32_t first = begin; first < end; first += e->rows) {
                if (ahead || first > begin) {
                    lane->mark = e->mark;
                    lane->threads = dsgd_engine_share(e, (uint32_t)e->lanes, (uint32_t)p);
                    dsgd_engine_block(e, lane, first, end - first < e->rows ? end - first : e->rows);
                    phase->work(e, lane, round);
                    e->mark = lane->mark;
                }
                if (ahead) { break; }
                lane->mark = e->mark;
                if (phase->post) { phase->post(e, lane, round); }
                e->mark = lane->mark;
                if (phase->then && lane->queue.failed == DSGD_OK) { phase->then(e, lane, round); }
                DSGD_TRY(dsgd_engine_failure(&lane->queue));
                DSGD_TRY(dsgd_engine_places_failure(e));
            }
        }
    }
    return DSGD_OK;
}

/* Threads of a turn of `blocks` lanes: one each, and where they compute gradients as many as those have work for; the others wait for it. */
static int team_of(struct dsgd_engine *e, int blocks, bool with_gradients)
{
    uint32_t team = 0;
    for (int b = 0; b < blocks; ++b) {
        e->lane[b].threads = with_gradients ? dsgd_engine_share(e, (uint32_t)blocks, (uint32_t)b) : 1;
        team += e->lane[b].threads;
    }
    return (int)team;
}

/* Runs `work` and `post` for the blocks of `count` workers, a lane each, and `then` for the same blocks in ascending order; reports the lowest
 * failure. */
static enum dsgd_status for_blocks(struct dsgd_engine *e, uint32_t count, const struct dsgd_round *round, const struct phase *phase)
{
    if (e->device->streams) { return for_streams(e, count, round, phase); }
    const uint32_t span = e->rows * (uint32_t)e->lanes;
    const bool with_gradients = phase->work == gradients || (phase->work == encode && round->exchange == 0 && !e->merged_sum.used);
    for (uint32_t base = 0; base < count; base += span) {
        const uint32_t end = count - base < span ? count : base + span;
        const int blocks = (int)((end - base + e->rows - 1) / e->rows), team = team_of(e, blocks, with_gradients);
        if (blocks == 1) {
            e->lane[0].mark = e->mark;
            dsgd_engine_block(e, &e->lane[0], base, end - base);
            phase->both(e, &e->lane[0], round);
            e->mark = e->lane[0].mark;
        } else {
#pragma omp parallel for schedule(static, 1) num_threads(team)
            for (int b = 0; b < blocks; ++b) {
                const uint32_t first = base + (uint32_t)b * e->rows;
                e->lane[b].mark = dsgd_clock();
                dsgd_engine_block(e, &e->lane[b], first, end - first < e->rows ? end - first : e->rows);
                phase->both(e, &e->lane[b], round);
                e->lane[omp_get_thread_num()].worked = true;
            }
            e->mark = dsgd_clock();
        }
        for (int b = 0; b < blocks; ++b) {
            if (phase->then && e->lane[b].queue.failed == DSGD_OK) { phase->then(e, &e->lane[b], round); }
            DSGD_TRY(dsgd_engine_failure(&e->lane[b].queue));
            DSGD_TRY(dsgd_engine_failure(&e->place->queue));
        }
    }
    return DSGD_OK;
}

static void add_gradients(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    (void)round;
    e->device->fold_sum(&e->place->queue, lane->turn.rows, lane->turn.first == 0, &lane->grad.as.f32, &e->merged_sum.as.f64);
    dsgd_lap(&e->mark); /* part of the round, of no phase */
}

/* The one gradient of all workers' examples, by all threads. */
static enum dsgd_status whole_gradient(struct dsgd_engine *e, const struct dsgd_round *round)
{
    struct dsgd_lane *lane = &e->lane[0];
    lane->mark = e->mark;
    lane->threads = dsgd_engine_share(e, 1, 0);
    dsgd_engine_block(e, lane, 0, 1);
    gradients(e, lane, round);
    e->mark = lane->mark;
    DSGD_TRY(dsgd_engine_failure(&lane->queue));
    add_gradients(e, lane, round);
    DSGD_TRY(dsgd_engine_failure(&e->place->queue));
    dsgd_mean(&e->place->turn, 1.0, &e->merged_sum.as.f64, &e->mean_gradient.as.f32);
    dsgd_lap(&e->mark);
    return DSGD_OK;
}

/* Merged emulation: the mean of all W gradients, summed in doubles in ascending order of workers. */
static enum dsgd_status mean_gradient(struct dsgd_engine *e, const struct dsgd_round *round)
{
    if (e->whole) { return whole_gradient(e, round); }
    const uint32_t workers = (uint32_t)e->args.config->workers;
    if (e->lanes > 1) { e->lane[0].queue.threads = 1; } /* side by side with the others here */
    const enum dsgd_status status = for_blocks(e, workers, round, &(const struct phase){gradients, NULL, gradients, add_gradients});
    e->lane[0].queue.threads = dsgd_engine_lane_threads(e);
    DSGD_TRY(status);
    dsgd_mean(&e->place->turn, 1.0 / workers, &e->merged_sum.as.f64, &e->mean_gradient.as.f32);
    dsgd_lap(&e->mark);
    return DSGD_OK;
}

static void absorb(struct dsgd_engine *e, struct dsgd_lane *lane, const struct dsgd_round *round)
{
    if (e->place->turn.shown) { /* the round is observed and wants vectors that exist now alone */
        dsgd_observer_vectors(e, lane);
        e->observer.lent_s += dsgd_lap(&e->mark);
    }
    struct dsgd_handle got[DSGD_SECTIONS_MAX];
    for (uint32_t row = 0; row < lane->turn.rows; ++row) {
        dsgd_engine_book(e, DSGD_UP, round, lane->turn.first + row, &lane->message[row]);
    }
    if (round->silent) { return; }
    for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) { e->server_turn.send[s].used = false; }
    dsgd_engine_land(e, lane, round->exchange, got);
    const struct dsgd_arrivals arrivals = {got, lane->turn.rows, lane->turn.first == 0};
    dsgd_turn_begin(&e->server_turn);
    e->alg->absorb(e->common, &e->server_turn, &arrivals, round);
    e->server_s += dsgd_lap(&e->mark);
}

static void finish(struct dsgd_engine *e, const struct dsgd_round *round)
{
    struct dsgd_rows *s = &e->server_turn;
    struct dsgd_crossing *answer = e->answer[round->exchange];
    struct dsgd_message message = {.sections = 0};
    if (!round->silent) {
        for (int j = 0; j < DSGD_SECTIONS_MAX; ++j) { s->send[j] = answer[j].sent; }
        dsgd_turn_begin(s);
        e->alg->finish(e->common, s, round);
        dsgd_engine_post(e, &e->place->queue, DSGD_DOWN, round, answer, DSGD_RNG_SERVER, 1, &e->answer_weights, &message);
        dsgd_engine_spread(e, round->exchange);
    }
    if (e->place->queue.failed == DSGD_OK) {
        dsgd_engine_book(e, DSGD_DOWN, round, DSGD_RNG_SERVER, &message);
    } else {
        dsgd_engine_give_back(&message);
    }
    e->server_s += dsgd_lap(&e->mark);
}

static enum dsgd_status exchange(struct dsgd_engine *e, const struct dsgd_round *round, bool observe)
{
    const bool wanted = observe && round->exchange == 0 && dsgd_observer_wants_vectors(e);
    e->place->turn.shown = wanted ? &e->observer.input : NULL;
    for (int l = 0; l < e->lanes; ++l) { e->lane[l].turn.shown = wanted && e->lane[l].shown.used ? &e->lane[l].shown : NULL; }
    const enum dsgd_status status = for_blocks(e, e->emulated, round, &(const struct phase){encode, post, encode_and_post, absorb});
    e->place->turn.shown = NULL;
    DSGD_TRY(status);
    finish(e, round);
    return dsgd_engine_failure(&e->place->queue);
}

/* w_t joins the average before the update of step t (theory.md: sums run over t = 0 .. T-1). */
static void average_model(struct dsgd_engine *e)
{
    const double weight = dsgd_schedule_weight(&e->schedule, (double)e->step);
    if (weight > 0.0) {
        e->weight_sum += weight;
        e->device->average(&e->place->queue, weight / e->weight_sum, &e->place->x.as.f64, &e->average.as.f64, e->place->diverged);
    }
}

void dsgd_engine_momentum(struct dsgd_engine *e, struct dsgd_place *place, struct dsgd_update *update)
{
    if (!place->momentum.used || update->form == DSGD_UPDATE_NONE) { return; } /* a step between two averagings of local methods */
    const float m = (float)e->args.config->server_momentum;
    struct dsgd_rows *all = &place->turn;
    dsgd_f32 *dense = dsgd_take_f32(all, e->layout.d), *buffer = &place->momentum.as.f32;
    if (update->form == DSGD_UPDATE_SPARSE) {
        dsgd_clear(all, dense);
        dsgd_scatter(all, update->at, update->value, dense);
    } else {
        dsgd_copy(all, update->value, dense);
    }
    dsgd_scale_add(all, m, buffer, dense); /* buffer = m buffer + update */
    if (e->args.config->server_nesterov) { /* in the form of Sutskever et al. 2013 that deep learning libraries use */
        dsgd_add_scaled(all, m, buffer, dense);
    } else {
        dsgd_copy(all, buffer, dense);
    }
    update->form = DSGD_UPDATE_DENSE;
    update->at = NULL;
    update->value = dense;
}

static void apply_update(struct dsgd_engine *e, struct dsgd_place *place, const struct dsgd_update *update, double shrink)
{
    const struct dsgd_apply apply = {.sparse = update->form != DSGD_UPDATE_DENSE, .at = update->at, .value = update->value, .shrink = shrink,
                                     .scale = update->scale, .step = (uint32_t)e->step};
    if (place->queue.failed == DSGD_OK) { e->device->apply(&place->queue, &apply, &place->x.as.f64, &place->replica.as.f32, place->diverged); }
}

/* What the update was, for a listener. */
static enum dsgd_status show_update(struct dsgd_engine *e, const struct dsgd_update *update, double shrink)
{
    const struct dsgd_tap *tap = &e->args.tap;
    if (!tap->update || e->place->queue.failed != DSGD_OK) { return DSGD_OK; }
    const size_t n = dsgd_update_size(e, update);
    uint32_t *index = malloc((n + 1) * sizeof *index);
    float *value = malloc((n + 1) * sizeof *value);
    if (!index || !value) {
        free(index);
        free(value);
        return dsgd_fail(DSGD_ENOMEM, "no memory to show an update of %zu coordinates", n);
    }
    if (n > 0) { e->device->read(&e->place->queue, value, update->value->array.at, n * sizeof *value); }
    if (n > 0 && update->at) { e->device->read(&e->place->queue, index, update->at->array.at, n * sizeof *index); }
    const struct dsgd_seen_update seen = {update->scale, shrink, n, update->form == DSGD_UPDATE_DENSE ? NULL : index, value};
    tap->update(tap->context, (uint32_t)e->step, &seen);
    free(index);
    free(value);
    return DSGD_OK;
}

static void prepare(struct dsgd_engine *e, const struct dsgd_round *round)
{
    e->server_turn.step = (uint32_t)e->step;
    for (int p = 0; p < e->places.count; ++p) {
        struct dsgd_rows *all = &e->place[p].turn;
        dsgd_turn_begin(all);
        all->step = (uint32_t)e->step;
        all->may_seed = true;
        if (e->alg->prepare) { e->alg->prepare(e->common, all, round); }
        all->may_seed = false;
    }
}

/* The update of every replica, and the average of the first; what was decoded, before the server's momentum, is kept for the observer. */
static enum dsgd_status update_models(struct dsgd_engine *e, const struct dsgd_round *round, double shrink, struct dsgd_update *decoded)
{
    for (int p = 0; p < e->places.count; ++p) {
        struct dsgd_place *place = &e->place[p];
        struct dsgd_update update = {.form = DSGD_UPDATE_NONE, .scale = round->lr, .gain = 1.0};
        dsgd_turn_begin(&place->turn);
        if (!round->silent) { update = e->alg->decode(e->common, &place->turn, round); }
        if (p == 0) {
            *decoded = update;
            DSGD_TRY(show_update(e, &update, shrink));
            average_model(e);
        }
        dsgd_engine_momentum(e, place, &update);
        apply_update(e, place, &update, shrink);
    }
    return dsgd_engine_places_failure(e);
}

enum dsgd_status dsgd_engine_round(struct dsgd_engine *e, bool observe)
{
    const double start = e->mark = dsgd_clock();
    const struct dsgd_run_config *config = e->args.config;
    struct dsgd_round round = {.participants = e->emulated, .lr = dsgd_schedule_lr(&e->schedule, (double)e->step)};
    const double shrink = config->weight_decay_mode == DSGD_DECAY_DECOUPLED ? round.lr * config->weight_decay : 0.0;
    dsgd_engine_plan(e, (uint32_t)e->step, &round);
    DSGD_TRY(dsgd_engine_dry(e, &round));
    const bool together = e->device->step_begin && e->places.count == 1 && !observe; /* observers read */
    if (together) { e->device->step_begin(&e->place->queue, (size_t)e->emulated * e->layout.d); }
    prepare(e, &round);
    e->plan_s += dsgd_lap(&e->mark);
    e->observer.lent_s = 0.0;
    if (e->merged_sum.used) { DSGD_TRY(mean_gradient(e, &round)); }
    for (round.exchange = 0; round.exchange < round.exchanges; ++round.exchange) { DSGD_TRY(exchange(e, &round, observe)); }
    round.exchange = round.exchanges - 1;
    dsgd_transport_round(&e->ledger, (uint32_t)config->workers);
    double paused = e->observer.lent_s;
    if (observe) {
        dsgd_observer_input(e);
        paused += dsgd_lap(&e->mark);
    }
    if (e->alg->settle && !round.silent) { DSGD_TRY(for_blocks(e, e->emulated, &round, &(const struct phase){settle, NULL, settle, NULL})); }
    struct dsgd_update update;
    DSGD_TRY(update_models(e, &round, shrink, &update));
    if (together) { e->device->step_end(&e->place->queue); }
    e->decode_s += dsgd_lap(&e->mark);
    if (observe) {
        dsgd_observer_update(e, &update);
        DSGD_TRY(dsgd_engine_failure(&e->place->queue));
        paused += dsgd_lap(&e->mark);
    }
    e->looked[e->step % LOOK_MAX] = e->ledger;
    ++e->step;
    e->round_s += e->mark - start - paused;
    e->evaluation_s += paused;
    return DSGD_OK;
}
