"""The inspector without a page: what it is told is saved once, and everything follows."""

import csv
import json
import shutil
import threading
import uuid

import numpy as np
import pytest
from inspected import CLASSES, Page, make_collection
from stand_in import StandIn

from conus_widgets import Inspector
from conus_widgets.collection import Collection
from conus_widgets.collection.verdict_log import LogError, LogWriter, read
from conus_widgets.collection.verdicts import Verdict, VerdictError
from conus_widgets.widgets.inspector import exchange

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browser")


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    return make_collection(tmp_path_factory.mktemp("inspected"))


@pytest.fixture
def collection(evaluated):
    yield Collection.open(evaluated)
    shutil.rmtree(evaluated / "verdicts", ignore_errors=True)


@pytest.fixture
def make(collection):
    opened = []

    def make(reviewer="Ana", predictor=None, **options):
        opened.append(Inspector(collection, predictor, reviewer=reviewer, **options))
        return opened[-1], Page(opened[-1])

    yield make
    for one in opened:
        one.close()


def wait_for(condition, seconds=20):
    end = threading.Event()
    for _ in range(int(seconds * 50)):
        if condition():
            return
        end.wait(0.02)
    raise AssertionError("it did not happen")


def test_numbers_are_those_of_the_collection_before_and_after_verdicts(make, collection):
    inspector, page = make()

    def same():
        ours, theirs = inspector._desk.numbers(), collection.confusion
        assert ours["names"][: ours["classes"]] == list(theirs.classes)
        matrix = np.zeros((len(ours["names"]), ours["classes"]), int)
        for row, column, count in ours["cells"]:
            matrix[row, column] = count
        assert matrix[: len(theirs.given)].tolist() == theirs.matrix().tolist()
        right = collection.accuracy.top1
        assert (ours["right"]["part"], ours["right"]["whole"]) == (right.part, right.whole)
        assert [tuple(one) for one in ours["pairs"]] == [
            (one.first, one.second, one.first_as_second, one.second_as_first)
            for one in theirs.pairs()
        ]

    same()
    before = inspector._desk.numbers()["right"]
    case = inspector.cases()[0]
    answer = inspector._desk.case(int(case[1:]))["named"]["name"]
    inspector.judge(case, "wrong", name=answer, rank="species", nature="redetermination")
    same()
    assert inspector._desk.numbers()["right"]["part"] == before["part"] + 1
    inspector.judge(inspector.cases()[0], "no class")
    assert inspector._desk.numbers()["right"]["whole"] == before["whole"] - 1
    same_part = inspector.undo()
    assert same_part.kind == "no class"
    same()


def test_a_verdict_of_the_page_is_on_the_disk_before_it_is_said_to_be(make, collection):
    inspector, page = make()
    identity = page.verdict("S3", "right")
    kept = {one.id: one for one in read(collection.verdicts_folder).verdicts}
    assert kept[identity].case == "S3" and kept[identity].by == "Ana"
    assert [one["line"] for one in page.said("saved")] == [identity]


def test_a_verdict_that_comes_twice_counts_once_also_in_another_session(make, collection):
    inspector, page = make()
    given = {"id": "6f1c1f5e-7e5b-4c19-9d5a-3f0000000001", "case": "S3", "kind": "right"}
    page.send("verdict", verdict=given)
    page.send("verdict", verdict=given)
    again, other = make()  # the kernel came back
    other.send("verdict", verdict=given)
    assert len(read(collection.verdicts_folder).verdicts) == 1
    assert [one["line"] for one in other.said("saved")] == [given["id"]], "it may be forgotten now"
    assert sum(map(len, (open(f).readlines() for f in collection.verdicts_folder.iterdir()))) == 1


def test_a_verdict_names_what_was_on_the_page(make):
    inspector, page = make()
    facts = inspector._facts
    digest = facts.digests[facts.photographs[3][1]]
    page.verdict("S3", "unusable", seen=digest, whole=False)
    page.verdict("S3", "right", seen=digest, whole=True)
    one, two = inspector._desk.lines
    assert (one.photograph, one.seen) == (digest, digest)
    assert (two.photograph, two.seen) == ("", digest)
    page.verdict("S4", "right", seen=digest)
    assert "not one of 'S4'" in page.said("refused")[-1]["reason"]
    page.verdict("nobody", "right")
    assert page.said("refused")[-1]["final"] is True
    assert len(inspector._desk.lines) == 2


