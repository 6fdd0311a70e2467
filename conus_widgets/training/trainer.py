"""Train a network in Theano: Adam, cross-entropy, weight decay, moving batch norm statistics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from conus_widgets import ops
from conus_widgets.checkpoint.architecture import Architecture, Convolution, connect
from conus_widgets.machine.beside import written_whole
from conus_widgets.machine.runtime import T, function, lasagne, theano
from conus_widgets.network.engine import chosen_engine, settle_threads
from conus_widgets.network.resnet import ALPHA, EPSILON
from conus_widgets.ops.normalization import batch_norm

SAVE_EVERY = 100  # steps


class Examples(Protocol):
    """What can be trained on."""

    labels: NDArray[Any]  # integers (N,)

    def inputs(self, indices: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        """Return augmented network inputs (len(indices), 3, size, size), float32."""


@dataclass(frozen=True)
class Plan:
    """How to train.

    The learning rate rises for `warm_up` steps and falls as a cosine to zero.

    Parameters
    ----------
    epochs, batch : int
        Passes over all examples; examples in a step.
    learning_rate : float
        Of Adam (Kingma and Ba 2014, arXiv:1412.6980), at its highest.
    weight_decay : float
        Decoupled (Loshchilov and Hutter 2017, arXiv:1711.05101): each step takes
        ``learning_rate * weight_decay`` off every weight that is not a bias or batch norm's.
    warm_up : int
        Steps.
    smoothing : float
        Share of the target spread over all classes (Szegedy et al. 2015, arXiv:1512.00567).
    seed : int
        Decides order and augmentation, in any process, also after a resumption.
    """

    epochs: int = 4
    batch: int = 16
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    warm_up: int = 200
    smoothing: float = 0.05
    seed: int = 0

    def steps(self, examples: int) -> int:
        """Count the steps in all; a last partial batch of an epoch is left out."""
        return self.epochs * (examples // self.batch)

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of one step of so many in all."""
        warm = min(1.0, (step + 1) / max(1, self.warm_up))
        return float(self.learning_rate * warm * 0.5 * (1 + np.cos(np.pi * step / max(1, steps))))


class Trainer:
    """The network's training function and everything it changes.

    Parameters
    ----------
    layers : dict
        What `resnet.build` returned; its parameters are trained in place.
    architecture : Architecture
    weight_decay, smoothing : float
        See `Plan`.
    """

    def __init__(
        self,
        layers: dict[str, Any],
        architecture: Architecture,
        *,
        weight_decay: float = 0.0,
        smoothing: float = 0.0,
    ) -> None:
        self.layers = layers
        self.rate = theano.shared(np.float32(0), name="learning rate")
        parameters = lasagne.layers.get_all_params(layers["logits"], trainable=True)
        targets = T.ivector("targets")
        engine = chosen_engine()
        settle_threads(engine)
        if engine == "onednn":
            logits, statistics = _fast_logits(layers, architecture)
        else:
            logits, statistics = _lasagne_logits(layers)
        losses = cross_entropy(logits, targets, architecture.classes, smoothing)
        updates = lasagne.updates.adam(losses.mean(), parameters, learning_rate=self.rate)
        for weights in lasagne.layers.get_all_params(layers["logits"], regularizable=True):
            updates[weights] -= self.rate * np.float32(weight_decay) * weights
        updates.update(statistics)
        self.changed = list(updates)
        right = T.eq(logits.argmax(axis=1), targets).mean(dtype="float32")
        self._step = function(
            [layers["input"].input_var, targets], [losses.mean(), right], updates=updates
        )

    def step(self, inputs: NDArray[Any], targets: NDArray[Any], rate: float) -> tuple[float, float]:
        """Train on one batch; return its mean loss and the share of right answers before it."""
        self.rate.set_value(np.float32(rate))
        loss, right = self._step(inputs, targets.astype("int32"))
        return float(loss), float(right)

    def save(self, path: Path, step: int) -> None:
        """Write all that the next step depends on, beside `path`, then move it there."""
        with written_whole(path) as file:
            values = [variable.get_value(borrow=True) for variable in self.changed]
            np.savez(file, *values, step=np.int64(step))

    def load(self, path: Path) -> int:
        """Read what `save` wrote; return the step to go on with.

        Raises
        ------
        ValueError
            If the file belongs to another network, is damaged or is something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                values = [file[f"arr_{number}"] for number in range(len(file.files) - 1)]
                step = int(file["step"])
        except OSError:
            raise
        except Exception as error:  # damaged bytes make zipfile, zlib and NumPy raise anything
            raise ValueError(
                f"{path} holds no training, or is damaged: move it away to start again."
            ) from error
        shapes = [value.shape for value in values]
        expected = [variable.get_value(borrow=True).shape for variable in self.changed]
        if shapes != expected:
            raise ValueError(
                f"{path} holds the training of another network ({len(shapes)} arrays, this one has "
                f"{len(expected)}, or other shapes). Remove it to start again."
            )
        for variable, value in zip(self.changed, values, strict=True):
            variable.set_value(value)
        return step


def cross_entropy(logits: Any, targets: Any, classes: int, smoothing: float = 0.0) -> Any:
    """Return the cross-entropy of each example, from logits, without overflow.

    Notes
    -----
    Not `T.nnet.softmax`: that is replaced by an Op that g++ compiles again in every process.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_softmax = shifted - T.log(T.exp(shifted).sum(axis=1, keepdims=True))
    hot = T.eq(targets.dimshuffle(0, "x"), np.arange(classes)).astype("float32")
    hot = hot * np.float32(1 - smoothing) + np.float32(smoothing / classes)
    return -(hot * log_softmax).sum(axis=1)


