"""Weights that the Ops recognise without reading them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.machine.runtime import T, theano
from conus_widgets.ops.shelf import Shelved


class FrozenVariable(theano.tensor.sharedvar.TensorSharedVariable):
    """A shared variable whose arrays nobody writes to. Make it with `frozen`."""

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Set a copy of `new_value`, or itself if nobody can write to it."""
        super().set_value(read_only(new_value), borrow=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.container.storage[0].flags.writeable = False  # pickle forgets it


def frozen(value: Any, *, name: str | None = None) -> FrozenVariable:
    """Return a shared variable for weights that change rarely, or never.

    A convolution packs its weights for the processor once, so at each call it must know whether
    they are still the same. Those of an ordinary shared variable may be changed in place, even
    by Theano itself, so they are read through at each call: about 0.1 ms per megabyte. Those of a
    frozen variable cannot: a new array is a new value, and looking at its address is enough.

    Parameters
    ----------
    value : array_like of float32
        Copied, unless it is an array that owns its numbers and is read-only.
    name : str, optional

    Returns
    -------
    FrozenVariable
        `set_value` copies, as here and whatever `borrow` says, and is noticed.
        ``get_value(borrow=True)`` is a read-only array: writing to it is NumPy's ValueError. As a
        target of `updates` it gets an ordinary array, which then is read through like any other.
    """
    array = read_only(value)
    kind = T.TensorType(array.dtype, (False,) * array.ndim)
    return FrozenVariable(name=name, type=kind, value=array, strict=True)


def read_only(value: Any) -> NDArray[Any]:
    """Return an array that nobody can write to: `value` itself if it is one, else a copy."""
    if isinstance(value, np.ndarray) and value.flags.c_contiguous and not value.flags.writeable:
        if value.flags.owndata or isinstance(value.base, Shelved):
            return value
    array = np.array(value, order="C")
    array.flags.writeable = False
    return array


class _ProtectFrozen(theano.graph.opt.GlobalOptimizer):
    """Forbids Theano's in-place Ops, which do not look at NumPy's flag, to overwrite them."""

    def add_requirements(self, fgraph: Any) -> None:
        variables = [v for v in fgraph.inputs if isinstance(v, FrozenVariable)]
        if variables:
            fgraph.attach_feature(theano.compile.function.types.Supervisor(variables))

    def apply(self, fgraph: Any) -> None:
        """Nothing: what was attached does the work."""


theano.compile.mode.optdb.register(
    "conus_protect_frozen", _ProtectFrozen(), 0.01, "fast_run", "fast_compile"
)
