/* findings.c - rows that are known to be violated, each with its reason.
 *
 * A statement that is violated and does not stand here makes `dsgd verify` fail. One that stands here and holds is no failure, but news.
 */
#include <string.h>

#include "verify/verify.h"

static const struct verify_finding findings[] = {
    {"lemma2.printed", "the proof's last step needs a step of at most 1/(L xi): with kappa = 2, xi = 10 the right side is negative"},
    {"sketch.ams-variance.printed", "the variance of AMS is 2||g||^4, not 4||g||^2: the exponent is a misprint"},
    {"lemma1.printed-count.gaussian.3x32-k16-d256", "estimates decide who is in H, so H has more than k elements; 2k for exact ones"},
    {"lemma1.printed-alpha.gaussian.3x32-k16-d256", "a coordinate is in H for its estimate, so its own square may be near 0"},
    {"sizes.cifar", "at k/d = 1/131 the proof's sketch has more cells than the model, for any number of steps; the paper's 3 x 100,000 is not a proved size"},
    {"lemma1.mean.mnist-gradient.1x20-k10-d785", "one row of 20 columns: most estimates tie, ties are cut by index, and the first pixels are always 0"},
    {"lemma1.mean.mnist-memory.1x20-k10-d785", "the same for what enters the sketch after 500 steps"},
};

const struct verify_finding *verify_finding_at(int i)
{
    return i >= 0 && (size_t)i < sizeof findings / sizeof *findings ? &findings[i] : NULL;
}

const struct verify_finding *verify_finding_find(const char *id)
{
    for (int i = 0; verify_finding_at(i); ++i) {
        if (strcmp(verify_finding_at(i)->id, id) == 0) { return verify_finding_at(i); }
    }
    return NULL;
}
