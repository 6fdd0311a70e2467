"""Theano's folder of compiled modules while other processes remove what lies in it."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from conus_widgets.machine.runtime import theano

ROOT = Path(__file__).parents[2]
cmodule = theano.link.c.cmodule


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of modules, and Theano's lock with it."""
    monkeypatch.setattr(cmodule, "lock_ctx", lambda: theano.compile.compilelock.lock_ctx(tmp_path))
    return tmp_path


def gone_before(monkeypatch, module, name, path, call=1):
    """Let `path` be removed just before `module.name` is asked for it, or for what is in it."""
    usual, calls = getattr(module, name), []

    def late(asked, *args):
        if str(asked).startswith(str(path)):
            calls.append(asked)
            if len(calls) == call:
                shutil.rmtree(path)
        return usual(asked, *args)

    monkeypatch.setattr(module, name, late)
    return calls


def entry(folder, *names):
    (folder / "tmpgone").mkdir()
    for name in names:
        (folder / "tmpgone" / name).write_bytes(b"")
    return folder / "tmpgone"


@pytest.mark.parametrize(
    ("names", "module", "name", "call"),
    [
        (["mod.cpp"], os, "listdir", 1),  # another process's compiler failed
        (["m.so", "key.pkl"], cmodule, "last_access_time", 1),
        ([], os, "listdir", 2),  # another process removed an empty one as well
    ],
    ids=["before it is listed", "before its age is read", "before it is removed"],
)
def test_what_goes_while_it_is_looked_at_does_no_harm(
    folder, monkeypatch, names, module, name, call
):
    calls = gone_before(monkeypatch, module, name, entry(folder, *names), call)
    cache = cmodule.ModuleCache(str(folder))
    assert len(calls) == call and not cache.entry_from_key


def test_what_goes_at_the_end_of_a_process_does_no_harm(folder, monkeypatch):
    cache = cmodule.ModuleCache(str(folder))
    calls = gone_before(monkeypatch, cmodule, "last_access_time", entry(folder, "mod.cpp"))
    cache._on_atexit()
    assert len(calls) == 1


def test_what_does_not_come_back_is_an_error(folder, monkeypatch):
    """The second look is the last: a disk that is broken must not hang a start."""

    def missing(path):
        raise FileNotFoundError(2, "No such file or directory", path)

    entry(folder, "m.so", "key.pkl")
    monkeypatch.setattr(cmodule, "last_access_time", missing)
    with pytest.raises(FileNotFoundError):
        cmodule.ModuleCache(str(folder))


def test_a_cache_may_be_deleted_while_it_is_used(tmp_path):
    script = """
    import shutil
    from conus_widgets.machine.runtime import T, function, theano
    x = T.fvector()
    before = function([x], 2 * x + 1)
    shutil.rmtree(theano.config.compiledir)
    print(before([1, 2]), function([x], 3 * x - 1)([1, 2]))
    shutil.rmtree(theano.config.compiledir)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CONUS_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert (done.stdout, done.stderr) == ("[3. 5.] [2. 5.]\n", "")
