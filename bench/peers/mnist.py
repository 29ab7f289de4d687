"""mnist.py - scikit-learn's SGDClassifier and LIBLINEAR on MNIST against dsgd's epochs of ten one-vs-rest classes at batch 1, one thread each.

LIBLINEAR solves to its default tolerance what dsgd would walk through in epochs: its seconds stand beside, without a ratio that would mean
anything. The images are read from the IDX files of $DSGD_DATA.
"""
import gzip
import os
import subprocess
import sys
import tempfile
import time

import peers


def images(numpy, folder):
    """60,000 rows of 784 numbers in 0..1, and labels."""
    def read(name, head):
        for path in (os.path.join(folder, name + ".gz"), os.path.join(folder, "mnist", name + ".gz"), os.path.join(folder, "mnist", name), os.path.join(folder, name)):
            if os.path.exists(path):
                with (gzip.open if path.endswith(".gz") else open)(path) as file:
                    return numpy.frombuffer(file.read(), dtype=numpy.uint8, offset=head)
        sys.exit(f"mnist: no {name} in {folder}; expected MNIST's IDX files ($DSGD_DATA)")
    return read("train-images-idx3-ubyte", 16).reshape(-1, 784).astype(numpy.float64) / 255.0, read("train-labels-idx1-ubyte", 8)


def liblinear(numpy, x, y):
    """Seconds of the program `liblinear-train` on a text file of the rows, per solver; reading included."""
    with tempfile.NamedTemporaryFile("w", suffix=".svm") as text:
        for row, label in zip(x, y):
            at = row.nonzero()[0]
            text.write(f"{label} " + " ".join(f"{j + 1}:{row[j]:.6g}" for j in at) + "\n")
        text.flush()
        for solver, name in ((1, "hinge squared, dual"), (3, "hinge, dual"), (7, "logistic, dual")):
            start = time.perf_counter()
            subprocess.run(["liblinear-train", "-q", "-s", str(solver), "-c", str(1.0 / (0.01 * len(y))), text.name, os.devnull], check=True)
            print(f"LIBLINEAR -s {solver} ({name}): {time.perf_counter() - start:.1f} s, reading included", file=sys.stderr)


def main():
    chosen = peers.arguments(__doc__)
    chosen.threads = 1
    numpy, linear = peers.package("numpy"), peers.package("sklearn.linear_model")
    if not linear:
        return
    x, y = images(numpy, os.environ.get("DSGD_DATA", "data"))
    table = peers.Table(chosen, peers.Dsgd(chosen), part="mnist")
    for line, loss in (("ten-hinge-epoch", "hinge"), ("ten-logistic-epoch", "log_loss")):
        def epoch(loss=loss):
            linear.SGDClassifier(loss=loss, alpha=0.01, max_iter=1, tol=None, n_jobs=1).fit(x, y)
        table.add(line, f"SGDClassifier(loss={loss}), an epoch, n_jobs = 1", epoch)
    import warnings
    warnings.simplefilter("ignore")  # one epoch does not converge, and says so
    table.run()
    try:
        liblinear(numpy, x, y)
    except FileNotFoundError:
        print("liblinear-train: left out, the program is not installed", file=sys.stderr)


main()
