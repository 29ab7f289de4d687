/* mnist.c - MNIST: 60000 + 10000 handwritten digits of 28 x 28 pixels, 10 classes.
 *
 * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86
 * (1998). The sum below is that of the four decompressed files one after another, each of which has its published sum.
 */
#include "datasets/idx.h"
#include "datasets/split.h"

static const struct dsgd_idx_source source = {
    .name = "mnist",
    .title = "MNIST",
    .title_unverified = "MNIST (unverified files)",
    .sha256 = "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a",
    .sha256_train = "c5097fdd51cfdbe7695fd9df3612695696864b5c424f58d843ffdc5d335e9914",
    .file_sha256 =
        {
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    .subfolder = "mnist",
    .advice = "type make -f Makefile.experiments data-mnist, name another data folder with --data or DSGD_DATA, or use "
              "dataset = fashion_mnist",
    .command = "make -f Makefile.experiments data-mnist",
};

static enum dsgd_status mnist_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    return dsgd_idx_load(&source, args, out);
}

static enum dsgd_status mnist_survey(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out)
{
    return dsgd_idx_survey(&source, args, out);
}

const struct dsgd_dataset_ops dsgd_dataset_mnist = {
    .name = "mnist",
    .title = "MNIST handwritten digits",
    .reference = "LeCun, Bottou, Bengio, Haffner 1998, Proc. IEEE 86(11)",
    .params = dsgd_split_params,
    .config_size = sizeof(struct dsgd_split_config),
    .load = mnist_load,
    .survey = mnist_survey,
};
