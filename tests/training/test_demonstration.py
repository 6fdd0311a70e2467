"""The embedded demonstration: what it promises, tested on drawings that it never saw."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from conus_widgets import load_predictor, shells
from conus_widgets.checkpoint.sources import EMBEDDED
from conus_widgets.prediction import Prediction
from conus_widgets.training import demonstration

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = Path(os.environ.get("CONUS_PHOTOS", ROOT.parent / "shared" / "photos"))
EACH = 6  # drawings of each kind; the figure in the README is of 75 each
FRESH = 950_000_000  # a range of seeds that nothing else uses


@pytest.fixture(scope="module")
def predictor():
    return load_predictor()


@pytest.fixture(scope="module")
def answers(predictor):
    names = [kind for kind in shells.KINDS for _ in range(EACH)]
    drawings = [
        shells.draw(kind, demonstration.seed_of(kind, number % EACH, FRESH)).image
        for number, kind in enumerate(names)
    ]
    return names, predictor.predict_each(drawings, top=3)


def test_it_names_drawings_of_seeds_never_used(answers):
    names, predictions = answers
    first = [p.labels[0] for p in predictions if isinstance(p, Prediction)]
    right = np.mean([a == b for a, b in zip(first, names, strict=True)])
    # 97 % are promised; 12 of 96 more than that would be missed by chance once in 10^6 runs.
    assert right > 0.88


def test_the_word_demonstration_stands_in_every_answer(answers):
    for prediction in answers[1]:
        assert "demonstration" in str(prediction).lower()
        assert "demonstration" in prediction.to_dict()["notice"]
        # A drawn kind is no species: nothing links to one.
        assert all(row["info"]["links"] == [] for row in prediction.to_dict()["predictions"])


def test_its_classes_are_the_kinds_that_are_drawn(predictor):
    assert predictor.labels == list(shells.KINDS)
    assert predictor.info == [kind.description for kind in shells.KINDS.values()]


def test_it_takes_at_most_five_megabytes():
    assert sum(file.stat().st_size for file in EMBEDDED.iterdir()) <= 5e6


def test_training_and_test_seeds_never_meet():
    first = [demonstration.seed_of(kind, 0, demonstration.TRAINING_SEED) for kind in shells.KINDS]
    last = max(first) + 999_999
    assert last < demonstration.TEST_SEED < FRESH
    assert all(seed % 1_000_000 == 0 for seed in first)


def test_twins_share_their_seeds_and_nobody_else_does():
    seeds = {kind: demonstration.seed_of(kind, 3, 0) for kind in shells.KINDS}
    for pair in shells.PAIRS:
        assert seeds[pair.plain] == seeds[pair.marked]
    assert len(set(seeds.values())) == len(shells.KINDS) - len(shells.PAIRS)


def test_the_textile_cone_is_called_tented(predictor):
    photographs = sorted((PHOTOS / "conus").glob("textile*"))
    if not photographs:
        pytest.skip(f"no photograph of Conus textile in {PHOTOS}: set CONUS_PHOTOS to test on it")
    for photograph in photographs:
        assert predictor.predict(photograph, views=10, seed=0).labels[0] == "tented"


# Where it writes -------------------------------------------------------------------------------


@pytest.fixture
def never_drawn(monkeypatch):
    monkeypatch.setattr(demonstration, "_draw_all", lambda *_: pytest.fail("it went to work"))


def test_another_checkpoint_is_not_written_over(tmp_path, capsys, never_drawn):
    theirs = {"synsets.txt": "Conus textile\n", "info.txt": "-\n", "demonstration.json": "{}"}
    for name, text in theirs.items():
        (tmp_path / name).write_text(text)
    for more in ([], ["--work", str(tmp_path / "work")]):
        assert demonstration.main(["--out", str(tmp_path), *more]) == 1
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "is there already" in err and "--force" in err
    (tmp_path / "museum.npz").write_bytes(b"PK")
    assert demonstration.main(["--out", str(tmp_path), "--force"]) == 1
    assert "holds museum.npz; a checkpoint needs its own folder" in capsys.readouterr().err
    for name, text in theirs.items():
        assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize("notice, code", [(demonstration.NOTICE, 0), ("", 1)])
def test_an_earlier_demonstration_is_replaced(tmp_path, monkeypatch, notice, code):
    """By whatever comes after the look at the folder: here, nothing."""

    class Reached(Exception):
        pass

    def reached(*_, **__):
        raise Reached

    for name in ("demonstration.npz", "synsets.txt", "info.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "demonstration.json").write_text(json.dumps({"notice": notice}))
    monkeypatch.setattr(demonstration, "DrawnShells", reached)
    with pytest.raises(ValueError if code else Reached):
        demonstration.make(tmp_path / "work", tmp_path, each=1, test=1)
    with pytest.raises(Reached):
        demonstration.make(tmp_path / "work", tmp_path, each=1, test=1, force=True)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--each", "0"], "each is 0: it must be a whole number of at least 1"),
        (["--test", "-1"], "test is -1"),
        (["--work", "same", "--out", "./same"], "cannot hold the drawings and the checkpoint"),
        (["--work", "file", "--out", "new"], "file"),
        (["--work", "text", "--out", "new", "--each", "1"], "holds no drawings: move it away"),
        (["--work", "zip", "--out", "new", "--each", "1"], "holds no drawings: move it away"),
        (["--work", "few", "--out", "new", "--each", "1"], r"not drawings, uint8 \(16, 224"),
    ],
)
def test_what_it_cannot_do_is_said_at_once(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    for name in ("text", "zip", "few"):
        (tmp_path / name).mkdir()
    (tmp_path / "text" / "training.npy").write_text("notes")
    with open(tmp_path / "zip" / "training.npy", "wb") as file:
        np.savez(file, np.ones(3))
    np.save(tmp_path / "few" / "training.npy", np.zeros((3, 224, 224, 3), np.uint8))
    assert demonstration.main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == "" and re.search(words, err) and err.count("\n") == 1
