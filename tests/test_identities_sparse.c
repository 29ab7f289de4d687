/* test_identities_sparse.c - what must hold for the sparsifying algorithms: k = d is SGD, one worker leaves no difference
 * between them, nothing is lost between what is sent and what is kept, ledgers and formulas derived by hand. */
#include "tests/integer_problem.h"

/* ---- runs ---- */

static size_t model_of(const char *base, const char *more, double **model)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s", base, more);
    return harness_model(text, NULL, model);
}

static double max_difference(const char *base, const char *a, const char *b)
{
    double *x = NULL, *y = NULL, worst = 0.0;
    const size_t d = model_of(base, a, &x);
    assert_int_equal(model_of(base, b, &y), d);
    for (size_t i = 0; i < d; ++i) {
        const double difference = fabs(x[i] - y[i]);
        worst = difference <= worst ? worst : difference; /* keeps a NaN */
    }
    free(x);
    free(y);
    return worst;
}

static void integer_model(const char *more, double *model /*[INTEGER_D]*/)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "problem = quadratic\nworkers = 4\nsteps = 12\nstep { constant = 0.25 }\n%s", more);
    struct dsgd_engine *engine = integer_open(&h, text, 2);
    harness_finish(engine);
    memcpy(model, dsgd_engine_model(engine), INTEGER_D * sizeof *model);
    dsgd_engine_destroy(engine);
    harness_close(&h);
}

static void check_same_integer_model(const char *a, const char *b, bool same)
{
    double x[INTEGER_D], y[INTEGER_D];
    integer_model(a, x);
    integer_model(b, y);
    if ((memcmp(x, y, sizeof x) == 0) != same) { fail_msg("models %s for\n%s%s", same ? "differ" : "agree", a, b); }
}

/* ---- what the oracle says of HEAVYMIX ---- */

/* What stays behind has the logged ratio as its mean over fills: the differences have mean 0 in 400 steps of fresh fills. */
static void oracle_exact_ratio_is_the_mean_over_fills(void **state)
{
    (void)state;
    struct harness h;
    struct check_mean difference = {0};
    double heaviest = 0.0;
    HARNESS_OK(harness_open(&h, "problem = quadratic\nquadratic { d = 200 kappa = 5 sigma = 1 spectrum = power noise_decay = 1 }\nworkers = 4\nsteps = 400\n"
                                "step { constant = 0.05 }\nalgorithm = sketched_sgd\nsketched_sgd { rows = 5 cols = 60 k = 20 }\nlog { every = 1 }\n", NULL, 1));
    harness_finish(h.engine);
    const struct dsgd_table *oracle = dsgd_engine_table(h.engine, 2);
    const struct dsgd_column *input = dsgd_table_find(oracle, "input_norm2"), *error = dsgd_table_find(oracle, "error_norm2"),
                             *heavy = dsgd_table_find(oracle, "heavy"), *ratio = dsgd_table_find(oracle, "exact_ratio");
    assert_int_equal(oracle->rows, 401);
    for (size_t r = 1; r < oracle->rows; ++r) {
        assert_true(heavy->cell[r].f >= 0.0 && heavy->cell[r].f <= 20.0);
        assert_true(ratio->cell[r].f >= 0.0 && ratio->cell[r].f <= 1.0);
        if (heavy->cell[r].f == 20.0) { CHECK_CLOSE(error->cell[r].f / input->cell[r].f, ratio->cell[r].f, 1e-6); } /* no fill: floats travel */
        heaviest = fmax(heaviest, heavy->cell[r].f);
        check_mean_add(&difference, error->cell[r].f / input->cell[r].f - ratio->cell[r].f);
    }
    CHECK_MEAN(&difference, 0.0);
    assert_true(heaviest >= 2.0);
    harness_close(&h);
}

/* ---- k = d ---- */

static const char *const quadratic = "problem = quadratic\nquadratic { d = 50 kappa = 5 sigma = 1 }\nworkers = 4\nsteps = 200\n"
                                     "step { constant = 0.05 }\n";

