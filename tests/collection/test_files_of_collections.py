"""Files of photographs, here or at an address that was asked for."""

import io
import os

import pytest
from made_photographs import SPECIES
from networks import photographs
from stand_in import StandIn

from conus_widgets.collection import files
from conus_widgets.collection.collection import Collection
from conus_widgets.collection.evaluation import evaluate
from conus_widgets.collection.table import Record, Table
from conus_widgets.photographs.names import PhotographError

fsspec = pytest.importorskip("fsspec", reason="fsspec comes with the extra 'cluster'")


@pytest.fixture
def shelf():
    """A folder of fsspec's own file system in memory, for addresses memory://shelf/..."""
    system = fsspec.filesystem("memory")
    for number, image in enumerate(photographs(5)):
        content = io.BytesIO()
        image.save(content, "PNG")
        system.pipe(f"/shelf/{number}.png", content.getvalue())
    yield system
    system.rm("/shelf", recursive=True)


def table(*names):
    return Table(tuple(Record(f"memory://shelf/{name}", SPECIES[0]) for name in names), (), "x", 1)


def unreachable(*_, **__):
    raise OSError("the network is down")


def test_addresses_are_fetched_only_if_their_protocol_was_asked_for(shelf, tmp_path, monkeypatch):
    given = table(*(f"{n}.png" for n in range(5)), "missing.png")
    predictor = StandIn(labels=SPECIES)
    refused = evaluate(given, predictor, tmp_path / "out", progress=False)
    assert (refused.asked, refused.failed) == (0, 6)
    errors = Collection.open(tmp_path / "out").answers.errors
    assert (
        "none is fetched unless you ask for it in code: evaluate(..., fetch=['memory'])"
        in (errors[0])
    )
    asked = evaluate(given, predictor, tmp_path / "out", progress=False, fetch=["memory"])
    assert (asked.asked, asked.failed) == (5, 1)
    answers = Collection.open(tmp_path / "out").answers
    assert answers.status == ["answered"] * 5 + ["failed"]
    assert answers.errors[5].startswith("missing.png cannot be fetched")
    assert evaluate(given, predictor, tmp_path / "out", progress=False, fetch=["memory"]).asked == 0
    assert evaluate(given, predictor, tmp_path / "out", progress=False).asked == 0
    with monkeypatch.context() as patched:
        patched.setattr(type(shelf), "info", unreachable)
        evaluate(given, predictor, tmp_path / "out", progress=False, fetch=["memory"])
    kept = Collection.open(tmp_path / "out").answers
    assert kept.status == answers.status and kept.digests == answers.digests
    shelf.pipe("/shelf/3.png", shelf.cat("/shelf/4.png"))
    changed = evaluate(given, predictor, tmp_path / "out", progress=False, fetch=["memory"])
    assert changed.asked == 1
    after = Collection.open(tmp_path / "out").answers
    assert after.digests[3] == after.digests[4]


@pytest.mark.parametrize("path", ["https://host/1.jpg", "s3://b/1.jpg", "zip://a::memory://b.zip"])
def test_what_was_not_asked_for_is_no_file(path):
    with pytest.raises(PhotographError, match="none is fetched"):
        files.Files([path.encode()], ["memory", "zip"])[0]
    assert files.state_of(path.encode(), ["memory", "zip"]) is None


def test_a_path_of_this_machine_is_no_address(tmp_path):
    (tmp_path / "a:b.jpg").write_bytes(b"123")
    path = os.fsencode(tmp_path / "a:b.jpg")
    assert files.protocol_of(path) is None and files.Files([path])[0] == os.fsdecode(path)
    assert files.state_of(path)[0] == 3


def test_protocols_that_cannot_be_fetched_are_said_at_once(tmp_path):
    with pytest.raises(ValueError, match="cannot be fetched here"):
        evaluate(table(), StandIn(), tmp_path, fetch=["nosuchprotocol"])
    with pytest.raises(ValueError, match=r"give a list of protocols, as \['s3'\]"):
        evaluate(table(), StandIn(), tmp_path, fetch="s3")
