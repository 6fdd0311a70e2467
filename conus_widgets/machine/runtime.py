"""Theano and Lasagne, configured: the only file that imports them and knows their flags.

Everything else writes ``from conus_widgets.machine.runtime import T, lasagne, theano``. The
first such import settles the flags, because Theano reads them once, while it is imported.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import importlib.abc
import importlib.machinery
import logging
import os
import platform
import re
import shutil
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import threadpoolctl

from conus_widgets.machine import module_cache
from conus_widgets.machine.imports import later, left_out, no_garbage
from conus_widgets.machine.machine import SetupError, cache_folder, compiler, compiler_options

__all__ = ["SetupError", "T", "explain", "function", "lasagne", "theano"]

_log = logging.getLogger(__name__)

PYTHON = (3, 11)
#: Machine code that runs on every x86-64 server of the last 15 years: such a cache may move between
#: the nodes of a hub, and Theano need not ask g++ at each start which processor it is on.
PORTABLE_MACHINE_CODE = {"x86_64": "-march=x86-64-v2", "AMD64": "-march=x86-64-v2"}
#: Theano asks for a debugger's notes (-g): a quarter of g++'s time, seven eighths of a module.
WITHOUT_NOTES = "-g0"
#: What must hold of a Theano that somebody else imported; with all else we get along.
NEEDED = {
    "floatX": "float32",
    "device": "cpu",
    "linker": "cvm",
    "openmp": False,
    "cast_policy": "custom",
    "compute_test_value": "off",
    "warn_float64": "ignore",
}


def _flags(folder: Path) -> str:
    """Return THEANO_FLAGS, in quotation marks as Theano's parser wants them."""
    machine_code = PORTABLE_MACHINE_CODE.get(platform.machine(), "")
    flags = {
        "floatX": "float32",
        "device": "cpu",
        "cxx": compiler(),
        "compiledir": os.fspath(folder),
        "openmp": "False",  # its C code was never formatted in Theano-PyMC and does not compile
        "blas__ldflags": "",  # must be set, or the import fails; NumPy's BLAS is used then
        "gcc__cxxflags": " ".join([machine_code, WITHOUT_NOTES, *compiler_options()]).strip(),
    }
    return ",".join(f"{key}={_quoted(value)}" for key, value in flags.items())


def _quoted(text: str) -> str:
    """As `shlex.quote`, which leaves a comma alone: Theano parts its flags there."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _without_blas_warning(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    return "NumPy C-API based implementation" not in said and "scipy.linalg.blas" not in said


@contextlib.contextmanager
def _peace() -> Iterator[None]:
    """Keep from Theano's and Lasagne's import what makes it fail and does not concern it."""
    with contextlib.ExitStack() as stack:
        # They use what newer companions will drop; with `python -W error` each would be the end.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        count = os.environ.get("OMP_NUM_THREADS")
        if count and not count.strip().isdecimal():  # as "4,2", which OpenMP knows
            importlib.import_module("numpy")  # its BLAS may read it
            del os.environ["OMP_NUM_THREADS"]
            stack.callback(os.environ.__setitem__, "OMP_NUM_THREADS", count)
        if not _has_working_folder():
            path = list(sys.path)
            sys.path[:] = filter(os.path.isabs, path)
            stack.callback(sys.path.__setitem__, slice(None), path)
        yield


def _has_working_folder() -> bool:
    try:
        return bool(os.getcwd())
    except FileNotFoundError:
        return False


class _Described(importlib.abc.MetaPathFinder):
    """Gives Theano the one docstring that it reads, where ``python -OO`` has removed them all."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "theano.graph.opt":
            return None
        spec: Any = importlib.machinery.PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def described(module: Any) -> None:
            execute(module)
            module.PatternSub.__doc__ = module.PatternSub.__doc__ or ""

        spec.loader.exec_module = described
        return spec


def _import_theano() -> types.ModuleType:
    if sys.version_info[:2] != PYTHON:
        raise SetupError(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is running; Theano's last release "
            f"needs Python {PYTHON[0]}.{PYTHON[1]}. Make the environment with python3.11."
        )
    if "theano" in sys.modules:
        config: Any = sys.modules["theano"].config
        found = {name: getattr(config, name) for name in NEEDED}
        other = [f"{name}={value}" for name, value in found.items() if value != NEEDED[name]]
        if other or not config.cxx:
            raise SetupError(
                "Theano was imported before conus_widgets with other settings "
                f"({', '.join(other) or 'cxx='}). "
                "Restart the kernel and import conus_widgets first."
            )
        return sys.modules["theano"]
    # A user's own settings are for other work, and may be for another Theano. What this process
    # starts finds these, so that it can load what was made here.
    os.environ["THEANO_FLAGS"], os.environ["THEANORC"] = _flags(cache_folder()), os.devnull
    for name in [name for name in sys.modules if name.partition(".")[0] == "theano"]:
        del sys.modules[name]  # of an import that failed, with whatever settings
    # Theano says at each import that it uses NumPy's BLAS. That is what was chosen above.
    logging.getLogger("theano.tensor.blas").addFilter(_without_blas_warning)
    described = _Described()
    sys.meta_path.insert(0, described)
    try:
        # These would be three fifths of the import. SciPy loads its parts by itself when Theano
        # computes with them; of its signals Theano looks for functions that SciPy has dropped,
        # and then does without, as it does without SciPy's BLAS: NumPy's is as good. The others
        # serve to compile.
        with (
            left_out("scipy", "special", "stats", "signal", "linalg"),
            later(
                *("distutils", "distutils.spawn", "distutils.sysconfig"),
                *("numpy.distutils", "numpy.distutils.__config__"),
                known={
                    "distutils.spawn.find_executable": shutil.which,
                    "distutils.sysconfig.get_config_var": sysconfig.get_config_var,
                },
            ),
            no_garbage(),
            _peace(),
        ):
            return importlib.import_module("theano")
    except Exception as error:  # it may be anything that Theano does not expect of a machine
        raise SetupError(explain(error)) from error
    finally:
        sys.meta_path.remove(described)


