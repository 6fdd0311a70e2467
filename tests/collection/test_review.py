"""A review: verdicts are kept, and every derived number follows them, without the network."""

import csv
from pathlib import Path

import numpy as np
import pytest
from made_photographs import SPECIES, write_photographs
from stand_in import StandIn

from conus_widgets.collection import Collection, Record, Table
from conus_widgets.collection.verdicts import VerdictError

EVIL = '<script>alert(1)</script> "x"'


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Twenty specimens of two photographs, of labels that the quick network mostly misses."""
    folder = tmp_path_factory.mktemp("review")
    good = write_photographs(folder / "photographs", 40)
    records = tuple(
        Record(r.path, f"species {n // 2 % 5}", f"S{n // 2}", "dorsal" if n % 2 else "ventral")
        for n, r in enumerate(good.records)
    )
    predictor = StandIn(labels=SPECIES)
    collection = Collection(Table(records, (), EVIL, True))
    collection.evaluate(predictor, folder / "out", progress=False)
    return folder / "out", predictor


@pytest.fixture
def collection(evaluated):
    out, predictor = evaluated
    runs = predictor.network.counted_forward
    collection = Collection.open(out)
    yield collection
    assert predictor.network.counted_forward == runs, "the network ran"
    for file in collection.verdicts_folder.glob("*"):
        file.unlink()


@pytest.fixture
def review(collection):
    review = collection.review("Ana")
    yield review
    review.close()


def answer(collection, specimen):
    """What the network says of a specimen."""
    rows = [n for n, name in enumerate(collection.specimens) if name == specimen]
    mean = np.mean([collection.answers.probabilities[n] for n in rows], axis=0)
    return collection.answers.classes[int(mean.argmax())]


def mend(review, specimen, name):
    return review.judge(specimen, "wrong", name=name, rank="species", nature="redetermination")


def test_near_duplicates_and_specimens_stay_on_one_side_of_a_split(tmp_path):
    table = write_photographs(tmp_path / "photographs", 6)
    twin = tmp_path / "photographs" / "twin.png"
    twin.write_bytes(Path(table.records[0].path).read_bytes())
    records = (*table.records, Record(str(twin), "species 1", "another specimen"))
    collection = Collection(Table(records, (), "", True))
    collection.evaluate(StandIn(labels=SPECIES), tmp_path / "out", progress=False)
    groups = collection.split_groups
    assert groups[0] == groups[1] == groups[6]  # of one specimen, and a copy of one of them
    assert len(set(groups[[0, 2, 4]])) == 3


def test_numbers_follow_a_verdict_and_its_undo_at_once(collection, review):
    before, mistake = collection.accuracy.top1, collection.mistakes[0]
    mend(review, mistake.specimen, answer(collection, mistake.specimen))
    assert collection.accuracy.top1.part == before.part + 1
    assert mistake.specimen not in [one.specimen for one in collection.mistakes]
    assert collection.as_given.accuracy.top1 == before
    assert review.undo().case == mistake.specimen
    assert collection.accuracy.top1 == before
    assert review.undo() is None


def test_what_has_no_class_leaves_the_count(collection, review):
    whole = collection.accuracy.top1.whole
    review.judge("S3", "unusable")
    assert collection.accuracy.top1.whole == whole - 1
    found = collection.confusion  # where it stands in a row without a name
    assert found.matrix()[: len(found.classes)].sum() == whole - 1


def test_one_photograph_can_be_judged_alone(collection, review):
    review.judge("S3", "not this specimen", photograph=6)
    assert [collection.labels[6], collection.labels[7]] == ["", "species 3"]
    with pytest.raises(VerdictError, match="not of specimen"):
        review.judge("S3", "right", photograph=0)


def test_a_specimen_that_is_not_there_is_refused(review):
    with pytest.raises(VerdictError, match="'S99'"):
        review.judge("S99", "right")


def test_another_reader_sees_them_and_disagreement_changes_nothing(collection, review):
    mend(review, "S1", "species 4")
    again = Collection.open(collection.verdicts_folder.parent)
    assert again.labels[2] == "species 4"
    other = again.review("Ben")
    mend(other, "S1", "species 2")
    assert again.labels[2] == "species 1", "reviewers disagree: the label stays as given"
    other.close()


def test_a_second_reviewer_sees_numbers_of_their_own_until_theirs_is_saved(collection, review):
    first, second = (mistake.specimen for mistake in collection.mistakes[:2])
    for specimen in (first, second):
        mend(review, specimen, answer(collection, specimen))
    blank = collection.as_given.accuracy.top1
    seen = collection.seen_by("Ben")
    ben = seen.review("Ben")
    assert seen.accuracy.top1 == blank and seen.log.verdicts == ()
    assert (ben.agreement(), ben.disagreements()) == ({}, [])
    ben.judge(first, "ambiguous")
    assert [verdict.by for verdict in seen.log.standing] == ["Ana", "Ben"]
    assert [one.case for one in ben.disagreements()] == [first]
    assert ben.agreement() == {"Ana": (0.0, 1)}
    assert second not in {verdict.case for verdict in seen.log.standing}
    mend(ben, first, answer(collection, first))
    assert seen.accuracy.top1.part == blank.part + 1, "of two mended ones, one is seen"
    ben.close()


def test_progress_counts_specimens_of_this_reviewer(collection, review):
    for specimen in ("S1", "S2", "S2"):
        review.judge(specimen, "right")
    other = collection.review("Ben")
    other.judge("S5", "right")
    assert (review.progress.done, review.progress.total) == (2, 20)
    other.close()


def test_new_labels_and_what_they_change(collection, review, tmp_path):
    odd, right = collection.mistakes[0].specimen, collection.mistakes[1].specimen
    mend(review, odd, answer(collection, odd))
    review.judge(right, "right")
    found = review.labels(tmp_path / "labels.csv")
    assert found.changed == 2  # both photographs of a specimen
    assert found.after.top1.part == found.before.top1.part + 1
    assert found.kept == (right,)
    assert f"odd but right, and kept: {right}" in str(found)
    with open(tmp_path / "labels.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == list(collection.labels)


def test_determinations_leave_as_darwin_core(review, tmp_path):
    mend(review, "S1", "Conus textile")
    with open(review.identifications(tmp_path / "i.csv"), encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["catalogNumber"], row["scientificName"]) == ("S1", "Conus textile")
    assert row["identificationReferences"].startswith("model ")


def test_the_report_says_what_python_says_and_escapes_what_others_wrote(
    collection, review, tmp_path
):
    odd = collection.mistakes[0].specimen
    review.judge(odd, "ambiguous", note=EVIL)
    review.note_on_pair("species 1", "species 2", "the spire")
    text = review.report(tmp_path / "report.html").read_text("utf-8")
    assert "<script" not in text and text.count("&lt;script&gt;") >= 2
    assert str(collection.accuracy.top1) in text
    assert str(collection.as_given.accuracy.top1) in text
    assert "the spire" in text and "It cannot be told from these photographs" in text
    assert text.count('src="data:image/jpeg;base64,') == 2 * text.count('<section class="case">')
    assert "http" not in text


def test_a_photograph_that_must_not_count_leaves_its_specimen_in(collection, review):
    """The specimen is counted by its other photograph, which nothing contradicts."""
    whole = collection.accuracy.top1.whole
    bad, good = (n for n, name in enumerate(collection.specimens) if name == "S3")
    review.judge("S3", "unusable", photograph=bad)
    assert collection.labels[bad] == "" and collection.labels[good] != ""
    assert collection.accuracy.top1.whole == collection.confusion.matrix().sum() == whole
    mistaken = collection.answers.probabilities[good].argmax() != collection.answers.class_of[good]
    assert ("S3" in [mistake.specimen for mistake in collection.mistakes]) == mistaken
