"""Equality of answers that hold arrays: two are equal if all their parts are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class ByValue:
    """Base of a dataclass with arrays, made with ``eq=False``.

    The equality that `dataclasses` makes compares tuples of the fields; if two arrays meet,
    NumPy then raises. Fields with ``compare=False`` are left out here too.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or all(
            alike(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)  # type: ignore[arg-type]
            if field.compare
        )

    def __hash__(self) -> int:
        # Of the words only: what is equal has the same ones, and they never change.
        values = (getattr(self, field.name) for field in fields(self) if field.compare)  # type: ignore[arg-type]
        return hash((type(self), *(value for value in values if isinstance(value, str))))


def alike(one: Any, other: Any) -> bool:
    """Return whether two values say the same: numbers, texts, arrays, pictures, lists of them.

    A NaN is like a NaN, a list like a tuple, and two errors with the same message are alike.
    """
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return _arrays(np.asarray(one), np.asarray(other))
    if isinstance(one, Image.Image) and isinstance(other, Image.Image):
        pixels = one.size == other.size and one.mode == other.mode
        return pixels and one.tobytes() == other.tobytes()
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, BaseException) and isinstance(other, BaseException):
        return type(one) is type(other) and str(one) == str(other)
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other) or bool(one != one and other != other)


def _arrays(one: NDArray[Any], other: NDArray[Any]) -> bool:
    floats = one.dtype.kind in "fc" and other.dtype.kind in "fc"
    return bool(np.array_equal(one, other, equal_nan=floats))
