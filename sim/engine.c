/* engine.c - the engine's life: checks, construction, the loop over rounds and rows. */
#include "sim/engine.h"

#include <stdlib.h>

#include "sim/engine_internal.h"
#include "sim/level.h"

enum dsgd_status dsgd_engine_failure(const struct dsgd_queue *queue)
{
    return queue->failed == DSGD_OK ? DSGD_OK : dsgd_fail(queue->failed, "%s", queue->text);
}

/* Which devices the run is on. */
static enum dsgd_status places(const struct dsgd_engine_args *args, struct dsgd_places *out)
{
    *out = (struct dsgd_places){.device = args->device, .count = args->places > 0 ? args->places : 1};
    for (int j = 0; j < out->count; ++j) { out->ordinal[j] = j; }
    return args->device ? DSGD_OK : dsgd_places_named(args->config->backend, out);
}

static struct dsgd_setting setting_of(const struct dsgd_engine_args *args, const struct dsgd_layout *layout, struct dsgd_shapes *shapes)
{
    const struct dsgd_run_config *config = args->config;
    return (struct dsgd_setting){.config = args->algorithm_config, .params = args->algorithm->params, .layout = layout,
                                 .workers = (uint32_t)config->workers,
                                 .seed_hash = dsgd_run_seed(config, config->seed_hash),
                                 .seed_algorithm = dsgd_run_seed(config, config->seed_algorithm), .steps = config->steps, .shapes = shapes};
}

static enum dsgd_status check(const struct dsgd_engine_args *args, const struct dsgd_setting *setting, size_t n)
{
    const struct dsgd_algorithm *alg = args->algorithm;
    DSGD_TRY(dsgd_level_check());
    if (args->problem->metrics < 1 || args->problem->metrics > DSGD_METRICS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s has %d metrics: expected 1 to %d", args->problem->name, args->problem->metrics, (int)DSGD_METRICS_MAX);
    }
    if (args->config->server_nesterov && !(args->config->server_momentum > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "server_nesterov = true: expected false with server_momentum = 0");
    }
    DSGD_TRY(dsgd_minibatch_check(args->config, n));
    DSGD_TRY(dsgd_schedule_check(args->config, n));
    DSGD_TRY(dsgd_param_check_counts(alg->params, alg->name, args->algorithm_config, setting->layout->d));
    if (alg->check) { DSGD_TRY(alg->check(setting)); }
    const char *whole = args->problem->whole ? args->problem->whole(args->problem_self) : NULL;
    if (whole && args->config->emulation != DSGD_MERGED) {
        return dsgd_fail(DSGD_EINPUT, "%s.%s: one gradient of all workers' examples, not possible with emulation = faithful; expected emulation = merged",
                         args->problem->name, whole);
    }
    if (args->config->emulation == DSGD_MERGED) {
        const char *reason = alg->may_merge ? alg->may_merge(setting) : alg->unmergeable;
        if (!reason) { reason = "it does not declare that it can be merged"; }
        if (*reason) {
            return dsgd_fail(DSGD_EINPUT, "emulation = merged: not possible with algorithm %s (%s); expected faithful",
                             alg->name, reason);
        }
    }
    return DSGD_OK;
}

static void connect(struct dsgd_engine *e, struct dsgd_place *place, struct dsgd_queue *queue, int threads, struct dsgd_rows *turn)
{
    queue->device = e->device;
    queue->ordinal = place->queue.ordinal;
    queue->threads = threads;
    queue->measuring = e->counting;
    queue->heard = e->args.heard;
    *turn = (struct dsgd_rows){.queue = queue, .rows = 1, .first = DSGD_RNG_SERVER, .all = place->all_shared, .down = place->down};
}

/* What rounds call was heard while they were measured. */
static void stop_listening(struct dsgd_engine *e)
{
    for (int p = 0; p < e->places.count; ++p) { e->place[p].queue.heard = NULL; }
    for (int l = 0; l < e->lanes; ++l) { e->lane[l].queue.heard = NULL; }
}

int dsgd_engine_lane_threads(const struct dsgd_engine *e)
{
    return e->lanes == 1 || e->emulated == 1 ? e->args.threads : 1;
}

uint32_t dsgd_engine_share(const struct dsgd_engine *e, uint32_t lanes, uint32_t lane)
{
    const uint32_t all = (uint32_t)e->args.threads, share = e->device->streams ? all : all / lanes + (lane < all % lanes);
    return share < 1 || e->parts <= 1 ? 1 : share < e->parts ? share : e->parts;
}

