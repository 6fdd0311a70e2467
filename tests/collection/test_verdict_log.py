"""The log: what was saved is there, whatever happens to the process, the disk or the file."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from conus_widgets.collection.verdict_log import LogError, LogWriter, read
from conus_widgets.collection.verdicts import Verdict, VerdictError


def verdicts(count, by="Ana"):
    return [Verdict("right", f"case {n}", by=by) for n in range(count)]


def written(folder, count, by="Ana"):
    writer, given = LogWriter(folder, by), verdicts(count, by)
    for verdict in given:
        writer.add(verdict)
    writer.close()
    return writer.file, given


def test_what_was_added_is_read_in_its_order(tmp_path):
    _, given = written(tmp_path, 20)
    assert list(read(tmp_path).verdicts) == given
    assert read(tmp_path).damaged == ()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert read(tmp_path / "none").verdicts == ()


def test_damaged_lines_cost_themselves_only(tmp_path):
    """FIELD.md, input 3: a home on a network disk, two notebooks, NULs and half lines."""
    file, given = written(tmp_path, 200)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[10] = b"\0" * 512 + b"\n"
    lines[50] = lines[50][: len(lines[50]) // 2] + b"\n"
    lines[90] = lines[90] + lines[90]
    lines[120] = lines[120].replace(b"\n", b"\r\n")
    lines[150] = b"\0" * 64 + lines[150]
    file.write_bytes(b"\xef\xbb\xbf" + b"".join(lines) + b'{"kind": "right"')
    log = read(tmp_path)
    lost = {given[10].id, given[50].id}
    assert {v.id for v in log.verdicts} == {v.id for v in given} - lost
    assert len(log.verdicts) == 198
    # Line 91 came twice, so those after it stand one line further down.
    assert [(d.file, d.line) for d in log.damaged] == [
        (file.name, 11),
        (file.name, 51),
        (file.name, 202),
    ]
    assert str(log.damaged[0]) == f"{file.name}, line 11: holds only NUL bytes"


def test_a_line_that_is_sent_again_counts_once(tmp_path):
    writer, verdict = LogWriter(tmp_path, "Ana"), Verdict("right", "a", by="Ana")
    writer.add(verdict)
    writer.add(verdict)
    other = LogWriter(tmp_path, "Ana")  # after the kernel came back
    other.add(verdict)
    assert len(read(tmp_path).verdicts) == 1
    assert len(writer.file.read_bytes().splitlines()) == 1


def test_an_undo_takes_back_ones_own_line_and_can_be_taken_back(tmp_path):
    ana, ben = LogWriter(tmp_path, "Ana"), LogWriter(tmp_path, "Ben")
    first = Verdict("right", "a", by="Ana")
    ana.add(first)
    ben.add(Verdict("undo", "a", by="Ben", undoes=first.id))
    assert [v.id for v in read(tmp_path).standing] == [first.id]
    undo = Verdict("undo", "a", by="Ana", undoes=first.id)
    ana.add(undo)
    assert read(tmp_path).standing == ()
    ana.add(Verdict("undo", "a", by="Ana", undoes=undo.id))
    assert [v.id for v in read(tmp_path).standing] == [first.id]


def test_verdicts_are_sorted_by_moment_however_it_is_written(tmp_path):
    moments = ["2026-11-27T10:00:00+02:00", "2026-11-27T08:30:00.5Z", "2026-11-27T09:00:00+00:00"]
    writer = LogWriter(tmp_path, "Ana")
    for at in reversed(moments):
        writer.add(Verdict("right", "a", by="Ana", at=at))
    assert [verdict.at for verdict in read(tmp_path).verdicts] == moments


def seen(folder, reviewer):
    return {(v.by, v.case, v.kind) for v in read(folder).seen_by(reviewer).verdicts}


def test_others_words_are_hidden_until_ones_own_judgement_is_saved(tmp_path):
    ana, ben = LogWriter(tmp_path, "Ana"), LogWriter(tmp_path, "Ben")
    for case in ("a", "b"):
        ana.add(Verdict("right", case, by="Ana"))
        ana.add(Verdict("note", case, by="Ana", note="worn"))
    ana.add(Verdict("pair note", "x / y", by="Ana", note="the spire"))
    assert seen(tmp_path, "Ben") == {("Ana", "x / y", "pair note")}
    ben.add(Verdict("right", "a", by="Ben", phase="before"))
    assert not {("Ana", "a", "right"), ("Ana", "b", "right")} & seen(tmp_path, "Ben")
    own = Verdict("unusable", "a", by="Ben", phase="after")
    ben.add(own)
    assert {("Ana", "a", "right"), ("Ana", "a", "note")} <= seen(tmp_path, "Ben")
    assert ("Ana", "b", "right") not in seen(tmp_path, "Ben")
    ben.add(Verdict("undo", "a", by="Ben", undoes=own.id))
    assert ("Ana", "a", "right") not in seen(tmp_path, "Ben")


def test_a_judgement_of_one_photograph_opens_what_was_said_of_that(tmp_path):
    ana, ben = LogWriter(tmp_path, "Ana"), LogWriter(tmp_path, "Ben")
    ana.add(Verdict("unusable", "a", photograph="d1", by="Ana"))
    ana.add(Verdict("right", "a", by="Ana"))
    ben.add(Verdict("right", "a", photograph="d1", by="Ben"))
    assert seen(tmp_path, "Ben") == {("Ana", "a", "unusable"), ("Ben", "a", "right")}


def test_two_sessions_of_one_reviewer_have_two_files(tmp_path):
    ending = [LogWriter(tmp_path, "Ana/../\n é").file for _ in range(2)]
    assert ending[0] != ending[1]
    assert {file.parent for file in ending} == {tmp_path}


def test_a_log_without_a_line_leaves_no_file(tmp_path):
    LogWriter(tmp_path, "Ana").close()
    assert not list(tmp_path.iterdir())


def test_nobody_signs_for_another(tmp_path):
    with pytest.raises(VerdictError, match="'Ana'.*'Ben'"):
        LogWriter(tmp_path, "Ana").add(Verdict("right", "a", by="Ben"))


def test_threads_write_whole_lines(tmp_path):
    writer, given = LogWriter(tmp_path, "Ana"), verdicts(60)
    threads = [
        threading.Thread(target=lambda part=part: [writer.add(v) for v in given[part::3]])
        for part in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = read(tmp_path)
    assert {v.id for v in log.verdicts} == {v.id for v in given} and not log.damaged


FULL_DISK = """
import resource, signal, sys
from conus_widgets.collection.verdict_log import LogError, LogWriter, read
from conus_widgets.collection.verdicts import Verdict

