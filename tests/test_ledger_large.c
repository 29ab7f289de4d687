/* test_ledger_large.c - the paper's compression at the paper's sizes, from the ledgers of real rounds.
 *
 * CIFAR-10 ResNet-9: d = 6,570,000; transformer: d = 90,000,000 (argument `transformer`, about 4 GB and a minute: label slow).
 * One worker, or one merged round: `values` per worker and step do not depend on W.
 */
#include "tests/ledger.h"

/* 2 d / (r c + P k + k): figure 3, 17x with r = 3, c = 100,000, k = 50,000, P = 8; half of it all in 16 bits, 34x. */
static void resnet9(void **state)
{
    (void)state;
#define PAPER "algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 3 k = 50000 candidates = 8 "
#define RESNET PAPER "cols = 100000 "
    const size_t d = 6570000;
    const double words = 300000 + 400000 + 50000;
    const struct ledger_case single = {RESNET "}\nemulation = merged", d, 4, 1, LEDGER_EQUAL, NULL, 0};
    struct dsgd_ledger l = ledger_run(&single, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, d), 2.0 * (double)d / words, 1e-9); /* 17.52 */
    const struct ledger_case half = {RESNET "values = fp16 }", d, 1, 1, LEDGER_EQUAL, NULL, 0};
    l = ledger_run(&half, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, d), 4.0 * (double)d / words, 1e-9); /* 35.04 */
    const struct ledger_case blocks = {PAPER "cols = 100032 hash = block }\nemulation = merged", d, 4, 1, LEDGER_EQUAL, NULL, 0};
    l = ledger_run(&blocks, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, d), 2.0 * (double)d / (words + 96), 1e-9); /* 17.52 too */
}

/* Table 1: 20x with 5 x 1,000,000 and P = 36, 40x with 15 x 180,000 and P = 16, k = 100,000. */
static void transformer(void **state)
{
    (void)state;
    const size_t d = 90000000;
    const struct ledger_case twenty = {"algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 5 cols = 1000000 k = 100000 candidates = 36 }\n"
                                       "emulation = merged", d, 1, 1, LEDGER_EQUAL, NULL, 0};
    struct dsgd_ledger l = ledger_run(&twenty, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, d), 180e6 / (5e6 + 3.6e6 + 1e5), 1e-9); /* 20.69 */
    const struct ledger_case forty = {"algorithm = sketched_sgd\nsketched_sgd { variant = topk rows = 15 cols = 180000 k = 100000 candidates = 16 }\n"
                                      "emulation = merged", d, 1, 1, LEDGER_EQUAL, NULL, 0};
    l = ledger_run(&forty, (struct dsgd_tap){.context = NULL});
    CHECK_CLOSE(ledger_values_ratio(&l, d), 180e6 / (2.7e6 + 1.6e6 + 1e5), 1e-9); /* 40.91 */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest small[] = {cmocka_unit_test(resnet9)}, large[] = {cmocka_unit_test(transformer)};
    if (argc > 1 && strcmp(argv[1], "transformer") == 0) { return cmocka_run_group_tests(large, NULL, NULL); }
    return cmocka_run_group_tests(small, NULL, NULL);
}
