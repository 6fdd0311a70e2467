"""Theano and Lasagne, configured: the only file that imports them and knows their flags.

Everything else writes ``from conus_widgets.runtime import T, lasagne, theano``. The first such
import settles the flags, because Theano reads them once, while it is imported.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib
import logging
import os
import pickle
import platform
import sys
import types
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import threadpoolctl

from conus_widgets.machine import SetupError, cache_folder, compiler

__all__ = ["SetupError", "T", "explain", "function", "lasagne", "theano"]

PYTHON = (3, 11)
#: Machine code that runs on every x86-64 server of the last 15 years: such a cache may move between
#: the nodes of a hub, and Theano need not ask g++ at each start which processor it is on.
PORTABLE_MACHINE_CODE = {"x86_64": "-march=x86-64-v2", "AMD64": "-march=x86-64-v2"}


def _flags(folder: Path) -> str:
    """Return THEANO_FLAGS: the user's own, then ours, which win."""
    ours = {
        "floatX": "float32",
        "device": "cpu",
        "cxx": compiler(),
        "compiledir": str(folder),
        "openmp": "False",  # its C code was never formatted in Theano-PyMC and does not compile
        "blas__ldflags": "",  # must be set, or the import fails; NumPy's BLAS is used then
        "gcc__cxxflags": PORTABLE_MACHINE_CODE.get(platform.machine(), ""),
    }
    users = os.environ.get("THEANO_FLAGS", "")
    return ",".join([users] * bool(users) + [f"{key}={value}" for key, value in ours.items()])


def _without_blas_warning(record: logging.LogRecord) -> bool:
    return "NumPy C-API based implementation for BLAS" not in record.getMessage()


@contextlib.contextmanager
def _left_out(package: str, *names: str) -> Iterator[None]:
    """Let `import package.name` find an empty module in here; later ones find the real one."""
    missing = [name for name in names if f"{package}.{name}" not in sys.modules]
    for name in missing:
        sys.modules[f"{package}.{name}"] = types.ModuleType(name)
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[f"{package}.{name}"]
            if package in sys.modules:
                vars(sys.modules[package]).pop(name, None)


def _import_theano() -> types.ModuleType:
    if sys.version_info[:2] != PYTHON:
        raise SetupError(
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is running; Theano's last release "
            f"needs Python {PYTHON[0]}.{PYTHON[1]}. Make the environment with python3.11."
        )
    if "theano" in sys.modules:
        config = sys.modules["theano"].config
        if not config.cxx or config.floatX != "float32":
            raise SetupError(
                "Theano was imported before conus_widgets with other settings "
                f"(floatX={config.floatX}, cxx={config.cxx or 'none'}). "
                "Restart the kernel and import conus_widgets first."
            )
        return sys.modules["theano"]
    os.environ["THEANO_FLAGS"] = _flags(cache_folder())
    # Theano says at each import that it uses NumPy's BLAS. That is what was chosen above.
    logging.getLogger("theano.tensor.blas").addFilter(_without_blas_warning)
    try:
        # These would be half of the start. SciPy loads special functions and statistics by itself
        # when Theano computes with them; of its signals Theano looks for functions that SciPy has
        # dropped, and then does without.
        with _left_out("scipy", "special", "stats", "signal"):
            return importlib.import_module("theano")
    except OSError as error:
        raise SetupError(explain(error)) from error


def _import_lasagne() -> types.ModuleType:
    """Import Lasagne 0.1 after putting back two names that Theano-PyMC renamed."""
    pool: Any = importlib.import_module("theano.tensor.signal.pool")
    downsample: Any = types.ModuleType("theano.tensor.signal.downsample")
    downsample.max_pool_2d = pool.pool_2d
    sys.modules.setdefault(downsample.__name__, downsample)
    signal: Any = importlib.import_module("theano.tensor.signal")
    signal.downsample = sys.modules[downsample.__name__]
    random: Any = importlib.import_module("theano.sandbox.rng_mrg")
    random.MRG_RandomStreams = random.MRG_RandomStream
    with warnings.catch_warnings():
        # Lasagne asks pkg_resources for its version; setuptools is pinned to one that has it.
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
        return importlib.import_module("lasagne")


def _stable_version(op: Any) -> tuple[Any, ...]:
    digest = hashlib.sha256("\0".join(op.func_codes).encode()).digest()
    version: tuple[Any, ...] = (int.from_bytes(digest[:6], "big"),)
    if hasattr(op, "params_type"):
        version += (op.params_type.c_code_cache_version(),)
    return version


def _save_key(data: Any) -> None:
    beside = f"{data.key_pkl}.{os.getpid()}.part"
    try:
        with open(beside, "wb") as file:
            pickle.dump(data, file, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(beside, data.key_pkl)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


def _keep_compiled_modules() -> None:
    """Name compiled modules by their code, and write down their names in one piece.

    Theano's `ExternalCOp` (`DimShuffle` is one) names them by Python's `hash` of a string, which
    differs in every process: g++ would compile them again in each. And a process that meets a
    half-written name deletes the module, also under another process that has loaded it.
    """
    op: Any = importlib.import_module("theano.graph.op")
    op.ExternalCOp.c_code_cache_version = _stable_version
    cmodule: Any = importlib.import_module("theano.link.c.cmodule")
    cmodule.KeyData.save_pkl = _save_key


def explain(error: BaseException) -> str:
    """Return one sentence on why compiling failed, for a person at a notebook."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: free some space, or set CONUS_CACHE to a folder elsewhere."
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS):
        return f"{error.filename} cannot be written: set CONUS_CACHE to a folder of your own."
    # Theano puts the compiler's whole output into the message; its first error says enough.
    lines = [line for line in str(error).splitlines() if "error" in line.lower()]
    detail = lines[0].strip() if lines else str(error).strip()[:200]
    return (
        f"The C++ compiler failed ({detail}). 'python -m conus_widgets doctor' checks this machine."
    )


def function(inputs: Sequence[Any], outputs: Any, **options: Any) -> Any:
    """Compile, as `theano.function`, but say in one sentence what stopped it.

    Raises
    ------
    SetupError
        Where the compiler or the disk fails.
    """
    try:
        return theano.function(inputs, outputs, **options)
    except Exception as error:  # Theano raises a bare Exception where the compiler fails
        if isinstance(error, OSError) or "Compilation failed" in str(error):
            raise SetupError(explain(error)) from error
        raise


def limit_blas(count: int) -> None:
    """Let NumPy's BLAS, which multiplies matrices for Theano, use so many threads in this process.

    OpenBLAS's threads go on spinning for some 20 ms behind each product. Where oneDNN computes and
    only the dense layer is such a product, more than one cost a third of all computing time: seen
    on two cores, 130 where 82 ms of CPU time will do for a photograph.
    """
    threadpoolctl.threadpool_limits(count, user_api="blas")


lasagne: Any  # see __getattr__


def __getattr__(name: str) -> Any:
    # What only predicts needs no Lasagne, whose import takes as long as a prediction.
    if name == "lasagne":
        return _import_lasagne()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


theano: Any = _import_theano()
_keep_compiled_modules()
T: Any = importlib.import_module("theano.tensor")
limit_blas(1)
