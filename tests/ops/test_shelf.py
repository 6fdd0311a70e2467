"""Weights in a file: the same numbers, unwritable, and out of memory once they are packed."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from op_cases import floats, forward_and_back, megabytes

from conus_widgets import ops
from conus_widgets.ops.shelf import SMALL

pytestmark = pytest.mark.skipif(not ops.available(), reason=ops.available().reason)


def test_arrays_come_back_as_they_were(tmp_path):
    shelf = ops.Shelf(tmp_path)
    given = [floats((n, 64, 3, 3), n) for n in (1, 31, 65, 32)]
    found = [shelf.put(array) for array in given]
    for array, kept in zip(given, found, strict=True):
        np.testing.assert_array_equal(kept, array)
    assert list(tmp_path.iterdir()) == []  # the file has no name
    del shelf
    np.testing.assert_array_equal(found[1], given[1])


def test_threads_may_put_arrays_there_at_once(tmp_path):
    shelf = ops.Shelf(tmp_path)
    given = [floats((64, 64 + n, 3, 3), n) for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shelf.put, given))
    for array, kept in zip(given, found, strict=True):
        np.testing.assert_array_equal(kept, array)


@pytest.mark.parametrize("shape", [(3,), (64, 64, 3, 3)])
def test_nobody_can_write(tmp_path, shape):
    kept = ops.Shelf(tmp_path).put(np.ones(shape, "float32"))
    assert ops.read_only(kept) is kept
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2
    if kept.nbytes >= SMALL:
        with pytest.raises(ValueError, match="WRITEABLE"):
            kept.flags.writeable = True


def test_the_memory_is_given_back_once_weights_are_packed(tmp_path):
    weights = floats((1024, 1024, 3, 3))  # 38 MB
    w = ops.frozen(ops.Shelf(tmp_path).put(weights))
    function = forward_and_back(w)
    x = floats((1, 3, 3, 1024))
    other = forward_and_back(ops.frozen(weights))
    expected = other(x)
    packed = megabytes()
    for _ in range(2):
        for result, want in zip(function(x), expected, strict=True):
            np.testing.assert_array_equal(result, want)
        # Packed copies are shared with the other function; the plain one went back to the file.
        assert megabytes() - packed < 15
    np.testing.assert_array_equal(w.get_value(borrow=True), weights)  # it is still there


def test_new_weights_are_noticed(tmp_path):
    shelf = ops.Shelf(tmp_path)
    first, second = (shelf.put(floats((64, 64, 3, 3), seed)) for seed in (1, 2))
    w = ops.frozen(first)
    function = forward_and_back(w)
    x = floats((1, 5, 5, 64))
    before = function(x)
    w.set_value(second)
    for old, new, want in zip(
        before, function(x), forward_and_back(ops.frozen(second))(x), strict=True
    ):
        np.testing.assert_array_equal(new, want)
        assert (old != new).any()


def test_a_view_of_something_writable_is_read_at_each_call():
    """A read-only view is not enough: its owner may be written to."""
    owner = floats((64, 64, 3, 3))
    view = owner[:]
    view.flags.writeable = False
    assert ops.read_only(view) is not view
