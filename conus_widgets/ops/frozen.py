"""Weights that the Ops recognise without reading them."""

from __future__ import annotations

from typing import Any

import numpy as np

from conus_widgets.runtime import T, theano


class FrozenVariable(theano.tensor.sharedvar.TensorSharedVariable):  # type: ignore[misc]
    """A shared variable whose arrays nobody can write. Make it with `frozen`."""

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Set a copy of `new_value`; all functions use it from their next call on."""
        self.container.storage[0] = self.type.filter(_read_only(new_value))


def frozen(value: Any, *, name: str | None = None) -> FrozenVariable:
    """Return a shared variable for weights that change rarely, or never.

    A convolution packs its weights for the processor once, so at each call it must know whether
    they are still the same. Those of an ordinary shared variable may be changed in place, even
    by Theano itself, so they are read through at each call: about 0.1 ms per megabyte. Those of a
    frozen variable cannot: a new array is a new value, and looking at its address is enough.

    Parameters
    ----------
    value : array_like of float32
        Copied.
    name : str, optional

    Returns
    -------
    FrozenVariable
        `set_value` copies, whatever `borrow` says, and is noticed. ``get_value(borrow=True)`` is a
        read-only array: writing to it is NumPy's ValueError. As a target of `updates` it is
        refused when the function is called.
    """
    array = _read_only(value)
    kind = T.TensorType(array.dtype, (False,) * array.ndim)
    variable = FrozenVariable(name=name, type=kind, value=array, strict=True)
    variable.container.readonly = True
    return variable


def _read_only(value: Any) -> np.ndarray:
    array = np.array(value, order="C")
    array.flags.writeable = False
    return array
