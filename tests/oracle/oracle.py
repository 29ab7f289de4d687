#!/usr/bin/python3
"""oracle.py - the algorithms again, from the papers' lines, in numpy, without a line of this project's.

  oracle.py data FOLDER          writes a set of 10,000 images of 8 x 8 in MNIST's format (IDX, gzip), for machines without MNIST
  oracle.py gaps DATA SEEDS      f(what) - f* after T = 20,000 steps: one line per algorithm: name, mean over seeds, its standard error, seeds

DATA is a folder with MNIST's four files, or one that `data` made. Logistic regression, class 0 against the rest, l2 = 0.01, pixels / 255 and a
constant feature; W = 4 workers, minibatches of 1 drawn with replacement; step 8/(mu (xi + t)) with xi = ceil(32 L/mu) and the average weighted
by (xi + t)^2 (Ivkin, Rothchild et al. 2019, Theorem 1 repaired), but for the sign methods: a constant step, and the last iterate.

Hash functions are fully random here, minibatches come from numpy's generator: the two programs share a definition, not a number. So their
gaps are random numbers of one distribution, if both are right; tests/oracle.sh compares means within 4 standard errors.
"""
import gzip
import os
import struct
import sys

import numpy as np

T, W, L2, K, ROWS, COLS, CANDIDATES = 20000, 4, 0.01, 10, 7, 40, 10


# ---- data ----

def read_idx(path):
    with gzip.open(path, "rb") as f:
        zero, kind, dims = struct.unpack(">HBB", f.read(4))
        assert zero == 0 and kind == 8
        shape = struct.unpack(">" + "I" * dims, f.read(4 * dims))
        return np.frombuffer(f.read(), dtype=np.uint8).reshape(shape)


