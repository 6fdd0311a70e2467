"""The tensors of a ``.safetensors`` file, as float32 arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conus_widgets.checkpoint.arrays import CheckpointError
from conus_widgets.checkpoint.mistaken import what_file_it_is
from conus_widgets.machine.beside import reason

#: What safetensors calls the numbers that a network is stored in, and their usual names.
_KINDS = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_COUNTER = "num_batches_tracked"  # PyTorch counts batches; nothing is computed from it


class Tensors:
    """An open ``.safetensors`` file; each tensor is read when it is taken.

    Parameters
    ----------
    file : Path

    Attributes
    ----------
    shapes : dict of str to tuple of int
        By key; without PyTorch's counters of batches, and without the "module." that its
        DataParallel puts before each key.
    kinds : set of str
        Of the numbers: "float32", "float16", "bfloat16".

    Raises
    ------
    CheckpointError
        If the file is damaged, or holds numbers of another kind.
    """

    def __init__(self, file: Path) -> None:
        from safetensors import SafetensorError, safe_open  # only who starts from PyTorch pays

        self.file = file
        try:
            self._opened = safe_open(str(file), framework="np")
            keys = list(self._opened.keys())
        except OSError as error:
            raise CheckpointError(f"{file} cannot be read ({reason(error, file)}).") from error
        except SafetensorError as error:
            kind = what_file_it_is(file)
            raise CheckpointError(
                f"{file} is damaged or was not copied whole "
                f"({f'it is {kind}' if kind else error}): copy or download it again."
            ) from error
        self._keys = {
            key.removeprefix("module."): key for key in keys if not key.endswith(_COUNTER)
        }
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.kinds: set[str] = set()
        for name, key in self._keys.items():
            one = self._opened.get_slice(key)
            if one.get_dtype() not in _KINDS:
                raise CheckpointError(
                    f"{file}: {key} holds {one.get_dtype()}, but {', '.join(_KINDS.values())} can "
                    "be read: save the network with one of these."
                )
            self.shapes[name] = tuple(one.get_shape())
            self.kinds.add(_KINDS[one.get_dtype()])
        self._wide = self._bfloat16() if "bfloat16" in self.kinds else {}

    def take(self, name: str) -> NDArray[Any]:
        """Return a tensor as float32, in memory of its own.

        Raises
        ------
        CheckpointError
            If some of its numbers are not finite.
        """
        key = self._keys[name]
        found = self._wide.pop(key, None)
        if found is None:
            found = np.array(self._opened.get_tensor(key), np.float32)
        bad = found.size - int(np.isfinite(found).sum())
        if bad:
            raise CheckpointError(
                f"{self.file}: {key}: {bad} of {found.size} numbers are NaN or infinite."
            )
        return found

    def _bfloat16(self) -> dict[str, NDArray[Any]]:
        """Return the bfloat16 tensors widened.

        NumPy has no such numbers, and safetensors gives their bytes only. A bfloat16 is the upper
        half of a float32.
        """
        from safetensors import deserialize

        found = {}
        for key, about in deserialize(self.file.read_bytes()):
            if about["dtype"] == "BF16":
                bits = np.frombuffer(about["data"], "<u2").astype(np.uint32) << 16
                found[key] = bits.view(np.float32).reshape(about["shape"])
        return found
