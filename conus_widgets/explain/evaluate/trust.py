"""The facts that a reader needs before believing a map: tested on this very network."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import weakref
from collections.abc import Callable
from pathlib import Path

import platformdirs

from conus_widgets import shells
from conus_widgets.explain.catalogue import METHODS, Method
from conus_widgets.explain.evaluate.randomisation import Randomisation, randomisation
from conus_widgets.machine.beside import written_whole
from conus_widgets.network.interface import STAGES, PredictorProtocol, Progress

#: Kinds of shells that the test looks at; every network can be asked about a drawing.
DRAWN = ("flamed", "tented", "reticulated")
VERSION = 3  # of the test: a number kept by another version is not used

_digests: weakref.WeakKeyDictionary[PredictorProtocol, str] = weakref.WeakKeyDictionary()


def randomisation_of(
    predictor: PredictorProtocol,
    name: str,
    *,
    compute: bool = True,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Randomisation | None:
    """Return a method's randomisation test on this network; it is computed once and kept.

    Parameters
    ----------
    predictor : Predictor
    name : str
        Of a row of `catalogue.METHODS`, which says with which options it is compared.
    compute : bool
        False: return None if the test was never made here.
    progress, cancelled : callable, optional
        As `randomisation`.

    Returns
    -------
    Randomisation or None
        On three drawn shells.

    Raises
    ------
    ValueError
        For an unknown method.
    Cancelled
        If `cancelled` returned true.
    """
    method = _row(name)
    file = _file(predictor, name)
    kept = _read(file)
    if kept is not None or not compute:
        return kept
    drawings = [shells.draw(kind, number) for number, kind in enumerate(DRAWN)]
    made = randomisation(
        predictor,
        functools.partial(method.function, **method.compared),
        [drawing.image for drawing in drawings],
        where=[drawing.masks["shell"] for drawing in drawings],
        name=name,
        progress=progress,
        cancelled=cancelled,
    )
    _keep(made, file)
    return made


def trust_line(predictor: PredictorProtocol, name: str) -> str:
    """Return what must stand beside a method's map, in plain words; nothing is computed.

    Parameters
    ----------
    predictor : Predictor
    name : str
        Of a row of `catalogue.METHODS`, which says with which options it is compared.

    Raises
    ------
    ValueError
        For an unknown method.
    """
    found = randomisation_of(predictor, name, compute=False)
    method = _row(name)
    verdict = found.words if found else "Not yet tested on this network."
    # The verdict is of these options, and the map beside it may have others.
    options = ", ".join(f"{key}={value!r}" for key, value in method.compared.items())
    tested = f" It is tested with {options}." if method.compared != method.offered else ""
    return f"{verdict}{tested} Its map shows {method.grain}."


def _row(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"No method is called {name!r}; there are {', '.join(METHODS)}.")
    return METHODS[name]


def _file(predictor: PredictorProtocol, name: str) -> Path:
    if predictor not in _digests:
        digest = hashlib.sha256(repr(predictor.checkpoint.architecture).encode())
        for array in predictor.checkpoint.arrays:
            digest.update(array.tobytes())
        _digests[predictor] = digest.hexdigest()[:20]
    folder = platformdirs.user_cache_path("conus_widgets") / "trust"
    return folder / f"{name}-{_digests[predictor]}.json"


def _read(file: Path) -> Randomisation | None:
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        if record.pop("version") != VERSION:
            return None
        found = Randomisation(
            str(record["method"]),
            tuple(str(stage) for stage in record["stages"]),
            tuple(float(value) for value in record["correlations"]),
            int(record["photographs"]),
        )
        lengths = {len(found.stages), len(found.correlations)}
        return found if lengths == {len(STAGES)} else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # missing or damaged: it is made again


def _keep(made: Randomisation, file: Path) -> None:
    record = {"version": VERSION, **dataclasses.asdict(made)}
    # A full disk: the test is made again next time.
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file, text=True) as kept:
            kept.write(json.dumps(record, indent=2) + "\n")
