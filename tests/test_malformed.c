/* test_malformed.c - damaged messages at every place of every registered algorithm's round: refused or harmless, never a crash.
 *
 * The contract's functions without the engine, W = 2, a few rounds. At each receiver (absorb up; encode, settle and decode
 * down) the message is delivered again in damaged copies, each section in memory of its exact size, so that the address
 * sanitizer sees a byte read too far. Damage to the form (a section missing or too many, another kind, encoding, count or
 * length) must be refused by the receiver of an up, and by at least one receiver of a down; damage to bytes may decode to
 * another valid message (a value is any 32 bits) and must then be harmless.
 */
#include "sim/rng.h"
#include "tests/harness.h"
#include "tests/settings.h"

enum { D = 100, W = 2, ROUNDS = 2, STEPS_MAX = 40, FLIPS = 12 };

struct party {
    struct dsgd_state state;
    int fields;
};

struct scene {
    const struct dsgd_algorithm *alg;
    void *common;
    struct party worker[W], server;
    struct dsgd_arena scratch;
    struct dsgd_message up[W], down[DSGD_EXCHANGES_MAX];
    const char *text;
    long refused, taken;
};

static struct party party_open(const struct dsgd_field *field, int fields)
{
    struct party p = {.fields = fields};
    for (int j = 0; j < fields; ++j) {
        p.state.field[j] = calloc(field[j].count + 1, dsgd_field_size(field[j].type));
        assert_non_null(p.state.field[j]);
    }
    return p;
}

static void party_close(struct party *p)
{
    for (int j = 0; j < p->fields; ++j) { free(p->state.field[j]); }
}

/* A copy whose sections have memory of their exact size; an empty one points to a byte that may not be touched. */
static struct dsgd_message copy(const struct dsgd_message *m)
{
    struct dsgd_message out = *m;
    for (int s = 0; s < m->sections; ++s) {
        out.section[s].data = malloc(m->section[s].bytes ? m->section[s].bytes : 1);
        assert_non_null(out.section[s].data);
        memcpy(out.section[s].data, m->section[s].data, m->section[s].bytes);
    }
    return out;
}

static void copy_free(struct dsgd_message *m, int sections)
{
    for (int s = 0; s < sections; ++s) { free(m->section[s].data); }
}

enum damage { LAST_MISSING, KIND, ENCODING, COUNT_MORE, COUNT_LESS, SHORTER, LONGER, FORMS, FLIP = FORMS };

/* Damages section s of a copy; false if that cannot be done to it. */
static bool apply_damage(struct dsgd_message *m, int s, int damage)
{
    struct dsgd_section *section = &m->section[s];
    switch (damage) {
    case LAST_MISSING: return s == m->sections - 1 ? --m->sections, true : false;
    case KIND: section->kind = (section->kind + 1) % DSGD_KINDS; return true;
    case ENCODING: section->encoding = section->encoding == DSGD_RAW_F32 ? DSGD_BIT_PLANE : DSGD_RAW_F32; return true;
    case COUNT_MORE: ++section->count; return true;
    case COUNT_LESS: --section->count; return true;
    case SHORTER: {
        if (section->bytes == 0) { return false; }
        char *less = malloc(section->bytes > 1 ? section->bytes - 1 : 1);
        memcpy(less, section->data, section->bytes - 1);
        free(section->data);
        section->data = less;
        --section->bytes;
        return true;
    }
    case LONGER: {
        char *more = calloc(1, section->bytes + 1);
        memcpy(more, section->data, section->bytes);
        free(section->data);
        section->data = more;
        ++section->bytes;
        return true;
    }
    default: { /* one of FLIPS bytes changed in a fixed pattern */
        if (section->bytes == 0) { return false; }
        const size_t at = section->bytes * (size_t)(damage - FLIP) / FLIPS;
        ((unsigned char *)section->data)[at] ^= (unsigned char)(damage % 2 ? 0xff : 1 << damage % 8);
        return true;
    }
    }
}

