"""Notebooks, tested strictly: nbval alone passes a cell that warns or whose magic is unknown."""

import functools

import pytest
from nbval import kernel
from nbval.plugin import IPyNbCell

STARTS = 3  # of one kernel


def _again(start):
    """Start a kernel once more if it died at once.

    Its ports are chosen before it starts, and another program may take one of them meanwhile.
    """

    @functools.wraps(start)
    def started(*arguments, **options):
        for _ in range(STARTS - 1):
            try:
                return start(*arguments, **options)
            except RuntimeError as error:
                if "died before replying" not in str(error):
                    raise
        return start(*arguments, **options)

    return started


kernel.start_new_kernel = _again(kernel.start_new_kernel)


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
