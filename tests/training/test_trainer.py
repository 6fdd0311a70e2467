"""Training a very small network on very few random pictures.

stages of one block each:  32x32 -> conv1 16x16 -> pool 8x8 -> res2a 8x8 -> res3a 4x4
"""

import itertools
from dataclasses import replace

import by_numpy
import numpy as np
import pytest
from networks import random_arrays

from conus_widgets import ops
from conus_widgets.checkpoint import architecture as table
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.machine.runtime import T, lasagne, theano
from conus_widgets.network.resnet import build
from conus_widgets.training import trainer
from conus_widgets.training.trainer import Plan, Trainer, cross_entropy, train

ARCHITECTURE = Architecture(4, width=0.125, stem=8, size=32)
DECAY = 0.5
PLAN = Plan(epochs=3, batch=8, learning_rate=3e-3, warm_up=4, weight_decay=DECAY, smoothing=0)


class Pictures:
    """40 pictures of noise; each view of one is the picture and a little noise of its own."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.labels = np.arange(40) % 4
        self.images = rng.normal(0, 1, (40, 3, 32, 32)).astype("float32")
        self.seen = []

    def inputs(self, indices, rng):
        self.seen.append(list(indices))
        noise = rng.normal(0, 0.1, (len(indices), 3, 32, 32)).astype("float32")
        return self.images[indices] + noise


class Bench:
    """A trainer that can be put back to where it began."""

    def __init__(self, engine):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CONUS_ENGINE", engine)
            if engine == "theano":  # the other one is compiled as for everybody
                patch.setattr(trainer, "function", by_numpy.function)
            self.layers = build(ARCHITECTURE)
            self.trainer = Trainer(self.layers, ARCHITECTURE, weight_decay=DECAY)
        arrays = random_arrays(ARCHITECTURE, seed=3)
        arrays[0] *= 50  # the pictures are in units of 1
        lasagne.layers.set_all_param_values(self.layers["logits"], arrays)
        self.start = [variable.get_value() for variable in self.trainer.changed]

    def reset(self, scramble=False):
        for variable, value in zip(self.trainer.changed, self.start, strict=True):
            variable.set_value(np.full_like(value, 7) if scramble else value)
        return self

    def state(self):
        return [variable.get_value() for variable in self.trainer.changed]

    def parameters(self):
        parameters = lasagne.layers.get_all_params(self.layers["logits"])
        return {p.name: p.get_value() for p in parameters}

    def train(self, plan=PLAN, pictures=None, **options):
        losses = []

        def note(step, loss, right):
            losses.append(loss)

        options = {"report": note, "progress": False, **options}
        train(self.trainer, pictures or Pictures(), plan, **options)
        return losses


@pytest.fixture(scope="module", autouse=True)
def few_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "STAGES", (("res2", 64, 1), ("res3", 128, 1)))
        yield


@pytest.fixture(scope="module")
def fast():
    """On the engine that trains by default."""
    return Bench("onednn" if ops.available() else "theano")


@pytest.fixture(scope="module")
def slow():
    """On Theano's own operations."""
    return Bench("theano")


def test_the_loss_falls(fast):
    losses = fast.reset().train(replace(PLAN, epochs=20))
    assert np.mean(losses[-5:]) < 0.4 * np.mean(losses[:5])


