"""Fine-tuning of the last stages: the network in two halves, split by specimen, stopped in time.

photographs -> Predictor.network.activations -> Tail -> logits
            -> Predictor.logits                        the same, before anything is trained
"""

import functools
import json
import signal

import by_numpy
import numpy as np
import pytest
from engines import needs
from networks import random_checkpoint
from PIL import Image

from conus_widgets import Predictor, load_predictor
from conus_widgets.__main__ import main
from conus_widgets.checkpoint import files
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.collection.finetuning import describe_stages
from conus_widgets.network.interface import Cancelled
from conus_widgets.training import last_stages, tail
from conus_widgets.training.finetuning import Examples, finetune
from conus_widgets.training.last_stages import Recipe, train_last_stages

RECIPE = Recipe(views=2, epochs=4, learning_rate=3e-3, patience=4)


def drawn(count=12):
    """Two photographs each of `count` specimens: of class "a" dark ones, of "b" bright ones."""
    rng = np.random.default_rng(0)
    photographs, labels, groups = [], [], []
    for specimen in range(count):
        for _ in range(2):
            bright = 60 + 100 * (specimen % 2)
            photographs.append(rng.integers(bright, bright + 60, (50, 60, 3)).astype(np.uint8))
            labels.append("ab"[specimen % 2])
            groups.append(specimen)
    return Examples(photographs, labels, groups)


@pytest.mark.parametrize(
    ("engine", "stride_on", "pool", "stages"),
    [("onednn", "1x1", "ceil", 2), ("theano", "3x3", "pad1", 1)],
)
def test_the_tail_is_the_end_of_the_network(monkeypatch, engine, stride_on, pool, stages):
    needs(engine)
    monkeypatch.setattr(tail, "chosen_engine", lambda: engine)
    if engine == "onednn":  # the trainings below are compiled with it, as for everybody
        monkeypatch.setattr(tail, "function", by_numpy.function)
    architecture = Architecture(5, 0.0625, 4, stride_on=stride_on, pool=pool, size=64)
    predictor = Predictor(random_checkpoint(architecture))
    end = tail.Tail(architecture, stages)
    assert (end.layer, end.step) == (("res3d", 2) if stages == 2 else ("res4f", 1))
    end.start(predictor.checkpoint.arrays)
    inputs = predictor.inputs(drawn(2).photographs)
    inside = predictor.network.activations(inputs, end.layer).activations
    found = end.logits(inside[:, :, :: end.step, :: end.step])
    expected = predictor.network.forward(inputs).logits
    assert np.abs(found - expected).max() < 1e-5 * np.ptp(expected)
    with pytest.raises(ValueError, match="stages is 3: give 1 or 2"):
        tail.Tail(architecture, 3)


