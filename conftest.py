"""Notebooks, tested strictly: nbval alone passes a cell that warns or whose magic is unknown."""

import pytest
from nbval.plugin import IPyNbCell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a cell of a notebook that wrote to its error stream.

    IPython reports an unknown magic there and raises nothing, and Python's warnings go there, too.
    """
    result = yield
    if isinstance(item, IPyNbCell):
        outputs = item.test_outputs or []
        told = "".join(out.text for out in outputs if out.get("name") == "stderr")
        if told:
            item.raise_cell_error(f"The cell wrote to its error stream: {told.strip()}")
    return result