/* Everything is sent: the same floats are averaged in the same order. With momentum the masking cancels it (rebuttal 8). */
static void all_k_equals_d_is_sgd(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "algorithm = true_topk\ntrue_topk { k = 50 }\n",
        "algorithm = true_topk\ntrue_topk { k = 50 momentum = 0.9 indices = bitmap }\n",
        "algorithm = random_k\nrandom_k { k = 50 }\n",
        "algorithm = random_k\nrandom_k { k = 50 momentum = 0.9 }\n",
        "algorithm = random_k\nrandom_k { k = 50 memory = false }\n",
        "algorithm = random_k\nrandom_k { k = 50 memory = false scale = unbiased }\n",
        "algorithm = pkk\npkk { k = 50 }\n",
        "algorithm = pkk\npkk { k = 50 momentum = 0.9 }\n",
        "algorithm = pkk\npkk { k = 50 exact = false }\n",
        "algorithm = pkk\npkk { k = 50 exact = false momentum = 0.9 }\n",
        "algorithm = local_topk\nlocal_topk { k = 50 indices = raw }\n",
        "algorithm = local_topk\nlocal_topk { k = 50 momentum = 0.9 indices = delta }\n",
        "algorithm = local_topk\nlocal_topk { k = 3 warmup = 200 warmup_ratios = 1 }\n",
        "algorithm = local_topk\nlocal_topk { k = 50 clip = 1e9 }\n",
    };
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        if (max_difference(quadratic, "algorithm = sgd\n", settings[j]) != 0.0) { fail_msg("not SGD: %s", settings[j]); }
    }
    /* and it is not SGD with momentum */
    assert_true(max_difference(quadratic, "algorithm = sgd\nsgd { momentum = 0.9 }\n", settings[1]) > 1e-3);
}

/* Without masking the momentum stays: the mean of the workers' buffers is the server's buffer, exactly on integers. */
static void all_k_equals_d_without_masking_is_sgd_momentum(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "algorithm = true_topk\ntrue_topk { k = 96 momentum = 0.5 masking = false }\n",
        "algorithm = random_k\nrandom_k { k = 96 momentum = 0.5 masking = false }\n",
        "algorithm = random_k\nrandom_k { k = 96 momentum = 0.5 memory = false }\n",
        "algorithm = pkk\npkk { k = 96 momentum = 0.5 masking = false }\n",
        "algorithm = pkk\npkk { k = 96 exact = false momentum = 0.5 masking = false }\n",
        "algorithm = local_topk\nlocal_topk { k = 96 momentum = 0.5 masking = false }\n",
        "algorithm = local_topk\nlocal_topk { k = 96 momentum = 0.5 masking = false lr_inside = true }\n",
    };
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        check_same_integer_model("algorithm = sgd\nsgd { momentum = 0.5 }\n", settings[j], true);
        check_same_integer_model("algorithm = sgd\n", settings[j], false);
    }
    /* u = m (u + g), v += u + g is Nesterov's momentum of deep learning libraries: u is m times their buffer */
    const char *nesterov = "algorithm = local_topk\nlocal_topk { k = 96 momentum = 0.5 nesterov = true masking = false }\n";
    check_same_integer_model("algorithm = sgd\nserver_momentum = 0.5\nserver_nesterov = true\n", nesterov, true);
    check_same_integer_model("algorithm = sgd\nserver_momentum = 0.5\n", nesterov, false);
    /* with masking u is 0 before each step, and u + g is (1 + m) g */
    double plain[INTEGER_D], masked[INTEGER_D];
    integer_model("algorithm = sgd\n", plain);
    integer_model("algorithm = local_topk\nlocal_topk { k = 96 momentum = 0.5 nesterov = true }\n", masked);
    for (int i = 0; i < INTEGER_D; ++i) { CHECK_CLOSE(masked[i], 1.5 * plain[i], 0.0); }
}

/* One worker's top-k is the top-k of the mean, and all its candidates but k are in vain. */
static void one_worker_topk_are_one(void **state)
{
    (void)state;
    static const char *const one = "problem = quadratic\nquadratic { d = 50 kappa = 5 sigma = 1 }\nworkers = 1\nsteps = 200\n"
                                   "step { constant = 0.05 }\n";
    static const char *const with[] = {"", "momentum = 0.9", "momentum = 0.9 masking = false", "momentum = 0.9 lr_inside = true"};
    static const char *const others[] = {"true_topk\ntrue_topk {", "pkk\npkk { candidates = 3", "pkk\npkk { candidates = 3 exact = false"};
    for (size_t m = 0; m < sizeof with / sizeof *with; ++m) {
        char local[256], other[256];
        snprintf(local, sizeof local, "algorithm = local_topk\nlocal_topk { k = 5 %s }\n", with[m]);
        for (size_t o = 0; o < sizeof others / sizeof *others; ++o) {
            snprintf(other, sizeof other, "algorithm = %s k = 5 %s }\n", others[o], with[m]);
            if (max_difference(one, local, other) != 0.0) { fail_msg("not local_topk: %s", other); }
        }
        snprintf(other, sizeof other, "algorithm = random_k\nrandom_k { k = 5 %s }\n", with[m]);
        assert_true(max_difference(one, local, other) > 1e-3);
    }
}

