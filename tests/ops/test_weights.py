"""Weights of the oneDNN Ops: every change is noticed, frozen ones cannot change unseen."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from op_cases import floats, forward_and_back

from conus_widgets import ops
from conus_widgets.machine.runtime import theano

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)

CHANGES = {
    "set_value": lambda w: w.set_value(w.get_value() * 2),
    "set_value, the same array": lambda w: (
        double(w.get_value(borrow=True)),
        w.set_value(w.get_value(borrow=True), borrow=True),
    ),
    "in place": lambda w: double(w.get_value(borrow=True)),
    "one number": lambda w: w.get_value(borrow=True).__setitem__((3, 2, 1, 0), 1e-6),
    "swapped numbers": lambda w: w.set_value(w.get_value()[:, ::-1]),
    "update by Theano": lambda w: theano.function([], [], updates=[(w, w * 2)])(),
}


def double(array):
    array *= 2


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("make", [theano.shared, ops.frozen], ids=["shared", "frozen"])
def test_changed_weights_are_noticed(make, change):
    w = make(floats((4, 3, 3, 3)))
    before = w.get_value()
    x = floats((2, 6, 5, 3), 1)
    kept = forward_and_back(w)
    old = kept(x), kept(x[:1])
    try:
        change(w)
    except ValueError as error:
        assert make is ops.frozen and "read-only" in str(error)
        np.testing.assert_array_equal(w.get_value(), before)
    else:
        assert (w.get_value() != before).any()
    fresh = forward_and_back(theano.shared(w.get_value()))
    for images, was in ((x, old[0]), (x[:1], old[1])):
        for result, want, previous in zip(kept(images), fresh(images), was, strict=True):
            np.testing.assert_array_equal(result, want)
            assert (w.get_value() == before).all() or (result != previous).any()


def test_a_restored_function_works_with_frozen_weights():
    w = ops.frozen(floats((4, 3, 3, 3)), name="w")
    x = floats((1, 6, 5, 3), 1)
    function = forward_and_back(w)
    restored = pickle.loads(pickle.dumps(function))
    np.testing.assert_array_equal(restored(x)[0], function(x)[0])
    (copy,) = restored.get_shared()
    assert not copy.get_value(borrow=True).flags.writeable
    copy.set_value(np.zeros((4, 3, 3, 3), "float32"))
    assert not restored(x)[0].any() and function(x)[0].any()
