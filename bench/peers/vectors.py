"""vectors.py - torch, numpy and GRACE against dsgd's operations on dense vectors: top-k, signs, votes, ternary vectors, levels."""
import peers

VOTERS = 16


def main():
    chosen = peers.arguments(__doc__)
    numpy, torch = peers.package("numpy"), peers.package("torch")
    v = peers.heavy_tailed(chosen.dimension)
    table = peers.Table(chosen, peers.Dsgd(chosen, v))
    table.add("sign-pack", "numpy.packbits(v >= 0)", lambda: numpy.packbits(v >= 0))
    if torch:
        torch.set_num_threads(chosen.threads)
        t = torch.from_numpy(v)
        signs = [torch.roll(t, w).sign() for w in range(VOTERS)]
        powers = (2 ** torch.arange(8)).to(torch.uint8)
        padded = torch.zeros((chosen.dimension + 7) // 8 * 8)
        padded[:chosen.dimension] = t

        def majority():
            total = signs[0].clone()
            for s in signs[1:]:
                total += s
            return total.sign()

        def ternary():
            size = t.abs()
            return t.sign() * torch.bernoulli(size / size.max())

        table.add("sign-pack", "torch, (v >= 0) in bytes of eight bits", lambda: ((padded >= 0).view(-1, 8).to(torch.uint8) * powers).sum(1, dtype=torch.uint8))
        table.add("majority-16", "torch, sum of sixteen sign vectors (floats), sign", majority)
        table.add("topk", "torch.topk(v.abs(), k)", lambda: torch.topk(t.abs(), chosen.k, sorted=False))
        table.add("terngrad", "torch, sign(v) bernoulli(|v| / max)", ternary)
        table.add("max-abs", "torch, v.abs().max()", lambda: t.abs().max())
        table.add("norm", "torch, v.norm()", t.norm)
        if peers.package("grace_dl.dist"):
            from grace_dl.dist.compressor.qsgd import QSGDCompressor
            from grace_dl.dist.compressor.signsgd import SignSGDCompressor
            from grace_dl.dist.compressor.terngrad import TernGradCompressor
            from grace_dl.dist.compressor.topk import TopKCompressor
            for line, compressor in (("topk", TopKCompressor(chosen.k / chosen.dimension)), ("sign-pack", SignSGDCompressor()),
                                     ("terngrad", TernGradCompressor()), ("qsgd-16", QSGDCompressor(16))):
                table.add(line, f"GRACE, {type(compressor).__name__}.compress", lambda c=compressor: c.compress(t, "v"))
    table.run()


main()
