/* fashion_mnist.c - Fashion-MNIST: 60000 + 10000 pictures of clothes in MNIST's format, 10 classes. It is not MNIST:
 * curves and optima differ, and the title says so wherever a result is shown.
 *
 * H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
 * arXiv:1708.07747 (2017). Debian packages it (dataset-fashion-mnist), with other gzip files around the same bytes.
 */
#include "datasets/idx.h"
#include "datasets/split.h"

static const struct dsgd_idx_source source = {
    .name = "fashion_mnist",
    .title = "Fashion-MNIST (clothes), not MNIST",
    .title_unverified = "Fashion-MNIST (clothes, unverified files), not MNIST",
    .sha256 = "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214",
    .sha256_train = "d9ef4273af5c2e360155dad0c06bd939447bf37a6620db007d69fc79e4732045",
    .file_sha256 =
        {
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    .subfolder = "fashion-mnist",
    .system_folder = "/usr/share/datasets/fashion-mnist",
    .advice =
        "install Debian's package dataset-fashion-mnist, or put the files into a data folder named with --data or "
        "DSGD_DATA",
    .command = "apt-get install --reinstall dataset-fashion-mnist",
};

static enum dsgd_status fashion_mnist_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    return dsgd_idx_load(&source, args, out);
}

static enum dsgd_status fashion_mnist_survey(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out)
{
    return dsgd_idx_survey(&source, args, out);
}

const struct dsgd_dataset_ops dsgd_dataset_fashion_mnist = {
    .name = "fashion_mnist",
    .title = "Fashion-MNIST, not MNIST",
    .reference = "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747",
    .params = dsgd_split_params,
    .config_size = sizeof(struct dsgd_split_config),
    .load = fashion_mnist_load,
    .survey = fashion_mnist_survey,
};