/* A round's last turns may be fewer than there are lanes. */
uint32_t dsgd_engine_share_most(const struct dsgd_engine *e, uint32_t lane)
{
    const uint32_t lanes = (uint32_t)e->lanes, blocks = ((uint32_t)e->args.config->workers + e->rows - 1) / e->rows, last = blocks % lanes;
    const uint32_t often = blocks >= lanes ? dsgd_engine_share(e, lanes, lane) : 1, late = lane < last ? dsgd_engine_share(e, last, lane) : 1;
    return often > late ? often : late;
}

static void connect_all(struct dsgd_engine *e)
{
    for (int p = 0; p < e->places.count; ++p) {
        struct dsgd_place *place = &e->place[p];
        connect(e, place, &place->queue, e->args.threads, &place->turn);
        for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
            place->turn.field[j] = place->all_shared[j] = place->all[j];
            if (place->all[j].used) { place->all_shared[j].as.array = dsgd_array_shared(&place->all[j].as.array); }
        }
    }
    connect(e, e->place, &e->place->queue, e->args.threads, &e->server_turn);
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) { e->server_turn.field[j] = e->server[j]; }
    for (int l = 0; l < e->lanes; ++l) { connect(e, e->lane[l].place, &e->lane[l].queue, dsgd_engine_lane_threads(e), &e->lane[l].turn); }
}

/* Threads that workers are spread over: as many as have work for some 50 microseconds each. To wake one that sleeps and to wait for it
 * costs 10 to 15, at every exchange. Work is counted in visits of a coordinate, each about 0.4 ns: an example's two passes (score,
 * gradient), some more for the message, many where it is compressed. */
static int lanes_of(const struct dsgd_engine *e)
{
    if (e->device->streams) { return e->places.count; }
    if (e->whole) { return 1; }
    enum { LANE_WORK = 1 << 17, DENSE = 2, COMPRESSED = 8 };
    const struct dsgd_run_config *config = e->args.config;
    const double least = e->args.lane_work > 0 ? (double)e->args.lane_work : LANE_WORK;
    const double visits = (double)config->batch + (e->args.algorithm->view == DSGD_VIEW_NONE ? DENSE : COMPRESSED);
    const double worth = (double)config->workers * visits * (double)e->layout.d / least;
    const int most = e->args.threads < config->workers ? e->args.threads : (int)config->workers;
    return worth >= most ? most : worth >= 2.0 ? (int)worth : 1;
}

/* On a stream one launch serves all of a place's workers, as far as their gradients and sections leave room for the rest. */
static uint32_t stream_rows(const struct dsgd_engine *e, uint32_t rows)
{
    const size_t budget = (size_t)8 << 30, fit = budget / (2 * sizeof(float) * e->layout.d);
    return fit < 1 ? 1 : rows < fit ? rows : (uint32_t)fit;
}

/* Workers a block: a few, as long as their gradients stay in the second-level cache. */
static uint32_t rows_of(const struct dsgd_engine *e)
{
    enum { ROWS_MAX = 8 };
    if (e->whole) { return 1; }
    const size_t cached = ((size_t)1 << 20) / sizeof(float) / e->layout.d;
    const uint32_t workers = (uint32_t)e->args.config->workers, lanes = (uint32_t)e->lanes;
    uint32_t rows = workers / lanes + (workers % lanes != 0);
    if (e->device->streams && e->args.rows == 0) { return stream_rows(e, rows); }
    if (e->args.rows > 0) { return rows < e->args.rows ? rows : e->args.rows; }
    if (rows > ROWS_MAX) { rows = ROWS_MAX; }
    return cached < 1 ? 1 : rows < cached ? rows : (uint32_t)cached;
}

static enum dsgd_status start_model(struct dsgd_engine *e)
{
    const size_t d = e->layout.d;
    DSGD_TRY(dsgd_engine_host(e, d, sizeof *e->host_x, (void **)&e->host_x));
    e->host_output = e->host_x;
    if (e->average.used) { DSGD_TRY(dsgd_engine_host(e, d, sizeof *e->host_output, (void **)&e->host_output)); }
    if (e->counting) { return DSGD_OK; }
    if (e->args.problem->start) { e->args.problem->start(e->args.problem_self, e->host_x); }
    e->device->write(&e->place->queue, e->place->x.as.array.at, e->host_x, d * sizeof *e->host_x);
    if (e->average.used) { e->device->write(&e->place->queue, e->average.as.array.at, e->host_x, d * sizeof *e->host_x); } /* row 0 shows the start */
    dsgd_engine_spread_model(e);
    return dsgd_engine_places_failure(e);
}

