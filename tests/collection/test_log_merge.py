"""A log that was downloaded is merged: each line once, and no other collection's."""

import json

import pytest

from conus_widgets.collection.log_merge import merge_log
from conus_widgets.collection.verdict_log import LogReader, LogWriter, read
from conus_widgets.collection.verdicts import Verdict, VerdictError


def lines(*verdicts):
    return "".join(json.dumps(one.to_dict()) + "\n" for one in verdicts).encode()


def test_lines_that_are_there_already_count_once(tmp_path):
    writer = LogWriter(tmp_path, "Ana")
    old, new = Verdict("right", "a", by="Ana"), Verdict("right", "b", by="Ben")
    writer.add(old)
    found = merge_log(tmp_path, lines(old, new), {"a", "b"})
    assert (found.added, found.known, found.strange) == ((new,), 1, 0)
    assert {one.id for one in read(tmp_path).verdicts} == {old.id, new.id}
    again = merge_log(tmp_path, lines(old, new), {"a", "b"})
    assert (again.added, again.known) == ((), 2)
    assert len(list(tmp_path.iterdir())) == 2, "nothing new, no file"


def test_damaged_and_strange_lines_are_counted(tmp_path):
    data = lines(Verdict("right", "a", by="Ana"), Verdict("right", "zz", by="Ana")) + b'{"kind": 7'
    found = merge_log(tmp_path, data, {"a"}, name="log.jsonl")
    assert (len(found.added), found.strange, len(found.damaged)) == (2, 1, 1)
    assert "log.jsonl, line 3" in str(found)


def test_the_log_of_another_collection_is_refused(tmp_path):
    with pytest.raises(VerdictError, match="None of the 1 lines .* another one"):
        merge_log(tmp_path, lines(Verdict("right", "zz", by="Ana")), {"a"})
    with pytest.raises(VerdictError, match="holds no verdict"):
        merge_log(tmp_path, b"\x89PNG", {"a"})
    assert list(tmp_path.iterdir()) == []


def test_a_reader_reads_only_what_has_changed(tmp_path, monkeypatch):
    ana, ben = LogWriter(tmp_path, "Ana"), LogWriter(tmp_path, "Ben")
    ana.add(Verdict("right", "a", by="Ana"))
    ben.add(Verdict("right", "a", by="Ben"))
    reader = LogReader(tmp_path)
    first = reader.read()
    assert reader.read() is first, "nothing has changed"
    read_files = []
    import conus_widgets.collection.verdict_log as module

    whole = module._read_file
    monkeypatch.setattr(
        module, "_read_file", lambda file, bad: read_files.append(file) or whole(file, bad)
    )
    ben.add(Verdict("right", "b", by="Ben"))
    assert len(reader.read().verdicts) == 3
    assert read_files == [ben.file]
    ana.file.unlink()
    assert [one.by for one in reader.read().verdicts] == ["Ben", "Ben"]