def test_both_engines_make_the_same_first_steps(fast, slow):
    if not ops.available():
        pytest.skip(ops.available().reason)
    losses = [bench.reset().train(stop_after=3) for bench in (fast, slow)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    ours, theirs = fast.parameters(), slow.parameters()
    moved = 0
    for name, expected in theirs.items():
        # The bias in front of a batch norm has no gradient but rounding errors, and Adam makes
        # whole steps of them.
        if name != "conv1.b":
            scale = max(np.abs(expected).max(), 1e-3)
            np.testing.assert_allclose(ours[name], expected, atol=1e-2 * scale, err_msg=name)
            step = np.abs(expected - random_start(name)).max()
            assert np.abs(ours[name] - expected).mean() < 0.05 * step, name
            moved += step > 1e-4
    assert moved == len(theirs) - 1  # all of them were trained, statistics included


def random_start(name):
    names = [parameter for parameter, _ in ARCHITECTURE.parameters()]
    arrays = random_arrays(ARCHITECTURE, seed=3)
    return arrays[names.index(name)] * (50 if name == "conv1.W" else 1)


def test_a_killed_training_goes_on_as_if_nothing_had_been(fast, tmp_path, monkeypatch):
    """Bit by bit, on the same engine, though pictures and order are random."""
    monkeypatch.setattr(trainer, "SAVE_EVERY", 4)
    uninterrupted = fast.reset().train()
    expected = fast.state()

    class Killed(Exception):
        pass

    def killer(step, loss, right):
        if step == 6:
            raise Killed

    state = tmp_path / "state.npz"
    with pytest.raises(Killed):
        fast.reset().train(state=state, report=killer)
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
    again = fast.reset(scramble=True).train(state=state)
    assert again == uninterrupted[4:]  # from the last save on
    for ours, theirs in zip(fast.state(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # A finished one stays as it is.
    assert fast.reset(scramble=True).train(state=state) == []
    for ours, theirs in zip(fast.state(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_seed_is_another_training(fast):
    same, other = (fast.reset().train(replace(PLAN, seed=seed)) for seed in (0, 1))
    assert same == fast.reset().train() and same != other


def test_weight_decay_shrinks_weights_and_nothing_else(fast):
    """Where the network is sure and right, all gradients are exactly 0: only the decay is left."""
    fast.reset()
    parameters = lasagne.layers.get_all_params(fast.layers["logits"])
    parameters[-1].set_value(np.array([1e4, 0, 0, 0], "float32"))
    before, rate = fast.parameters(), 0.01
    loss, right = fast.trainer.step(Pictures().images[:8], np.zeros(8, int), rate)
    assert (loss, right) == (0, 1)
    for parameter in lasagne.layers.get_all_params(fast.layers["logits"], trainable=True):
        name = parameter.name
        left = 1 - rate * DECAY if name.endswith(".W") else 1
        expected = before[name] * np.float32(left)
        np.testing.assert_allclose(fast.parameters()[name], expected, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("damage", ["empty", "text", "short", "other"])
def test_a_state_that_is_none_is_refused_and_stays(fast, tmp_path, damage):
    path = tmp_path / "state.npz"
    fast.reset().trainer.save(path, 17)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"notes", "short": whole[:999]}.get(damage, b""))
    if damage == "other":
        np.savez(path, weights=np.ones(3))
    before = path.read_bytes()
    plan = replace(PLAN, epochs=1)
    with pytest.raises(ValueError, match="state.npz holds no training, or is damaged: move it"):
        train(fast.trainer, Pictures(), plan, state=path, progress=False)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["state.npz"]


def test_a_state_of_another_network_is_refused(fast, tmp_path):
    fast.reset()
    path = tmp_path / "state.npz"
    np.savez(path, np.zeros(3, "float32"), np.zeros((2, 2), "float32"), step=np.int64(5))
    with pytest.raises(ValueError, match=r"state.npz holds .* another network \(2 arrays, this"):
        fast.trainer.load(path)
    fast.trainer.save(path, 17)
    fast.reset(scramble=True)
    assert fast.trainer.load(path) == 17
    for ours, expected in zip(fast.state(), fast.start, strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_each_epoch_shows_each_picture_once(fast):
    pictures = Pictures()
    fast.reset().train(pictures=pictures)
    assert len(pictures.seen) == PLAN.steps(40) == 15
    epochs = [list(itertools.chain(*pictures.seen[n : n + 5])) for n in (0, 5, 10)]
    assert all(sorted(epoch) == list(range(40)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_loss_that_is_no_number_stops_the_training_in_words(fast):
    pictures = Pictures()
    pictures.images[:] = np.nan
    with pytest.raises(FloatingPointError, match="loss is nan after step 0.* below 0.003"):
        fast.reset().train(pictures=pictures)


def test_too_few_examples_are_refused_with_numbers(fast):
    with pytest.raises(ValueError, match="40 examples do not fill a batch of 41"):
        fast.train(replace(PLAN, batch=41))


def test_the_learning_rate_rises_falls_to_nothing_and_never_exceeds_its_highest():
    plan = Plan(epochs=4, batch=10, learning_rate=0.01, warm_up=20)
    steps = plan.steps(1009)
    assert steps == 4 * 100
    rates = [plan.rate(step, steps) for step in range(steps)]
    assert 0 < min(rates) and max(rates) <= 0.01
    assert (np.diff(rates[:19]) > 0).all() and (np.diff(rates[20:]) < 0).all()
    assert max(rates) > 0.0095 and rates[0] < 0.001 and rates[-1] < 1e-5


@pytest.fixture(scope="module")
def entropies():
    logits, targets = T.fmatrix(), T.ivector()
    outputs = []
    for smoothing in (0.0, 0.1):
        loss = cross_entropy(logits, targets, 3, smoothing)
        outputs += [loss, theano.grad(loss.sum(), logits)]
    return by_numpy.function([logits, targets], outputs)


def test_cross_entropy_is_its_formula(entropies):
    """-sum(q * log(softmax)); its gradient is softmax - q."""
    logits = np.random.default_rng(0).normal(0, 3, (6, 3)).astype("float32")
    targets = np.array([0, 1, 2, 2, 1, 0], "int32")
    p = np.exp(logits.astype("float64"))
    p /= p.sum(axis=1, keepdims=True)
    outputs = iter(entropies(logits, targets))
    for smoothing in (0.0, 0.1):
        q = np.eye(3)[targets] * (1 - smoothing) + smoothing / 3
        np.testing.assert_allclose(next(outputs), -(q * np.log(p)).sum(axis=1), rtol=1e-4)
        np.testing.assert_allclose(next(outputs), p - q, atol=1e-5)


def test_cross_entropy_does_not_overflow(entropies):
    logits = np.array([[1e4, 0, -1e4]] * 2, "float32")
    loss, gradient, smooth, smooth_gradient = entropies(logits, np.array([0, 2], "int32"))
    np.testing.assert_allclose(loss, [0, 2e4], rtol=1e-6)
    np.testing.assert_allclose(gradient, [[0, 0, 0], [1, 0, -1]], atol=1e-6)
    np.testing.assert_allclose(smooth, [1e3, 0.9 * 2e4 + 1e3], rtol=1e-4)
    assert np.isfinite(smooth_gradient).all()
