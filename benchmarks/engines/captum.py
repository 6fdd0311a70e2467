"""captum's Saliency on the same PyTorch network: what a user of captum waits for."""

import torch
from captum.attr import Saliency

from benchmarks.engines import Engine, pytorch


def load(folder, threads):
    """Load the network as PyTorch does."""
    torch.set_num_threads(threads)
    network = pytorch.Network(folder).eval()
    saliency = Saliency(network)

    def gradient(inputs, target):
        x = pytorch.tensor(inputs).requires_grad_()
        values = saliency.attribute(x, target=target, abs=False)
        return None, values.detach().contiguous().numpy()  # it keeps the logits to itself

    return Engine(lambda inputs: pytorch.predict(network, inputs), gradient)