folder, hard = sys.argv[1], resource.getrlimit(resource.RLIMIT_FSIZE)[1]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
writer, saved = LogWriter(folder, "Ana"), []
try:
    for number in range(50):
        verdict = Verdict("right", f"photograph {number}", by="Ana")
        writer.add(verdict)
        saved.append(verdict)
except LogError as error:
    assert "NOT saved" in str(error), error
else:
    raise AssertionError("50 verdicts fitted into 2,000 bytes")
log = read(folder)
assert saved and list(log.verdicts) == saved and not log.damaged, log
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
late = Verdict("right", "late", by="Ana")
writer.add(late)  # there is room again
assert list(read(folder).verdicts) == [*saved, late]
"""


def test_a_full_disk_is_said_and_leaves_whole_lines(tmp_path):
    # A limit on file sizes stands in for a full disk. It is set in a process of its own:
    # in this one it would also stop pytest from writing its report into a file.
    subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match="choose a folder"):
        LogWriter(tmp_path / "file" / "verdicts", "Ana")


def test_a_killed_process_loses_nothing_that_it_called_saved(tmp_path):
    code = f"""
import sys
from conus_widgets.collection.verdict_log import LogWriter
from conus_widgets.collection.verdicts import Verdict
writer = LogWriter({str(tmp_path)!r}, "Ana")
while True:
    verdict = Verdict("right", "a", by="Ana")
    writer.add(verdict)
    print(verdict.id, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    said = [child.stdout.readline().strip() for _ in range(30)]
    os.kill(child.pid, signal.SIGKILL)
    said += child.communicate()[0].split("\n")[:-1]
    log = read(tmp_path)
    assert {id for id in said if id} <= {v.id for v in log.verdicts}
    assert len(log.damaged) <= 1  # the line that was on its way