def test_a_log_that_cannot_grow_says_so_and_nothing_has_changed(make, monkeypatch):
    inspector, page = make()
    before = inspector._desk.numbers()["cells"]

    def full(self, verdict):
        raise LogError("The verdict was NOT saved in x (No space left on device): make room.")

    with monkeypatch.context() as patch:
        patch.setattr(LogWriter, "add", full)
        identity = page.verdict("S1", "no class")
    (refused,) = page.said("refused")
    assert refused["line"] == identity and refused["final"] is False
    assert "No space left" in refused["reason"] and not page.said("saved")
    assert inspector._desk.numbers()["cells"] == before
    page.send("verdict", verdict={"id": identity, "case": "S1", "kind": "no class"})
    assert [one["line"] for one in page.said("saved")] == [identity]


def test_without_a_name_nothing_is_judged_and_nothing_of_others_is_seen(make, collection):
    LogWriter(collection.verdicts_folder, "Ben").add(Verdict("no class", "S2", by="Ben"))
    inspector, page = make(reviewer="")
    assert "Nobody has signed" in (
        page.verdict("S1", "right") and page.said("refused")[0]["reason"]
    )
    assert inspector._desk.case(2)["said"] == []
    with pytest.raises(VerdictError, match="Nobody has signed"):
        inspector.judge("S1", "right")
    page.send("sign", by="  Ana   Maria ", orcid="0000-0002-1825-0097")
    inspector.judge("S1", "right")
    assert inspector._desk.lines[0].by == "Ana Maria"
    assert "four groups" in page.send("sign", by="Ana", orcid="7")


def test_a_second_reviewer_sees_the_first_after_judging(make, collection):
    LogWriter(collection.verdicts_folder, "Ben").add(Verdict("no class", "S2", by="Ben"))
    inspector, page = make()
    as_given = Collection.open(inspector._collection._opened.folder).as_given.confusion.matrix()
    numbers = inspector._desk.numbers()
    assert sum(count for *_, count in numbers["cells"]) == as_given.sum(), "as if Ben was not there"
    assert numbers["others_hidden"] == 1 and numbers["disagreements"] == 0
    page.send("case", case=2)
    assert page.said("case")[0]["said"] == [] and page.said("case")[0]["state"] == ""
    assert "Ben" not in json.dumps(page.said("case")) and inspector.cases("disagreements") == []
    page.verdict("S2", "right")
    assert {one["by"] for one in page.said("changed")[-1]["said"]} == {"Ana", "Ben"}
    assert page.said("changed")[-1]["state"] == "disagreement"
    assert inspector.cases("disagreements") == ["S2"]
    numbers = inspector._desk.numbers()
    assert numbers["others_hidden"] == 0 and numbers["agreement"][0]["by"] == "Ben"


def test_lists_are_worst_first_and_filtered(make, collection):
    inspector, page = make()
    mistakes = collection.mistakes
    assert inspector.cases() == [one.specimen for one in mistakes]
    first = mistakes[0]
    a, b = CLASSES[first.label], CLASSES[first.answer]
    pair = inspector.cases("pair", a, b)
    assert first.specimen == pair[0]
    assert set(pair) == {
        one.specimen for one in mistakes if {one.label, one.answer} == {first.label, first.answer}
    }
    inspector.judge(pair[0], "ambiguous")
    assert pair[0] not in inspector.cases("pair", a, b), "it does not count any more"
    inspector.judge(pair[0], "right")
    assert inspector.cases("pair", a, b, reviewed="yes") == [pair[0]]
    assert inspector.cases("pair", a, b, reviewed="no") == pair[1:]
    assert inspector.cases("all", view="apical") == []
    assert len(inspector.cases("all", view="dorsal")) == 20
    with pytest.raises(ValueError, match="no list 'worst'"):
        inspector.cases("worst")
    with pytest.raises(ValueError, match="neither a class"):
        inspector.cases("pair", "x", "y")
    with pytest.raises(ValueError, match="reviewed='perhaps'"):
        inspector.cases(reviewed="perhaps")


def test_neighbours_come_from_both_classes_and_a_third_never_from_the_specimen(make):
    inspector, page = make()
    page.send("case", case=4)
    (found,) = page.said("nearest")
    case = page.said("case")[0]
    assert found["classes"][0]["role"] == "answer" and len(found["classes"]) == 3
    names = [row["name"] for row in found["classes"]]
    assert case["named"]["name"] in names and case["against"]["name"] in names
    facts = inspector._facts
    for row in found["classes"]:
        for one in row["photographs"]:
            assert facts.records[one["photograph"]].label == row["name"]
            assert one["case"] != 4
        views = [one["same_view"] for one in row["photographs"]]
        assert views == sorted(views, reverse=True)


