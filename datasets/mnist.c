/* mnist.c - MNIST: 60000 + 10000 handwritten digits of 28 x 28 pixels, 10 classes.
 *
 * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86
 * (1998). The sum below is that of the four decompressed files one after another, each of which has its published sum.
 */
#include "datasets/idx.h"

static const struct dsgd_idx_source source = {
    .name = "mnist",
    .title = "MNIST",
    .title_unverified = "MNIST (unverified files)",
    .sha256 = "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a",
    .subfolder = "mnist",
    .advice = "put the files there, name another data folder with --data or DSGD_DATA, or use dataset = fashion_mnist",
};

static enum dsgd_status mnist_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    return dsgd_idx_load(&source, args, out);
}

const struct dsgd_dataset_ops dsgd_dataset_mnist = {
    .name = "mnist",
    .title = "MNIST handwritten digits",
    .reference = "LeCun, Bottou, Bengio, Haffner 1998, Proc. IEEE 86(11)",
    .load = mnist_load,
};
