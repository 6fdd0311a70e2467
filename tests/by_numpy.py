"""Theano functions whose elementwise parts, sums and slices NumPy computes.

g++ needs about a second for each kind of them, and a training has some sixty: on a machine that
starts cold that is most of a test. NumPy computes the same of the same graph, the gradients are
Theano's as ever, and what has to be C (convolutions, the Ops of this package) stays C.
"""

import contextlib

import pytest

from conus_widgets.machine.runtime import T, theano

Elemwise, CAReduce = T.elemwise.Elemwise, T.elemwise.CAReduce
MakeVector = T.opt.MakeVector
Subtensor, IncSubtensor = T.subtensor.Subtensor, T.subtensor.IncSubtensor


def _no_c(*_, **__):
    raise NotImplementedError("by NumPy")  # Theano then asks for Python


@contextlib.contextmanager
def elementwise_by_numpy():
    """In here, functions are compiled so; `mode` of what this gives has to be handed to them."""
    with pytest.MonkeyPatch.context() as patch:
        for op in (Elemwise, CAReduce, MakeVector, Subtensor, IncSubtensor):
            patch.setattr(op, "make_c_thunk", _no_c)
        # Fused steps are no functions of NumPy: Python would go from cell to cell.
        yield theano.compile.mode.get_default_mode().excluding("fusion")


def function(inputs, outputs, **options):
    """Compile, as `theano.function` and `runtime.function`."""
    with elementwise_by_numpy() as mode:
        return theano.function(inputs, outputs, mode=mode, **options)
