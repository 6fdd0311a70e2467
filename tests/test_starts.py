"""Starts of the kit from a warm cache, in odd folders and under odd settings.

Each is a process of its own, which finds its compiled code in a copy of one small cache: what was
compiled again, or in another folder, is a fault as well.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conus_widgets import ops

ROOT = Path(__file__).parents[1]
START = """
import sys
calls = []
sys.addaudithook(lambda event, args: event == "subprocess.Popen" and calls.append(args[1]))
{first}
from conus_widgets.machine.runtime import T, function
x = T.fvector()
print("computed", function([x], 2 * x + 1)([1, 2]))
compiled = [call for call in calls if any(".cpp" in str(part) for part in call)]
print("compilers", len(compiled))
"""
OURS = ("CONUS", "THEANO", "OMP", "GOMP", "CXX", "PYTHON", "LC_", "LANG")


def run(*command, cwd=None, **environment):
    """Run Python, with `environment` in place of everything that concerns the kit."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    given = {"PYTHONPATH": str(ROOT), **kept, **environment}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd or ROOT,
        env={key: value for key, value in given.items() if value is not None},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=250,
    )


def start(*options, first="", **environment):
    return run(*options, "-c", START.format(first=first), **environment)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with what `START` needs, and no more."""
    folder = tmp_path_factory.mktemp("cache")
    done = start(CONUS_CACHE=str(folder))
    assert "computed [3. 5.]" in done.stdout, done.stderr
    return folder


def assert_warm(done):
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[-3:] == ["computed [3. 5.]", "compilers 0", ""], done.stdout


# -- folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["it's", 'say "cone", twice', "#1", "back\\slash", "a b=c:d%e%(f)s;$HOME Müller 芋貝"],
)
def test_any_folder_can_hold_the_compiled_code(cache, tmp_path, name):
    shutil.copytree(cache, tmp_path / name)
    assert_warm(start(CONUS_CACHE=str(tmp_path / name)))
    assert [p.name for p in tmp_path.iterdir()] == [name]  # and nothing lies in another one


def test_a_folder_that_is_not_text_can_hold_the_compiled_code(cache, tmp_path):
    try:
        folder = shutil.copytree(cache, os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    except OSError as error:
        pytest.skip(f"this disk has no such names: {error}")
    assert_warm(start(CONUS_CACHE=folder))


def test_a_relative_folder_stays_the_same_where_the_working_one_changes(cache, tmp_path):
    shutil.copytree(cache, tmp_path / "kept")
    (tmp_path / "other").mkdir()
    first = "import conus_widgets.machine.runtime, os; os.chdir('other')"
    assert_warm(start(first=first, cwd=tmp_path, CONUS_CACHE="kept"))
    done = run(
        "-c",
        "import os; from conus_widgets.machine.machine import cache_folder\n"
        "a = cache_folder(); os.chdir('other'); assert cache_folder() == a",
        cwd=tmp_path,
        CONUS_CACHE="kept",
    )
    assert done.returncode == 0, done.stderr


def test_an_environment_may_lie_in_any_folder(tmp_path):
    """An Op on oneDNN is compiled, with its headers and libraries from there."""
    if not ops.available():
        pytest.skip(ops.available().reason)
    prefix = tmp_path / 'it\'s a #1 "é" =%;'
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", prefix], check=True)
    here = Path(sys.prefix)
    (packages,) = prefix.glob("lib/python*/site-packages")
    paths = [entry for entry in sys.path if "site-packages" in entry]
    (packages / "these.pth").write_text("\n".join([str(ROOT), *paths]))
    for thing in [here / "include/oneapi", *(here / "lib").glob("libdnnl.so*")]:
        (prefix / thing.relative_to(here)).symlink_to(thing)
    script = """
