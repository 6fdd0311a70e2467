"""Lasagne's own tests that cannot pass here, and why: a plugin of pytest for `make lasagne-tests`.

Each of these must fail, and no other may: docs/lasagne.md says the same in words.
"""

import pytest

SCAN = "Theano's scan does not compile on Python 3.11: its C code includes longintrepr.h"
CUDA = "Theano-PyMC has no theano.sandbox.cuda: it dropped the first of Theano's two GPU engines"
TYPE = "Theano-PyMC asks for a type where a variable is made; the test gives it a string"

EXPECTED = {
    "test_conv.py::TestConv2DDNNLayer::test_import_without_gpu_or_cudnn_raises": CUDA,
    "test_helper.py::TestGetOutput_InputLayer::test_get_output_input_is_variable": TYPE,
} | {
    f"test_recurrent.py::test_{name}": SCAN
    for name in """
    custom_recurrent_arbitrary_shape
    recurrent_precompute recurrent_return_shape recurrent_tensor_init recurrent_unroll_scan_bck
    recurrent_unroll_scan_fwd recurrent_variable_input_size
    lstm_bck lstm_passthrough lstm_precompute lstm_return_shape lstm_tensor_init
    lstm_unroll_scan_bck lstm_unroll_scan_fwd lstm_variable_input_size
    gru_bck gru_passthrough gru_precompute gru_return_shape gru_tensor_init
    gru_unroll_scan_bck gru_unroll_scan_fwd gru_variable_input_size
    """.split()
}


def pytest_configure(config):
    from conus_widgets.machine.runtime import lasagne

    assert lasagne.__version__ == "0.1"


def pytest_collection_modifyitems(items):
    names = {item.nodeid.rpartition("/")[2]: item for item in items}
    for name, reason in EXPECTED.items():
        if name not in names:
            raise pytest.UsageError(f"Lasagne has no test {name}")
        names[name].add_marker(pytest.mark.xfail(reason=reason, strict=True))
