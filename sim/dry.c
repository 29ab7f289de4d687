/* dry.c - rounds that only measure: working memory, lengths that do not fit, sections that nobody fills, before they can do harm.
 *
 * No slot sees data, so what it does follows from `common` and `round`; a round runs once for each different plan on queues that do
 * nothing. Plans are looked at for the first steps of a run before it begins, later ones when they come.
 */
#include "sim/engine_internal.h"

enum { LOOKED_AT = 1 << 16 }; /* steps */

void dsgd_engine_plan(const struct dsgd_engine *e, uint32_t step, struct dsgd_round *round)
{
    round->exchanges = 1;
    round->silent = false;
    round->k = 0;
    if (e->alg->plan) { e->alg->plan(e->common, step, round); }
}

static void all_filled(const struct dsgd_engine *e, struct dsgd_rows *r, enum dsgd_way way, int exchange)
{
    for (int s = 0; s < e->declaration.message[way][exchange].sections; ++s) {
        if (!r->send[s].touched) {
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "section %d of exchange %d is declared and was not filled", s, exchange);
        }
    }
}

static void send_sections(struct dsgd_rows *r, const struct dsgd_crossing *crossing)
{
    for (int s = 0; s < DSGD_SECTIONS_MAX; ++s) {
        r->send[s] = crossing[s].sent;
        r->send[s].touched = false;
    }
}

static void worker_side(struct dsgd_engine *e, const struct dsgd_round *round)
{
    struct dsgd_lane *lane = &e->lane[0];
    struct dsgd_rows *w = &lane->turn;
    const uint32_t rows = e->emulated < e->rows ? e->emulated : e->rows;
    if (round->exchange == 0 && e->clipped) {
        dsgd_engine_block(e, lane, 0, e->rows); /* gradients come in blocks also where one row stands for all */
        dsgd_engine_clip(e, lane);
    }
    dsgd_engine_block(e, lane, 0, rows);
    if (round->exchange == 0 && e->alg->point) { e->alg->point(e->common, w, &e->place->replica_shared.as.f32, &lane->point.as.f32); }
    dsgd_turn_begin(w);
    send_sections(w, lane->up[round->exchange]);
    const dsgd_f32 *grad = round->exchange > 0 ? NULL : e->merged_sum.used ? &e->mean_gradient.as.f32 : &lane->grad.as.f32;
    e->alg->encode(e->common, w, round, grad);
    if (!round->silent) { all_filled(e, w, DSGD_UP, round->exchange); }
}

static void server_side(struct dsgd_engine *e, const struct dsgd_round *round)
{
    struct dsgd_rows *s = &e->server_turn;
    struct dsgd_handle got[DSGD_SECTIONS_MAX];
    const uint32_t rows = e->emulated < e->rows ? e->emulated : e->rows;
    for (int j = 0; j < DSGD_SECTIONS_MAX; ++j) {
        got[j] = e->lane[0].up[round->exchange][j].got;
        s->send[j].used = false;
    }
    const struct dsgd_arrivals arrivals = {got, rows, true};
    dsgd_turn_begin(s);
    e->alg->absorb(e->common, s, &arrivals, round);
    dsgd_turn_begin(s);
    send_sections(s, e->answer[round->exchange]);
    e->alg->finish(e->common, s, round);
    all_filled(e, s, DSGD_DOWN, round->exchange);
    for (int p = 0; p < e->places.count; ++p) {
        for (int j = 0; j < e->declaration.message[DSGD_DOWN][round->exchange].sections; ++j) { e->place[p].down[round->exchange][j].used = true; }
    }
}

static void dry_round(struct dsgd_engine *e, struct dsgd_round round)
{
    struct dsgd_rows *all = &e->place->turn;
    dsgd_turn_begin(all);
    all->may_seed = true;
    if (e->alg->prepare) { e->alg->prepare(e->common, all, &round); }
    all->may_seed = false;
    const int exchanges = round.silent ? 1 : round.exchanges;
    for (round.exchange = 0; round.exchange < exchanges; ++round.exchange) {
        worker_side(e, &round);
        if (!round.silent) { server_side(e, &round); }
    }
    round.exchange = round.exchanges - 1;
    if (round.silent) { return; }
    if (e->alg->settle) {
        dsgd_turn_begin(&e->lane[0].turn);
        e->alg->settle(e->common, &e->lane[0].turn, &round);
    }
    dsgd_turn_begin(all);
    struct dsgd_update update = e->alg->decode(e->common, all, &round);
    dsgd_engine_momentum(e, e->place, &update);
}

static bool known(const struct dsgd_engine *e, const struct dsgd_round *round)
{
    for (int j = e->plans; j-- > 0;) {
        const struct dsgd_round *p = &e->planned[j];
        if (p->exchanges == round->exchanges && p->silent == round->silent && p->k == round->k) { return true; }
    }
    return false;
}

enum dsgd_status dsgd_engine_dry(struct dsgd_engine *e, const struct dsgd_round *round)
{
    if (known(e, round)) { return DSGD_OK; }
    if (round->exchanges < 1 || round->exchanges > DSGD_EXCHANGES_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "algorithm %s plans %d exchanges: expected 1 to %d", e->args.algorithm->name, round->exchanges,
                         DSGD_EXCHANGES_MAX);
    }
    e->place->queue.measuring = true;
    for (int l = 0; l < e->lanes; ++l) { e->lane[l].queue.measuring = true; }
    dry_round(e, *round);
    e->place->queue.measuring = e->counting;
    for (int l = 0; l < e->lanes; ++l) { e->lane[l].queue.measuring = e->counting; }
    DSGD_TRY(dsgd_engine_failure(&e->place->queue));
    DSGD_TRY(dsgd_engine_failure(&e->lane[0].queue));
    e->planned[e->plans < PLANS ? e->plans++ : PLANS - 1] = *round;
    return dsgd_engine_reserve(e);
}

enum dsgd_status dsgd_engine_dry_all(struct dsgd_engine *e)
{
    const int64_t steps = e->args.config->steps < LOOKED_AT ? e->args.config->steps : LOOKED_AT;
    struct dsgd_round round = {.participants = e->emulated, .lr = 1.0};
    for (int64_t t = 0; t < (e->alg->plan ? steps : 1); ++t) {
        dsgd_engine_plan(e, (uint32_t)t, &round);
        if (e->plans < PLANS) { DSGD_TRY(dsgd_engine_dry(e, &round)); }
    }
    return DSGD_OK;
}