/* ---- sent + memory = everything ---- */

enum { CONSERVED_STEPS = 8, CONSERVED_WORKERS = 4 };

/* What has been taken off the model plus the mean memory is the mean of all that went in, bit for bit: integers and a
 * momentum of 1/2 without masking over 8 steps stay below 2^24 of their last place. */
static void check_conserved(const char *more, double momentum, bool lr_inside)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "problem = quadratic\nworkers = %d\nsteps = %d\nstep { constant = 0.25 }\n%s", CONSERVED_WORKERS,
             CONSERVED_STEPS, more);
    struct dsgd_engine *engine = integer_open(&h, text, 1);
    double u[CONSERVED_WORKERS][INTEGER_D] = {{0}}, in[INTEGER_D] = {0};
    size_t kept_back = 0;
    for (uint32_t t = 0; t < CONSERVED_STEPS; ++t) {
        for (uint32_t w = 0; w < CONSERVED_WORKERS; ++w) {
            float g[INTEGER_D];
            const struct dsgd_batch batch = {.step = t, .worker = w};
            HARNESS_OK(integer_gradient(NULL, NULL, &batch, g));
            for (int i = 0; i < INTEGER_D; ++i) {
                u[w][i] = momentum * u[w][i] + (double)g[i];
                in[i] += u[w][i] / CONSERVED_WORKERS;
            }
        }
        HARNESS_OK(dsgd_engine_step(engine));
        double v[CONSERVED_WORKERS][INTEGER_D];
        for (uint32_t w = 0; w < CONSERVED_WORKERS; ++w) { harness_row(engine, "worker/v", w, INTEGER_D, v[w]); }
        const double *x = dsgd_engine_model(engine);
        for (int i = 0; i < INTEGER_D; ++i) {
            double kept = 0.0;
            for (uint32_t w = 0; w < CONSERVED_WORKERS; ++w) { kept += v[w][i] / CONSERVED_WORKERS; }
            kept_back += kept != 0.0;
            const double whole = -x[i] / 0.25 + (lr_inside ? kept / 0.25 : kept);
            if (whole != in[i]) { fail_msg("step %u, coordinate %d: %.17g of %.17g\n%s", t, i, whole, in[i], more); }
        }
    }
    assert_true(kept_back > CONSERVED_STEPS * INTEGER_D / 4); /* the memory is in use */
    dsgd_engine_destroy(engine);
    harness_close(&h);
}

static void all_sent_and_memory_are_everything(void **state)
{
    (void)state;
    static const char *const names[] = {"true_topk\ntrue_topk {", "random_k\nrandom_k {", "pkk\npkk {", "pkk\npkk { exact = false",
                                        "local_topk\nlocal_topk {", "local_topk\nlocal_topk { warmup = 2 warmup_ratios = \"0.2 0.1\""};
    for (size_t j = 0; j < sizeof names / sizeof *names; ++j) {
        char text[256];
        snprintf(text, sizeof text, "algorithm = %s k = 7 }\n", names[j]);
        check_conserved(text, 0.0, false);
        snprintf(text, sizeof text, "algorithm = %s k = 7 lr_inside = true }\n", names[j]);
        check_conserved(text, 0.0, true);
        snprintf(text, sizeof text, "algorithm = %s k = 7 momentum = 0.5 masking = false }\n", names[j]);
        check_conserved(text, 0.5, false);
    }
}

/* ---- random_k: mean over draws ---- */

/* Worst |sum of updates - sum of gradients| in standard errors, and the largest standard error in units of the gradients'
 * root mean square, over 40,000 steps. A coordinate is drawn with probability k/d = 1/3 independently of the steps before, so
 * the error of one step has mean 0 and variance g^2 (d/k - 1). */
