"""Explanations in files: a picture to look at, or everything, to be read again."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets.arguments import flag
from conus_widgets.equality import alike
from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.target import Target
from conus_widgets.machine.beside import written_whole
from conus_widgets.outputs import is_our_png, place_for
from conus_widgets.photographs.filekind import what_is
from conus_widgets.photographs.names import plain
from conus_widgets.photographs.photograph import PhotographError, read_photograph

KIND = "conus_widgets explanation "
FORMAT = f"{KIND}1"
MARK = b'{"format": "' + KIND.encode()  # the texts of every version begin with it
DETAIL = "detail: "  # begins the name of each array of `details`
ARRAYS = ("values", "weights", "logits", "photograph", "texts")


def save(
    explanation: Explanation,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
    **options: Any,
) -> Path:
    """Write an explanation.

    Parameters
    ----------
    explanation : Explanation
    path : path
        Ends in ``.png`` (a picture) or ``.npz`` (arrays and texts, which `load` reads). Its folder
        must be there. The file is written beside and moved into place. An earlier map is replaced;
        the photograph that is explained never is.
    force : bool
        Replace another existing file as well.
    inputs : paths
        Further files that must stay as they are.
    **options
        For a picture: those of `plot`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For another ending, or if the path is that of the photograph, of an input, or, without
        `force`, of another file that is there already.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    place = place_for_map(path, inputs=inputs, force=force)
    if place.exists() and _is_photograph(explanation, place):
        raise ValueError(
            f"{plain(str(path))} is the photograph that is explained: give another name."
        )
    if kind_of(path) == ".png":
        content = explanation.plot(**options)._repr_png_()
    else:
        if options:
            raise ValueError(f"An .npz has no options, as {', '.join(options)}.")
        content = _packed(explanation)
    with written_whole(place) as file:
        file.write(content)
    return path


def place_for_map(
    path: str | os.PathLike[str], *, inputs: Iterable[Any] = (), force: bool = False
) -> Path:
    """Return where a map is to be written; parameters and errors as in `save`."""
    kind_of(Path(path))
    return place_for(
        path,
        inputs=inputs,
        is_ours=is_map,
        force=flag("force", force),
        way="give another name, or replace it with force=True (--force)",
    )


def is_map(path: Path) -> bool:
    """Return whether a file is one that `save` wrote: judged by its content, not by its name."""
    if is_our_png(path):
        return True
    try:
        with zipfile.ZipFile(path) as archive, archive.open("texts.npy") as file:
            return MARK in file.read(1024)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _is_photograph(explanation: Explanation, path: Path) -> bool:
    """Return whether a file shows the photograph that is explained, to the pixel."""
    width, height = explanation.image.size
    try:
        found = read_photograph(path, max_pixels=width * height)
    except PhotographError:
        return False
    return alike(found, explanation.image.convert("RGB"))


def kind_of(path: Path) -> str:
    """Return ".png" or ".npz", or raise a ValueError for another ending."""
    kind = path.suffix.lower()
    if kind not in (".png", ".npz"):
        what = f"ends in {kind!r}" if kind else "has no ending"
        raise ValueError(f"{path.name} {what}: use .png or .npz.")
    return kind


def load(path: str | os.PathLike[str]) -> Explanation:
    """Read an explanation that `save` wrote as ``.npz``.

    Parameters
    ----------
    path : path

    Returns
    -------
    Explanation
        Equal to the one saved, photograph included. Nothing is unpickled.

    Raises
    ------
    ValueError
        If the file is damaged or is something else.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    shown = plain(path.name)
    try:
        with open(path, "rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise type(error)(
            f"{plain(str(path))} cannot be read: {error.strerror or error}."
        ) from error
    try:
        if not head.startswith(b"PK"):
            raise _Foreign(_instead(path, what_is(head)))
        return _unpacked(path, shown)
    except (OSError, MemoryError):
        raise
    except _Foreign as error:
        reason = str(error)
    except Exception as error:  # damaged bytes make zipfile, zlib, NumPy and JSON raise anything
        reason = f"it is damaged or was not copied whole ({error})"
        if "pickle" in str(error):
            reason = "it holds pickled objects, which are never opened"
    raise ValueError(f"{shown} is no explanation that can be read: {reason}.")


class _Foreign(Exception):
    """A file is something else than an explanation; says what."""


def _instead(path: Path, kind: str) -> str:
    """Say what a file is that is no .npz."""
    if is_our_png(path):
        return "it is the figure of one; what is to be read again must be saved as .npz"
    if kind in ("nothing", "text"):
        return "it is empty (0 bytes)" if kind == "nothing" else "it is text, not an .npz"
    what = f"a {kind} picture" if kind.isalpha() else kind  # "PNG", but "a PDF document"
    return f"it is {what}, not an .npz that `save` wrote"


def _unpacked(path: Path, shown: str) -> Explanation:
    with np.load(path, allow_pickle=False) as file:
        lacking = [name for name in ARRAYS if name not in file.files]
        if lacking:
            raise _Foreign(
                f"it is an .npz of something else, without {' and '.join(map(repr, lacking))}"
            )
        arrays = {name: file[name] for name in ARRAYS}
        kept = [name for name in file.files if name.startswith(DETAIL)]
        details = {name.removeprefix(DETAIL): file[name] for name in kept}
    texts = json.loads(arrays["texts"].tobytes().decode("utf-8"))
    if texts["format"] != FORMAT:
        raise _Foreign(f"its format is {texts['format']!r}, but {FORMAT!r} is needed")
    return Explanation(
        values=arrays["values"].astype(np.float32),
        target=Target(arrays["weights"].astype(np.float32), str(texts["words"])),
        method=str(texts["method"]),
        image=read_photograph(arrays["photograph"].tobytes(), name=shown),
        logits=arrays["logits"].astype(np.float32),
        labels=[str(label) for label in texts["labels"]],
        unit=str(texts["unit"]),
        layer=texts["layer"],
        options=dict(texts["options"]),
        cost=Cost(**texts["cost"]),
        remarks=tuple(texts["remarks"]),
        figures=dict(texts["figures"]),
        notice=str(texts["notice"]),
        details=details,
    )


def _packed(explanation: Explanation) -> bytes:
    photograph = io.BytesIO()
    explanation.image.convert("RGB").save(photograph, "PNG")
    texts = {
        "format": FORMAT,
        "words": explanation.target.words,
        "method": explanation.method,
        "labels": explanation.labels,
        "unit": explanation.unit,
        "layer": explanation.layer,
        "options": explanation.options,
        "cost": asdict(explanation.cost),
        "remarks": explanation.remarks,
        "figures": explanation.figures,
        "notice": explanation.notice,
    }
    held = io.BytesIO()
    np.savez_compressed(
        held,
        values=explanation.values,
        weights=explanation.target.weights,
        logits=explanation.logits,
        photograph=np.frombuffer(photograph.getvalue(), np.uint8),
        texts=np.frombuffer(json.dumps(texts, default=_plain).encode("utf-8"), np.uint8),
        **{DETAIL + name: array for name, array in explanation.details.items()},
    )
    return held.getvalue()


def _plain(value: Any) -> Any:
    """Return what JSON can hold for what it cannot."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
