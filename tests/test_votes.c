/* test_votes.c - majority votes on bit planes against counting one by one: every number of voters up to 33, whatever the blocks in which
 * their messages come, ties by each rule, on every device and any number of threads.
 */
#include "tests/ops.h"

enum { LONG = 3 * (1 << 17) + 4096 + 333, VOTERS = 33 };

static const size_t lengths[] = {0, 1, 7, 63, 64, 65, 255, 256, 257, 4097};
static const struct dsgd_rng_key key = {31, 32};

static struct dsgd_handle *votes_of(struct ops *o, size_t n, uint32_t most)
{
    struct dsgd_handle *h = ops_vector(o, DSGD_VOTES, o->queue.device->votes_bytes(n, most), 1, NULL);
    h->as.votes.n = n;
    h->as.votes.most = most;
    return h;
}

/* Sign of voter w for coordinate i: few, half or most of them minus, so that all counts occur; all planes end in zeros. */
static int says_minus(uint32_t w, size_t i)
{
    const uint32_t word = ((uint32_t)i * 2654435761u ^ (w + 1) * 0x85ebca6bu) * 0xc2b2ae35u;
    return (word >> 24) < 64 + 64 * (uint32_t)(i % 3);
}

static uint8_t *planes_of(size_t n, uint32_t voters)
{
    const size_t bytes = (n + 7) / 8;
    uint8_t *plane = calloc(voters * bytes + 1, 1);
    assert_non_null(plane);
    for (uint32_t w = 0; w < voters; ++w) {
        for (size_t i = 0; i < n; ++i) { plane[w * bytes + i / 8] = (uint8_t)(plane[w * bytes + i / 8] | says_minus(w, i) << i % 8); }
    }
    return plane;
}

/* The server's coin for coordinate i in step 5. */
static int coin(size_t i)
{
    return (int)(dsgd_rng_draw(key, (uint32_t)(i / 4), 5, DSGD_RNG_SERVER, 0).word[i % 4] & 1);
}

static void elect(struct ops *o, const uint8_t *plane, size_t n, uint32_t voters, uint32_t rows, uint32_t most, struct dsgd_handle *out[3])
{
    struct dsgd_handle *votes = votes_of(o, n, most);
    for (int again = 0; again < 2; ++again) { /* the second round starts afresh */
        for (uint32_t first = 0; first < voters; first += rows) {
            const uint32_t here = voters - first < rows ? voters - first : rows;
            struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
            const int used = o->used;
            section[0] = *ops_vector(o, DSGD_SIGNS, n, here, plane + first * ((n + 7) / 8));
            const struct dsgd_arrivals up = {section, here, first == 0};
            dsgd_fold_signs(&o->turn, &up, 0, &votes->as.votes);
            if (o->queue.failed != DSGD_OK) { fail_msg("%s", o->queue.text); }
            o->queue.device->release(o->memory[used]);
            o->used = used;
        }
    }
    for (int z = 0; z < 3; ++z) {
        static const enum dsgd_zero rules[] = {DSGD_PLUS, DSGD_MINUS, DSGD_COIN};
        out[z] = ops_vector(o, DSGD_SIGNS, n, 1, NULL);
        OPS(o, dsgd_sign_pack_votes(&o->turn, &votes->as.votes, rules[z], key, &out[z]->as.signs));
    }
}

static void compare(struct ops *o, struct dsgd_handle *out[3], size_t n, uint32_t voters)
{
    uint8_t *got = malloc((n + 7) / 8 + 1), *minus = malloc(n + 1);
    assert_true(got && minus);
    for (size_t i = 0; i < n; ++i) {
        minus[i] = 0;
        for (uint32_t w = 0; w < voters; ++w) { minus[i] = (uint8_t)(minus[i] + says_minus(w, i)); }
    }
    for (int z = 0; z < 3; ++z) {
        ops_read(o, out[z], 0, got);
        for (size_t i = 0; i < n; ++i) {
            const int expected = 2u * minus[i] > voters || (2u * minus[i] == voters && (z == 1 || (z == 2 && coin(i))));
            if ((got[i / 8] >> i % 8 & 1) != expected) { fail_msg("rule %d, %u of %u are minus at %zu: wrong sign", z, minus[i], voters, i); }
        }
        if (n % 8 > 0) { assert_int_equal(got[n / 8] >> n % 8, 0); }
    }
    free(got), free(minus);
}

static void majorities_are_counted(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; ++l) {
        uint8_t *plane = planes_of(lengths[l], VOTERS);
        for (int device = 0; device < OPS_DEVICES; ++device) {
            for (uint32_t voters = 1; voters <= VOTERS; ++voters) {
                static const uint32_t blocks[] = {1, 3, 8, VOTERS};
                for (size_t b = 0; b < sizeof blocks / sizeof *blocks; ++b) {
                    struct ops o;
                    struct dsgd_handle *out[3];
                    ops_open(&o, device, 1);
                    o.turn.first = DSGD_RNG_SERVER;
                    elect(&o, plane, lengths[l], voters, blocks[b], b % 2 ? voters : 1000, out);
                    compare(&o, out, lengths[l], voters);
                    ops_close(&o);
                }
            }
        }
        free(plane);
    }
}

static void threads_change_nothing(void **state)
{
    enum { MANY = 18 };
    uint8_t *plane = planes_of(LONG, MANY);
    (void)state;
    for (int threads = 1; threads <= 7; threads += threads == 3 ? 4 : 1) {
        for (uint32_t voters = 2; voters <= MANY; voters += MANY - 2) {
            struct ops o;
            struct dsgd_handle *out[3];
            ops_open(&o, 0, 1);
            o.queue.threads = threads;
            o.turn.first = DSGD_RNG_SERVER;
            elect(&o, plane, LONG, voters, 8, voters, out);
            compare(&o, out, LONG, voters);
            ops_close(&o);
        }
    }
    free(plane);
}

static void wrong_calls_are_refused(void **state)
{
    static const uint8_t plane[4 * 3] = {0};
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct ops o;
        ops_open(&o, device, 1);
        struct dsgd_handle section[DSGD_SECTIONS_MAX] = {{.used = false}};
        section[0] = *ops_vector(&o, DSGD_SIGNS, 17, 4, plane);
        const struct dsgd_arrivals first = {section, 4, true}, second = {section, 4, false};
        struct dsgd_handle *votes = votes_of(&o, 17, 7), *other = votes_of(&o, 18, 7), *out = ops_vector(&o, DSGD_SIGNS, 17, 1, NULL);
        OPS(&o, dsgd_fold_signs(&o.turn, &first, 0, &votes->as.votes));
        OPS_REFUSED(&o, dsgd_fold_signs(&o.turn, &second, 0, &votes->as.votes)); /* eight voters, room for seven */
        OPS_REFUSED(&o, dsgd_fold_signs(&o.turn, &first, 0, &other->as.votes));
        OPS_REFUSED(&o, dsgd_fold_signs(&o.turn, &first, 1, &votes->as.votes));
        OPS_REFUSED(&o, dsgd_sign_pack_votes(&o.turn, &other->as.votes, DSGD_PLUS, key, &out->as.signs));
        ops_close(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(majorities_are_counted), cmocka_unit_test(threads_change_nothing),
                                       cmocka_unit_test(wrong_calls_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