#: What Lasagne 0.1, its tests and code of its time call by another name, and where it is now.
RENAMED = {
    "theano.Variable": "theano.graph.basic.Variable",
    "theano.gof.Variable": "theano.graph.basic.Variable",
    "theano.gof.graph.is_same_graph": "theano.graph.toolbox.is_same_graph",
    "theano.sandbox.rng_mrg.MRG_RandomStreams": "theano.sandbox.rng_mrg.MRG_RandomStream",
    "theano.scan_module.scan_utils.equal_computations": "theano.graph.basic.equal_computations",
    "theano.tensor.signal.downsample.max_pool_2d": "theano.tensor.signal.pool.pool_2d",
}


def _put_back(old: str, new: str) -> None:
    """Let Theano know something by its old name as well."""
    place, _, name = new.rpartition(".")
    value = getattr(importlib.import_module(place), name)
    *modules, name = old.split(".")
    holder: Any = theano
    for end in range(1, len(modules)):
        path = ".".join(modules[: end + 1])
        try:
            found = importlib.import_module(path)
        except ModuleNotFoundError:
            found = sys.modules[path] = types.ModuleType(path)
            setattr(holder, modules[end], found)
        holder = found
    setattr(holder, name, value)


def _import_lasagne() -> types.ModuleType:
    """Import Lasagne 0.1, after putting back the names that Theano-PyMC changed."""
    with _peace():
        for old, new in RENAMED.items():
            _put_back(old, new)
        # Lasagne asks pkg_resources for its version; setuptools is pinned to one that has it.
        return importlib.import_module("lasagne")


def explain(error: BaseException) -> str:
    """Return one sentence on why Theano did not start or compile, for a person at a notebook."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: free some space, or set CONUS_CACHE to a folder elsewhere."
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS):
        return f"{error.filename} cannot be written: set CONUS_CACHE to a folder of your own."
    look = "'python -m conus_widgets doctor' looks at this machine."
    if isinstance(error, ModuleNotFoundError):
        return f"A package is missing ({error}): run 'make lab', or './postBuild'. {look}"
    if isinstance(error, ImportError) and (error.path or "").endswith(".so"):
        return f"The code that {compiler()} compiled cannot be loaded ({error}). {look}"
    text = str(error).strip()
    # Theano puts the compiler's whole output into the message; its first error says enough.
    told = re.search(r"Compilation failed \(return status=(.*?)\): (.*)", text, re.DOTALL)
    if told is None:
        return f"Theano cannot be used here ({type(error).__name__}: {text[:300]}). {look}"
    errors = [part for part in re.split(r"\. |\n", told[2]) if "error" in part.lower()]
    detail = errors[0].strip() if errors else f"it ended with status {told[1]} and said no more"
    return f"The C++ compiler failed ({detail[:300]}). {look}"


def function(inputs: Sequence[Any], outputs: Any, **options: Any) -> Any:
    """Compile, as `theano.function`, but say in one sentence what stopped it.

    Raises
    ------
    SetupError
        If the compiler or the disk fails.
    """
    try:
        return theano.function(inputs, outputs, **options)
    except Exception as error:  # Theano raises a bare Exception if the compiler fails
        if isinstance(error, (OSError, ImportError)) or "Compilation failed" in str(error):
            raise SetupError(explain(error)) from error
        raise


def limit_blas(count: int) -> None:
    """Let NumPy's BLAS, which multiplies matrices for Theano, use so many threads in this process.

    OpenBLAS's threads go on spinning for some 20 ms after each product. Where oneDNN computes and
    only the dense layer is such a product, more than one cost a third of all computing time: seen
    on two cores, 130 where 82 ms of CPU time will do for a photograph.
    """
    try:
        threadpoolctl.threadpool_limits(count, user_api="blas")
    except UnicodeDecodeError as error:  # threadpoolctl reads the paths of all that is loaded
        _log.info("BLAS keeps its threads (%s).", error)


lasagne: Any  # see __getattr__


def __getattr__(name: str) -> Any:
    # What only predicts needs no Lasagne, whose import takes as long as a prediction.
    if name == "lasagne":
        return _import_lasagne()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Both go on to use what newer companions will drop. With `python -W error` Theano would take each
# such warning for an answer, and compile something else.
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(theano|lasagne)\b")

theano: Any = _import_theano()
module_cache.share()
T: Any = importlib.import_module("theano.tensor")
limit_blas(1)
