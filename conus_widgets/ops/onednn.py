"""oneDNN: whether it is here, and what all Ops over it share.

oneDNN comes as two wheels (``onednn-cpu-gomp``, ``onednn-devel-cpu-gomp``), for Linux on x86-64
only. They put a header and a library into the environment's prefix, which C++ code compiled by
Theano uses. That code is in the ``.h`` files beside this one: plain functions on NumPy arrays,
which an Op's few generated lines call.
"""

from __future__ import annotations

import hashlib
import os
import platform
import site
import sys
import sysconfig
from abc import abstractmethod
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conus_widgets.machine.machine import threads
from conus_widgets.machine.runtime import SetupError, T, theano

HEADER = "include/oneapi/dnnl/dnnl.h"
LIBRARY = "lib/libdnnl.so.3"

#: How many threads an Op computes with. The C++ code asks for this name: see `use_threads`.
thread_count = threads()

# A thread that waits for another spins; by OpenMP's default for some 15 ms, which triples all times
# where the CPUs are shared with other processes. 0.1 ms spans what lies between two of our Ops.
# Read when the first compiled Op is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")


@dataclass(frozen=True)
class Availability:
    """Whether oneDNN can be used: true or false, with the `reason` where it cannot."""

    prefix: Path | None
    reason: str

    def __bool__(self) -> bool:
        return self.prefix is not None


@cache
def available() -> Availability:
    """Return whether the Ops of this package can be used here, and why not.

    Returns
    -------
    Availability
        True in a condition where they can. Else its `reason` is a sentence.

    Examples
    --------
    >>> engine = "onednn" if available() else "theano"
    """
    if sys.platform != "linux" or platform.machine() != "x86_64":
        here = f"{platform.system()} on {platform.machine()}"
        return Availability(None, f"oneDNN's package is for Linux on x86-64; this is {here}.")
    prefixes = [sys.prefix, sysconfig.get_path("data"), sys.base_prefix]
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getuserbase())
    for prefix in dict.fromkeys(map(Path, prefixes)):
        if (prefix / HEADER).exists() and (prefix / LIBRARY).exists():
            if "," in os.fspath(prefix):  # g++ splits there what the linker is told
                return Availability(None, f"oneDNN cannot be used from {prefix}: it has a comma.")
            return Availability(prefix, "")
    return Availability(
        None,
        f"oneDNN was not found below {sys.prefix}. Install it: "
        "'pip install onednn-cpu-gomp==2023.2.0 onednn-devel-cpu-gomp==2023.2.0'.",
    )


def use_threads(count: int) -> None:
    """Let all Ops compute with `count` threads from now on, whichever thread calls them.

    Raises
    ------
    ValueError
        If `count` is less than 1.
    """
    global thread_count
    if count < 1:
        raise ValueError(f"{count} threads cannot compute: at least 1 is needed.")
    thread_count = int(count)


@cache
def code(*names: str) -> str:
    """Return C++ files of this folder as one text, in which compilers name the files' own lines."""
    folder = Path(__file__).parent
    return "\n".join(f'#line 1 "{name}"\n{(folder / name).read_text()}' for name in names)


def image(value: Any, what: str, dtype: str = "float32") -> Any:
    """Return `value` as a Theano variable of 4 axes of a dtype.

    Raises
    ------
    TypeError
        If it is something else.
    """
    return tensor(value, 4, what, dtype)


def image_or_words(value: Any, what: str) -> Any:
    """Return the same of uint16, which holds bfloat16 (see `bfloat16.py`), else of float32."""
    variable = T.as_tensor_variable(value)
    return image(variable, what, "uint16" if variable.dtype == "uint16" else "float32")


def tensor(value: Any, axes: int, what: str, dtype: str = "float32") -> Any:
    """Return `value` as a Theano variable of so many `axes` of a dtype."""
    variable = T.as_tensor_variable(value)
    if variable.dtype != dtype or variable.ndim != axes:
        raise TypeError(
            f"{what} must have {axes} axes of {dtype}, not {variable.ndim} of {variable.dtype}: "
            f"cast it with .astype('{dtype}') or reshape it."
        )
    return variable


def like(gradient: Any, variable: Any) -> Any:
    """Return `gradient` with the broadcastable axes of `variable`, as `T.grad` wants it."""
    return T.patternbroadcast(gradient, variable.broadcastable)


def integers(*names: str) -> Any:
    """Return a Theano type for an Op's whole numbers, so that one compiled module serves all."""
    return theano.graph.params_type.ParamsType(**dict.fromkeys(names, theano.scalar.int64))


class OneDNNOp(theano.graph.op.COp):
    """An Op whose C code calls a function of the C++ files in this folder.

    Subclasses give `files`, and `call`: the C++ call that returns 0, or sets Python's error.
    """

    files: tuple[str, ...] = ()
    __props__: tuple[str, ...] = ("files",)  # with none, Theano would compile it in every process

    def __init__(self) -> None:
        found = available()
        if not found:
            raise SetupError(f"{found.reason} CONUS_ENGINE=theano works without it.")

    def c_headers(self, **_: Any) -> list[str]:
        return ["oneapi/dnnl/dnnl.h", "oneapi/dnnl/dnnl_debug.h"]

    def c_header_dirs(self, **_: Any) -> list[str]:
        return [os.fspath(self._prefix / "include")]

    def c_lib_dirs(self, **_: Any) -> list[str]:
        return [os.fspath(self._prefix / "lib")]

    def c_libraries(self, **_: Any) -> list[str]:
        return ["dnnl"]

    def c_init_code(self, **_: Any) -> list[str]:
        return ["conus::share_heaps();"]

    def c_compile_args(self, **_: Any) -> list[str]:
        return ["-O3", "-std=c++17", "-fopenmp", f"-Wl,-rpath,{self._prefix / 'lib'}"]

    def c_support_code(self, **_: Any) -> str:
        return code("forks.h", "heap.h", "onednn.h", "arrays.h", *self.files)

    def c_code_cache_version(self) -> tuple[int, ...]:
        text = self.c_support_code()
        return (1, int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big"))

    def c_code(self, node: Any, name: str, inputs: list[str], outputs: list[str], sub: Any) -> str:
        results = [f"&{output}" for output in outputs]
        call = self.call(name, inputs, results, sub.get("params", ""))
        return f"if (conus::{call}) {{ {sub['fail']} }}"

    @abstractmethod
    def call(self, name: str, inputs: list[str], outputs: list[str], params: str) -> str:
        """Return the C++ call."""

    def perform(self, node: Any, inputs: Any, outputs: Any, params: Any = None) -> None:
        raise NotImplementedError(f"{type(self).__name__} works only as compiled C++ code.")

    @property
    def _prefix(self) -> Path:
        prefix = available().prefix
        assert prefix is not None
        return prefix


class GradientOp(OneDNNOp):
    """An Op that computes a gradient, and has none itself."""

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no gradient of its own: second derivatives are not "
            "offered by the oneDNN Ops. CONUS_ENGINE=theano computes them."
        )

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        return [[True] * len(node.outputs) for _ in node.inputs]
