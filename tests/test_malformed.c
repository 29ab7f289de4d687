/* test_malformed.c - damaged messages at every place of every registered algorithm's round: refused or harmless, never a crash.
 *
 * W = 2, the first two rounds that send anything. A first run lists the sections that cross the network (one worker's of each
 * exchange and the answers, with the headers in front of sections); then a run for each damage to each of them, which
 * changes the bytes on their way. Damage to the length must be refused: every code knows its number of elements, and a decoder
 * accepts exactly what the encoder writes. Damage to bytes may decode to another valid message (a value is any 32 bits) and must
 * then be harmless for the rounds that follow.
 */
#include "tests/harness.h"
#include "tests/settings.h"

enum { W = 2, ROUNDS = 2, STEPS_MAX = 40, PLACES_MAX = 64, FLIPS = 12, AFTER = 2 };
enum damage { SHORTER, LONGER, EMPTIED, LENGTHS, FLIP = LENGTHS };

/* One section on its way. */
struct place {
    uint32_t step, worker;
    int exchange, section;
    bool up;
    int nth; /* among calls with the same words before: headers of several sections have one number */
    size_t length;
};

struct scene {
    struct harness h;
    const char *text;
    struct place place[PLACES_MAX];
    int places;
    /* what the run does: with target NULL it lists */
    const struct place *target;
    int damage, seen;
    bool done;
    long refused, taken;
};

static bool same_place(const struct place *a, const struct place *b)
{
    return a->step == b->step && a->worker == b->worker && a->exchange == b->exchange && a->section == b->section && a->up == b->up;
}

static void list_place(struct scene *s, struct place place)
{
    if (place.up && place.worker != place.step % W) { return; } /* workers take turns */
    assert_true(s->places < PLACES_MAX);
    for (int j = 0; j < s->places; ++j) { place.nth += same_place(&s->place[j], &place); }
    s->place[s->places++] = place;
}

/* False if it cannot be done to these bytes. */
static bool apply_damage(int damage, unsigned char *bytes, size_t *length, size_t room)
{
    if (damage == LONGER) {
        if (*length >= room) { return false; }
        bytes[(*length)++] = 0;
        return true;
    }
    if (*length == 0) { return false; }
    if (damage == SHORTER) {
        --*length;
    } else if (damage == EMPTIED) {
        *length = 0;
    } else { /* one of FLIPS bytes changed in a fixed pattern */
        bytes[*length * (size_t)(damage - FLIP) / FLIPS] ^= (unsigned char)(damage % 2 ? 0xff : 1 << damage % 8);
    }
    return true;
}

static void change(void *context, uint32_t step, int exchange, bool up, uint32_t worker, int section, void *bytes, size_t *length, size_t room)
{
    struct scene *s = context;
    const struct place place = {.step = step, .worker = worker, .exchange = exchange, .section = section, .up = up, .length = *length};
    if (!s->target) {
        list_place(s, place);
    } else if (same_place(s->target, &place) && s->seen++ == s->target->nth) {
        s->done = apply_damage(s->damage, bytes, length, room);
    }
}

/* Somebody listens: copies of a round that is refused must be given back too (leak sanitizer). */
static void listen(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *message)
{
    const struct scene *s = context;
    (void)step, (void)exchange, (void)up, (void)worker;
    assert_non_null(s);
    for (int section = 0; section < message->sections; ++section) { assert_non_null(message->section[section].data); }
}

static struct dsgd_engine *open_engine(struct scene *s)
{
    struct dsgd_engine_args args = s->h.session.args;
    struct dsgd_engine *engine = NULL;
    args.tap = (struct dsgd_tap){.change = change, .message = listen, .context = s};
    args.rows = 1;
    HARNESS_OK(dsgd_engine_create(&args, &engine));
    return engine;
}

/* The places of the first rounds that send anything: local methods are silent in most steps. */
static void list_places(struct scene *s)
{
    struct dsgd_engine *engine = open_engine(s);
    int rounds = 0;
    for (int t = 0; t < STEPS_MAX && rounds < ROUNDS; ++t) {
        const int before = s->places;
        HARNESS_OK(dsgd_engine_step(engine));
        rounds += s->places > before;
    }
    assert_int_equal(rounds, ROUNDS);
    dsgd_engine_destroy(engine);
}

static void try_damage(struct scene *s, const struct place *place, int damage)
{
    s->target = place;
    s->damage = damage;
    s->seen = 0;
    s->done = false;
    struct dsgd_engine *engine = open_engine(s);
    enum dsgd_status status = DSGD_OK;
    for (uint32_t t = 0; t <= place->step + AFTER && status == DSGD_OK; ++t) { status = dsgd_engine_step(engine); }
    dsgd_engine_destroy(engine);
    if (!s->done) {
        assert_int_equal(status, DSGD_OK);
        return;
    }
    char where[96];
    snprintf(where, sizeof where, "step %u, exchange %d, %s, section %d, damage %d", place->step, place->exchange,
             place->up ? "up" : "down", place->section, damage);
    if (status != DSGD_OK && status != DSGD_EMESSAGE) { fail_msg("%s: status %s (%s)\n%s", where, dsgd_status_text(status), dsgd_error(), s->text); }
    if (status == DSGD_EMESSAGE && !*dsgd_error()) { fail_msg("%s: refused without a sentence\n%s", where, s->text); }
    if (damage < LENGTHS && status == DSGD_OK) { fail_msg("%s: a changed length was taken\n%s", where, s->text); }
    *(status == DSGD_EMESSAGE ? &s->refused : &s->taken) += 1;
}

static void damaged_messages_are_refused(void **state)
{
    (void)state;
    static const char *const base = "problem = quadratic\nquadratic { d = 100 }\nworkers = 2\nsteps = 60\n"
                                    "log { per_decade = 0 oracle = false optimum = false }\n";
    char text[1024];
    long refused = 0, taken = 0, tried = 0;
    static struct scene s;
    for (size_t i = 0; settings_next(base, &i, text, sizeof text);) {
        memset(&s, 0, sizeof s);
        s.text = text;
        const enum dsgd_status status = harness_open(&s.h, text, NULL, 1);
        if (status == DSGD_EINPUT) { /* a combination that the algorithm refuses */
            harness_close(&s.h);
            continue;
        }
        assert_int_equal(status, DSGD_OK);
        list_places(&s);
        for (int j = 0; j < s.places; ++j) {
            for (int damage = 0; damage < LENGTHS + FLIPS; ++damage) { try_damage(&s, &s.place[j], damage); }
        }
        assert_true(s.refused > 0);
        refused += s.refused;
        taken += s.taken;
        ++tried;
        harness_close(&s.h);
    }
    print_message("%ld settings, %ld damaged messages refused, %ld read as another message\n", tried, refused, taken);
    assert_true(tried >= 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(damaged_messages_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
