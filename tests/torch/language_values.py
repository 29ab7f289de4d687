#!/usr/bin/python3
"""language_values.py - losses and gradients of deep/'s models of sequences from PyTorch in doubles: writes tests/torch/language_values.h.

    /usr/bin/python3 tests/torch/language_values.py >tests/torch/language_values.h

As deep_values.py: parameters and ids are formulas that C and Python compute alike; the networks are written from their papers with PyTorch's
own functions, nn.LSTM over packed sequences among them. Pairs have different lengths, and ids in the padding that must not matter. The loss is the
mean over target tokens.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def bits(stream, count):
    """count whole numbers below 2^32: Knuth's multiplicative hash, twice, of stream and index."""
    i = torch.arange(count, dtype=torch.int64)
    h = (i + 1 + 1000003 * stream) % 2**32 * 2654435761 % 2**32
    h = (h ^ (h >> 15)) * 2246822519 % 2**32
    return h ^ (h >> 13)


def value(stream, count):
    return (2 * bits(stream, count) + 1).double() / 2**32 - 1


class Parameters:
    """Hands out segments in the order in which they are asked for."""

    def __init__(self):
        self.segment = []

    def numbers(self, shape, scale, shift=0.0):
        count = 1
        for s in shape:
            count *= s
        return (shift + scale * value(100 + len(self.segment), count)).reshape(shape)

    def take(self, shape, scale, shift=0.0):
        self.segment.append(self.numbers(shape, scale, shift).requires_grad_())
        return self.segment[-1]

    def dense(self, x, channels, bias=True):
        weight = self.take((channels, x.shape[-1]), 1.5 / x.shape[-1] ** 0.5)
        return F.linear(x, weight, self.take((channels,), 0.1) if bias else None)

    def norm(self, x):
        return F.layer_norm(x, x.shape[-1:], self.take(x.shape[-1:], 0.3, 1.0), self.take(x.shape[-1:], 0.3))

    def lstm(self, inputs, outputs, both):
        """A layer of nn.LSTM whose parameters are the next segments."""
        layer = nn.LSTM(inputs, outputs // 2 if both else outputs, batch_first=True, bidirectional=both)
        for p in layer.parameters():
            with torch.no_grad():
                p.copy_(self.numbers(p.shape, 1.5 / p.shape[1] ** 0.5 if p.dim() > 1 else 0.1))
            self.segment.append(p)
        return layer


class Case:
    def __init__(self, model, layers, width, inner, heads, source_ids, target_ids, post, ahead, n, source, target, smoothing):
        self.__dict__.update(locals())
        self.source_length = 1 + bits(10, n) % source
        self.source_length[0] = source
        self.target_length = 1 + bits(11, n) % target
        self.target_length[n - 1] = target
        self.x = (bits(12, n * source) % source_ids).reshape(n, source)
        self.y = (bits(13, n * target) % target_ids).reshape(n, target)
        self.z = (bits(14, n * target) % target_ids).reshape(n, target)
        self.source_mask = torch.arange(source) < self.source_length[:, None]
        self.target_mask = torch.arange(target) < self.target_length[:, None]


def positions(n, d):
    place = torch.arange(n)[:, None]
    rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10000) / d))
    table = torch.zeros(n, d)
    table[:, 0::2] = torch.sin(place * rate)
    table[:, 1::2] = torch.cos(place * rate)
    return table


