"""A quick import of a large library: what it needs only now and then comes later, or not at all."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import threading
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from conus_widgets.machine.forks import ForkLock

_giving_way = ForkLock()  # held while a module goes that is not the real one


@contextlib.contextmanager
def left_out(package: str, *names: str) -> Iterator[None]:
    """Let ``import package.name`` find an empty module in here; later ones find the real one.

    So do other threads: a widget imports Theano in one, and the next cell may import SciPy.
    """
    missing = [f"{package}.{name}" for name in names if f"{package}.{name}" not in sys.modules]
    empty = {whole: _Empty(whole) for whole in missing}
    sys.modules.update(empty)
    try:
        yield
    finally:
        for whole, module in empty.items():
            module.give_way()
            within = vars(sys.modules[package]) if package in sys.modules else {}
            name = whole.rpartition(".")[2]
            if within.get(name) is module:
                del within[name]


class _Empty(types.ModuleType):
    """A module with nothing in it for the thread that made it, and only while it stands there."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._thread = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        whole = self.__name__
        if sys.modules.get(whole) is self and self._thread == threading.get_ident():
            raise AttributeError(f"module {whole!r} is left out, and {name!r} with it")
        self.give_way()
        return getattr(importlib.import_module(whole), name)

    def give_way(self) -> None:
        """Let those who import the module from now on find the real one."""
        with _giving_way:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]


@contextlib.contextmanager
def later(*names: str, known: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Let the import of these modules in here cost nothing.

    What imports one gets a `_Later`, and with it the real module as soon as something is asked of
    it.

    Parameters
    ----------
    *names : str
        Whole names; of a package and a module in it, both.
    known : mapping of str to object
        What they are asked for often, by its whole name: this is the answer, without the module.
    """
    waiting = {name: _Later(name) for name in names if name not in sys.modules}
    for place, value in {**waiting, **(known or {})}.items():
        package, _, name = place.rpartition(".")
        if package and (package in waiting or place in waiting):
            # As an import does; a package that does not wait keeps it until the real one comes.
            setattr(waiting.get(package) or importlib.import_module(package), name, value)
    sys.modules.update(waiting)
    try:
        yield
    finally:
        _give_way()


class _Later(types.ModuleType):
    """A module that is imported when something in it is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._thread = threading.get_ident()

    def __getattr__(self, name: str) -> Any:
        # A package, as far as the import system must know; what another thread imports of it must
        # be found.
        if name == "__path__" and self._thread == threading.get_ident():
            return []
        _give_way()  # the real one imports the others
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # who wrote the import knew what was coming
            real = importlib.import_module(self.__name__)
        return getattr(real, name)


def _give_way() -> None:
    """Let those who import a module from now on find the real one."""
    with _giving_way:
        for name, module in list(sys.modules.items()):
            if isinstance(module, _Later):
                del sys.modules[name]


@contextlib.contextmanager
def no_garbage() -> Iterator[None]:
    """Do not look for garbage in here.

    If many objects are made that stay, Python looks through all of them again and again: that was
    an eighth of the import of Theano.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
