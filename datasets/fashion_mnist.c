/* fashion_mnist.c - Fashion-MNIST: 60000 + 10000 pictures of clothes in MNIST's format, 10 classes. It is not MNIST:
 * curves and optima differ, and the title says so wherever a result is shown.
 *
 * H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
 * arXiv:1708.07747 (2017). Debian packages it (dataset-fashion-mnist), with other gzip files around the same bytes.
 */
#include "datasets/idx.h"

static const struct dsgd_idx_source source = {
    .name = "fashion_mnist",
    .title = "Fashion-MNIST (clothes), not MNIST",
    .title_unverified = "Fashion-MNIST (clothes, unverified files), not MNIST",
    .sha256 = "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214",
    .subfolder = "fashion-mnist",
    .system_folder = "/usr/share/datasets/fashion-mnist",
    .advice =
        "install Debian's package dataset-fashion-mnist, or put the files into a data folder named with --data or "
        "DSGD_DATA",
};

static enum dsgd_status fashion_mnist_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    return dsgd_idx_load(&source, args, out);
}

const struct dsgd_dataset_ops dsgd_dataset_fashion_mnist = {
    .name = "fashion_mnist",
    .title = "Fashion-MNIST, not MNIST",
    .reference = "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747",
    .load = fashion_mnist_load,
};
