"""What a reader must know of a method before believing its map: checked on this very network."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from conus_widgets import shells
from conus_widgets.beside import written_whole
from conus_widgets.explain.evaluate.randomisation import STAGES, Randomisation, randomisation

if TYPE_CHECKING:
    from conus_widgets.network import Progress

#: Grids, in words; the rest see every pixel of the network's input.
GRIDS = {"cam": "the cells of the last layer", "layer_cam": "the cells of the layer"}
#: Kinds of shells that the check looks at; every network can be asked about a drawing.
DRAWN = ("flamed", "tented", "reticulated")
VERSION = 2  # of the check: a number kept by another one is not used

_digests: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def randomisation_of(
    predictor: Any,
    name: str,
    *,
    compute: bool = True,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Randomisation | None:
    """Return a method's randomisation check on this network; it is computed once and kept.

    Parameters
    ----------
    predictor : Predictor
    name : str
        A key of `methods.METHODS`.
    compute : bool
        False: return None where the check was never made here.
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
        Where `cancelled` returned true.
    """
    from conus_widgets.explain.evaluate.methods import METHODS

    if name not in METHODS:
        raise ValueError(f"No method is called {name!r}; there are {', '.join(METHODS)}.")
    file = _file(predictor, name)
    kept = _read(file)
    if kept is not None or not compute:
        return kept
    drawings = [shells.draw(kind, number) for number, kind in enumerate(DRAWN)]
    made = randomisation(
        predictor,
        METHODS[name],
        [drawing.image for drawing in drawings],
        where=[drawing.masks["shell"] for drawing in drawings],
        name=name,
        progress=progress,
        cancelled=cancelled,
    )
    _keep(made, file)
    return made


def trust_line(predictor: Any, name: str) -> str:
    """Return what must stand beside a method's map, in plain words; nothing is computed.

    Parameters
    ----------
    predictor : Predictor
    name : str
        A key of `methods.METHODS`.

    Raises
    ------
    ValueError
        For an unknown method.
    """
    found = randomisation_of(predictor, name, compute=False)
    verdict = found.words if found else "Not yet checked on this network."
    return f"{verdict} Its map shows {GRIDS.get(name, 'every pixel that the network sees')}."


def _file(predictor: Any, name: str) -> Path:
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
    # A full disk: the check is made again next time.
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file, text=True) as kept:
            kept.write(json.dumps(record, indent=2) + "\n")
