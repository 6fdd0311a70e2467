"""Imports that wait, or leave something out: whoever asks for a module gets the real one."""

import gc
import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conus_widgets.machine.imports import later, left_out, no_garbage


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `cone` with modules `tip` and `base`; each says when it is imported."""
    folder = tmp_path / "cone"
    folder.mkdir()
    (folder / "__init__.py").write_text("import loud; loud.said.append(__name__); sides = 3")
    (folder / "tip.py").write_text(
        "import loud; loud.said.append(__name__); import cone; height = 7"
    )
    (folder / "base.py").write_text("import loud; loud.said.append(__name__); width = 5")
    (tmp_path / "loud.py").write_text("said = []")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield importlib.import_module("loud").said
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_is_imported_when_something_is_asked_of_it(package):
    space = {}
    with later("cone", "cone.tip", "cone.base"):
        exec("import cone, cone.tip as tip, cone.base as base", space)
    assert package == [] and not [name for name in sys.modules if name.startswith("cone")]
    assert space["tip"].height == 7 and package == ["cone", "cone.tip"]
    assert space["cone"].base.width == 5 and space["cone"].sides == 3
    assert importlib.import_module("cone").tip is importlib.import_module("cone.tip")
    with pytest.raises(AttributeError, match="colour"):
        _ = space["cone"].colour


def test_a_module_may_wait_in_a_package_that_does_not(package):
    cone = importlib.import_module("cone")
    space = {}
    with later("cone.tip"):
        exec("import cone.tip", space)
    assert package == ["cone"] and space["cone"] is cone
    assert cone.tip.height == 7 and package == ["cone", "cone.tip"]
    assert importlib.import_module("cone.tip") is cone.tip


def test_asked_at_once_it_is_the_real_one_for_everybody(package):
    with later("cone", "cone.tip"):
        tip = importlib.import_module("cone.tip")
        assert tip.height == 7
        assert importlib.import_module("cone.tip").__file__.endswith("tip.py")
        assert importlib.import_module("cone").__file__.endswith("__init__.py")


def test_what_is_known_is_answered_without_the_module(package):
    with later("cone", "cone.tip", known={"cone.tip.height": 8}):
        cone = importlib.import_module("cone")
    assert cone.tip.height == 8 and package == []
    assert importlib.import_module("cone.tip").height == 7  # another one who imports it


def test_what_is_imported_already_stays(package):
    real = importlib.import_module("cone.tip")
    with later("cone", "cone.tip", known={"cone.tip.height": 8}):
        assert importlib.import_module("cone.tip") is real
    assert real.height == 7


def test_what_was_left_out_is_there_afterwards(package):
    with left_out("cone", "tip"):
        assert not hasattr(importlib.import_module("cone.tip"), "height")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("cone.tip.top")
    assert importlib.import_module("cone.tip").height == 7


def elsewhere(code, name):
    """What a name stands for after a line of code in another thread."""
    space = {}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(exec, code, space).result()
    return space[name]


@pytest.fixture
def spire(package):
    """A package in `cone`, with a module `apex`."""
    folder = Path(importlib.import_module("cone").__path__[0]) / "spire"
    folder.mkdir()
    (folder / "__init__.py").write_text("turns = 9")
    (folder / "apex.py").write_text("age = 2")


def test_another_thread_finds_what_is_left_out_here(spire):
    """A widget imports Theano in its worker's thread, and the next cell imports SciPy."""
    with left_out("cone", "tip", "base", "spire"):
        ours = importlib.import_module("cone.base")
        assert elsewhere("from cone.tip import height", "height") == 7
        assert elsewhere("from cone.spire.apex import age", "age") == 2
        assert importlib.import_module("cone.tip").height == 7  # for everybody, from then on
        assert not hasattr(ours, "width")
    assert ours.width == 5  # who got the empty one is not left with it
    assert importlib.import_module("cone").tip is importlib.import_module("cone.tip")


def test_another_thread_finds_what_is_in_a_package_that_waits_here(spire, package):
    with later("cone.spire", "cone.tip"):
        ours = importlib.import_module("cone.spire")
        assert elsewhere("from cone.spire.apex import age", "age") == 2
        assert "cone.tip" not in package  # which nobody asked for
    assert ours.turns == 9


def test_garbage_is_looked_for_again(monkeypatch):
    assert gc.isenabled()
    with no_garbage():
        assert not gc.isenabled()
        with no_garbage():
            pass
        assert not gc.isenabled()
    with pytest.raises(KeyError), no_garbage():
        raise KeyError
    assert gc.isenabled()
