import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conus_widgets.collection import draw_collection, read_folder, read_names, read_table
from conus_widgets.collection.drawn import read_truth
from conus_widgets.collection.problems import ReadingError
from conus_widgets.shells import KINDS, draw

SMALL = {"size": 32, "workers": 1}


def pixels(folder):
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path)).tobytes()
        for path in sorted(Path(folder).rglob("*.jpg"))
    }


def by_kind(truth, what):
    counts = {kind: Counter() for kind in KINDS}
    for photograph in truth:
        counts[photograph.kind][getattr(photograph, what)] += 1
    return counts


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """A collection with one planted thing of each sort."""
    folder = tmp_path_factory.mktemp("drawn")
    table = draw_collection(
        folder, specimens=96, wrong=8, synonyms={"banded": "Conus ii"}, sand="spotted", **SMALL
    )
    return folder, table, read_truth(folder)


def test_two_photographs_of_each_specimen(everything):
    folder, table, truth = everything
    assert len(table) == len(truth) == 192 and table.grouped
    assert not [problem for problem in table.problems if not problem.kept]
    for record, true in zip(table.records, truth, strict=True):
        assert record.path == str(folder / true.file)
        assert (record.label, record.specimen) == (true.label, true.specimen)
        assert (record.given_view, record.view) == (
            true.view,
            {"apertural": "ventral", "dorsal": "dorsal"}[true.view],
        )
    for places in table.specimens().values():
        pair = [truth[place] for place in places]
        assert [one.view for one in pair] == ["apertural", "dorsal"]
        assert len({(one.kind, one.label, one.background, one.seed) for one in pair}) == 1


def test_the_drawing_is_the_one_that_the_truth_states(everything):
    folder, _, truth = everything
    for one in truth[7:190:41]:
        expected = draw(one.kind, one.seed, size=32, view=one.view, background=one.background)
        found = np.asarray(Image.open(folder / one.file)).astype(float)
        assert np.abs(found - expected.image).mean() < 12  # what JPEG leaves


def test_wrong_labels_are_whole_specimens_and_other_kinds(everything):
    _, _, truth = everything
    wrong = [one for one in truth if one.wrong]
    assert len(wrong) == 16 and len({one.specimen for one in wrong}) == 8
    assert all(one.label in KINDS and one.label != one.kind for one in wrong)
    assert all(one.label in (one.kind, "Conus ii") for one in truth if not one.wrong)


def test_a_synonym_is_half_a_class_and_names_csv_knows_it(everything):
    folder, _, truth = everything
    counts = Counter(one.label for one in truth if one.kind == "banded" and not one.wrong)
    wrong = sum(one.kind == "banded" and one.wrong for one in truth)
    assert counts.keys() == {"banded", "Conus ii"}
    assert max(counts.values()) <= 6 and sum(counts.values()) == 12 - wrong
    names = read_names(folder / "names.csv")
    assert names.accepted("Conus ii") == names.accepted("banded") == "banded"
    assert not names.problems


def test_sand_lies_under_one_class(everything):
    _, _, truth = everything
    for kind, grounds in by_kind(truth, "background").items():
        # Six specimens a kind: 5.4 of them and 0.3, in whole numbers.
        assert grounds["sand"] == 2 * (5 if kind == "spotted" else 0), kind


def test_equal_shares_make_a_collection_to_judge_by(tmp_path):
    draw_collection(tmp_path, specimens=32, sand="lined", sand_shares=(0.5, 0.5), **SMALL)
    for grounds in by_kind(read_truth(tmp_path), "background").values():
        assert grounds["sand"] == 2 and sum(grounds.values()) == 4


def test_readers_read_it_back(everything):
    folder, table, _ = everything
    again = read_folder(folder, "{specimen}_{view}")
    key = [(r.path, r.label, r.view) for r in table.records]
    assert sorted(key) == sorted((r.path, r.label, r.view) for r in again.records)
    again = read_table(folder / "truth.csv")
    assert key == [(r.path, r.label, r.view) for r in again.records]
    assert again.specimens() == table.specimens()