@pytest.fixture(scope="module", autouse=True)
def one_tail():
    """One tail for all trainings of a network, which `start` begins anew: compiling takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(last_stages, "Tail", functools.cache(tail.Tail))
        yield


@pytest.fixture(scope="module")
def trained(one_tail):
    """The start, the last layer, the last stage, and each point of the curve as it was told."""
    start, told = Predictor(random_checkpoint(notice="demonstration")), []
    tuned = finetune(drawn(), start, folds=2)
    return start, tuned, *train_last_stages(tuned, start, recipe=RECIPE, watch=told.append), told


def test_the_curve_begins_with_the_last_layer_and_the_best_epoch_is_kept(trained):
    start, tuned, new, deeper, told = trained
    points = deeper.curve.points
    assert [point.epoch for point in points] == list(range(len(points))) and list(points) == told
    losses = [point.held_out_loss for point in points]
    assert deeper.curve.best == int(np.argmin(losses)) and not deeper.curve.stopped
    assert points[-1].loss < points[1].loss  # it learns
    assert points[0].specimens == 3  # one of five, of 12, one more for the two classes
    assert deeper.specimens == 12 and deeper.photographs == 24


def test_only_the_last_stage_changes_and_its_statistics_do_not(trained):
    start, tuned, new, deeper, _ = trained
    assert deeper.curve.best > 0
    names = [name for name, _ in new.checkpoint.architecture.parameters()]
    pairs = zip(names, tuned.checkpoint.arrays, new.checkpoint.arrays, strict=True)
    changed = {name for name, old, now in pairs if not np.array_equal(old, now)}
    assert changed and all(name.startswith(("res5", "logits")) for name in changed)
    assert not any(name.endswith((".mean", ".inv_std")) for name in changed)
    assert tuned.checkpoint.notice == "demonstration; last layer fitted to 12 specimens"
    assert new.checkpoint.notice == f"{tuned.checkpoint.notice}, then the last stage"


def test_it_is_written_and_answers_like_any_other(trained, tmp_path):
    _, _, new, deeper, _ = trained
    new.write(tmp_path)
    record = json.loads((tmp_path / "finetuned.json").read_text())
    assert record["last_stages"]["curve"]["best"] == deeper.curve.best
    assert record["last_stages"]["recipe"]["views"] == 2 and "start" in record["last_layer"]
    right = [
        answer.labels[0] == label
        for answer, label in zip(
            load_predictor(tmp_path).predict_each(list(new.examples.photographs), top=1),
            new.examples.labels,
            strict=True,
        )
    ]
    assert np.mean(right) > 0.9


def test_it_is_said_in_words_beside_the_last_layer_alone(trained):
    _, tuned, _, deeper, _ = trained
    text = describe_stages(tuned, deeper)
    assert f"epoch {deeper.curve.best} of 4 is kept" in text
    assert f"({deeper.specimens_right} of 12; " in text and "last layer alone" in text
    assert str(deeper.curve.points[0]).startswith("epoch 0: last layer alone, held out ")


def test_a_stop_keeps_the_best_so_far(trained, monkeypatch):
    start, tuned, *_ = trained
    points = []
    found, deeper = train_last_stages(
        tuned, start, recipe=RECIPE, watch=points.append, cancelled=lambda: len(points) > 2
    )
    assert deeper.curve.stopped and len(deeper.curve.points) == 3
    assert deeper.specimens is None, "a stop also spares the trainings for the figures"
    assert deeper.curve.best == int(np.argmin([p.held_out_loss for p in points]))
    with pytest.raises(Cancelled):
        train_last_stages(tuned, start, recipe=RECIPE, cancelled=lambda: True)


def test_no_specimen_is_learnt_from_and_held_out(trained):
    start, tuned, *_ = trained
    work = last_stages._Work(tuned, start, 1, RECIPE, None, None)
    learnt, held = work.parts(np.arange(24))
    assert len(learnt) + len(held) == 24
    assert not set(work.groups[learnt]) & set(work.groups[held])


def test_one_specimen_of_each_class_cannot_stop_anything(trained):
    start, *_ = trained
    tuned = finetune(drawn(2), start, folds=2)
    with pytest.raises(ValueError, match="at least one class needs two or more specimens"):
        train_last_stages(tuned, start, recipe=RECIPE)


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """What the command is given: 12 specimens in a folder for each class, and a start."""
    folder, examples = tmp_path_factory.mktemp("command"), drawn()
    rows = zip(examples.photographs, examples.labels, examples.groups, strict=True)
    for number, (photograph, label, group) in enumerate(rows):
        place = folder / "shells" / label
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photograph).save(place / f"{group}_{number}.png")
    files.write(folder / "start", random_checkpoint())
    given = ["finetune", str(folder / "shells"), "--pattern", "{specimen}_{view}"]
    return [*given, "--start", str(folder / "start"), "--stages", "1", "--folds", "2"]


def written(folder):
    return json.loads((folder / "finetuned.json").read_text())


def test_the_command_trains_the_stages_that_it_was_asked_for(
    command, tmp_path, monkeypatch, capsys
):
    quick = functools.partial(Recipe, views=2, epochs=4, learning_rate=3e-3)
    monkeypatch.setattr(last_stages, "Recipe", quick)
    assert main([*command, "--seed", "3", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "epoch 0: last layer alone" in said
    assert "Of specimens that it never saw (2 folds)" in said
    assert said.endswith("Written, with the last stages.\n")
    about = written(tmp_path)["last_stages"]
    assert about["stages"] == 1 and about["recipe"]["seed"] == 3 and about["specimens"] == 12


def interrupted(*_, cancelled, **__):
    signal.raise_signal(signal.SIGINT)
    assert cancelled()
    raise Cancelled("Stopped before the end, as asked.")


def diverged(*_, **__):
    raise FloatingPointError("The loss is nan in epoch 1")


@pytest.mark.parametrize(
    ("end", "code", "words"),
    [(interrupted, 0, "the last layer alone is kept"), (diverged, 1, "The loss is nan in epoch 1")],
)
def test_the_command_keeps_the_last_layer_if_nothing_comes_of_the_stages(
    command, tmp_path, monkeypatch, capsys, end, code, words
):
    monkeypatch.setattr(last_stages, "train_last_stages", end)
    assert main([*command, "--out", str(tmp_path)]) == code
    assert words in "".join(capsys.readouterr())
    assert "last_layer" in written(tmp_path) and "last_stages" not in written(tmp_path)
