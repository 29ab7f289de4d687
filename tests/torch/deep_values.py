#!/usr/bin/python3
"""deep_values.py - losses and gradients of deep/'s models from PyTorch in doubles: writes tests/torch/deep_values.h.

    /usr/bin/python3 tests/torch/deep_values.py >tests/torch/deep_values.h

Parameters, images and labels are formulas that C and Python compute alike (value() below); the networks are written from their papers, not
from deep/. For each segment the header has the gradient's product with a fixed vector and its norm: what a transposed, shifted or missing
gradient changes. Only needed when a model changes: the header is in the tree.
"""
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def value(stream, count):
    """count numbers in (-1, 1): Knuth's multiplicative hash, twice, of stream and index."""
    i = torch.arange(count, dtype=torch.int64)
    h = (i + 1 + 1000003 * stream) % 2**32 * 2654435761 % 2**32
    h = (h ^ (h >> 15)) * 2246822519 % 2**32
    h = h ^ (h >> 13)
    return (2 * h + 1).double() / 2**32 - 1


class Parameters:
    """Hands out segments in the order in which they are asked for."""

    def __init__(self):
        self.segment = []

    def take(self, shape, scale=None, shift=0.0):
        count = 1
        for s in shape:
            count *= s
        fan_in = count // shape[0]
        scale = scale if scale is not None else 1.5 / fan_in**0.5
        p = (shift + scale * value(100 + len(self.segment), count)).reshape(shape).requires_grad_()
        self.segment.append(p)
        return p


def dense(p, x, channels, bias=True):
    weight = p.take((channels, x.shape[1]))
    return F.linear(x, weight, p.take((channels,), 0.1) if bias else None)


def convolution(p, x, channels, kernel, pad, bias):
    weight = p.take((channels, x.shape[1], kernel, kernel))
    return F.conv2d(x, weight, p.take((channels,), 0.1) if bias else None, padding=pad)


def mlp(p, x, width):
    return dense(p, torch.relu(dense(p, x.flatten(1), width)), 10)


def lenet(p, x, _):
    x = F.max_pool2d(torch.relu(convolution(p, x, 6, 5, 2, True)), 2)
    x = F.max_pool2d(torch.relu(convolution(p, x, 16, 5, 0, True)), 2).flatten(1)
    return dense(p, torch.relu(dense(p, torch.relu(dense(p, x, 120)), 84)), 10)


def resnet9(p, x, width):
    def layer(x, channels):
        x = convolution(p, x, channels, 3, 1, False)
        return torch.relu(F.batch_norm(x, None, None, p.take((channels,), 0.3, 1.0), p.take((channels,), 0.3), True, eps=1e-5))

    def residual(x):
        return x + layer(layer(x, x.shape[1]), x.shape[1])

    x = residual(F.max_pool2d(layer(layer(x, width), 2 * width), 2))
    x = F.max_pool2d(layer(x, 4 * width), 2)
    x = residual(F.max_pool2d(layer(x, 8 * width), 2))
    return 0.125 * dense(p, F.max_pool2d(x, 4).flatten(1), 10, bias=False)


CASES = [("mlp", mlp, (1, 28, 28), 16, 5, 0.0), ("mlp", mlp, (1, 28, 28), 7, 3, 0.1), ("lenet", lenet, (1, 28, 28), 0, 4, 0.0),
         ("resnet9", resnet9, (3, 32, 32), 4, 3, 0.0), ("resnet9", resnet9, (3, 32, 32), 16, 4, 0.1)]

print("""/* deep_values.h - made by deep_values.py with PyTorch %s: losses, and for each segment <gradient, v> and ||gradient||. */
#ifndef DSGD_TESTS_TORCH_DEEP_VALUES_H
#define DSGD_TESTS_TORCH_DEEP_VALUES_H

#include <stddef.h>

struct deep_expected {
    const char *model;
    size_t width, n;
    double smoothing, loss;
    size_t segments;
    double segment[32][2];
};

static const struct deep_expected deep_expected[] = {""" % torch.__version__.split("a")[0].split("+")[0])
for name, net, shape, width, n, smoothing in CASES:
    c, h, w = shape
    images = value(1, n * c * h * w).reshape(n, c, h, w)
    labels = torch.arange(n) * 7 % 10
    p = Parameters()
    loss = F.cross_entropy(net(p, images, width), labels, label_smoothing=smoothing)
    loss.backward()
    print('    {"%s", %d, %d, %r, %r, %d, {' % (name, width, n, smoothing, loss.item(), len(p.segment)))
    for j, s in enumerate(p.segment):
        g = s.grad.flatten()
        print("        {%r, %r}," % ((g * value(500 + j, g.numel())).sum().item(), g.norm().item()))
    print("    }},")
print("};\n\n#endif")
