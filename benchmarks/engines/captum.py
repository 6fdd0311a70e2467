"""captum on the same PyTorch network: what its user waits for."""

import time

import numpy as np
import torch
from captum.attr import NoiseTunnel, Occlusion, Saliency

from benchmarks.engines import BATCH, NOISE, SAMPLES, WINDOW, Engine, pytorch

#: Samples at once that are tried for SmoothGrad; the fastest is measured.
AT_ONCE = (1, 2, 5, 10)


def load(folder, threads):
    """Load the network as PyTorch does."""
    torch.set_num_threads(threads)
    network = pytorch.Network(folder).eval()
    saliency, fastest = Saliency(network), []

    def gradient(inputs, target):
        x = pytorch.tensor(inputs).requires_grad_()
        values = saliency.attribute(x, target=target, abs=False)
        return None, values.detach().contiguous().numpy()  # it keeps the logits to itself

    def smoothgrad(x, target, samples, at_once):
        return NoiseTunnel(saliency).attribute(
            x.clone().requires_grad_(),
            nt_type="smoothgrad",
            nt_samples=samples,
            nt_samples_batch_size=at_once,
            stdevs=NOISE * float(x.max() - x.min()),
            target=target,
            abs=False,
        )

    def explain(method, target, stride):
        x = pytorch.tensor(np.load(folder / "inputs.npy", mmap_mode="r")[:1].copy())
        if method == "smoothgrad":
            if not fastest:
                fastest.append(min(AT_ONCE, key=lambda n: seconds(smoothgrad, x, target, 10, n)))
            found = smoothgrad(x, target, SAMPLES, fastest[0])
        else:
            with torch.inference_mode():
                found = Occlusion(network).attribute(
                    x,
                    sliding_window_shapes=(3, WINDOW, WINDOW),
                    strides=(3, stride, stride),
                    baselines=0,
                    target=target,
                    perturbations_per_eval=BATCH,
                )
        # An occlusion map says the same in each channel; a gradient's are summed.
        found = found.detach()[0]
        return (found.sum(0) if method == "smoothgrad" else found[0]).contiguous().numpy()

    return Engine(lambda inputs: pytorch.predict(network, inputs), gradient, explain)


def seconds(call, *arguments):
    """Return how long the second of two calls takes."""
    call(*arguments)
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start
