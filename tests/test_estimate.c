/* test_estimate.c - what a run says beforehand against what it does, for every choice of every algorithm: the bytes that messages can have
 * at most against the ledger, and the memory that is counted against what is allocated.
 */
#include "sim/engine_internal.h"
#include "tests/harness.h"
#include "tests/settings.h"

static const char *const base = "problem = quadratic\nquadratic { d = 785 kappa = 10 sigma = 1 }\nworkers = 5\nsteps = 17\nstep { constant = 0.02 }\n"
                                "average = uniform\n";

/* Codes whose length does not depend on what they carry: of these the bound is the length. */
static bool fixed_length(const struct dsgd_engine *e)
{
    for (int way = 0; way < DSGD_WAYS; ++way) {
        for (int x = 0; x < DSGD_EXCHANGES_MAX; ++x) {
            const struct dsgd_message_spec *m = &e->declaration.message[way][x];
            for (int s = 0; s < m->sections; ++s) {
                const struct dsgd_wire *w = &m->section[s];
                if (w->length.how == DSGD_AT_MOST || w->length.how == DSGD_AS) { return false; }
                if (w->type == DSGD_SET && w->code != DSGD_RAW && w->code != DSGD_FIXED && w->code != DSGD_BITMAP) { return false; }
                if (w->type == DSGD_TERNARY && w->code == DSGD_ENTROPY) { return false; }
                if (w->type == DSGD_I32 && w->code == DSGD_ELIAS) { return false; }
            }
        }
    }
    return true;
}

static void compare(const char *text, struct dsgd_engine *e, const struct dsgd_ledger *most, bool fixed)
{
    const struct dsgd_ledger *ledger = dsgd_engine_ledger(e);
    const double steps = (double)ledger->worker_steps, planned = (double)most->worker_steps;
    for (int k = 0; k < 2 * DSGD_KINDS; ++k) {
        const uint64_t *real = k < DSGD_KINDS ? ledger->up : ledger->down, *bound = k < DSGD_KINDS ? most->up : most->down;
        const double sent = (double)real[k % DSGD_KINDS] / steps, can = (double)bound[k % DSGD_KINDS] / planned;
        if (!(sent <= can * (1.0 + 1e-12)) || (fixed && !(sent >= can * (1.0 - 1e-12)))) { /* quotients of whole numbers below 2^53 */
            fail_msg("%s: %g bytes of %s %s per worker and step, %s %g", text, sent, dsgd_kind_name((enum dsgd_kind)(k % DSGD_KINDS)),
                     k < DSGD_KINDS ? "up" : "down", fixed ? "declared" : "at most", can);
        }
    }
}

static void messages_are_as_long_as_declared(void **state)
{
    (void)state;
    char text[1024];
    int settings = 0, fixed_ones = 0;
    for (size_t i = 0; settings_next(base, &i, text, sizeof text);) {
        struct harness h;
        struct dsgd_ledger most;
        if (harness_open(&h, text, NULL, 1) == DSGD_OK) {
            const bool fixed = fixed_length(h.engine);
            HARNESS_OK(dsgd_engine_most(&h.session.args, &most));
            harness_finish(h.engine);
            compare(text, h.engine, &most, fixed);
            fixed_ones += fixed;
            ++settings;
        }
        harness_close(&h);
    }
    assert_true(settings > 100 && fixed_ones > 30);
}

/* The counting constructor counts what the other one allocates: device memory to the byte. */
static void memory_is_what_is_allocated(void **state)
{
    (void)state;
    char text[1024];
    for (size_t i = 0; settings_next(base, &i, text, sizeof text);) {
        struct harness h;
        struct dsgd_engine *counted = NULL;
        if (harness_open(&h, text, NULL, 3) == DSGD_OK) {
            HARNESS_OK(dsgd_engine_count(&h.session.args, &counted));
            if (counted->bytes != h.engine->bytes || counted->host_bytes != h.engine->host_bytes || counted->worker_bytes != h.engine->worker_bytes) {
                fail_msg("%s: counted %zu + %zu bytes, allocated %zu + %zu", text, counted->bytes, counted->host_bytes, h.engine->bytes, h.engine->host_bytes);
            }
            assert_null(counted->memory);
            dsgd_engine_destroy(counted);
        }
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages_are_as_long_as_declared), cmocka_unit_test(memory_is_what_is_allocated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
