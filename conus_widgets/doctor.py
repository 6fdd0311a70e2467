"""Look whether this machine has what the kit needs, and say what to do if it has not."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conus_widgets.machine import machine

PACKAGES = ("Theano-PyMC", "Lasagne", "numpy", "Pillow", "ipywidgets", "anywidget", "jupyterlab")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `well` is false if something must be done."""

    subject: str
    text: str
    well: bool = True


def findings() -> Iterator[Finding]:
    """Look at one thing after another; what builds on a failed one is not looked at.

    Yields
    ------
    Finding
    """
    yield _python()
    yield _packages()
    steps: list[tuple[str, Callable[[], str]]] = [
        ("Python's headers", _headers),
        ("C++ compiler", _compiler),
        ("compiled code", _cache),
        ("Theano and Lasagne", _theano),
        ("engine", _engine),
        ("demonstration", _demonstration),
    ]
    for subject, look in steps:
        try:
            yield Finding(subject, look())
        except Exception as error:  # whatever it is, it must end as a line of text
            yield Finding(subject, str(error) or type(error).__name__, well=False)
            return


def _python() -> Finding:
    version = platform.python_version()
    text = f"{version} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] == (3, 11):
        return Finding("Python", text)
    return Finding(
        "Python", f"{text}; Theano needs 3.11: make the environment with python3.11.", well=False
    )


def _packages() -> Finding:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        text = f"missing: {', '.join(missing)}. Run 'make lab', or './postBuild' in an environment."
        return Finding("packages", text, well=False)
    return Finding("packages", ", ".join(found))


def _headers() -> str:
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.exists():
        raise RuntimeError(
            f"{header} is missing, and C++ code for Python cannot be compiled without it. "
            "Install it: 'apt-get install python3.11-dev' (Debian, Ubuntu)."
        )
    return str(header)


def _compiler() -> str:
    path = machine.compiler()
    told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    return f"{path} ({(told.stdout or told.stderr).splitlines()[0]})"


def _cache() -> str:
    return str(machine.cache_folder())


def _theano() -> str:
    before = dict(os.environ)
    from conus_widgets.machine import runtime  # the import itself may fail

    users = [
        n for n in ("THEANO_FLAGS", "THEANORC") if before.get(n, os.environ[n]) != os.environ[n]
    ]
    aside = f"; {' and '.join(users)}: not used, the kit has settings of its own" if users else ""
    started = time.perf_counter()
    x = runtime.T.fvector()
    runtime.function([x], (x * 2 + 1).sum())([1, 2, 3])
    seconds = time.perf_counter() - started
    return f"they compile and compute ({seconds:.1f} s, {machine.threads()} threads){aside}"


def _engine() -> str:
    from conus_widgets import ops
    from conus_widgets.network.engine import chosen_engine

    engine = chosen_engine()
    found = ops.available()
    return engine if found else f"{engine} ({found.reason} The kit is slower, not less exact.)"


def _demonstration() -> str:
    from conus_widgets import shells
    from conus_widgets.loading import load_predictor

    started = time.perf_counter()
    predictor = load_predictor()
    loaded = time.perf_counter()
    answer = predictor.predict(shells.draw("tented", 0).image)
    done = time.perf_counter()
    return (
        f"a drawn tented shell is named {answer.labels[0]!r} "
        f"(loading {loaded - started:.1f} s, answering {done - loaded:.2f} s)"
    )


def report(write: Callable[[str], Any] = print) -> bool:
    """Write all findings, a line each; return whether all is well."""
    well = True
    for finding in findings():
        well = well and finding.well
        write(f"{'ok  ' if finding.well else 'FAIL'}  {finding.subject}: {finding.text}")
    write("All is well." if well else "Something must be done before the kit can work here.")
    return well
