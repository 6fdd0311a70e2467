"""The set-up of Theano and Lasagne: sentences on failures, and names put back."""

import errno

import numpy as np
import pytest

from conus_widgets.machine.runtime import RENAMED, SetupError, T, explain, function, lasagne, theano

# -- Lasagne and code of its time ---------------------------------------------------------------


@pytest.mark.parametrize("name", RENAMED)
def test_a_name_of_lasagnes_time_is_there(name):
    where, _, what = name.rpartition(".")
    found = theano
    for part in where.split(".")[1:]:
        found = getattr(found, part)
    assert callable(getattr(found, what))
    space = {}
    exec(f"import {where}\nfrom {where} import {what} as found", space)
    assert space["found"] is getattr(found, what)


def test_lasagne_computes_a_layers_output_of_an_array():
    """As its documentation has it; without `theano.gof` this is an AttributeError."""
    layers = lasagne.layers
    source = layers.InputLayer((None, 3))
    layer = layers.DenseLayer(source, 2, W=np.eye(3, 2, dtype="float32"))
    given = np.array([[1, -2, 3], [4, 5, -6]], "float32")
    np.testing.assert_array_equal(layers.get_output(layer, given).eval(), [[1, 0], [4, 5]])
    np.testing.assert_array_equal(
        layers.get_output(layer, {source: given}).eval(), [[1, 0], [4, 5]]
    )
    x = T.fmatrix()
    np.testing.assert_array_equal(
        function([x], layers.get_output(layer, x))(given), [[1, 0], [4, 5]]
    )


# -- sentences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "full"), "The disk is full: free some space"),
        (OSError(errno.EROFS, "read-only", "/a/b"), "/a/b cannot be written: set CONUS_CACHE"),
        (
            OSError(errno.EIO, "worn out"),
            r"Theano cannot be used here (OSError: [Errno 5] worn out)",
        ),
        (
            Exception(
                "The following error happened while compiling the node', Elemwise, '\n', "
                "'Compilation failed (return status=1): In file mod.cpp. /a/mod.cpp:7:1: error: "
                "'x' was not declared in this scope. note: suggested. '"
            ),
            "The C++ compiler failed (/a/mod.cpp:7:1: error: 'x' was not declared in this scope).",
        ),
        (
            Exception("Compilation failed (return status=-9): '"),
            "The C++ compiler failed (it ended with status -9 and said no more).",
        ),
        (
            ModuleNotFoundError("No module named 'scipy'"),
            "(No module named 'scipy'): run 'make lab'",
        ),
        (
            ImportError("/c/m.so: undefined symbol: x", path="/c/m.so"),
            "compiled cannot be loaded (/c/m.so: undefined symbol: x).",
        ),
        (AttributeError("no such thing"), "Theano cannot be used here (AttributeError: no such"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_went_wrong_is_one_sentence_with_a_way_out(error, said):
    text = explain(error)
    assert said in text and "\n" not in text
    assert "set CONUS_CACHE" in text or "python -m conus_widgets doctor" in text


def test_a_module_that_cannot_be_loaded_is_a_fault_of_the_set_up(monkeypatch):
    def fail(*_, **__):
        raise ImportError("/c/m.so: failed to map segment from shared object", path="/c/m.so")

    monkeypatch.setattr(theano, "function", fail)
    with pytest.raises(SetupError, match="cannot be loaded .*failed to map segment"):
        function([], T.zeros(2))
