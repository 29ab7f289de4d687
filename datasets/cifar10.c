/* cifar10.c - CIFAR-10: 50000 + 10000 colour pictures of 32 x 32 pixels, 10 classes (airplane, automobile, bird, cat, deer, dog, frog, horse,
 * ship, truck).
 *
 * A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto (2009). Its author
 * publishes the MD5 of the archive cifar-10-binary.tar.gz, which scripts/fetch-cifar10.sh checks. Of the six files in it Apache MXNet
 * publishes the SHA-1 (gluon.data.vision.CIFAR10), which are below; a run records the SHA-256 of what it read. Files that were decoded from
 * JPEG copies of the pictures (quality 75, in another order; libjpeg-turbo) are usable and named so: near the original, not equal.
 */
#include "datasets/cifar.h"
#include "datasets/split.h"

static const struct dsgd_cifar_source source = {
    .name = "cifar10",
    .records = 10000,
    .title = "CIFAR-10",
    .title_copies = "CIFAR-10 (from JPEG copies)",
    .title_unverified = "CIFAR-10 (unverified files)",
    .file_sha1 =
        {
            "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
            "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
            "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
            "aab85764eb3584312d3c7f65fd2fd016e36a258e",
            "26e2849e66a845b7f1e4614ae70f4889ae604628",
            "67eb016db431130d61cd03c7ad570b013799c88c",
        },
    .copies_sha256 = "cc5a1cdb6dc897d60797d28aa0517e89963f8e8766125d6fa332f437e7dda655",
    .copies_sha256_train = "0d23a3d11cf14209473f6a5914ff422dc9571595ce8ced3a9463d05738c74bc3",
    .advice = "type make -f Makefile.experiments data-cifar10 (it unpacks cifar-10-binary.tar.gz), name another data folder with --data or "
              "DSGD_DATA, or use dataset = images, which needs no files",
    .command = "make -f Makefile.experiments data-cifar10",
};

static enum dsgd_status cifar10_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    return dsgd_cifar_load(&source, args, out);
}

static enum dsgd_status cifar10_survey(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out)
{
    return dsgd_cifar_survey(&source, args, out);
}

const struct dsgd_dataset_ops dsgd_dataset_cifar10 = {
    .name = "cifar10",
    .title = "CIFAR-10 small colour pictures",
    .reference = "Krizhevsky 2009, Learning multiple layers of features from tiny images",
    .params = dsgd_split_params,
    .config_size = sizeof(struct dsgd_split_config),
    .load = cifar10_load,
    .survey = cifar10_survey,
};
