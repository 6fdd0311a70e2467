"""Fine-tuning on a collection, from Python and from the command line."""

import os
import shutil
from pathlib import Path

import pytest

from conus_widgets import finetune, load_predictor
from conus_widgets.__main__ import main
from conus_widgets.collection import Collection
from conus_widgets.collection.finetuning import describe
from conus_widgets.network.interface import Cancelled
from conus_widgets.network.network import Network

PATTERN = "{_}_{specimen}_{view}"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Twelve specimens of two kinds, in a folder for each class."""
    folder = tmp_path_factory.mktemp("drawn")
    collection = Collection.drawn(folder / "made", specimens=12, kinds=["tented", "banded"])
    shells = folder / "shells"
    for number, record in enumerate(collection.table.records):
        name = f"x_{record.specimen.replace('/', '-').replace('_', '-')}_{'AB'[number % 2]}.png"
        (shells / record.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(record.path, shells / record.label / name)
    return collection, shells


def test_a_folder_is_learnt(drawn):
    _, shells = drawn
    tuned = finetune(shells, pattern=PATTERN)
    assert tuned.checkpoint.labels == ["banded", "tented"]
    assert tuned.figures.specimens == 12 and tuned.figures.photographs == 24
    assert tuned.figures.specimens_right >= 11  # the demonstration knows these kinds
    said = describe(tuned)
    assert "never saw (8 folds)" in said and "split by photograph would have claimed" in said
    assert "Each photograph counted" not in said


def test_without_specimens_it_does_not_claim_that_none_was_seen(drawn):
    """Views of one shell lie on both sides of the split then, which is one by photograph."""
    tuned = finetune(drawn[1])
    assert tuned.figures.specimens == tuned.figures.photographs == 24
    said = describe(tuned)
    assert "Each photograph counted as a specimen of its own. If several show one shell," in said
    assert "split by photograph" not in said


def test_an_evaluated_collection_is_not_asked_again(drawn, tmp_path, monkeypatch):
    collection, _ = drawn
    predictor = load_predictor()
    collection.evaluate(predictor, tmp_path / "answers", progress=False)
    runs = []
    monkeypatch.setattr(Network, "forward", lambda *given, **options: runs.append(given))
    tuned = finetune(collection, predictor)
    assert not runs and tuned.figures.photographs == 24


def test_photographs_that_were_not_asked_about_yet_are_learnt_from_too(drawn, tmp_path):
    collection, _ = drawn
    predictor, done = load_predictor(), []
    with pytest.raises(Cancelled):
        Collection(collection.table).evaluate(
            predictor,
            tmp_path / "answers",
            progress=lambda *counts: done.append(counts),
            cancelled=lambda: any(count for count, _ in done),
        )
    half = Collection.open(tmp_path / "answers")
    assert 0 < half.answers.answered.sum() < 24
    assert finetune(half, predictor).figures.photographs == 24


def test_the_command_writes_a_network_that_the_other_commands_take(drawn, tmp_path, capsys):
    _, shells = drawn
    out = str(tmp_path / "network")
    assert main(["finetune", str(shells), "--pattern", PATTERN, "--out", out]) == 0
    said = capsys.readouterr().out
    assert "2 classes, learnt in" in said and "Right, of specimens that it never saw" in said
    one = next(path for path in (shells / "tented").iterdir())
    assert main(["classify", "--model", out, str(one)]) == 0
    assert "tented" in capsys.readouterr().out.splitlines()[1]


def test_the_command_says_what_is_missing(drawn, tmp_path, capsys):
    _, shells = drawn
    only = tmp_path / "only"
    shutil.copytree(shells / "tented", only / "tented")
    assert main(["finetune", str(only), "--out", str(tmp_path / "network")]) == 1
    assert "At least 2 labels are needed" in capsys.readouterr().err
    assert not os.path.exists(tmp_path / "network")


def test_real_shells_eight_folds_by_specimen():
    """128 photographs of 8 species; by chance 16 would be right."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "photos"
    folder = Path(os.environ.get("CONUS_PHOTOS") or beside) / "shells"
    if not folder.is_dir():
        pytest.skip("no real photographs of shells: set CONUS_PHOTOS to a folder")
    figures = finetune(folder, pattern="{_}_{_}_{specimen}_{view}").figures
    assert (figures.photographs, figures.specimens) == (128, 64)
    assert figures.photographs_right >= 108