def test_the_seed_decides_and_nothing_else(tmp_path):
    options = {"specimens": 32, "wrong": 5, "size": 32}
    draw_collection(tmp_path / "a", **options, workers=1)
    draw_collection(tmp_path / "b", **options, workers=2)
    draw_collection(tmp_path / "c", specimens=8, wrong=5, size=32, workers=1, seed=1)
    a, b, c = (pixels(tmp_path / name) for name in "abc")
    assert a == b and not set(a.values()) & set(c.values())
    assert (tmp_path / "a/truth.csv").read_bytes() == (tmp_path / "b/truth.csv").read_bytes()
    wrong = [{o.specimen for o in read_truth(tmp_path / name) if o.wrong} for name in "ac"]
    assert wrong[0] != wrong[1]


def test_what_is_planted_moves_nothing_else(tmp_path):
    """Each planted thing has chance of its own: shells and grounds stay what they were."""
    plain = draw_collection(tmp_path / "a", specimens=20, **SMALL)
    wrong = draw_collection(tmp_path / "b", specimens=20, wrong=6, **SMALL)
    same = 0
    for one, other in zip(plain.records, wrong.records, strict=True):
        assert Path(one.path).read_bytes() == Path(other.path).read_bytes()
        same += one.label == other.label
    assert same == 28


def test_a_drawing_that_was_stopped_goes_on(tmp_path):
    options = {"specimens": 8, **SMALL}
    draw_collection(tmp_path, **options)
    before = pixels(tmp_path)
    kept, lost = sorted(tmp_path.rglob("*.jpg"))[:2]
    os.utime(kept, (1, 1))
    lost.unlink()
    (tmp_path / f"{lost}.part").write_bytes(b"half of it")
    draw_collection(tmp_path, **options)
    assert pixels(tmp_path) == before
    assert kept.stat().st_mtime == 1  # not drawn a second time


def test_a_folder_with_something_else_is_refused(tmp_path):
    draw_collection(tmp_path / "a", specimens=2, **SMALL)
    with pytest.raises(ValueError, match="holds another drawing"):
        draw_collection(tmp_path / "a", specimens=2, seed=1, **SMALL)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(ValueError, match="holds other files"):
        draw_collection(tmp_path / "b", specimens=2, **SMALL)
    (tmp_path / "b" / "truth.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ReadingError, match="not the truth"):
        read_truth(tmp_path / "b")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"specimens": 0}, "at least 1, not 0"),
        ({"specimens": 3, "wrong": 4}, "between 0 and the 3 specimens, not 4"),
        ({"sand": "spoted"}, "no kind 'spoted'"),
        ({"synonyms": {"band": "x"}}, "no kind 'band'"),
        ({"synonyms": {"banded": "a/b"}}, "'a/b' cannot be a second name"),
        ({"synonyms": {"banded": "lined"}}, "'lined' cannot be a second name"),
        ({"synonyms": {"banded": "x", "lined": "x"}}, "the same second name"),
        ({"sand": "lined", "sand_shares": (1.5, 0)}, "between 0 and 1"),
    ],
)
def test_numbers_that_do_not_fit(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        draw_collection(tmp_path / "x", **options)
    assert not (tmp_path / "x").exists()


def test_some_kinds_only_take_turns_and_have_the_sand(tmp_path):
    chosen = ("plain", "dark tip", "flamed")
    draw_collection(
        tmp_path, specimens=12, kinds=chosen, sand="plain", sand_shares=(0.75, 0), **SMALL
    )
    truth = read_truth(tmp_path)
    assert Counter(one.kind for one in truth) == dict.fromkeys(chosen, 8)
    assert Counter(one.kind for one in truth if one.background == "sand") == {"plain": 6}
    with pytest.raises(ValueError, match="another drawing"):
        draw_collection(tmp_path, specimens=12, kinds=chosen[:2], **SMALL)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [(["plain"], "two or more"), (["plain"] * 2, "two or more"), (["plain", "tipped"], "no kind")],
)
def test_kinds_that_cannot_be_are_refused(tmp_path, kinds, said):
    with pytest.raises(ValueError, match=said):
        draw_collection(tmp_path, kinds=kinds, **SMALL)
    assert not list(tmp_path.iterdir())