def transformer(p, c):
    def embed(ids, count):
        return F.embedding(ids, p.take((count, c.width), 0.5)) * math.sqrt(c.width) + positions(ids.shape[1], c.width)

    def attend(x, memory, mask):
        """Vaswani et al. 2017, 3.2, with the paper's matrices of keys and values one below the other."""
        q = p.dense(x, c.width)
        k, v = p.dense(memory, 2 * c.width).split(c.width, -1)
        q, k, v = (t.reshape(t.shape[0], t.shape[1], c.heads, -1).transpose(1, 2) for t in (q, k, v))
        score = (q @ k.transpose(2, 3) / math.sqrt(c.width // c.heads)).masked_fill(~mask, -math.inf)
        return p.dense((score.softmax(-1) @ v).transpose(1, 2).reshape(x.shape), c.width)

    def part(x, f):
        return p.norm(x + f(x)) if c.post else x + f(p.norm(x))

    def side(x, own, memory):
        for _ in range(c.layers):
            x = part(x, lambda y: attend(y, y, own))
            if memory is not None:
                x = part(x, lambda y: attend(y, memory, c.source_mask[:, None, None]))
            x = part(x, lambda y: p.dense(torch.relu(p.dense(y, c.inner)), c.width))
        return x if c.post else p.norm(x)

    memory = side(embed(c.x, c.source_ids), c.source_mask[:, None, None], None)
    causal = torch.ones(c.target, c.target, dtype=torch.bool).tril()
    return p.dense(side(embed(c.y, c.target_ids), causal, memory), c.target_ids)


def lstm(p, c):
    x = F.embedding(c.x, p.take((c.source_ids, c.width), 0.5))
    states = []
    for _ in range(c.layers):
        packed = nn.utils.rnn.pack_padded_sequence(x, c.source_length, batch_first=True, enforce_sorted=False)
        x, (h, cell) = p.lstm(c.width, c.width, not c.ahead)(packed)
        x = nn.utils.rnn.pad_packed_sequence(x, batch_first=True, total_length=c.source)[0]
        states.append(tuple(t.transpose(0, 1).reshape(1, c.n, c.width) for t in (h, cell)))
    y = F.embedding(c.y, p.take((c.target_ids, c.width), 0.5))
    for state in states:
        y, _ = p.lstm(c.width, c.width, False)(y, state)
    score = (p.dense(y, c.width, False) @ x.transpose(1, 2)).masked_fill(~c.source_mask[:, None], -math.inf)
    mixed = torch.tanh(p.dense(torch.cat([y, score.softmax(-1) @ x], -1), c.width))
    return p.dense(mixed, c.target_ids)


#            model, layers, width, inner, heads, source ids, target ids, post, ahead, n, source, target, smoothing
CASES = [Case("transformer", 1, 8, 12, 2, 11, 13, False, False, 3, 5, 6, 0.0), Case("transformer", 2, 16, 24, 4, 17, 23, False, False, 4, 19, 7, 0.1),
         Case("transformer", 2, 12, 20, 3, 9, 10, True, False, 3, 4, 18, 0.0), Case("lstm", 1, 8, 0, 0, 11, 13, False, False, 3, 5, 6, 0.0),
         Case("lstm", 2, 16, 0, 0, 17, 23, False, False, 5, 7, 9, 0.1), Case("lstm", 2, 10, 0, 0, 9, 10, False, True, 4, 6, 5, 0.0)]

print("""/* language_values.h - made by language_values.py with PyTorch %s: losses, and for each segment <gradient, v> and ||gradient||. */
#ifndef DSGD_TESTS_TORCH_LANGUAGE_VALUES_H
#define DSGD_TESTS_TORCH_LANGUAGE_VALUES_H

#include <stdbool.h>
#include <stddef.h>

struct language_expected {
    const char *model;
    size_t layers, width, inner, heads, source_ids, target_ids;
    bool post, ahead;
    size_t n, source, target;
    double smoothing, loss;
    size_t segments;
    double segment[80][2];
};

static const struct language_expected language_expected[] = {""" % torch.__version__.split("a")[0].split("+")[0])
for c in CASES:
    p = Parameters()
    scores = (transformer if c.model == "transformer" else lstm)(p, c)
    loss = F.cross_entropy(scores[c.target_mask], c.z[c.target_mask], label_smoothing=c.smoothing)
    loss.backward()
    print('    {"%s", %d, %d, %d, %d, %d, %d, %s, %s, %d, %d, %d, %r, %r, %d, {' % (
        c.model, c.layers, c.width, c.inner, c.heads, c.source_ids, c.target_ids, str(c.post).lower(), str(c.ahead).lower(), c.n, c.source, c.target,
        c.smoothing, loss.item(), len(p.segment)))
    for j, s in enumerate(p.segment):
        g = s.grad.flatten()
        print("        {%r, %r}," % ((g * value(500 + j, g.numel())).sum().item(), g.norm().item()))
    print("    }},")
print("};\n\n#endif")