static void random_k_error(const char *more, double *worst, double *relative)
{
    enum { STEPS = 40000, K = 32 };
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "problem = quadratic\nworkers = 2\nsteps = %d\nstep { constant = 0.25 }\nlog { per_decade = 0 oracle = false }\n"
             "algorithm = random_k\nrandom_k { k = %d memory = false %s }\n", STEPS, K, more);
    struct dsgd_engine *engine = integer_open(&h, text, 1);
    harness_finish(engine);
    const double *x = dsgd_engine_model(engine);
    double sum[INTEGER_D] = {0}, squares[INTEGER_D] = {0};
    for (uint32_t t = 0; t < STEPS; ++t) {
        float a[INTEGER_D], b[INTEGER_D];
        const struct dsgd_batch first = {.step = t, .worker = 0}, second = {.step = t, .worker = 1};
        HARNESS_OK(integer_gradient(NULL, NULL, &first, a));
        HARNESS_OK(integer_gradient(NULL, NULL, &second, b));
        for (int i = 0; i < INTEGER_D; ++i) {
            const double mean = ((double)a[i] + (double)b[i]) / 2;
            sum[i] += mean;
            squares[i] += mean * mean;
        }
    }
    *worst = *relative = 0.0;
    for (int i = 0; i < INTEGER_D; ++i) {
        const double error = sqrt(squares[i] * ((double)INTEGER_D / K - 1)), off = fabs(-x[i] / 0.25 - sum[i]) / error;
        const double share = error / STEPS / sqrt(squares[i] / STEPS);
        *worst = off <= *worst ? *worst : off;
        *relative = share <= *relative ? *relative : share;
    }
    dsgd_engine_destroy(engine);
    harness_close(&h);
}

/* 96 coordinates: a false alarm at 4.5 standard errors has chance 7e-4, once for all because the seed is fixed. */
static void random_k_scaled_is_unbiased(void **state)
{
    (void)state;
    double worst, relative;
    random_k_error("scale = unbiased", &worst, &relative);
    print_message("random_k: standard error %.2f%% of the gradient, largest deviation %.2f standard errors\n", 100 * relative, worst);
    assert_true(relative < 0.01);
    assert_true(worst < 4.5);
    random_k_error("", &worst, &relative); /* a planted bias: without d/k a third of the gradient */
    assert_true(worst > 50);
}

/* ---- clip ---- */

/* One step, everything sent: the update is the mean of the gradients, each held to the norm clip / sqrt(W). */
static void local_topk_clip_holds_each_gradient(void **state)
{
    (void)state;
    static const double clip[] = {1.0, 214.0, 1e6}; /* all, some, none of the four */
    static const int held[] = {4, -1, 0};
    for (int c = 0; c < 3; ++c) {
        struct harness h;
        char text[1024];
        snprintf(text, sizeof text, "problem = quadratic\nworkers = 4\nsteps = 1\nstep { constant = 1 }\nalgorithm = local_topk\n"
                 "local_topk { k = 96 clip = %.0f }\n", clip[c]);
        struct dsgd_engine *engine = integer_open(&h, text, 1);
        harness_finish(engine);
        double expected[INTEGER_D] = {0};
        int scaled = 0;
        for (uint32_t w = 0; w < 4; ++w) {
            float g[INTEGER_D];
            const struct dsgd_batch batch = {.step = 0, .worker = w};
            HARNESS_OK(integer_gradient(NULL, NULL, &batch, g));
            double squares = 0.0;
            for (int i = 0; i < INTEGER_D; ++i) { squares += (double)g[i] * (double)g[i]; }
            const double share = clip[c] / 2 / sqrt(squares);
            scaled += share < 1;
            for (int i = 0; i < INTEGER_D; ++i) { expected[i] += (double)g[i] * (share < 1 ? share : 1) / 4; }
        }
        if (held[c] >= 0) { assert_int_equal(scaled, held[c]); } else { assert_in_range(scaled, 1, 3); }
        for (int i = 0; i < INTEGER_D; ++i) { CHECK_CLOSE(dsgd_engine_model(engine)[i], -expected[i], 20 * 0x1p-23); } /* |g| <= 24 */
        dsgd_engine_destroy(engine);
        harness_close(&h);
    }
}

