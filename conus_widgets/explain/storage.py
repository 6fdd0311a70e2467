"""Explanations in files: a picture to look at, or everything, to be read again."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from conus_widgets.explain.explanation import Cost, Explanation
from conus_widgets.explain.target import Target
from conus_widgets.photograph import read_photograph

FORMAT = "conus_widgets explanation 1"
DETAIL = "detail: "  # begins the name of each array of `details`
ARRAYS = ("values", "weights", "logits", "photograph", "texts")


def save(explanation: Explanation, path: str | os.PathLike[str], **options: Any) -> Path:
    """Write an explanation.

    Parameters
    ----------
    explanation : Explanation
    path : path
        Ends in ``.png`` (a picture) or ``.npz`` (arrays and texts, which `load` reads). Its folder
        must be there. The file is written beside and moved into place.
    **options
        For a picture: those of `plot`.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For another ending.
    OSError
        Where the file cannot be written.
    """
    path = Path(path)
    if kind_of(path) == ".png":
        content = explanation.plot(**options)._repr_png_()
    else:
        if options:
            raise ValueError(f"An .npz has no options, as {', '.join(options)}.")
        content = _packed(explanation)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:  # it speaks of the file beside, which nobody knows
        raise type(error)(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


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
        Where the file is damaged or is something else.
    OSError
        Where it cannot be read.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ARRAYS}
            kept = [name for name in file.files if name.startswith(DETAIL)]
            details = {name.removeprefix(DETAIL): file[name] for name in kept}
        texts = json.loads(arrays["texts"].tobytes().decode("utf-8"))
        if texts["format"] != FORMAT:
            raise ValueError(f"its format is {texts['format']!r}")
        return Explanation(
            values=arrays["values"].astype(np.float32),
            target=Target(arrays["weights"].astype(np.float32), str(texts["words"])),
            method=str(texts["method"]),
            image=read_photograph(arrays["photograph"].tobytes(), name=path.name),
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
    except OSError:
        raise
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path.name} is no explanation that can be read, or was not copied whole ({error})."
        ) from error


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