static struct dsgd_round round_at(struct scene *s, uint32_t step, int exchange, uint32_t worker)
{
    dsgd_arena_reset(&s->scratch);
    return (struct dsgd_round){.step = step, .exchange = exchange, .worker = worker, .participants = W, .lr = 0.1, .threads = 1,
                               .scratch = &s->scratch};
}

static void judge(struct scene *s, const char *where, int damage, int section, bool refused, enum dsgd_status status)
{
    if (status != DSGD_OK && status != DSGD_EMESSAGE) {
        fail_msg("%s, damage %d to section %d: status %s (%s)\n%s", where, damage, section, dsgd_status_text(status), dsgd_error(), s->text);
    }
    if (damage < FORMS && !refused) { fail_msg("%s took a message with damage %d to section %d\n%s", where, damage, section, s->text); }
    *(refused ? &s->refused : &s->taken) += 1;
}

/* Every damage to every section; `deliver` says whether a receiver refused. */
static void all_damages(struct scene *s, const char *where, const struct dsgd_message *m, uint32_t step, int exchange,
                        enum dsgd_status (*deliver)(struct scene *, const struct dsgd_message *, uint32_t, int))
{
    for (int section = 0; section < m->sections; ++section) {
        for (int damage = 0; damage < FORMS + FLIPS; ++damage) {
            struct dsgd_message bad = copy(m);
            if (apply_damage(&bad, section, damage)) {
                const enum dsgd_status status = deliver(s, &bad, step, exchange);
                judge(s, where, damage, section, status == DSGD_EMESSAGE, status);
            }
            copy_free(&bad, m->sections);
        }
    }
}

static enum dsgd_status to_server(struct scene *s, const struct dsgd_message *bad, uint32_t step, int exchange)
{
    const struct dsgd_round round = round_at(s, step, exchange, DSGD_RNG_SERVER);
    return s->alg->absorb(s->common, &s->server.state, &round, 0, bad);
}

static enum dsgd_status worse(enum dsgd_status a, enum dsgd_status b)
{
    return a != DSGD_OK && a != DSGD_EMESSAGE ? a : b != DSGD_OK ? b : a;
}

/* An answer goes to the worker's next message, or to its memory and to the update; states are put back afterwards by the
 * next real round, whose results nobody looks at. */
static enum dsgd_status to_workers(struct scene *s, const struct dsgd_message *bad, uint32_t step, int exchange)
{
    struct dsgd_message answers[DSGD_EXCHANGES_MAX];
    memcpy(answers, s->down, sizeof answers);
    answers[exchange] = *bad;
    enum dsgd_status status = DSGD_OK;
    const int exchanges = s->alg->plan(s->common, step);
    if (exchange + 1 < exchanges) {
        const struct dsgd_round round = round_at(s, step, exchange + 1, 0);
        dsgd_message_reset(&s->up[0]);
        status = worse(status, s->alg->encode(s->common, &s->worker[0].state, &round, NULL, answers, &s->up[0]));
    } else {
        struct dsgd_round round = round_at(s, step, exchange, 0);
        if (s->alg->settle) { status = worse(status, s->alg->settle(s->common, &s->worker[0].state, &round, answers)); }
        round = round_at(s, step, exchange, DSGD_RNG_SERVER);
        struct dsgd_update update = {.scale = 0.1};
        status = worse(status, s->alg->decode(s->common, &round, answers, &update));
    }
    return status;
}