/* ---- ledgers against formulas derived by hand, per worker and step ---- */

static const char *const ledger_base = "problem = quadratic\nquadratic { d = 785 }\nworkers = 4\nsteps = 20\nstep { constant = 0.01 }\n";

static void check_ledger(const char *more, uint64_t up, uint64_t down, double values)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%s%s", ledger_base, more);
    HARNESS_OK(harness_open(&h, text, NULL, 1));
    harness_finish(h.engine);
    const struct dsgd_ledger *ledger = dsgd_engine_ledger(h.engine);
    uint64_t all_up = 0, all_down = 0;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        all_up += ledger->up[k];
        all_down += ledger->down[k];
    }
    assert_int_equal(all_up, 80 * up);
    assert_int_equal(all_down, 80 * down);
    CHECK_CLOSE(ledger->values_min, values, 0.0);
    CHECK_CLOSE(ledger->values_max, values, 0.0);
    harness_close(&h);
}

static void ledger_is_the_formula(void **state)
{
    (void)state;
    /* dense up; k indices of 10 bits (2^10 > 785) or 32 and k values down */
    check_ledger("algorithm = true_topk\ntrue_topk { k = 10 indices = fixed }\n", 4 * 785, 13 + 40, 785 + 10);
    check_ledger("algorithm = true_topk\ntrue_topk { k = 10 indices = raw }\n", 4 * 785, 40 + 40, 785 + 10);
    check_ledger("algorithm = true_topk\ntrue_topk { k = 785 }\n", 4 * 785, 4 * 785, 2 * 785); /* all are known: no index */
    /* no indices at all */
    check_ledger("algorithm = random_k\nrandom_k { k = 10 }\n", 40, 40, 20);
    check_ledger("algorithm = random_k\nrandom_k { k = 10 memory = false scale = unbiased }\n", 40, 40, 20);
    /* P k indices and values up; k indices down, k values up and down */
    check_ledger("algorithm = pkk\npkk { k = 10 candidates = 4 indices = raw }\n", 40 * 8 + 40, 40 + 40, 40 + 10 + 10);
    check_ledger("algorithm = pkk\npkk { k = 10 candidates = 4 indices = raw exact = false }\n", 40 * 8, 40 + 40, 40 + 10);
    check_ledger("algorithm = pkk\npkk { k = 10 candidates = 4 indices = bitmap }\n", 99 + 160 + 40, 99 + 40, 40 + 10 + 10);
    check_ledger("algorithm = pkk\npkk { k = 10 candidates = 100 indices = fixed }\n", 4 * 785 + 40, 13 + 40, 785 + 20); /* P k beyond d */
}

/* Values sent up by all workers in each step, and indices in the raw code. */
static void check_stages(const char *more, const int64_t *expected)
{
    struct harness h;
    char text[1024];
    snprintf(text, sizeof text, "%slog { every = 1 }\nalgorithm = local_topk\nlocal_topk { indices = raw %s }\n", ledger_base, more);
    HARNESS_OK(harness_open(&h, text, NULL, 2));
    harness_finish(h.engine);
    const struct dsgd_table *ledger = dsgd_engine_table(h.engine, 1);
    const struct dsgd_column *value = dsgd_table_find(ledger, "up_value"), *index = dsgd_table_find(ledger, "up_index");
    assert_int_equal(ledger->rows, 21);
    for (size_t r = 1; r < ledger->rows; ++r) {
        assert_int_equal(value->cell[r].i - value->cell[r - 1].i, 16 * expected[r - 1]); /* W = 4, 4 bytes each */
        assert_int_equal(index->cell[r].i - index->cell[r - 1].i, expected[r - 1] == 785 ? 0 : 16 * expected[r - 1]);
    }
    harness_close(&h);
}

