/* classes.c - what kind of claim a row is. Only theorems count in a headline.
 *
 * theorem   a statement of the paper, of the papers it builds on or of docs/sketching.md, held against a measurement: it could have come
 *           out otherwise
 * identity  algebra or a definition: it holds to rounding, or by construction, in a program that is right
 * control   a premise is broken on purpose; the claim must fail
 * design    a property of an experiment or of a choice of constants, tested because others rest on it; no theorem says it
 * finding   known to be violated, or something found that no statement says
 *
 * A row belongs to the first line whose start its id or, where it begins with "=", its statement has; to theorems else.
 */
#include <string.h>

#include "verify/verify.h"

static const struct {
    const char *start;
    enum verify_class is;
} classes[] = {
    {"=Finding", VERIFY_FINDING},
    {"virtual-iterate", VERIFY_IDENTITY},
    {"sent.contraction", VERIFY_THEOREM},
    {"sent.fill", VERIFY_DESIGN},            /* that draws are uniform */
    {"sent.", VERIFY_IDENTITY},
    {"sampler.", VERIFY_DESIGN},
    {"=Algorithm", VERIFY_IDENTITY},         /* the output is the average that it is said to be */
    {"lemma1.flat", VERIFY_IDENTITY},        /* equality for flat vectors */
    {"lemma1.range", VERIFY_IDENTITY},       /* between 0 and 1 by construction */
    {"lemma1.fill", VERIFY_IDENTITY},        /* what was drawn against its expectation given H */
    {"lemma1.theorem6", VERIFY_IDENTITY},    /* with the measured delta: algebra */
    {"theorem6.contraction", VERIFY_IDENTITY},
    {"theorem6.travelled", VERIFY_IDENTITY},
    {"lemma3.deviation", VERIFY_IDENTITY},   /* what is never sent is a sum of noise */
    {"theorem6.delta", VERIFY_DESIGN},       /* that this sketch fails less than half of the time */
    {"lemma1-controls.fresh", VERIFY_DESIGN}, /* fresh hashes beside the fixed ones of the controls */
    {"=Lemma 3, closed form", VERIFY_IDENTITY},
    {"sketch.linearity", VERIFY_IDENTITY},
    {"sketch.block.linearity", VERIFY_IDENTITY},
    {"sketch.block.apart", VERIFY_IDENTITY},
    {"reduction.memories", VERIFY_DESIGN},   /* that the memories differ, so that the reduction says something */
    {"reduction.", VERIFY_IDENTITY},
    {"theorem4.stationary.tau", VERIFY_DESIGN}, /* how sharp a bound is */
    {"=Theorem 5, sharpness", VERIFY_DESIGN},
    {"=Theorem 4, rate", VERIFY_DESIGN},     /* slopes: bounds are from above, and say nothing of a rate from below */
    {"=Theorem 5, rate", VERIFY_DESIGN},
    {"=Theorem 1, rate", VERIFY_DESIGN},
    {"=Theorem 1, level", VERIFY_DESIGN},
    {"=Theorem 1, average", VERIFY_DESIGN},
    {"compressing.", VERIFY_DESIGN},
    {"sizes.merge", VERIFY_IDENTITY},
    {"sizes.k-log-d", VERIFY_DESIGN},        /* advice of the rebuttal, not a statement with constants */
    {"sizes.log-T", VERIFY_DESIGN},          /* computed from the proof's size: how it grows */
    {"sizes.below-d", VERIFY_DESIGN},
    {"rebuttal.", VERIFY_DESIGN},            /* claims about numbers of words */
    {"same-rates.", VERIFY_DESIGN},          /* what E.1 reads off a figure */
    {"heavy.slope", VERIFY_DESIGN},
    {"heavy.random", VERIFY_DESIGN},         /* that these gradients need a sketch, which is what the others rest on */
    {"remark1.slope-least", VERIFY_DESIGN},
    {"rates.slope-W", VERIFY_THEOREM},       /* Remark 3 says that the error falls as 1/W */
    {"rates.ratio-W", VERIFY_THEOREM},
    {"rates.ratio", VERIFY_THEOREM},         /* Remark 1: beyond T* the error of SGD */
    {"rates.T-star", VERIFY_DESIGN},         /* that the run is long enough */
    {"rates.T-measured", VERIFY_DESIGN},     /* censored by the grid of steps */
    {"rates.coarse-T-measured", VERIFY_DESIGN},
    {"rates.G2-W", VERIFY_DESIGN},
    {"mnist.T-", VERIFY_DESIGN},             /* how long a run would have to be */
    {"lemma2.equality", VERIFY_IDENTITY},
};

enum verify_class verify_class_of(const struct verify_row *row)
{
    if (row->control) { return VERIFY_CONTROL; }
    if (verify_finding_find(row->id)) { return VERIFY_FINDING; }
    for (size_t j = 0; j < sizeof classes / sizeof *classes; ++j) {
        const char *start = classes[j].start, *text = row->id;
        if (*start == '=') {
            ++start;
            text = row->statement;
        }
        if (strncmp(text, start, strlen(start)) == 0) { return classes[j].is; }
    }
    return VERIFY_THEOREM;
}

const char *verify_class_name(enum verify_class is)
{
    static const char *const name[] = {[VERIFY_THEOREM] = "theorem", [VERIFY_IDENTITY] = "identity", [VERIFY_CONTROL] = "control",
                                       [VERIFY_DESIGN] = "design", [VERIFY_FINDING] = "finding"};
    return name[is];
}