def test_maps_add_up_and_matches_lie_in_the_photographs(make):
    inspector, page = make(predictor=StandIn(labels=CLASSES))
    page.send("map", photograph=6, target=1, other=2)
    wait_for(lambda: page.said("map"))
    content, (values, mask) = next(one for one in page.heard if one[0]["kind"] == "map")
    cells = np.frombuffer(values, np.float32)
    weights, bias = inspector.predictor.network.head
    assert cells.sum() + bias[1] - bias[2] == pytest.approx(content["sum"], abs=1e-3)
    assert mask[:4] == b"\x89PNG" and content["shape"] == [7, 7]
    page.send("patches", photograph=6, neighbour=9, target=1, other=2, masked=False)
    wait_for(lambda: page.said("patches"))
    found = page.said("patches")[0]
    assert found["pairs"] and all(0 <= n < 7 for pair in found["pairs"] for n in pair["first"])


def test_a_photograph_that_is_gone_costs_its_own_picture_only(make, collection):
    inspector, page = make(predictor=StandIn(labels=CLASSES))
    record = inspector._facts.records[10]
    path = record.path
    data = open(path, "rb").read()
    try:
        open(path, "wb").write(b"no picture")
        page.send("case", case=5)
        page.send("map", photograph=10, target=1, other=2)
        wait_for(lambda: page.said("no_reason") and len(page.said("picture")) >= 2)
        by = {one["photograph"]: one["problem"] for one in page.said("picture") if one["large"]}
        assert by[10] and not by[11]
    finally:
        open(path, "wb").write(data)


def test_a_photograph_that_has_changed_is_told(make, tmp_path):
    inspector, page = make()
    path = inspector._facts.records[12].path
    data = open(path, "rb").read()
    try:
        open(path, "wb").write(open(inspector._facts.records[13].path, "rb").read())
        page.send("case", case=6)
        wait_for(lambda: [one for one in page.said("picture") if one["large"]])
        wait_for(lambda: 12 in [one["photograph"] for one in page.said("picture") if one["large"]])
        (found,) = [o for o in page.said("picture") if o["large"] and o["photograph"] == 12]
        assert "has changed since" in found["problem"]
    finally:
        open(path, "wb").write(data)


def test_what_is_taken_home(make, tmp_path, monkeypatch):
    inspector, page = make()
    inspector.judge("S1", "wrong", name="Conus x", rank="species", nature="redetermination")
    inspector.note_on_pair(CLASSES[1], CLASSES[0], "the tip")
    assert "S1" in inspector.report(tmp_path / "report.html").read_text()
    with open(inspector.identifications(tmp_path / "i.csv")) as file:
        assert [row["scientificName"] for row in csv.DictReader(file)] == ["Conus x"]
    assert inspector.labels(tmp_path / "labels.csv").changed == 2
    log = inspector.download_log(tmp_path / "log.jsonl")
    assert len(log.read_text().splitlines()) == 2
    with pytest.raises(ValueError, match="would be written over"):
        inspector.report(inspector._facts.records[0].path)
    monkeypatch.setattr(exchange, "PART", 1000)
    page.send("paper", paper="report")
    wait_for(
        lambda: (
            page.said("file")
            and page.said("file")[-1]["index"] + 1 == page.said("file")[-1]["count"]
        )
    )
    parts = [buffers[0] for content, buffers in page.heard if content["kind"] == "file"]
    assert max(map(len, parts)) <= 1000 and b"".join(parts).endswith(b"</html>")


def test_a_log_is_uploaded_to_another_copy_of_the_collection(make, collection, tmp_path):
    inspector, page = make()
    inspector.judge("S1", "right")
    log = inspector.download_log(tmp_path / "log.jsonl")
    shutil.rmtree(collection.verdicts_folder)
    again, page = make()
    data = log.read_bytes()
    for n, part in enumerate((data[:50], data[50:])):
        content = {"kind": "upload", "name": "log.jsonl", "index": n, "count": 2, "id": f"u{n}"}
        again._message(None, content, [part])
    assert "1 new line" in page.said("merged")[0]["text"]
    assert again.progress == "1 of 20 reviewed"
    assert again.upload_log(log).known == 1


