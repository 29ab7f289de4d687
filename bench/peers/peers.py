"""peers.py - what the scripts of this folder share: one vector for both programs, turns that alternate, a table of ratios.

Each script times calls into a package that the user has installed, and dsgd's operation on the same vector right after it, in one run. A package
that is missing is said, and its lines are left out. Nothing of these packages is in this tree.
"""
import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy


def arguments(what):
    """The options of a script. --turns N, --threads N, --dimension D, --k K, --dsgd PROGRAM, --json."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--turns", type=int, default=5, help="measurements of each line (default 5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of both programs (default: all cores)")
    parser.add_argument("--dimension", type=int, default=6573120, help="coordinates (default 6573120, ResNet-9)")
    parser.add_argument("--k", type=int, default=50000, help="coordinates that are chosen (default 50000)")
    parser.add_argument("--dsgd", default=os.path.join(top, "build", "release", "dsgd"), help="the program")
    parser.add_argument("--only", default="", help="lines of dsgd with one of these words, with commas between them")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    chosen = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two teams of threads that spin slow each other down
    os.environ.setdefault("OMP_NUM_THREADS", str(chosen.threads))
    return chosen


def package(name):
    """The imported package, or None with a remark."""
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        print(f"{name}: left out, {missing} (install it, or put its folder into PYTHONPATH)", file=sys.stderr)
        return None


def heavy_tailed(d):
    """Signs at random, magnitudes 1 / (1 + 4096 u): few large coordinates, as in gradients."""
    random = numpy.random.default_rng(1)
    magnitude = 1.0 / (1.0 + 4096.0 * random.random(d, dtype=numpy.float32))
    return numpy.where(random.random(d, dtype=numpy.float32) < 0.5, -magnitude, magnitude).astype(numpy.float32)


class Dsgd:
    """dsgd bench on a vector; a context that keeps the vector's file."""

    def __init__(self, chosen, vector=None):
        self.chosen = chosen
        self.file = tempfile.NamedTemporaryFile(suffix=".f32")
        if vector is not None:
            vector.tofile(self.file)
            self.file.flush()
        self.vector = vector is not None

    def seconds(self, part, lines):
        """{name: median seconds} of these lines, measured now (each line three times, so that its memory is warm)."""
        command = [self.chosen.dsgd, "bench", part, "--json", "-n", "3", "-t", str(self.chosen.threads), "--only", ",".join(lines)]
        if self.vector:
            command += ["--vector", self.file.name, "-D", str(self.chosen.dimension), "-k", str(self.chosen.k)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return {line["name"]: line["median_s"] for line in json.loads(printed)["lines"] if line["name"] in lines}

    def what(self, part, name):
        """What a line measures, in words."""
        command = [self.chosen.dsgd, "bench", part, "--json", "-n", "1", "-t", "1", "--only", name]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return next(line["what"] for line in json.loads(printed)["lines"] if line["name"] == name)


class Table:
    """Pairs (dsgd's line, what the peer does, a call), measured in turns."""

    def __init__(self, chosen, dsgd, part="kernels"):
        self.chosen, self.dsgd, self.part, self.rows = chosen, dsgd, part, []

    def add(self, line, peer, call, scale=1.0):
        """call() is the peer's work; `scale` of it is what dsgd's line does (4: four calls). It may return seconds that it has measured itself."""
        if self.chosen.only and not any(word in line for word in self.chosen.only.split(",")):
            return
        self.rows.append({"line": line, "peer": peer, "call": call, "scale": scale, "peer_s": [], "dsgd_s": []})

    def run(self):
        for row in self.rows:
            row["call"]()  # memory, caches, kernels that are chosen at the first call
            for _ in range(self.chosen.turns):
                start = time.perf_counter()
                measured = row["call"]()
                row["peer_s"].append((measured if isinstance(measured, float) else time.perf_counter() - start) * row["scale"])
                time.sleep(0.05)  # threads of the peer may spin for a while after its work
                row["dsgd_s"].append(self.dsgd.seconds(self.part, [row["line"]])[row["line"]])
        self.show()

    def show(self):
        out = []
        for row in self.rows:
            ratios = [p / m for p, m in zip(row["peer_s"], row["dsgd_s"])]
            out.append({"dsgd": row["line"], "peer": row["peer"], "peer_s": statistics.median(row["peer_s"]), "dsgd_s": statistics.median(row["dsgd_s"]),
                        "peer_min_s": min(row["peer_s"]), "dsgd_min_s": min(row["dsgd_s"]),
                        "ratio": statistics.median(ratios), "ratio_min": min(ratios), "ratio_max": max(ratios)})
        if self.chosen.json:
            json.dump(out, sys.stdout, indent=1)
            print()
            return
        print(f"{self.chosen.threads} threads each, {self.chosen.turns} turns; milliseconds, medians\n{'dsgd':22} {'peer':>10} {'dsgd':>9} {'ratio':>7}  (min .. max)    peer")
        for row in out:
            print(f"{row['dsgd']:22} {1e3 * row['peer_s']:10.2f} {1e3 * row['dsgd_s']:9.3f} {row['ratio']:6.1f}x  ({row['ratio_min']:.1f} .. {row['ratio_max']:.1f})    {row['peer']}")
