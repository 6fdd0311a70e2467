"""Fixtures of more than one file of tests."""

import asyncio
import os
import shutil

import pytest
from networks import random_checkpoint
from xdist.scheduler import LoadScopeScheduling

# Files of tests import these, and then name them as plugins, for their fixtures.
pytest.register_assert_rewrite("explored", "explorer_page", "made_store")


# Containers often set this. Then every process that a test starts compiles the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

BROWSER = ("tests/browser/",)
#: They compile most of their time, and Theano lets one process at a time: another one would wait.
COMPILING = ("tests/network/", "tests/ops/", "tests/training/", "tests/machine/test_forks.py")
#: What takes long, first: else processes have nothing to do while the last one is at a long file.
#: The notebooks find what checkpoints and explanations have compiled.
FIRST = (*BROWSER, *COMPILING, "tests/checkpoint/", "tests/explain/", "notebooks/")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [not item.nodeid.startswith(place) for place in FIRST])


class Scheduling(LoadScopeScheduling):
    """A file stays in one process, for its fixtures.

    All of the browser's stay in the same, and all that compile in another one.
    """

    def _split_scope(self, nodeid):
        if nodeid.startswith(BROWSER):
            return "browser"
        return "compiling" if nodeid.startswith(COMPILING) else nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)


def pytest_xdist_auto_num_workers(config):
    """One more than there are CPUs: the browser's process waits most of its time."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="hunts act as often as in `make stress`")


@pytest.fixture
def hunt(request):
    """Return how often a hunt acts: of two numbers the first, or the second with --long."""
    return lambda short, long: long if request.config.getoption("long") else short


@pytest.fixture(scope="session")
def sound_checkpoint(tmp_path_factory):
    from conus_widgets.checkpoint.files import write

    folder = tmp_path_factory.mktemp("sound")
    write(folder, random_checkpoint())
    return folder


@pytest.fixture
def folder(sound_checkpoint, tmp_path):
    """A sound checkpoint of one's own, to be damaged."""
    return shutil.copytree(sound_checkpoint, tmp_path / "damaged")


@pytest.fixture
def no_loop_of_the_browser():
    """The browser's tests, in the same process, leave a running event loop in this thread."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)
