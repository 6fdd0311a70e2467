"""A collection: read, asked, opened, and everything derived without the network."""

import os
import subprocess
import sys

import numpy as np
import pytest
from made_photographs import SPECIES, write_photographs
from stand_in import FILTERS, StandIn

from conus_widgets.__main__ import main
from conus_widgets.collection import Collection, Record, StoreError, Table
from conus_widgets.collection.suggestions import Provenance


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An evaluated collection whose first photograph is bad; 60 photographs of 30 specimens."""
    folder = tmp_path_factory.mktemp("made")
    good = write_photographs(folder / "photographs", 60)
    records = tuple(
        Record(
            r.path,
            f"species {n // 2 % 5}",
            str(n // 2),
            "dorsal" if n % 2 else "ventral",
            others={"by": "Ana"},
        )
        for n, r in enumerate(good.records)
    )
    bad = Record(str(folder / "missing.jpg"), "species 0", "lost")
    collection = Collection(Table((bad, *records), (), str(folder), True))
    collection.evaluate(StandIn(labels=SPECIES), folder / "out", progress=False)
    return folder / "out"


@pytest.fixture
def opened(made):
    return Collection.open(made)


def test_what_was_not_evaluated_says_so():
    collection = Collection(Table((Record("/x.jpg", "a", "1"),), (), "/", True))
    assert repr(collection) == "<Collection of 1 photographs, not evaluated>"
    with pytest.raises(StoreError, match="was not evaluated: call evaluate"):
        collection.accuracy  # noqa: B018


def test_a_case_is_its_row_of_everything(opened):
    case = opened.case(7)
    assert case.record == opened.table.records[7] and case.status == "answered"
    assert case.number == 7 and opened.case(-1).number == 60
    np.testing.assert_array_equal(case.probabilities, opened.answers.probabilities[7])
    np.testing.assert_array_equal(case.features, opened.answers.features[7])
    own = case.probabilities[int(case.record.label[-1])]
    assert case.loss == pytest.approx(-np.log(own), rel=1e-4)
    assert case.measures["width"] > 0
    bad = opened.case(0)
    assert bad.status == "failed" and bad.error.startswith("missing.jpg does not exist")
    with pytest.raises(IndexError):
        opened.case(61)


def test_everything_is_derived_from_the_store_alone(opened, monkeypatch):
    """No predictor is there; and photographs are numbered by the table, the bad one first."""
    assert opened.accuracy.top1.whole == 30
    assert set(opened.accuracy_per("view")) == {"ventral", "dorsal"}
    assert set(opened.accuracy_per("by")) == {"Ana"}
    assert opened.confusion.matrix().sum() == 30
    for mistake in opened.mistakes:
        shown = {opened.table.records[place].specimen for place in mistake.photographs}
        assert shown == {mistake.specimen}
    assert 0 <= opened.calibration.error <= 1 and opened.temperature.value > 0
    assert opened.risk.total > 0
    assert opened.accuracy_by_names.as_given.part <= opened.accuracy_by_names.with_synonyms.part
    found = opened.suggestions()
    assert 0 not in found.order and len(found.quality) == 61 and np.isnan(found.quality[0])
    assert len(found.order) == 60 and len(found.specimens) == 30
    with pytest.raises(ValueError, match="accept_in_sample"):
        opened.suggestions(Provenance.IN_SAMPLE)
    assert len(opened.duplicates().groups) == 61
    nearest = opened.neighbours(9)
    own = opened.table.records[9].specimen
    places = [n.photograph for some in nearest.values() for n in some]
    assert places and 0 not in places
    assert own not in {opened.table.records[place].specimen for place in places}
    with pytest.raises(ValueError, match=r"Photograph 0 has no answer \(failed\)"):
        opened.neighbours(0)
    far = opened.outlying()
    assert len(far.distance) == 61 and np.isnan(far.distance[0])
    assert np.isfinite(far.distance[1:]).all()
    assert {piece.what for piece in opened.slices("by", least=3).found} >= {"view", "sharpness"}
    sets = opened.prediction_sets(held_out=True)
    assert len(sets.specimens) == 30
    with pytest.raises(ValueError, match="Nothing is known as 'depth'; there are .*, by"):
        opened.accuracy_per("depth")


def test_labels_of_today_count(made):
    opened = Collection.open(made)
    first = opened.accuracy.top1.part
    records = [opened.table.records[0]]
    best = opened.answers.probabilities.argmax(axis=1)
    # Every photograph gets the label that the network finds, as names of files spell it.
    for n, record in enumerate(opened.table.records[1:], 1):
        records.append(Record(record.path, f"species_{best[n]}", str(n)))
    renamed = Collection(Table(tuple(records), (), "x", True))
    done = renamed.evaluate(StandIn(labels=SPECIES), made, progress=False)
    assert done.asked == 0
    assert renamed.accuracy.top1.part == 60 > first
    assert np.trace(renamed.confusion.matrix()[:5, :5]) == 60
    Collection(Table(opened.table.records, (), "x", True)).evaluate(
        StandIn(labels=SPECIES), made, progress=False
    )


def test_problems_name_photographs_labels_and_parts(opened):
    words = [str(problem) for problem in opened.problems]
    assert any("missing.jpg does not exist" in word for word in words)


IMPORTED = """
import sys
from conus_widgets.collection import Collection
collection = Collection.open(sys.argv[1])
assert collection.case(7).status == "answered" and len(collection) == 61
print([m for m in ("pandas", "sklearn", "cleanlab", "crepes", "theano") if m in sys.modules])
"""


def test_opening_a_case_imports_nothing_heavy(made):
    found = subprocess.run(
        [sys.executable, "-c", IMPORTED, str(made)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"


# The command -----------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    import conus_widgets.loading

    predictor = StandIn(labels=SPECIES)
    monkeypatch.setattr(conus_widgets.loading, "load_predictor", lambda model=None: predictor)
    return predictor


def test_a_folder_is_evaluated_and_goes_on(tmp_path, quick, capsys):
    write_photographs(tmp_path / "photographs", 12)
    (tmp_path / "photographs" / "species 1" / "empty.png").write_bytes(b"")
    call = ["evaluate", str(tmp_path / "photographs"), "--out", str(tmp_path / "out")]
    assert main(call) in (0, 1)
    said = capsys.readouterr()
    assert "12 asked" in said.out and "Right, of photographs" in said.out
    assert "empty.png is empty" in said.err and str(tmp_path / "out") in said.out
    main(call)
    assert "0 asked" in capsys.readouterr().out and quick.network.counted_forward == 12
    assert Collection.open(tmp_path / "out").answers.features.shape[1] == FILTERS


def test_a_table_is_evaluated_with_its_specimens_and_names(tmp_path, quick, capsys):
    table = write_photographs(tmp_path / "photographs", 12)
    lines = ["file,label,specimen"]
    lines += [f"{record.path},old {record.label},{record.specimen}" for record in table.records]
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    names = ["label,accepted name"]
    names += [f"old species {n},species {n}" for n in range(5)]
    names += [f"species {n},species {n}" for n in range(5)]
    (tmp_path / "names.csv").write_text("\n".join(names) + "\n")
    call = ["evaluate", str(tmp_path / "list.csv"), "--out", str(tmp_path / "out")]
    assert main([*call, "--names", str(tmp_path / "names.csv")]) == 0
    said = capsys.readouterr()
    assert "12 asked" in said.out
    assert Collection.open(tmp_path / "out").accuracy.unnamed == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{photographs}"], "--out DIR"),
        (["{photographs}/no", "--out", "{out}"], "no"),
        (["{photographs}.zip", "--out", "{out}"], "--photographs DIR"),
        (["{photographs}", "--out", "{photographs}"], "holds other files"),
    ],
)
def test_wrong_calls_say_what_to_do(tmp_path, quick, capsys, arguments, words):
    write_photographs(tmp_path / "photographs", 3)
    places = {"photographs": tmp_path / "photographs", "out": tmp_path / "out"}
    assert main(["evaluate", *(given.format(**places) for given in arguments)]) in (1, 2)
    assert words in capsys.readouterr().err


def test_evaluating_maps_is_called_trust_and_the_old_call_works(monkeypatch, capsys):
    from conus_widgets.explain.evaluate import command

    seen = []
    monkeypatch.setattr(command, "run", lambda options: seen.append(options) or 0)
    assert main(["trust", "--pairs", "3", "--methods", "cam"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["evaluate", "--pairs", "3", "--methods", "cam"]) == 0
    assert "is called 'trust' now" in capsys.readouterr().err
    new, old = seen
    assert (new.pairs, new.methods, new.checks) == (old.pairs, old.methods, old.checks)
