"""Fixtures of more than one file of tests."""

import asyncio
import os
import shutil

import pytest
from networks import random_checkpoint
from xdist.scheduler import LoadScopeScheduling

# Files of tests import these, and then name them as plugins, for their fixtures.
pytest.register_assert_rewrite("explored", "explorer_page", "made_store")


# Containers set it, and then each of the hundreds of processes here would compile the package anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: What takes long, first: else processes have nothing to do while the last one is at a long file.
#: Checkpoints and explanations come before the notebooks, which find there what was compiled.
FIRST = (
    *("tests/browser/", "tests/checkpoint/", "tests/explain/", "notebooks/"),
    *("tests/training/", "tests/network/", "tests/ops/"),
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: [not item.nodeid.startswith(folder) for folder in FIRST])


class Scheduling(LoadScopeScheduling):
    """A file stays in one process, for its fixtures; all of the browser's stay in the same."""

    def _split_scope(self, nodeid):
        return "browser" if nodeid.startswith("tests/browser/") else nodeid.split("::", 1)[0]


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