import numpy as np
from conus_widgets import ops
from conus_widgets.machine.machine import cache_folder
from conus_widgets.machine.runtime import T, function
x = T.ftensor4()
print(function([x], ops.max_pool(x))(np.ones((1, 9, 9, 4), "float32")).sum(), cache_folder())
"""
    done = subprocess.run(
        [prefix / "bin/python", "-c", script],
        env={"PATH": os.environ["PATH"], "HOME": str(prefix)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"64.0 {prefix}/var/conus_widgets/"), done.stdout


def test_a_deleted_working_folder_does_not_matter(cache, tmp_path):
    (tmp_path / "gone").mkdir()
    first = "import os; os.rmdir(os.getcwd()); sys.path.insert(0, '')"
    assert_warm(start(first=first, cwd=tmp_path / "gone", CONUS_CACHE=str(cache)))


def test_a_disk_from_which_no_code_may_be_run_is_named(tmp_path):
    script = 'mount -t tmpfs -o noexec none "$0" && exec "$@" -m conus_widgets classify nothing.jpg'
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", script, tmp_path, sys.executable],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CONUS_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert "mounted 'noexec'" in done.stderr and "Set CONUS_CACHE to a folder" in done.stderr


# -- what a start imports -----------------------------------------------------------------------


def test_a_warm_start_imports_no_more_than_it_needs(cache):
    """Setuptools, SciPy's and NumPy's build tools were half of the import of Theano."""
    done = start(
        first="import atexit; atexit.register(lambda: print(*sys.modules))", CONUS_CACHE=str(cache)
    )
    assert done.returncode == 0 and "compilers 0" in done.stdout, done.stderr
    imported = set(done.stdout.split("\n")[2].split())
    assert "theano" in imported
    for heavy in (
        "setuptools",
        "distutils",
        "numpy.distutils",
        "scipy.linalg",
        "scipy.special",
        "scipy.stats",
        "scipy.sparse",
        "lasagne",
    ):
        assert heavy not in imported, heavy


def test_what_theanos_import_left_out_is_there_when_asked_for(cache):
    """SciPy's solver behind an Op, products with vectors, and a user's own imports."""
    script = """
from conus_widgets.machine.runtime import T, function, theano
import numpy as np
a, b, x = T.fmatrix(), T.fmatrix(), T.fvector()
from theano.tensor.slinalg import solve
square = np.array([[2, 0], [1, 4]], "float32")
ones = np.ones((2, 1), "float32")
print(function([a, b], solve(a, b), mode="FAST_COMPILE")(square, ones).ravel())
print(T.dot(a, x).eval({a: square, x: np.ones(2, "float32")}), T.erfinv(0.0).eval())
import distutils.spawn, scipy.linalg, scipy.special, numpy.distutils
print(scipy.linalg.det(square), scipy.special.erf(0.0), distutils.spawn.find_executable("sh"))
"""
    done = run("-W", "ignore", "-c", script, CONUS_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["[0.5   0.125]", "[2. 5.] 0.0"], done.stdout
    assert done.stdout.split("\n")[2].startswith("8.0 0.0 /")


# -- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [["-I"], ["-X", "dev"]])
def test_python_may_be_started_in_any_way(cache, options):
    # With -I it forgets PYTHONPATH; the variable of the cache it keeps.
    first = f"sys.path.insert(0, {str(ROOT)!r})"
    done = start(*options, first=first, CONUS_CACHE=str(cache))
    assert_warm(done)
    assert done.stderr == ""


@pytest.mark.parametrize("options", [["-W", "error"], ["-OO"]])
def test_a_prediction_needs_no_special_python_either(options):
    script = """
import numpy as np
from conus_widgets import Classifier, Explorer, load_predictor, shells
from conus_widgets.machine.runtime import lasagne
predictor = load_predictor()
image = shells.draw("tented", 0).image
predictor.network.gradients(predictor.inputs([image]), np.ones(len(predictor.labels)))
Classifier(predictor), Explorer(predictor)
print(predictor.predict(image).labels[0])
"""
    kept = {k: v for k, v in os.environ.items() if k == "CONUS_CACHE"}
    done = run(*options, "-c", script, **kept)
    assert done.stdout == "tented\n", done.stderr


@pytest.mark.parametrize(
    "environment",
    [
        {"OMP_NUM_THREADS": "4,2"},  # for two levels of nested threads: valid OpenMP
        {"OMP_NUM_THREADS": "many"},
        {"THEANO_FLAGS": "mode='"},
        {"THEANO_FLAGS": "nonsense,cast_policy=nonsense,linker=py,floatX=float64,cxx="},
        {
            "THEANO_FLAGS": "compute_test_value=raise,warn_float64=raise,device=cuda0,openmp=True,"
            "cmodule__debug=True,contexts=dev0->cuda0,optimizer=None"
        },
        {
            "PYTHONIOENCODING": "ascii",
            "LC_ALL": "POSIX",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
            "HOME": None,
            "USER": None,
        },
    ],
    ids=str,
)
def test_the_environment_may_say_what_it_likes(cache, environment):
    done = start(CONUS_CACHE=str(cache), **environment)
    assert_warm(done)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "content",
    [
        b"no section\n",
        b"\xff\xfe",
        b"[global]\ncompute_test_value=raise\ncontexts=dev0->cuda0\nfloatX=float64\ncxx=\n"
        b"[blas]\nldflags=-lnothing\n[gcc]\ncxxflags=-nonsense\n",
    ],
)
def test_a_users_own_set_up_of_theano_is_for_other_work(cache, tmp_path, content):
    (tmp_path / ".theanorc").write_bytes(content)
    done = start(CONUS_CACHE=str(cache), HOME=str(tmp_path))
    assert_warm(done)
    assert done.stderr == ""


def test_a_process_that_is_started_from_here_finds_the_same_theano(cache):
    """As one that gets a function by pickle, and so imports Theano before the kit."""
    first = """