def _lasagne_logits(layers: dict[str, Any]) -> tuple[Any, list[tuple[Any, Any]]]:
    logits = lasagne.layers.get_output(layers["logits"], deterministic=False)
    statistics = []
    for parameter in lasagne.layers.get_all_params(layers["logits"], trainable=False):
        statistics.append((parameter, parameter.default_update))
        del parameter.default_update  # or it would also work in functions that only predict
    return logits, statistics


def _fast_logits(
    layers: dict[str, Any], architecture: Architecture
) -> tuple[Any, list[tuple[Any, Any]]]:
    """Build the same network on fused Ops: channels last; batch norm, sum, ReLU in one pass."""
    parameters = {p.name: p for p in lasagne.layers.get_all_params(layers["logits"])}
    new_share, old_share = np.float32(ALPHA), np.float32(1 - ALPHA)
    statistics: list[tuple[Any, Any]] = []

    def convolve(x: Any, c: Convolution, relu: bool, residual: Any) -> Any:
        bias = parameters.get(f"{c.name}.b", T.zeros((c.filters,), "float32"))
        y = ops.convolution(x, parameters[f"{c.name}.W"], bias, stride=c.stride, pad=c.pad)
        beta, gamma, *moving = (
            parameters[f"{c.name}_bn.{name}"] for name in ("beta", "gamma", "mean", "inv_std")
        )
        y, *newest = batch_norm(y, beta, gamma, residual=residual, relu=relu, epsilon=EPSILON)
        for old, new in zip(moving, newest, strict=True):
            statistics.append((old, old_share * old + new_share * new))
        return y

    def pool(x: Any) -> Any:
        padded = architecture.pool == "pad1"
        return ops.max_pool(x, pad=int(padded), partial=not padded)

    x = layers["input"].input_var.dimshuffle(0, 2, 3, 1)
    features = ops.mean_pool(list(connect(architecture, x, convolve, pool).values())[-1])
    return T.dot(features, parameters["logits.W"]) + parameters["logits.b"], statistics


def train(
    trainer: Trainer,
    examples: Examples,
    plan: Plan,
    *,
    state: Path | None = None,
    progress: bool = True,
    stop_after: int | None = None,
    report: Callable[[int, float, float], None] | None = None,
) -> None:
    """Train by `plan`; resumes from where a killed process stopped.

    Parameters
    ----------
    trainer : Trainer
    examples : Examples
    plan : Plan
    state : Path, optional
        File in which the training is kept every 100 steps, and from which it goes on.
    progress : bool
        Show a bar with loss and accuracy.
    stop_after : int, optional
        Stop after this step, as if killed.
    report : callable, optional
        ``report(step, loss, right)`` is called after each step.

    Raises
    ------
    ValueError
        If there are fewer examples than in a batch, or `state` is of another network.
    FloatingPointError
        If the loss is no longer a number.
    """
    count = len(examples.labels)
    if count < plan.batch:
        raise ValueError(f"{count} examples do not fill a batch of {plan.batch}.")
    steps = plan.steps(count)
    first = trainer.load(state) if state is not None and state.exists() else 0
    bar = tqdm(total=steps, initial=first, disable=not progress, unit="step", mininterval=5)
    smooth = None
    with bar:
        for step, (indices, inputs) in _batches(examples, plan, first, steps):
            loss, right = trainer.step(inputs, examples.labels[indices], plan.rate(step, steps))
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"The loss is {loss} after step {step}: use a learning rate below "
                    f"{plan.learning_rate}."
                )
            newest = np.array([loss, right])
            smooth = newest if smooth is None else 0.95 * smooth + 0.05 * newest
            bar.set_postfix_str(f"loss {smooth[0]:.3f}, accuracy {smooth[1]:.1%}", refresh=False)
            bar.update()
            if report is not None:
                report(step, loss, right)
            done = step + 1
            last = done in (steps, stop_after)
            if state is not None and (done % SAVE_EVERY == 0 or last):
                trainer.save(state, done)
            if last:
                return


def _batches(
    examples: Examples, plan: Plan, first: int, steps: int
) -> Iterator[tuple[int, tuple[NDArray[Any], NDArray[Any]]]]:
    """Yield steps and their batches; the next ones are prepared while Theano computes."""
    count = len(examples.labels)
    epoch_steps = count // plan.batch

    def prepare(step: int) -> tuple[NDArray[Any], NDArray[Any]]:
        epoch, place = divmod(step, epoch_steps)
        order = np.random.default_rng((plan.seed, epoch)).permutation(count)
        indices = order[place * plan.batch : (place + 1) * plan.batch]
        return indices, examples.inputs(indices, np.random.default_rng((plan.seed, epoch, place)))

    ahead = 3
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = [pool.submit(prepare, s) for s in range(first, min(first + ahead, steps))]
        for step in range(first, steps):
            batch = waiting.pop(0).result()
            if step + ahead < steps:
                waiting.append(pool.submit(prepare, step + ahead))
            yield step, batch
