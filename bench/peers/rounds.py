"""rounds.py - the optimizer of Sketched-SGD's authors (torch) against dsgd's rounds, without gradients on both sides.

Their workers' backward passes are replaced by vectors from memory, as dsgd bench does with its own; what remains is momentum, error memory,
sketches, the second exchange and the update. Their optimizer sketches the sum of the workers' vectors (linearity), ours each worker's vector
unless emulation = merged.
"""
import contextlib
import os

import peers


class Given:
    """A loss whose backward pass costs nothing."""

    def backward(self, retain_graph=False):
        pass


def optimizer(torch, sketchedsgd, chosen, workers, method):
    parameter = torch.nn.Parameter(torch.zeros(chosen.dimension))
    parameter.do_sketching = True
    plain = torch.optim.SGD([parameter], lr=1e-9, momentum=0.9)
    opt = sketchedsgd.SketchedSGD(plain, k=chosen.k, accumulateError=True, p1=0, p2=0 if method == "trueTopk" else 4)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # it tells its size
        return parameter, opt, sketchedsgd.SketchedSum(opt, c=500000, r=5, numWorkers=workers, method=method)


def main():
    chosen = peers.arguments(__doc__)
    torch, sketchedsgd = peers.package("torch"), peers.package("sketchedsgd")
    if not torch or not sketchedsgd:
        return
    torch.set_num_threads(chosen.threads)
    v = peers.heavy_tailed(chosen.dimension)
    t = torch.from_numpy(v)
    table = peers.Table(chosen, peers.Dsgd(chosen, v), part="round")
    for lines, workers, method in ((("sketched-4",), 4, "sketch"), (("sketched-16", "sketched-16-merged"), 16, "sketch"), (("local_topk-4",), 4, "localTopk"),
                                   (("true_topk-4",), 4, "trueTopk")):
        if chosen.only and not any(word in line for word in chosen.only.split(",") for line in lines):
            continue
        parameter, opt, summed = optimizer(torch, sketchedsgd, chosen, workers, method)
        parameter.grad = torch.zeros(chosen.dimension)
        gradients = [torch.roll(t, 97 * worker) for worker in range(workers)]  # they lie there, as dsgd's do; nobody writes to them

        def step(opt=opt, summed=summed, workers=workers, gradients=gradients):
            opt.zero_grad()
            summed.losses = [Given()] * workers
            plain_read = summed._getGradVec
            reads = [0]

            def read():  # the first read asks for what is there already, the others for the workers' gradients
                reads[0] += 1
                return plain_read() if reads[0] == 1 else gradients[reads[0] - 2]

            summed._getGradVec = read
            summed.backward()
            del summed._getGradVec
            opt.step()

        for line in lines:
            table.add(line, f"SketchedSum({method}), {workers} workers", step)
    table.run()


main()