import conus_widgets.machine.runtime, os, subprocess
again = "import theano; from conus_widgets.machine.runtime import theano as ours; "
again += "assert ours is theano; "
again += "assert theano.config.compiledir.startswith(os.environ['CONUS_CACHE'])"
subprocess.run([sys.executable, "-W", "ignore", "-c", "import os; " + again], check=True)
"""
    assert_warm(start(first=first, CONUS_CACHE=str(cache)))


# -- Theano before the kit ----------------------------------------------------------------------

IMPORTED = "import warnings; warnings.simplefilter('ignore'); import theano"


def test_an_import_of_theano_that_failed_is_forgotten(cache):
    """In this environment it does fail by itself: it asks NumPy for a BLAS to link."""
    first = f"""
try:
    {IMPORTED}
except Exception as error:
    print("failed", type(error).__name__)
"""
    done = start(first=first, CONUS_CACHE=str(cache), THEANO_FLAGS="floatX=float64,linker=py")
    assert done.stdout.startswith("failed"), done.stdout
    assert_warm(done)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("floatX=float64", "floatX=float64"),
        (
            "floatX=float32,linker=py,compute_test_value=raise",
            "linker=py, compute_test_value=raise",
        ),
        ("floatX=float32,cxx=", "linker=vm"),  # without a compiler there is no other
    ],
)
def test_a_theano_with_other_settings_is_refused_in_one_sentence(tmp_path, flags, said):
    done = run(
        "-c",
        f"{IMPORTED}\nfrom conus_widgets import load_predictor",
        THEANO_FLAGS=f"blas__ldflags=,base_compiledir={tmp_path},{flags}",
    )
    last = done.stderr.splitlines()[-1]
    assert "SetupError: Theano was imported before conus_widgets with other settings" in last
    assert said in last and "Restart the kernel and import conus_widgets first." in last


# -- the real reason ----------------------------------------------------------------------------


def test_what_stops_theano_is_not_hidden_behind_a_name(tmp_path):
    """A package in the way, broken, stands for whatever an import may meet."""
    (tmp_path / "filelock.py").write_text("raise AttributeError('the lock is rusty')")
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = run("-c", "from conus_widgets import load_predictor", **environment)
    last = done.stderr.splitlines()[-1]
    assert "SetupError: Theano cannot be used here (AttributeError: the lock is rusty)" in last
    done = run("-m", "conus_widgets", "doctor", **environment)
    assert "FAIL  Theano and Lasagne: Theano cannot be used here" in done.stdout
    assert "the lock is rusty" in done.stdout and not done.stderr
    done = run("-m", "conus_widgets", "classify", "a.jpg", **environment)
    assert "the lock is rusty" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["load_predictor", "explain", "Explorer", "fetch"])
def test_an_attribute_that_is_missing_inside_is_named(name):
    script = f"""
import importlib
real = importlib.import_module
def broken(name, *rest):
    if name.startswith("conus_widgets."):
        raise AttributeError("module 'numpy' has no attribute 'rust'")
    return real(name, *rest)
importlib.import_module = broken
from conus_widgets import {name}
"""
    done = run("-c", script)
    assert "no attribute 'rust'" in done.stderr.splitlines()[-1]
    assert "cannot import name" not in done.stderr.splitlines()[-1]
