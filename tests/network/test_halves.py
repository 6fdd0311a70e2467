"""Several photographs go through the second half of the network together."""

import numpy as np
import pytest
from engines import inputs, needs
from networks import random_checkpoint

from conus_widgets import ops
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.network.interface import Cancelled
from conus_widgets.network.network import Network


@pytest.fixture(scope="module")
def network():
    needs("onednn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONUS_ENGINE", "onednn")
        yield Network(random_checkpoint(Architecture(7, width=0.0625, stem=4, size=65)))


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 11])
@pytest.mark.parametrize("batch", [1, 2])
def test_answers_are_those_of_one_by_one(network, monkeypatch, count, batch):
    x = inputs(65, count=count)
    alone = [network.forward(x[n : n + 1]) for n in range(count)]
    monkeypatch.setattr(network, "batch", batch)
    monkeypatch.setattr(network, "together", 3)
    found = network.forward(x)
    logits = np.concatenate([one.logits for one in alone])
    features = np.concatenate([one.features for one in alone])
    assert np.abs(found.logits - logits).max() < 1e-5 * np.ptp(logits)
    assert np.abs(found.features - features).max() < 1e-5 * np.ptp(features)


def test_bfloat16_goes_on_together_too(monkeypatch):
    found = ops.bfloat16_available()
    if not found:
        pytest.skip(f"NO BFLOAT16 HERE, its fast kernels are not tested: {found.reason}")
    checkpoint = random_checkpoint(Architecture(7, width=0.0625, stem=4, size=65))
    network = Network(checkpoint, precision="bfloat16")
    x = inputs(65, count=5)
    alone = np.concatenate([network.forward(x[n : n + 1]).logits for n in range(5)])
    monkeypatch.setattr(network, "batch", 1)
    monkeypatch.setattr(network, "together", 3)
    halves, calls = network._in_halves(), []
    second = halves.second
    halves.second = lambda middles: calls.append(len(middles)) or second(middles)
    assert np.abs(network.forward(x).logits - alone).max() < 1e-5 * np.ptp(alone)
    assert calls == [3, 2]


def test_work_stops_between_two_photographs_and_progress_tells_of_each(network, monkeypatch):
    """Also while some of them wait for the second half."""
    monkeypatch.setattr(network, "batch", 1)
    done, asked = [], []

    def cancelled():
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        network.forward(
            inputs(65, count=6), progress=lambda *n: done.append(n), cancelled=cancelled
        )
    assert done == [(1, 6), (2, 6)]
