"""A blind review: decided before the answer is shown and again after, on whatever was killed."""

import csv

import pytest
from made_photographs import SPECIES, write_photographs
from stand_in import StandIn

from conus_widgets.collection import Collection, Record, Table, read_names
from conus_widgets.collection.blind import BlindError
from conus_widgets.collection.verdicts import VerdictError


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """Thirty specimens of two photographs, with what an expert said of most of them."""
    folder = tmp_path_factory.mktemp("blind")
    good = write_photographs(folder / "photographs", 60)
    plain = Collection(Table(good.records, (), "", True))
    predictor = StandIn(labels=SPECIES)
    plain.evaluate(predictor, folder / "plain", progress=False)
    classes = plain.answers.classes
    records = []
    for number, record in enumerate(good.records):
        specimen, answer = number // 2, answer_of(plain, str(number // 2))
        other = classes[(classes.index(answer) + 1) % len(classes)]
        # The expert confirms the network on specimens 0-19, and says something else of 20-27.
        expert = answer if specimen < 20 else other if specimen < 28 else ""
        label = answer if specimen % 3 else other
        records.append(
            Record(record.path, label, f"S{specimen}", "dorsal", others={"expert": expert})
        )
    collection = Collection(Table(tuple(records), (), "", True))
    collection.evaluate(predictor, folder / "out", progress=False)
    return folder / "out"


def answer_of(collection, specimen):
    rows = [n for n, name in enumerate(collection.specimens) if name == specimen]
    mean = collection.answers.probabilities[rows].mean(axis=0)
    return collection.answers.classes[int(mean.argmax())]


@pytest.fixture
def collection(evaluated):
    collection = Collection.open(evaluated)
    yield collection
    for file in collection.verdicts_folder.glob("*"):
        file.unlink()


def expert(collection, case):
    return collection.known("expert")[collection.specimens.index(case)]


def other_name(collection, *names):
    return next(name for name in collection.answers.classes if name not in names)


def decide_twice(blind, case, before, after):
    blind.decide(case, before, phase="before")
    return blind.decide(case, after, phase="after")


def test_the_answer_is_not_told_before_the_first_decision(collection):
    blind = collection.blind("Ana")
    case = blind.next()
    assert (case.phase, case.place, case.total) == ("before", 1, len(blind.queue))
    assert len(case.photographs) == 2
    with pytest.raises(BlindError, match="after the first decision"):
        blind.answer(case.case)
    with pytest.raises(BlindError, match="out of turn: the one before it is next"):
        blind.decide(case.case, "species 1", phase="after")
    first = blind.decide(case.case, "species 1", phase="before")
    assert first.model == "", "no answer was on the page"
    assert blind.answer(case.case).name == answer_of(collection, case.case)
    assert blind.next().case == case.case and blind.next().phase == "after"
    assert blind.decide(case.case, "species 1", phase="after").model == collection.fingerprint
    assert blind.next().place == 2
    with pytest.raises(BlindError, match="both are there"):
        blind.decide(case.case, "species 2", phase="after")


def test_the_words_of_the_log_follow_the_label_that_nobody_saw(collection):
    blind = collection.blind("Ana")
    case, other = blind.queue[:2]
    label = collection.labels[collection.specimens.index(case)]
    written = label.upper().replace(" ", "_")  # as people write it
    assert blind.decide(case, written, phase="before").kind == "right"
    assert blind.decide(case, label, phase="after", qualifier="cf.").kind == "wrong"
    changed = blind.decide(other, other_name(collection, label), phase="before")
    assert (changed.kind, changed.nature) == ("wrong", "redetermination")
    assert blind.decide(other, kind="unusable", phase="after").kind == "unusable"


@pytest.mark.parametrize(
    "given", [{}, {"name": "x", "kind": "no class"}, {"kind": "right"}, {"name": "x", "rank": "y"}]
)
def test_a_decision_without_sense_is_refused_and_costs_nothing(collection, given):
    blind = collection.blind("Ana")
    with pytest.raises(VerdictError):
        blind.decide(blind.queue[0], phase="before", **given)
    assert blind.phase(blind.queue[0]) == "before"


def test_another_session_goes_on_where_this_one_was(collection, evaluated):
    blind = collection.blind("Ana", seed=7, count=10)
    decide_twice(blind, blind.queue[0], "species 1", "species 2")
    sent = blind.decide(blind.queue[1], "species 1", phase="before")
    again = Collection.open(evaluated).blind("Ana", seed=7, count=10)
    assert again.queue == blind.queue
    assert (again.next().place, again.next().phase) == (2, "after")
    assert again.progress.done == 1
    # The page sends again what it has no receipt for.
    assert again.decide(again.queue[1], "species 1", phase="before", id=sent.id) == sent
    assert len(again.review.log.verdicts) == 3


def test_a_verdict_of_ones_own_changes_no_queue(collection):
    blind = collection.blind("Ana", seed=1)
    for case in blind.queue[:6]:
        decide_twice(blind, case, "species 1", "species 2")
    assert collection.blind("Ana", seed=1).queue == blind.queue
    assert set(collection.blind("Ben", seed=1).queue) == set(blind.queue)


def test_what_was_seen_in_an_open_review_is_not_asked_blindly(collection):
    first = collection.blind("Ana").queue[0]
    collection.review("Ana").judge(first, "right")
    collection.follow_verdicts()
    assert first not in collection.blind("Ana").queue
    assert first in collection.blind("Ben").queue