def test_open_in_explorer_hands_over_photograph_and_classes(make):
    opened, seen = [], []

    def explore(predictor, photograph, *, target, against):
        opened.append((photograph, target, against))

    inspector, page = make(predictor=StandIn(labels=CLASSES), explore=explore)
    inspector.observe(lambda change: seen.append(change.new), "explored")
    page.send("explore", photograph=6, target=1, against=2)
    path = inspector._facts.records[6].path
    wait_for(lambda: opened and seen)
    assert opened == [(path, CLASSES[1], CLASSES[2])]
    assert (seen[0].photograph, seen[0].target, seen[0].against) == opened[0]
    assert inspector.explored == seen[0]


def test_wrong_arguments_are_refused(collection):
    with pytest.raises(TypeError, match="first argument of Inspector is a Collection, not str"):
        Inspector("answers")
    with pytest.raises(TypeError, match="is the predictor"):
        Inspector(collection, 7)
    with pytest.raises(TypeError, match="no argument 'reviewr'; the nearest is 'reviewer'"):
        Inspector(collection, reviewr="Ana")
    with pytest.raises(VerdictError, match="four groups"):
        Inspector(collection, orcid="12")
    with pytest.raises(TypeError, match="explore"):
        Inspector(collection, explore=7)


def test_the_saved_picture_escapes_what_it_shows(make):
    inspector, _ = make(reviewer="<b>Ana</b>")
    html = inspector.picture()._repr_html_()
    assert "<b>" not in html and "&lt;b&gt;Ana" in html and CLASSES[0] in html


def test_thousand_hostile_messages_cost_nothing(make):
    inspector, page = make()
    rng = np.random.default_rng(0)
    odd = [None, -1, 10**9, "x", [], {}, "<img>", float("nan"), True]
    for _ in range(1000):
        kind = rng.choice(list(inspector._kinds()))
        if kind in ("paper", "log", "sign", "study"):
            continue
        keys = ("case", "photograph", "photographs", "cases", "query", "filters", "verdict", "name")
        page.send(kind, **{key: odd[rng.integers(len(odd))] for key in keys})
    assert inspector._desk.lines == ()
    assert page.send("hello") == ""


def test_a_note_on_a_pair_is_told_and_stands_in_its_cases(make):
    inspector, page = make()
    page.send("case", case=3)
    pair = page.said("case")[0]["pair"]
    page.send("verdict", verdict={"id": "", "kind": "pair note", "pair": pair, "note": "tip"})
    page.send("case", case=3)
    assert [one["note"] for one in page.said("case")[-1]["notes"]] == ["tip"]
    assert len(page.said("noted")) == 1
    inspector.undo()
    assert len(page.said("noted")) == 2 and inspector._desk.case(3)["notes"] == []


def test_a_slices_list_has_as_many_cases_as_the_slice_has_errors(make):
    inspector, page = make()
    page.send("study")
    wait_for(lambda: inspector._desk.studies.state == "done", 120)
    slices = inspector._desk.study()["slices"]
    assert {one["what"] for one in slices} >= {"view"}
    for one in slices:
        assert len(inspector.cases("slice", one["what"], one["value"])) == one["part"], one
    suggested = inspector.cases("suggestions")
    assert sorted(suggested) == sorted(inspector.cases("all"))
    first = inspector._desk.case(int(suggested[0][1:]))
    assert first["doubt"] == {"place": 1, "of": len(suggested)}
    assert first["set"] is not None


def test_a_blind_review_tells_nothing_before_the_first_decision(make, collection):
    inspector, page = make(blind=True)
    page.send("hello")
    assert not page.said("numbers") and page.said("state")[0]["blind"]
    shown = page.said("blind")[0]
    assert shown["phase"] == "before" and shown["top"] == [] and shown["place"] == 1
    case = inspector._blindly.review.queue[0]
    told = json.dumps([content for content, _ in page.heard if content["kind"] == "blind"])
    assert f'"{case}"' not in told and "species" not in told
    seen = shown["photographs"][0]["digest"]
    one = page.verdict("", "decision", seen=seen, phase="before", name=CLASSES[0], seconds=3.5)
    assert page.said("saved")[0] == {
        "kind": "saved",
        "line": one,
        "case": "Case 1",
        "verdict": "decision",
        "undoes": "",
    }, "whether it is the label's name is not told"
    shown = page.said("blind")[-1]
    assert shown["phase"] == "after" and len(shown["top"]) == 5
    page.verdict("", "decision", seen=seen, phase="before", name=CLASSES[1])
    assert "out of turn" in page.said("refused")[-1]["reason"]
    page.verdict("", "decision", seen=seen, phase="after", without="ambiguous")
    assert page.said("blind")[-1]["place"] == 2
    before, after = read(collection.verdicts_folder).standing
    assert (before.phase, before.seconds, before.case) == ("before", 3.5, case)
    assert (after.phase, after.kind) == ("after", "ambiguous")
    page.verdict("", "decision", seen="0" * 64, phase="before", name="x")
    assert "no case in this queue" in page.said("refused")[-1]["reason"]
    assert "species" not in inspector.picture()._repr_html_()