def write_idx(path, array):
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(">" + "I" * array.ndim, *array.shape)
    with open(path, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as f:
        f.write(head + array.tobytes())


def make_data(folder):
    rng = np.random.default_rng(20)
    os.makedirs(folder, exist_ok=True)
    centre = rng.integers(0, 256, (4, 64)) * (rng.random((4, 64)) < 0.4)
    for name, n in (("train", 10000), ("t10k", 1000)):
        label = rng.integers(0, 4, n).astype(np.uint8)
        image = np.clip(centre[label] * rng.random((n, 64)) + 40 * rng.standard_normal((n, 64)), 0, 255).astype(np.uint8)
        write_idx(os.path.join(folder, name + "-images-idx3-ubyte.gz"), image.reshape(n, 8, 8))
        write_idx(os.path.join(folder, name + "-labels-idx1-ubyte.gz"), label)


class Problem:
    """f(w) = mean log(1 + exp(-y <a, w>)) + l2/2 |w|^2."""

    def __init__(self, folder):
        pixels = read_idx(os.path.join(folder, "train-images-idx3-ubyte.gz"))
        label = read_idx(os.path.join(folder, "train-labels-idx1-ubyte.gz"))
        n = len(label)
        self.a = np.hstack([pixels.reshape(n, -1) / 255.0, np.ones((n, 1))])
        self.y = np.where(label == 0, 1.0, -1.0)
        self.n, self.d = self.a.shape
        self.mu = L2
        self.L = np.linalg.eigvalsh(self.a.T @ self.a / n)[-1] / 4 + L2
        w = np.zeros(self.d)
        for _ in range(100):  # Newton's method with halved steps
            m = self.y * (self.a @ w)
            s = 1 / (1 + np.exp(m))
            g = -(self.a.T @ (self.y * s)) / n + L2 * w
            h = (self.a.T * (s * (1 - s))) @ self.a / n + L2 * np.eye(self.d)
            step, t = np.linalg.solve(h, g), 1.0
            while t > 1e-6 and self.f(w - t * step) > self.f(w):
                t /= 2
            w = w - t * step
            if np.linalg.norm(g) < 1e-12:
                break
        self.f_star = self.f(w)

    def f(self, w):
        return np.mean(np.logaddexp(0, -self.y * (self.a @ w))) + L2 / 2 * w @ w

    def gradient(self, w, i):
        a, y = self.a[i], self.y[i]
        return -y / (1 + np.exp(y * (a @ w))) * a + L2 * w


# ---- Count Sketch: rows of random buckets and signs ----

class Sketch:
    def __init__(self, rng, d):
        self.bucket = rng.integers(0, COLS, (ROWS, d))
        self.sign = rng.integers(0, 2, (ROWS, d)) * 2.0 - 1

    def of(self, v):
        return np.array([np.bincount(b, s * v, COLS) for b, s in zip(self.bucket, self.sign)])

    def estimate(self, table):
        return np.median([s * t[b] for b, s, t in zip(self.bucket, self.sign, table)], axis=0)


def largest(v, k):
    return np.argsort(-np.abs(v), kind="stable")[:k]


# ---- algorithms: a generator takes the workers' gradients and the step size, gives what is subtracted from w ----

def sgd(rng, d):
    g, eta = yield None
    while True:
        g, eta = yield eta * g.mean(axis=0)


def heavymix(rng, d):
    """Algorithms 1 and 2: fresh hashes, H = {est^2 >= l2^2/k}, a random fill, exact values, a_i = gbar_i - g~."""
    a = np.zeros((W, d))
    g, eta = yield None
    while True:
        gbar = a + eta * g
        mean = gbar.mean(axis=0)
        s = Sketch(rng, d)
        table = s.of(mean)
        l2sq = np.median((table ** 2).sum(axis=1))
        est = s.estimate(table)
        heavy = np.flatnonzero((est ** 2 >= l2sq / K) & (est != 0))
        if len(heavy) >= K:
            chosen = heavy[largest(est[heavy], K)]
        else:
            light = np.setdiff1d(np.arange(d), heavy)
            chosen = np.concatenate([heavy, rng.choice(light, K - len(heavy), replace=False)])
        update = np.zeros(d)
        update[chosen] = mean[chosen]
        a = gbar - update
        g, eta = yield update


def topk(rng, d):
    """Algorithm 3: fixed hashes, P k candidates from the sketch, their exact values, the k largest; v is zero where it was sent."""
    v, s = np.zeros((W, d)), Sketch(rng, d)
    g, eta = yield None
    while True:
        v += eta * g
        mean = v.mean(axis=0)
        some = largest(s.estimate(s.of(mean)), CANDIDATES * K)
        chosen = some[largest(mean[some], K)]
        update = np.zeros(d)
        update[chosen] = mean[chosen]
        v[:, chosen] = 0
        g, eta = yield update


def true_topk(rng, d):
    v = np.zeros((W, d))
    g, eta = yield None
    while True:
        v += eta * g
        mean = v.mean(axis=0)
        chosen = largest(mean, K)
        update = np.zeros(d)
        update[chosen] = mean[chosen]
        v[:, chosen] = 0
        g, eta = yield update


def local_topk(rng, d):
    """Stich et al. 2018, Algorithm 1, on each worker; the server averages what arrives."""
    v = np.zeros((W, d))
    g, eta = yield None
    while True:
        v += eta * g
        update = np.zeros(d)
        for i in range(W):
            chosen = largest(v[i], K)
            update[chosen] += v[i, chosen] / W
            v[i, chosen] = 0
        g, eta = yield update


def signsgd(rng, d):
    """Bernstein et al. 2019, Algorithm 1: majority of signs; a zero counts as plus, an even vote is a coin."""
    g, eta = yield None
    while True:
        vote = np.where(g < 0, -1.0, 1.0).sum(axis=0)
        vote = np.where(vote == 0, rng.integers(0, 2, d) * 2.0 - 1, np.sign(vote))
        g, eta = yield eta * vote


def terngrad(rng, d):
    """Wen et al. 2017, Algorithm 1 with scaler sharing and without clipping: s = max over workers of max |g|."""
    g, eta = yield None
    while True:
        s = np.abs(g).max()
        t = np.sign(g) * (rng.random(g.shape) < np.abs(g) / s) if s > 0 else np.zeros_like(g)
        g, eta = yield eta * s * t.mean(axis=0)


ALGORITHMS = {"sgd": sgd, "heavymix": heavymix, "topk": topk, "true_topk": true_topk, "local_topk": local_topk, "signsgd": signsgd,
              "terngrad": terngrad}
CONSTANT = {"signsgd": 3e-4, "terngrad": 3e-3}


def run(problem, name, seed):
    rng = np.random.default_rng([seed, len(name), ord(name[0])])
    algorithm = ALGORITHMS[name](rng, problem.d)
    next(algorithm)
    xi = np.ceil(32 * problem.L / problem.mu)
    w, mean, total = np.zeros(problem.d), np.zeros(problem.d), 0.0
    for t in range(T):
        eta = CONSTANT.get(name, 8 / (problem.mu * (xi + t)))
        weight = (xi + t) ** 2
        total += weight
        mean += weight / total * (w - mean)
        i = rng.integers(0, problem.n, W)
        w = w - algorithm.send((np.array([problem.gradient(w, j) for j in i]), eta))
    return problem.f(w if name in CONSTANT else mean) - problem.f_star


def gaps(folder, seeds):
    problem = Problem(folder)
    for name in ALGORITHMS:
        x = np.array([run(problem, name, seed) for seed in range(1, seeds + 1)])
        print(f"{name} {x.mean():.6e} {x.std(ddof=1) / np.sqrt(seeds):.3e} {seeds}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "data":
        make_data(sys.argv[2])
    elif len(sys.argv) == 4 and sys.argv[1] == "gaps":
        gaps(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(__doc__)