def test_the_first_decision_stays_once_the_answer_was_seen(collection):
    blind = collection.blind("Ana")
    case = blind.queue[0]
    blind.decide(case, "species 1", phase="before")
    with pytest.raises(BlindError, match="the answer has been seen"):
        blind.undo()
    blind.decide(case, "species 2", phase="after")
    assert blind.undo().phase == "after"
    assert blind.phase(case) == "after"
    # Somebody takes it back elsewhere: the case is spoilt, not asked for again.
    blind.review.undo()
    assert blind.phase(case) == "" and blind.next().case != case
    assert blind.report().left_out == {"whose first decision was taken back": 1}


def test_the_report_compares_with_the_reference(collection):
    blind = collection.blind("Ana", reference="expert", count=16)
    wrong = [c for c in blind.queue if answer_of(collection, c) != expert(collection, c)]
    right = [c for c in blind.queue if c not in wrong]
    assert (len(wrong), len(right)) == (8, 8)
    for case in right[:5]:  # helped
        name = expert(collection, case)
        decide_twice(blind, case, other_name(collection, name), name)
    for case in wrong[:2]:  # led astray
        decide_twice(blind, case, expert(collection, case), answer_of(collection, case))
    decide_twice(blind, right[5], expert(collection, right[5]), expert(collection, right[5]))
    wild = other_name(collection, expert(collection, wrong[2]), answer_of(collection, wrong[2]))
    blind.decide(wrong[2], kind="ambiguous", phase="before")
    blind.decide(wrong[2], wild, phase="after")
    blind.decide(wrong[3], wild, phase="before")
    blind.decide(wrong[3], kind="unusable", phase="after")
    blind.decide(wrong[4], wild, phase="before")
    found = blind.report()
    table = found.table
    assert (table.stayed_right, table.became_wrong) == (1, 2)
    assert (table.became_right, table.stayed_wrong) == (5, 1)
    assert found.changed.part == 8 and found.to_answer.part == 7
    assert found.model_right.became_right == 5 and found.model_wrong.became_wrong == 2
    assert found.left_out == {
        "with photographs that cannot be judged": 1,
        "not decided again": 1,
    }
    assert all(case.seconds_before is not None for case in found.cases)
    assert "'expert'" in str(found)


def test_no_class_is_right_if_the_reference_is_none(collection, evaluated, tmp_path):
    """Synonyms count as the same name, and a name beyond the classes is none of them."""
    case = collection.blind("Ana", reference="expert").queue[0]
    file = tmp_path / "names.csv"
    with open(file, "w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["label", "accepted name"])
        writer.writerow([expert(collection, case), "Conus textile"])
        writer.writerow(["old name", "Conus textile"])
    named = Collection.open(evaluated, names=read_names(file))
    blind = named.blind("Ana", reference="expert")
    decide_twice(blind, case, "old name", "Conus textile")
    assert blind.report().table.stayed_right == 1 and not blind.report().changed.part
    blind.undo()
    blind.decide(case, kind="no class", phase="after")
    assert blind.report().table.became_wrong == 1


def test_specimens_without_a_name_of_the_reference_are_not_asked(collection):
    queue = collection.blind("Ana", reference="expert", count=99).queue
    assert len(queue) == 28 and not {"S28", "S29"} & set(queue)
    with pytest.raises(ValueError, match="Nothing is known as 'oracle'"):
        collection.blind("Ana", reference="oracle")


def test_without_a_reference_it_says_only_how_often_a_mind_changed(collection):
    blind = collection.blind("Ana")
    decide_twice(blind, blind.queue[0], "species 1", "species 2")
    assert blind.report().table is None and blind.report().changed.part == 1


def test_other_reviewers_stay_hidden_until_the_second_decision(collection):
    ana, ben = collection.blind("Ana", seed=2), collection.blind("Ben", seed=2)
    case = ana.queue[0]
    decide_twice(ana, case, "species 1", "species 2")
    ben.decide(case, "species 1", phase="before")
    assert {verdict.by for verdict in ben.review.log.verdicts} == {"Ben"}
    ben.decide(case, "species 1", phase="after")
    assert {verdict.by for verdict in ben.review.log.standing} == {"Ana", "Ben"}
    assert [one.case for one in ben.review.disagreements()] == [case]


def test_seconds_are_those_since_it_was_shown_or_those_of_the_page(collection, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("conus_widgets.collection.blind.time.monotonic", lambda: clock[0])
    blind = collection.blind("Ana")
    case = blind.next().case
    clock[0] += 30
    assert blind.next().case == case  # looked at again: the same showing
    clock[0] += 2
    assert blind.decide(case, "species 1", phase="before").seconds == 32
    clock[0] += 500
    blind.answer(case)
    clock[0] += 4
    assert blind.decide(case, "species 1", phase="after").seconds == 4
    assert blind.decide(blind.next().case, "x", phase="before", seconds=9.87).seconds == 9.9


@pytest.mark.parametrize("wrong", [{"count": 0}, {"wrong": 1.5}])
def test_a_queue_that_cannot_be_is_refused(collection, wrong):
    with pytest.raises(ValueError, match="needs at least 1|between 0 and 1"):
        collection.blind("Ana", **wrong)
    assert not list(collection.verdicts_folder.glob("*"))