def test_decisions_that_only_a_browser_had_are_saved_when_they_are_uploaded(
    make, collection, tmp_path
):
    inspector, page = make(blind=True)
    first, second = inspector._blindly.review.queue[:2]
    digests = [digest_of(inspector, case) for case in (first, second)]
    ids = [str(uuid.uuid4()) for _ in range(5)]

    def decision(number, seen, phase, by="Ana", **said):
        return {
            "kind": "decision",
            "id": ids[number],
            "at": f"2026-01-02T03:04:0{number}Z",
            "seen": seen,
            "phase": phase,
            "photograph": "",
            "seconds": 2.5,
            "by": by,
            **said,
        }

    lines = [
        decision(0, digests[0], "before", name=CLASSES[0], rank="species", qualifier="cf."),
        decision(1, digests[0], "after", without="ambiguous"),
        decision(2, digests[1], "after", without="ambiguous"),  # before the first one
        decision(3, digests[1], "before", by="Ben", without="ambiguous"),
        decision(4, "0" * 64, "before", without="ambiguous"),
    ]
    file = tmp_path / "decisions.jsonl"
    file.write_text("\ufeff" + "".join(json.dumps(one) + "\r\n" for one in lines) + "{half\n")
    said = inspector.upload_log(file)
    assert said.startswith("2 decisions were new, 0 were there already; 2 were refused (")
    assert "out of turn" in said and said.endswith("2 lines are no decisions of Ana.")
    saved = read(collection.verdicts_folder).standing
    assert [(one.case, one.phase, one.id) for one in saved] == [
        (first, "before", ids[0]),
        (first, "after", ids[1]),
    ]
    assert saved[0].kind in ("right", "wrong") and saved[0].seconds == 2.5
    assert page.said("blind")[-1]["place"] == 2
    assert "0 decisions were new, 2 were there already" in inspector.upload_log(file)
    file.write_text(json.dumps(decision(3, digests[1], "before", by="Ben")))
    with pytest.raises(VerdictError, match="holds no decision of Ana"):
        inspector.upload_log(file)
    with pytest.raises(ValueError, match="make another Inspector"):
        inspector.sign("Ben")


def test_decisions_are_uploaded_however_the_name_was_spaced(make, tmp_path):
    inspector, _ = make(blind=True, reviewer=" Ana  Lopez")
    seen = digest_of(inspector, inspector._blindly.review.queue[0])
    line = {"kind": "decision", "id": str(uuid.uuid4()), "at": "2026-01-02T03:04:05Z"}
    line |= {"seen": seen, "phase": "before", "without": "ambiguous", "by": inspector.reviewer}
    (tmp_path / "one.jsonl").write_text(json.dumps(line))
    assert inspector.upload_log(tmp_path / "one.jsonl").startswith("1 decisions were new")


def test_a_photograph_of_two_specimens_of_a_blind_queue_does_not_stop_it(make, monkeypatch):
    inspector, _ = make(blind=True)
    blindly = inspector._blindly
    monkeypatch.setattr(inspector._facts, "digests", ["d" * 64] * len(inspector._facts.digests))
    for place in (1, 2):
        for phase in ("before", "after"):
            given = {"seen": "d" * 64, "phase": phase, "without": "ambiguous"}
            assert blindly.decide(given) == place


def digest_of(inspector, case):
    facts = inspector._facts
    pairs = zip(facts.records, facts.digests, strict=True)
    return next(digest for record, digest in pairs if record.specimen == case)


def test_a_blind_review_needs_a_name_and_a_reference_needs_a_blind_review(collection):
    with pytest.raises(ValueError, match="signed from the start"):
        Inspector(collection, blind=True)
    with pytest.raises(ValueError, match="give blind=True"):
        Inspector(collection, reviewer="Ana", reference="label")
