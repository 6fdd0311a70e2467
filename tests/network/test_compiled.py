"""Functions restored from disk: the same numbers, quickly, and only from files that are ours."""

import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from test_arrays import Trap

from conus_widgets import ops
from conus_widgets.machine.runtime import T, theano
from conus_widgets.network import compiled as module
from conus_widgets.network.compiled import compiled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where functions are kept, empty."""
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path)
    (tmp_path / "functions").mkdir(mode=0o755)
    return tmp_path / "functions"


class Builder:
    """x -> scale * x, with a shared scale; counts how often it is made."""

    def __init__(self):
        self.made = 0

    def __call__(self):
        self.made += 1
        x = T.fvector("x")
        return theano.function([x], x * theano.shared(np.float32(2), name="scale"))


def double(function):
    return list(function([1, 2]))


def test_a_function_is_made_once_and_then_restored(folder):
    build = Builder()
    first, second = (compiled("double", ("a", 1), build) for _ in range(2))
    assert build.made == 1 and double(first) == double(second) == [2, 4]
    (scale,) = second.get_shared()
    scale.set_value(np.float32(3))  # each is the caller's own
    assert double(second) == [3, 6] and double(first) == [2, 4]


def test_another_key_or_name_is_another_function(folder):
    build = Builder()
    for name, key in (("double", 1), ("double", 2), ("twice", 1)):
        compiled(name, key, build)
    assert build.made == 3 and len(list(folder.glob("*.pickle"))) == 3


def test_another_version_of_this_package_makes_it_anew_and_tidies_up(folder, monkeypatch):
    build = Builder()
    compiled("double", 1, build)
    monkeypatch.setattr(module, "_ground", lambda: "newer code")
    assert double(compiled("double", 1, build)) == [2, 4]
    assert build.made == 2 and len(list(folder.glob("*.pickle"))) == 1


def test_all_code_that_decides_what_is_compiled_is_named():
    """What `inference.py` and the Ops import; the others say nothing but what the key holds."""
    package = Path(module.__file__).parents[1]
    sources = {file for pattern in module.SOURCES for file in package.glob(pattern)}
    named = {file.relative_to(package).as_posix() for file in sources}
    imported = set()
    for file in sources:
        for name in re.findall(
            r"^from conus_widgets\.(\S+) import", file.read_text(), re.MULTILINE
        ):
            path = name.replace(".", "/") + ".py"
            imported |= {path} if (package / path).exists() else set()
    assert "network/grids.py" in imported
    assert imported - named == {"machine/forks.py", "machine/machine.py", "network/engine.py"}


@pytest.mark.parametrize("content", [b"", b"damaged", pickle.dumps("no function")[:-3]])
def test_a_damaged_file_is_made_anew(folder, content):
    build = Builder()
    compiled("double", 1, build)
    (file,) = folder.glob("*.pickle")
    file.write_bytes(content)
    assert double(compiled("double", 1, build)) == [2, 4]
    assert build.made == 2
    compiled("double", 1, build)
    assert build.made == 2  # it was kept again


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_never_unpickled(folder, tmp_path, what, mode):
    build = Builder()
    compiled("double", 1, build)
    (file,) = folder.glob("*.pickle")
    file.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    place = file if what == "file" else folder
    place.chmod(place.stat().st_mode | mode)
    assert double(compiled("double", 1, build)) == [2, 4]
    assert not (tmp_path / "sprung").exists()
    assert build.made == 2


def test_a_full_disk_costs_time_only(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    build = Builder()
    assert double(compiled("double", 1, build)) == [2, 4]
    (lock,) = folder.iterdir()
    assert lock.name.startswith("lock-")


PROCESS = """
import json, sys
compilers = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and compilers.append(args[1]))
sys.path.insert(0, "tests")
import numpy as np
from conus_widgets.network import inference
calls = {"compiled": 0}
usual = inference.function
def function(*args, **kwargs):
    calls["compiled"] += 1
    return usual(*args, **kwargs)
inference.function = function
from networks import random_checkpoint
from conus_widgets.network.network import Network
network = Network(random_checkpoint())
x = np.linspace(-90, 90, 3 * 64 * 64, dtype="float32").reshape(1, 3, 64, 64)
found = network.forward(x).logits, network.follow(x)  # gradients would take g++ as long again
calls["g++"] = sum(any(".cpp" in part for part in map(str, call)) for call in compilers)
print(json.dumps({**calls, "sum": float(np.abs(found).sum())}))
"""


def start(cache):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROCESS)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "CONUS_CACHE": str(cache)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(processes):
    import json

    found = []
    for process in processes:
        out, errors = process.communicate(timeout=250)
        assert process.returncode == 0, errors
        found.append(json.loads(out.splitlines()[-1]))
    return found


def test_four_kernels_at_once_start_cold_and_warm(tmp_path):
    """Nothing is there at first: whoever comes first compiles, and the others wait for it."""
    if not ops.available():
        pytest.skip(ops.available().reason)
    cache = tmp_path / "cache"
    cold = answers([start(cache) for _ in range(4)])
    assert sum(answer["compiled"] for answer in cold) == 6  # forward, and the parts of `follow`
    assert sum(answer["g++"] for answer in cold) > 0
    warm = answers([start(cache) for _ in range(2)])
    assert [(answer["compiled"], answer["g++"]) for answer in warm] == [(0, 0)] * 2
    assert len({answer["sum"] for answer in [*cold, *warm]}) == 1