static enum dsgd_status build(struct dsgd_engine *e, const struct dsgd_setting *setting)
{
    const struct dsgd_run_config *config = e->args.config;
    const struct dsgd_algorithm *named = e->args.algorithm;
    DSGD_TRY(dsgd_schedule_resolve(config, &e->args.constants, e->n, named->tau ? named->tau(setting) : 1.0, &e->schedule));
    e->alg = named->variant ? named->variant(setting) : named;
    e->host_bytes = e->alg->common_size + (size_t)e->lanes * sizeof *e->lane;
    e->common = calloc(1, e->alg->common_size > 0 ? e->alg->common_size : 1);
    e->lane = calloc((size_t)e->lanes, sizeof *e->lane);
    for (int l = 0; e->lane && l < e->lanes; ++l) { e->lane[l].place = &e->place[e->device->streams ? l : 0]; }
    if (!e->common || !e->lane) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm %s and %d threads", named->name, e->lanes); }
    DSGD_TRY(e->alg->init(setting, e->common));
    if (e->shapes.failed) { return dsgd_fail(DSGD_ENOMEM, "no memory for the parts of the model that algorithm %s distinguishes", named->name); }
    e->alg->declare(e->common, &e->declaration);
    if (e->declaration.wrong) { return dsgd_fail(DSGD_EINTERNAL, "algorithm %s declares wrongly: %s", named->name, e->declaration.wrong); }
    if (e->alg->view >= 0 && (e->alg->view >= DSGD_FIELDS_MAX || e->declaration.field[DSGD_WORKER][e->alg->view].n != e->layout.d)) {
        return dsgd_fail(DSGD_EINTERNAL, "algorithm %s declares wrongly: its view is not a field of d numbers", named->name);
    }
    DSGD_TRY(dsgd_engine_allocate_all(e));
    DSGD_TRY(dsgd_observer_create(e));
    connect_all(e);
    DSGD_TRY(dsgd_engine_dry_all(e));
    stop_listening(e);
    DSGD_TRY(start_model(e));
    return dsgd_engine_tables_create(e);
}

static enum dsgd_status create(const struct dsgd_engine_args *args, bool counting, struct dsgd_engine **out)
{
    struct dsgd_engine *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e) { return dsgd_fail(DSGD_ENOMEM, "no memory for the engine"); }
    args->problem->shape(args->problem_self, &e->layout, &e->n);
    e->args = *args;
    const struct dsgd_setting setting = setting_of(&e->args, &e->layout, &e->shapes);
    enum dsgd_status status = check(args, &setting, e->n);
    if (status == DSGD_OK) { status = places(args, &e->places); }
    if (status == DSGD_OK) { status = dsgd_places_open(&e->places); } /* also to count: a device tells its bytes */
    if (status == DSGD_OK && !counting) { status = dsgd_engine_fits(args, &e->places); }
    e->device = e->places.device;
    e->counting = counting;
    e->emulated = args->config->emulation == DSGD_MERGED ? 1 : (uint32_t)args->config->workers;
    e->copies = (uint32_t)args->config->workers / e->emulated;
    e->minibatch = dsgd_minibatch_of(args->config, e->n);
    if (status == DSGD_OK) { status = dsgd_engine_places(e); }
    if (status == DSGD_OK) {
        e->whole = args->problem->whole && args->problem->whole(args->problem_self);
        e->examples = (uint32_t)args->config->batch * (e->whole ? (uint32_t)args->config->workers : 1);
        e->lanes = lanes_of(e);
        e->rows = rows_of(e);
        e->parts = args->problem->parts ? args->problem->parts(args->problem_self, e->examples) : 1;
    }
    if (args->config->step.clip > 0.0) { e->clipped = dsgd_groups_whole(&setting); }
    e->last_row = -1;
    dsgd_ledger_clear(&e->ledger);
    if (status == DSGD_OK) { status = build(e, &setting); }
    if (status != DSGD_OK) {
        dsgd_engine_destroy(e);
        return status;
    }
    *out = e;
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_create(const struct dsgd_engine_args *args, struct dsgd_engine **out)
{
    return create(args, false, out);
}

enum dsgd_status dsgd_engine_count(const struct dsgd_engine_args *args, struct dsgd_engine **out)
{
    return create(args, true, out);
}

void dsgd_engine_destroy(struct dsgd_engine *e)
{
    if (!e) { return; }
    dsgd_observer_destroy(e);
    dsgd_engine_release_all(e);
    dsgd_shapes_free(&e->shapes);
    if (e->host_output != e->host_x) { free(e->host_output); }
    free(e->host_x);
    free(e->common);
    for (int j = 0; j < DSGD_TABLES; ++j) { dsgd_table_destroy(&e->table[j]); }
    free(e);
}

