"""sketches.py - csvec (the sketches of Sketched-SGD's authors, torch) against dsgd's, on the same vector and table sizes.

csvec gets the columns of the paper; the block hashes of dsgd need a multiple of 64, the next one above.
"""
import peers


def main():
    chosen = peers.arguments(__doc__)
    csvec, torch = peers.package("csvec"), peers.package("torch")
    if not csvec or not torch:
        return
    torch.set_num_threads(chosen.threads)
    v = peers.heavy_tailed(chosen.dimension)
    t = torch.from_numpy(v)
    table = peers.Table(chosen, peers.Dsgd(chosen, v))
    large = chosen.dimension >= 50000000
    sizes = {"large": (5, 1000000 if large else 500000), "small": (3, 100000)}
    for name, (rows, cols) in sizes.items():
        if large and name == "small":
            continue
        sketch = csvec.CSVec(d=chosen.dimension, c=cols, r=rows, device="cpu", numBlocks=20 if large else 1)
        sketch.accumulateVec(t)
        what = f"csvec r = {rows}, c = {cols:,}"
        table.add(f"sketch-block-{name}", f"{what}, accumulateVec", lambda s=sketch: s.accumulateVec(t))
        table.add(f"unsketch-block-{name}", f"{what}, unSketch(k)", lambda s=sketch: s.unSketch(k=chosen.k))
        if name == "large" and not large:
            table.add("sketch-textbook", f"{what}, accumulateVec", lambda s=sketch: s.accumulateVec(t))
            table.add("sketch-textbook-4", f"{what}, accumulateVec, four times", lambda s=sketch: s.accumulateVec(t), scale=4.0)
            table.add("unsketch-textbook", f"{what}, unSketch(k)", lambda s=sketch: s.unSketch(k=chosen.k))
    table.run()


main()
