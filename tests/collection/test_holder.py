"""Who may write into a store."""

import errno
import fcntl
import json
import os
import platform
import time

import pytest

from conus_widgets.collection import holder
from conus_widgets.collection.holder import HeldError, Holder


@pytest.fixture(params=["locks", "no locks"])
def disk(request, monkeypatch, tmp_path):
    """A folder, also on a disk that knows no locks."""
    if request.param == "no locks":

        def refused(file, how):
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refused)
        monkeypatch.setattr(holder, "_SETTLE", 0)
    return tmp_path


def test_one_at_a_time_and_then_the_next(disk):
    with Holder(disk) as held:
        held.sign()
        with pytest.raises(HeldError, match=f"by process {os.getpid()} of .* Or give another"):
            Holder(disk).__enter__()
    with Holder(disk):
        pass
    assert (disk / "holder.json").read_text() == ""


def record(**changes):
    given = {
        "id": "x",
        "host": platform.node(),
        "process": os.getpid(),
        "user": "ana",
        "since": "2026-01-01",
        "seen": time.time(),
    }
    return json.dumps({**given, **changes})


@pytest.mark.parametrize(
    "text",
    [
        record(process=2**22 + 5),  # no such process
        record(host="elsewhere", seen=time.time() - 2 * holder.SILENT),
        "",
        "{",
        "[]",
        "{}",
        '{"process": "x", "host": 3}',
        "\0" * 200,
    ],
)
def test_who_is_gone_holds_nothing(disk, text):
    (disk / "holder.json").write_text(text)
    with Holder(disk):
        with pytest.raises(HeldError, match=f"process {os.getpid()}"):
            Holder(disk).__enter__()


@pytest.mark.parametrize("disk", ["no locks"], indirect=True)
@pytest.mark.parametrize("changes", [{}, {"host": "elsewhere"}])
def test_without_locks_a_sign_of_life_counts(disk, changes):
    (disk / "holder.json").write_text(record(**changes))
    with pytest.raises(HeldError, match="of ana on .*, since 2026-01-01"):
        Holder(disk).__enter__()


@pytest.mark.parametrize("disk", ["no locks"], indirect=True)
def test_of_two_at_the_same_time_one_goes_on(disk, monkeypatch):
    def other_writes(seconds):
        (disk / "holder.json").write_text(record())

    monkeypatch.setattr(time, "sleep", other_writes)
    with pytest.raises(HeldError, match="ana"):
        Holder(disk).__enter__()