/* Whether the model has ceased to be finite, and where. On a device where a look costs a wait it comes after some steps: what was counted
 * since then is taken back, what was computed was not written. */
static void look(struct dsgd_engine *e)
{
    uint32_t word = 0;
    e->device->read(&e->place->queue, &word, e->place->diverged, sizeof word);
    if (word == 0) { return; }
    e->step = word; /* updates until then: the one that diverged is the last */
    e->ledger = e->looked[(word - 1) % LOOK_MAX];
    e->status = DSGD_DIVERGED;
    e->next_row = e->step; /* the row shows it, whatever the grid says */
}

enum dsgd_status dsgd_engine_step(struct dsgd_engine *e)
{
    const struct dsgd_run_config *config = e->args.config;
    if (e->step == e->next_row && e->last_row < e->step) { DSGD_TRY(dsgd_engine_row(e)); }
    if (e->status != DSGD_RUNNING) { return DSGD_OK; }
    if (e->step >= e->next_row) { e->next_row = dsgd_run_next_row(config, e->step); } /* logarithms: not in every step */
    DSGD_TRY(dsgd_engine_round(e, config->log.oracle && e->step + 1 == e->next_row));
    if (e->step % e->device->look_every == 0 || e->step == e->next_row || e->step == config->steps) { look(e); }
    if (e->step == config->steps && e->status == DSGD_RUNNING) { e->status = DSGD_COMPLETE; }
    if (e->status != DSGD_RUNNING) { DSGD_TRY(dsgd_engine_row(e)); }
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_check(const struct dsgd_engine_args *args)
{
    struct dsgd_layout layout;
    size_t n = 0;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_setting setting = setting_of(args, &layout, NULL);
    return check(args, &setting, n);
}

void dsgd_engine_hint(const struct dsgd_engine_args *args, char *text, size_t size)
{
    struct dsgd_layout layout;
    size_t n = 0;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_setting setting = setting_of(args, &layout, NULL);
    *text = '\0';
    if (args->algorithm->hint) { args->algorithm->hint(&setting, text, size); }
}

const char *dsgd_engine_hashes(const struct dsgd_engine *e)
{
    static const char *const names[] = {[DSGD_TEXTBOOK] = "textbook", [DSGD_BLOCKS] = "block"};
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *field = &e->declaration.field[DSGD_ALL][j];
        if (field->name && field->type == DSGD_HASHES) { return names[field->hash]; }
    }
    return "none";
}

enum dsgd_run_status dsgd_engine_status(const struct dsgd_engine *e) { return e->status; }
int64_t dsgd_engine_steps_done(const struct dsgd_engine *e) { return e->step; }
const struct dsgd_schedule *dsgd_engine_schedule(const struct dsgd_engine *e) { return &e->schedule; }
const struct dsgd_ledger *dsgd_engine_ledger(const struct dsgd_engine *e) { return &e->ledger; }
size_t dsgd_engine_d(const struct dsgd_engine *e) { return e->layout.d; }
struct dsgd_table *dsgd_engine_table(struct dsgd_engine *e, int which) { return &e->table[which]; }

/* A device's read takes a queue of its own here: looking changes nothing of the run's. */
static const double *fetch(const struct dsgd_engine *e, const struct dsgd_handle *v, double *host)
{
    struct dsgd_queue queue = {.device = e->device, .ordinal = e->place->queue.ordinal, .threads = 1};
    e->device->read(&queue, host, v->as.array.at, e->layout.d * sizeof *host);
    return host;
}

const double *dsgd_engine_model(const struct dsgd_engine *e) { return fetch(e, &e->place->x, e->host_x); }
const double *dsgd_engine_output(const struct dsgd_engine *e) { return fetch(e, e->average.used ? &e->average : &e->place->x, e->host_output); }

int dsgd_engine_threads_used(const struct dsgd_engine *e)
{
    int used = 0;
    for (int l = 0; l < e->lanes; ++l) { used += e->lane[l].worked; }
    return used > 0 ? used : e->step > 0;
}

double dsgd_engine_clock(const struct dsgd_engine *e) { return e->mark; }

void dsgd_engine_seconds(const struct dsgd_engine *e, double *rounds, double *evaluation)
{
    *rounds = e->round_s;
    *evaluation = e->evaluation_s;
}

void dsgd_lane_seconds(const struct dsgd_engine *e, double *gradient, double *encode, double *settle)
{
    *gradient = *encode = *settle = 0.0;
    for (int l = 0; l < e->lanes; ++l) {
        *gradient += e->lane[l].gradient_s;
        *encode += e->lane[l].encode_s;
        *settle += e->lane[l].settle_s;
    }
}
