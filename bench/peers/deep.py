"""deep.py - gradient steps of the deep models in PyTorch against dsgd's, one thread each: forward and backward, no optimizer.

Both take the same minibatch again and again at the start of training, on generated images, PyTorch's as floats in memory, dsgd's as bytes, which it
widens in every step. Both measure a turn alike: the median of three times 20 ms or a step, whatever is longer. ResNet-9 is timed in both of
PyTorch's layouts.

PyTorch's dense layers are as fast as the BLAS behind it. Distributions link it to whatever libblas.so.3 is: the reference BLAS has no vector
instructions, and an OpenBLAS older than the processor may not know it and take SSE alone (OPENBLAS_VERBOSE=2 says what it takes, OPENBLAS_CORETYPE
decides). A ratio to that would say nothing of PyTorch. So a product of matrices is timed first beside the same product as a
convolution, which PyTorch takes from a library of its own; where it is behind, mlp and lenet are left out.
"""
import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"  # read once, when the first library is loaded
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import peers  # noqa: E402

MEASURED_S = 0.02  # bench/deep.c
SLOWER = 1.25  # than a convolution: no BLAS for this processor


def mlp(nn):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def lenet(nn):
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def resnet9(nn, c):
    """c - 2c, pool - residual - 4c, pool - 8c, pool - residual - pool, dense, times 1/8 (deep/model_resnet9.c)."""
    def layer(a, b):
        return [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]

    class Residual(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.inner = nn.Sequential(*layer(channels, channels), *layer(channels, channels))

        def forward(self, x):
            return x + self.inner(x)

    class Scale(nn.Module):
        def forward(self, x):
            return 0.125 * x

    pool = nn.MaxPool2d(2)
    return nn.Sequential(*layer(3, c), *layer(c, 2 * c), pool, Residual(2 * c), *layer(2 * c, 4 * c), pool, *layer(4 * c, 8 * c), pool, Residual(8 * c),
                         nn.MaxPool2d(4), nn.Flatten(), nn.Linear(8 * c, 10, bias=False), Scale())


def steps(torch, model, images, labels, channels_last=False, parameters=None):
    """A call that returns the seconds of a gradient, each into a fresh place, as after zero_grad(set_to_none=True). parameters: of a model that is a
    function."""
    loss = torch.nn.CrossEntropyLoss()
    if channels_last:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    if parameters is None:
        model.train()
        parameters = list(model.parameters())

    def step():
        for p in parameters:
            p.grad = None
        loss(model(images), labels).backward()

    def measure():
        start, done, passed = time.perf_counter(), 0, 0.0
        while passed < MEASURED_S:
            step()
            done += 1
            passed = time.perf_counter() - start
        return passed / done

    return lambda: statistics.median(measure() for _ in range(3))


def seconds(call, repeats=30):
    call()
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def slow_products(torch):
    """Times that a product of matrices is slower than the same product as a convolution."""
    a, b = torch.randn(64, 784), torch.randn(256, 784)
    image, kernel = a.view(64, 784, 1, 1), b.view(256, 784, 1, 1)
    with torch.no_grad():
        return seconds(lambda: torch.nn.functional.linear(a, b)) / seconds(lambda: torch.nn.functional.conv2d(image, kernel))


def no_blas(behind):
    return (f"a product of matrices takes this PyTorch {behind:.1f} times as long as the same product as a convolution: its BLAS "
            "is not made for this processor (Debian: libopenblas0-pthread, or its folder in LD_LIBRARY_PATH; OPENBLAS_CORETYPE=SkylakeX, Haswell)")


def one_thread(what):
    """The options of a script, and torch on one thread with a seed; None without it."""
    chosen = peers.arguments(what)
    chosen.threads = 1
    torch = peers.package("torch")
    if torch:
        torch.set_num_threads(1)
        torch.manual_seed(1)
    return chosen, torch


def main():
    chosen, torch = one_thread(__doc__)
    if not torch:
        return
    nn, table = torch.nn, peers.Table(chosen, peers.Dsgd(chosen), part="deep")
    behind = slow_products(torch)
    models = {"resnet9-16": lambda: resnet9(nn, 16), "resnet9": lambda: resnet9(nn, 64)}
    if behind < SLOWER:
        models = {"mlp": lambda: mlp(nn), "lenet": lambda: lenet(nn), **models}
    else:
        print(f"mlp, lenet: left out, {no_blas(behind)}", file=sys.stderr)
    for name, make in models.items():
        colours = name.startswith("resnet9")
        for batch in (64,) if colours else (16, 64):
            images, labels = torch.randn(batch, *((3, 32, 32) if colours else (1, 28, 28))), torch.arange(batch) % 10
            line = f"{name}-b{batch}"
            if chosen.only and not any(word in line for word in chosen.only.split(",")):
                continue
            for last in (False, True) if colours else (False,):
                table.add(line, f"torch {torch.__version__}{', channels_last' if last else ''}", steps(torch, make(), images, labels, last))
    table.run()


if __name__ == "__main__":
    main()