static void one_step(struct scene *s, uint32_t step, bool *sent)
{
    float grad[D];
    const int exchanges = s->alg->plan(s->common, step);
    for (int e = 0; e < exchanges; ++e) {
        for (uint32_t w = 0; w < W; ++w) {
            for (uint32_t i = 0; i < D; ++i) { grad[i] = (float)((i * 7919 + step * 31 + w * 17) % 23) - 11.0f; }
            const struct dsgd_round round = round_at(s, step, e, w);
            dsgd_message_reset(&s->up[w]);
            HARNESS_OK(s->alg->encode(s->common, &s->worker[w].state, &round, e == 0 ? grad : NULL, s->down, &s->up[w]));
        }
        struct dsgd_message first = copy(&s->up[0]); /* damage is done while nothing of this exchange has arrived */
        all_damages(s, "absorb", &first, step, e, to_server);
        copy_free(&first, first.sections);
        *sent |= s->up[0].sections > 0;
        struct dsgd_round server = round_at(s, step, e, DSGD_RNG_SERVER);
        for (uint32_t w = 0; w < W; ++w) { HARNESS_OK(s->alg->absorb(s->common, &s->server.state, &server, w, &s->up[w])); }
        dsgd_message_reset(&s->down[e]);
        server = round_at(s, step, e, DSGD_RNG_SERVER);
        HARNESS_OK(s->alg->finish(s->common, &s->server.state, &server, &s->down[e]));
        struct dsgd_message answer = copy(&s->down[e]);
        all_damages(s, "the workers", &answer, step, e, to_workers);
        copy_free(&answer, answer.sections);
    }
}

static void damaged_messages_are_refused(void **state)
{
    (void)state;
    static const char *const base = "problem = quadratic\nquadratic { d = 100 }\nworkers = 2\nsteps = 2\n";
    char text[1024];
    long refused = 0, taken = 0, tried = 0;
    for (size_t i = 0; settings_next(base, &i, text, sizeof text);) {
        struct harness h;
        const enum dsgd_status status = harness_open(&h, text, NULL, 1);
        if (status == DSGD_EINPUT) { /* a combination that the algorithm refuses */
            harness_close(&h);
            continue;
        }
        assert_int_equal(status, DSGD_OK);
        struct dsgd_segment segment = {.name = "all", .count = D, .rows = 10, .cols = 10};
        const struct dsgd_layout layout = {D, 1, &segment};
        const struct dsgd_setting setting = {h.spec.algorithm_config, &layout, &dsgd_backend_cpu, W, 1, 1, 0};
        struct scene s = {.alg = h.spec.algorithm, .text = text};
        HARNESS_OK(s.alg->create(&setting, &s.common));
        struct dsgd_field field[DSGD_FIELDS_MAX];
        for (int w = 0; w < W; ++w) { s.worker[w] = party_open(field, s.alg->worker_fields(s.common, field)); }
        s.server = party_open(field, s.alg->server_fields(s.common, field));
        dsgd_arena_init(&s.scratch, &dsgd_backend_cpu);
        for (int w = 0; w < W; ++w) { dsgd_arena_init(&s.up[w].arena, &dsgd_backend_cpu); }
        for (int e = 0; e < DSGD_EXCHANGES_MAX; ++e) { dsgd_arena_init(&s.down[e].arena, &dsgd_backend_cpu); }
        bool sent = false;
        int rounds = 0;
        for (uint32_t step = 0; step < STEPS_MAX && rounds < ROUNDS; ++step) { /* local methods are silent in most steps */
            sent = false;
            one_step(&s, step, &sent);
            rounds += sent;
        }
        assert_int_equal(rounds, ROUNDS);
        assert_true(s.refused > 0);
        refused += s.refused;
        taken += s.taken;
        ++tried;
        for (int w = 0; w < W; ++w) {
            party_close(&s.worker[w]);
            dsgd_arena_destroy(&s.up[w].arena);
        }
        party_close(&s.server);
        for (int e = 0; e < DSGD_EXCHANGES_MAX; ++e) { dsgd_arena_destroy(&s.down[e].arena); }
        dsgd_arena_destroy(&s.scratch);
        s.alg->destroy(s.common);
        harness_close(&h);
    }
    print_message("%ld settings, %ld damaged messages refused, %ld read as another message\n", tried, refused, taken);
    assert_true(tried >= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_messages_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
