"""language.py - gradient steps of the models of sequences in PyTorch against dsgd's, one thread each: forward and backward, no optimizer.

Both take one batch of 64 pairs again and again at the start of training: as many ids as dsgd's bench says, all sentences as long as the longest, which is what
dsgd computes too, with the mask of padding in place. PyTorch's models are what its users write: its LSTM, its layer norm, attention by two batched
products. PyTorch's products of matrices are as fast as the BLAS behind it (deep.py): where that is not made for this processor nothing is compared.
"""
import math
import os
import re
import sys

os.environ["OMP_NUM_THREADS"] = "1"  # read once, when the first library is loaded
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import peers  # noqa: E402

IDS = {"64": (196, 284), "128": (1592, 2000)}  # bench/deep.c: source and target


def transformer(torch, nn, d, inside, heads, ids):
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query, self.key, self.value, self.out = (nn.Linear(d, d) for _ in range(4))

        def forward(self, x, memory, hidden):
            def split(y):
                return y.view(y.shape[0], y.shape[1], heads, d // heads).transpose(1, 2)

            q, k, v = split(self.query(x)), split(self.key(memory)), split(self.value(memory))
            scores = (q @ k.transpose(2, 3) * (d // heads) ** -0.5).masked_fill(hidden, -1e9)
            return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))

    class Inside(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(d, inside), nn.Linear(inside, d)

        def forward(self, x):
            return self.second(torch.relu(self.first(x)))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.source, self.target = (nn.Embedding(n, d) for n in ids)
            self.own, self.decoder_own, self.across = (Attention() for _ in range(3))
            self.inside, self.decoder_inside = Inside(), Inside()
            self.norm = nn.ModuleList(nn.LayerNorm(d) for _ in range(7))
            self.out = nn.Linear(d, ids[1])
            place, rate = torch.arange(256)[:, None], torch.exp(torch.arange(0, d, 2) * (-math.log(10000) / d))
            self.sines = torch.stack((torch.sin(place * rate), torch.cos(place * rate)), -1).view(256, d)

        def forward(self, source, target):
            n = self.norm
            padding = (source == 0)[:, None, None]
            ahead = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
            x = self.source(source) * d ** 0.5 + self.sines[:source.shape[1]]
            y = n[0](x)
            x = x + self.own(y, y, padding)
            memory = n[2](x + self.inside(n[1](x)))
            x = self.target(target) * d ** 0.5 + self.sines[:target.shape[1]]
            y = n[3](x)
            x = x + self.decoder_own(y, y, ahead)
            x = x + self.across(n[4](x), memory, padding)
            return self.out(n[6](x + self.decoder_inside(n[5](x))))

    return Model()


def lstm(torch, nn, d, ids):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.source, self.target = (nn.Embedding(n, d) for n in ids)
            self.encoder = nn.LSTM(d, d // 2, batch_first=True, bidirectional=True)
            self.decoder = nn.LSTM(d, d, batch_first=True)
            self.score, self.join, self.out = nn.Linear(d, d, bias=False), nn.Linear(2 * d, d), nn.Linear(d, ids[1])

        def forward(self, source, target):
            memory, state = self.encoder(self.source(source))
            state = tuple(s.transpose(0, 1).reshape(1, source.shape[0], d).contiguous() for s in state)
            x, _ = self.decoder(self.target(target), state)
            share = (self.score(x) @ memory.transpose(1, 2)).masked_fill((source == 0)[:, None], -1e9).softmax(-1)
            return self.out(torch.tanh(self.join(torch.cat((x, share @ memory), -1))))

    return Model()


def main():
    import deep  # what both share

    chosen, torch = deep.one_thread(__doc__)
    if not torch:
        return
    behind = deep.slow_products(torch)
    if behind >= deep.SLOWER:
        print(f"left out: {deep.no_blas(behind)}", file=sys.stderr)
        return
    dsgd = peers.Dsgd(chosen)
    table = peers.Table(chosen, dsgd, part="deep")
    for name, width in (("transformer", "64"), ("transformer", "128"), ("lstm", "64"), ("lstm", "128")):
        line, d, ids = f"{name}-{width}", int(width), IDS[width]
        if chosen.only and not any(word in line for word in chosen.only.split(",")):
            continue
        pairs, source_most, target_most = map(int, re.search(r"(\d+) pairs of at most (\d+) and (\d+) ids", dsgd.what("deep", line)).groups())
        source, target, wanted = (torch.randint(4, n, (pairs, most)) for n, most in ((ids[0], source_most), (ids[1], target_most), (ids[1], target_most)))
        model = transformer(torch, torch.nn, d, 2 * d, 4, ids) if name == "transformer" else lstm(torch, torch.nn, d, ids)
        table.add(line, f"torch {torch.__version__}",
                  deep.steps(torch, lambda both, model=model: model(*both).flatten(0, 1), (source, target), wanted.flatten(), parameters=list(model.parameters())))
    table.run()


if __name__ == "__main__":
    main()
