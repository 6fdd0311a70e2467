"""Verdicts together: the newest of each reviewer; if they disagree, the label stays."""

import random

import pytest

from conus_widgets.collection.consensus import disagreements, judgements, kappa, labels_after
from conus_widgets.collection.verdicts import Verdict


def wrong(case, by, name="Conus textile", rank="species", **rest):
    return Verdict("wrong", case, by=by, name=name, rank=rank, nature="redetermination", **rest)


def after(*verdicts, photograph="d1"):
    return labels_after(["given"], ["a"], [photograph], judgements(verdicts))[0]


def test_the_newest_verdict_of_a_reviewer_counts():
    assert after(wrong("a", "Ana"), Verdict("right", "a", by="Ana")) == "given"
    assert after(Verdict("right", "a", by="Ana"), wrong("a", "Ana")) == "Conus textile"


def test_reviewers_who_disagree_leave_the_label_as_given():
    said = (wrong("a", "Ana"), wrong("a", "Ben", "Conus dalli"))
    assert after(*said) == "given"
    assert [j.case for j in disagreements(judgements(said))] == ["a"]
    assert after(*said, wrong("a", "Ben")) == "Conus textile"


@pytest.mark.parametrize("kind", ["no class", "not this specimen", "unusable", "ambiguous"])
def test_what_has_no_class_is_not_counted(kind):
    assert after(Verdict(kind, "a", by="Ana")) is None


def test_a_doubtful_name_or_a_genus_is_no_class():
    assert after(wrong("a", "Ana", qualifier="cf.")) is None
    assert after(wrong("a", "Ana", name="Conus", rank="genus")) is None


def test_a_photograph_comes_before_its_specimen():
    said = (wrong("a", "Ana"), Verdict("unusable", "a", photograph="d1", by="Ana"))
    assert after(*said) is None
    assert after(*said, photograph="d2") == "Conus textile"


def test_notes_judge_nothing():
    assert judgements([Verdict("note", "a", by="Ana", note="odd")]) == {}


def test_right_means_the_same_with_the_name_written_down():
    said = [Verdict("right", "a", by="Ana"), Verdict("right", "a", by="Ben", name="Conus textile")]
    assert judgements(said)["a", ""].agreed


def test_kappa_is_that_of_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    rng = random.Random(0)
    words = ["right", "no class", "unusable", "ambiguous"]
    pairs = [(rng.choice(words), rng.choice(words)) for _ in range(40)]
    pairs += [(word, word) for word in words * 5]
    said = [
        Verdict(word, f"case {n}", by=by)
        for n, pair in enumerate(pairs)
        for by, word in zip(("Ana", "Ben"), pair, strict=True)
    ]
    said.append(Verdict("right", "alone", by="Ana"))
    found, count = kappa(judgements(said), "Ana", "Ben")
    assert count == 60
    assert found == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))
    assert kappa(judgements(said), "Ana", "Eva")[1] == 0