static void local_topk_warmup_sends_its_ratios(void **state)
{
    (void)state;
    /* 785 times 0.25 = 196.25, 0.063 = 49.455, 0.015 = 11.775, 0.004 = 3.14 and 0.001: not below k */
    static const int64_t dgc[20] = {196, 196, 196, 49, 49, 49, 12, 12, 12, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    check_stages("k = 5 warmup = 3", dgc);
    /* 7.85 is below k; 392.5 is rounded away from zero */
    static const int64_t rising[20] = {10, 785, 393, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
    check_stages("k = 10 warmup = 1 warmup_ratios = \"  0.01 1   0.5 \"", rising);
    static const int64_t none[20] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    check_stages("k = 5 warmup = 0", none);
}

static void local_topk_warmup_ratios_senseless_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "0", "0.5 0", "1.5", "0.25,0.1", "nan", "0.5x", "-0.5", "quarter", "0.5 1e-999 inf"};
    for (size_t j = 0; j < sizeof texts / sizeof *texts; ++j) {
        struct harness h;
        char text[1024];
        snprintf(text, sizeof text, "%salgorithm = local_topk\nlocal_topk { warmup_ratios = \"%s\" }\n", ledger_base, texts[j]);
        assert_int_equal(harness_open(&h, text, NULL, 1), DSGD_EINPUT);
        assert_non_null(strstr(dsgd_error(), "local_topk.warmup_ratios"));
        harness_close(&h);
    }
}

/* A warm-up that is not over when the run is would be another method under the same name. Stages that send no more than k do
 * not count: 785 times 0.001 is below 5, 785 times 0.015 below 12. */
static void local_topk_warmup_longer_than_the_run_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        int steps, length; /* length of the warm-up */
    } tried[] = {{"k = 5 warmup = 3", 9, 9}, {"k = 5 warmup = 3", 8, 9}, {"k = 5 warmup = 3", 1, 9}, {"k = 12 warmup = 3", 6, 6},
                 {"k = 12 warmup = 3", 5, 6}, {"k = 5 warmup = 0", 1, 0}, {"k = 1 warmup = 4294967295", 1000, 0},
                 {"k = 200 warmup = 50", 1, 0}, {"k = 1 warmup = 7 warmup_ratios = \"0.001 0.001 0.5\"", 20, 21},
                 {"k = 1 warmup = 7 warmup_ratios = \"0.001 0.001 0.5\"", 21, 21}};
    for (size_t j = 0; j < sizeof tried / sizeof *tried; ++j) {
        struct harness h;
        char text[1024];
        snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 785 kappa = 4 }\nstep { constant = 0.01 }\nworkers = 4\nsteps = %d\n"
                 "algorithm = local_topk\nlocal_topk { %s }\n", tried[j].steps, tried[j].more);
        const bool refused = tried[j].length > tried[j].steps || strstr(tried[j].more, "4294967295");
        assert_int_equal(harness_open(&h, text, NULL, 1), refused ? DSGD_EINPUT : DSGD_OK);
        if (refused) {
            assert_non_null(strstr(dsgd_error(), "local_topk.warmup = "));
            assert_non_null(strstr(dsgd_error(), "expected at most steps = "));
        }
        harness_close(&h);
    }
}

/* A text with blanks is quoted in the resolved configuration, which reads back to itself. */
static void resolved_text_with_blanks_reads_back(void **state)
{
    (void)state;
    struct harness first, second;
    HARNESS_OK(harness_open(&first, "problem = quadratic\nalgorithm = local_topk\nstep { constant = 0.1 }\nsteps = 1\n", NULL, 1));
    assert_non_null(strstr(first.spec.text, "warmup_ratios = \"0.25 0.063 0.015 0.004 0.001\"\n"));
    HARNESS_OK(harness_open(&second, first.spec.text, NULL, 1));
    assert_string_equal(first.spec.text, second.spec.text);
    harness_close(&first);
    harness_close(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_k_equals_d_is_sgd),
        cmocka_unit_test(all_k_equals_d_without_masking_is_sgd_momentum),
        cmocka_unit_test(one_worker_topk_are_one),
        cmocka_unit_test(all_sent_and_memory_are_everything),
        cmocka_unit_test(random_k_scaled_is_unbiased),
        cmocka_unit_test(local_topk_clip_holds_each_gradient),
        cmocka_unit_test(ledger_is_the_formula),
        cmocka_unit_test(oracle_exact_ratio_is_the_mean_over_fills),
        cmocka_unit_test(local_topk_warmup_sends_its_ratios),
        cmocka_unit_test(local_topk_warmup_ratios_senseless_are_refused),
        cmocka_unit_test(local_topk_warmup_longer_than_the_run_is_refused),
        cmocka_unit_test(resolved_text_with_blanks_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
