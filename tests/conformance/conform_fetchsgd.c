/* conform_fetchsgd.c - FetchSGD (Rothchild, Panda, Ullah, Ivkin, Stoica, Braverman, Gonzalez, Arora 2020, arXiv:2007.07682,
 * Alg. 1), with the authors' way to clear and with momentum factor masking. The chosen coordinates agree exactly. */
#include "tests/conformance/sketch.h"

struct option {
    int rows, cols, k;
    double momentum;
    bool lr_outside, zero, unmasked, block;
};

static void fetchsgd(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    struct conform_sketch s;
    char text[512];
    snprintf(text, sizeof text, "algorithm = fetchsgd\nfetchsgd { rows = %d cols = %d k = %d momentum = %g lr_inside = %s clear = %s masking = %s indices = %s hash = %s }\n",
             o.rows, o.cols, o.k, o.momentum, o.lr_outside ? "false" : "true", o.zero ? "zero" : "subtract", o.unmasked ? "false" : "true", conform_indices(),
             o.block ? "block" : "auto");
    conform_open(&c, setting, text, o.momentum);
    double momentum[CELLS_MAX] = {0}, error[CELLS_MAX] = {0};
    const size_t cells = (size_t)(o.rows * o.cols);
    (o.block ? conform_sketch_draw_blocks : conform_sketch_draw)(&s, c.d, (uint32_t)o.rows, (uint32_t)o.cols, 0);
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        double table[CELLS_MAX] = {0};
        conform_vector estimate, update = {0};
        int chosen[D_MAX];
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            conform_sketch_add(&s, c.d, 1.0 / setting->workers, g, table);  /* lines 7-10: S^t = mean of S(g_i) */
        }
        for (size_t b = 0; b < cells; ++b) {
            momentum[b] = o.momentum * momentum[b] + table[b];              /* line 11: S_u = rho S_u + S */
            error[b] += (o.lr_outside ? 1.0 : eta) * momentum[b];           /* line 12: S_e = eta S_u + S_e */
        }
        conform_sketch_estimate(&s, c.d, error, estimate);
        conform_top(c.d, estimate, NULL, (size_t)o.k, chosen);              /* line 13: Delta = Top-k(U(S_e)) */
        for (size_t i = 0; i < c.d; ++i) { update[i] = chosen[i] ? estimate[i] : 0.0; }
        if (!o.zero) { conform_sketch_add(&s, c.d, -1.0, update, error); }  /* line 14: S_e = S_e - S(Delta) */
        for (uint32_t j = 0; j < s.rows; ++j) {
            for (size_t i = 0; i < c.d; ++i) {
                const size_t cell = j * s.cols + s.bucket[j][i];
                if (chosen[i] && o.zero) { error[cell] = 0.0; }             /* the authors' code: the cells that Delta hits */
                if (chosen[i] && !o.unmasked) { momentum[cell] = 0.0; }     /* section 5: momentum factor masking */
            }
        }
        conform_step(&c);
        if (o.momentum > 0.0) { conform_row(&c, "server/momentum", 0, cells, momentum); }
        conform_row(&c, "server/error", 0, cells, error);
        conform_update(&c, o.lr_outside ? eta : 1.0, update, chosen);       /* line 15: w = w - Delta */
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    for (int choice = 0; choice < 8; ++choice) {
        struct option o = {.rows = 5, .cols = 12, .k = 4, .momentum = 0.9, .lr_outside = choice & 1, .zero = choice & 2, .unmasked = choice & 4};
        if (o.unmasked || !o.zero) { o.momentum = 0.5; } /* what is not cleared piles up in so small a table */
        fetchsgd(&conform_random, o);
        fetchsgd(&conform_theory, o);
        o.momentum = 0.0;
        o.rows = 3;
        o.cols = 20;
        fetchsgd(&conform_random, o);
        o.momentum = 0.5;
        fetchsgd(&conform_ties, o);
        o = (struct option){.rows = 3, .cols = 128, .k = 9, .momentum = 0.5, .lr_outside = choice & 1, .zero = choice & 2, .unmasked = choice & 4,
                            .block = true};
        fetchsgd(&conform_of_blocks, o);
        o.cols = 64; /* all blocks meet in one segment */
        o.rows = 5;
        o.momentum = 0.0;
        fetchsgd(&conform_of_blocks, o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
