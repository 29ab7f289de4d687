/* estimate.c - what a run will hold and send, without holding or sending it: the constructor counts instead of allocating, and messages are
 * as long as their declarations allow.
 */
#include "sim/engine_internal.h"

enum { LOOKED_AT = 1 << 16 }; /* steps whose plans are looked at */

/* Rows grow by doubling. */
static size_t table_bytes(const struct dsgd_engine *e)
{
    const size_t rows = (size_t)dsgd_run_rows(e->args.config);
    size_t capacity = DSGD_TABLE_ROWS_MIN, columns = 0;
    while (capacity < rows) { capacity *= 2; }
    for (int t = 0; t < DSGD_TABLES; ++t) { columns += (size_t)e->table[t].columns; }
    return capacity * columns * sizeof(union dsgd_cell);
}

enum dsgd_status dsgd_engine_memory(const struct dsgd_engine_args *args, size_t *engine_bytes, size_t *worker_bytes)
{
    struct dsgd_engine *e;
    DSGD_TRY(dsgd_engine_count(args, &e));
    *engine_bytes = e->bytes - e->worker_bytes + e->host_bytes + dsgd_shapes_bytes(&e->shapes) + table_bytes(e) +
                    (args->problem->bytes ? args->problem->bytes(args->problem_self) : 0);
    *worker_bytes = e->worker_bytes;
    dsgd_engine_destroy(e);
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_possible(const struct dsgd_engine_args *args)
{
    struct dsgd_engine *e;
    DSGD_TRY(dsgd_engine_count(args, &e));
    const enum dsgd_status status = dsgd_engine_fits(args, &e->places);
    dsgd_engine_destroy(e);
    return status;
}

enum dsgd_status dsgd_engine_hashes_of(const struct dsgd_engine_args *args, const char **family)
{
    struct dsgd_engine *e;
    DSGD_TRY(dsgd_engine_count(args, &e));
    *family = dsgd_engine_hashes(e);
    dsgd_engine_destroy(e);
    return DSGD_OK;
}

/* The longest message of one direction and exchange. */
static void add_message(const struct dsgd_message_spec *spec, const struct dsgd_round *round, struct dsgd_message *message)
{
    message->sections = 0;
    for (int s = 0; s < spec->sections; ++s) {
        const struct dsgd_wire *wire = &spec->section[s];
        const size_t n = dsgd_wire_count(spec, s, round);
        if (wire->length.how == DSGD_AT_MOST) { message->section[message->sections++] = (struct dsgd_section){.kind = DSGD_HEADER, .bytes = 4}; }
        message->section[message->sections++] = (struct dsgd_section){.kind = wire->kind, .bytes = dsgd_wire_bytes_sent(wire, n, round->participants)};
    }
}

enum dsgd_status dsgd_engine_most(const struct dsgd_engine_args *args, struct dsgd_ledger *most)
{
    struct dsgd_engine *e;
    DSGD_TRY(dsgd_engine_count(args, &e));
    const uint32_t workers = (uint32_t)args->config->workers;
    const int64_t steps = args->config->steps < LOOKED_AT ? args->config->steps : LOOKED_AT;
    struct dsgd_round round = {.participants = workers, .lr = 1.0};
    dsgd_ledger_clear(most);
    for (int64_t t = 0; t < (e->alg->plan ? steps : 1); ++t) {
        dsgd_engine_plan(e, (uint32_t)t, &round);
        for (round.exchange = 0; !round.silent && round.exchange < round.exchanges; ++round.exchange) {
            struct dsgd_message up, down;
            add_message(&e->declaration.message[DSGD_UP][round.exchange], &round, &up);
            add_message(&e->declaration.message[DSGD_DOWN][round.exchange], &round, &down);
            dsgd_transport_up(most, &up, workers);
            dsgd_transport_down(most, &down, workers);
        }
        dsgd_transport_round(most, workers);
    }
    dsgd_engine_destroy(e);
    return DSGD_OK;
}
