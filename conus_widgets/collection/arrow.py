"""Arrow columns from NumPy arrays and texts, and back, without pandas.

`pyarrow.array`, `to_numpy` and others import pandas on their way, which costs seconds and 50 MB.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FLOATS = {"float": "float32", "double": "float64"}  # Arrow's names; those of integers are NumPy's


def numbers(array: NDArray[Any]) -> Any:
    """Return numbers (N,) as a column, or rows (N, C) as a column of lists of C numbers."""
    import pyarrow as pa

    flat = np.ascontiguousarray(array).ravel()
    kind = pa.from_numpy_dtype(flat.dtype)
    column = pa.Array.from_buffers(kind, flat.size, [None, pa.py_buffer(flat)])
    if array.ndim == 1:
        return column
    return pa.FixedSizeListArray.from_arrays(column, array.shape[1])


def texts(given: Iterable[str]) -> Any:
    """Return texts as a column; what no UTF-8 can hold, as half a letter, is escaped."""
    import pyarrow as pa

    return _pieces([text.encode("utf-8", "backslashreplace") for text in given], pa.large_string())


def blobs(given: Iterable[bytes]) -> Any:
    """Return bytes as a column."""
    import pyarrow as pa

    return _pieces(list(given), pa.large_binary())


def _pieces(given: list[bytes], kind: Any) -> Any:
    import pyarrow as pa

    ends = np.zeros(len(given) + 1, np.int64)
    np.cumsum([len(piece) for piece in given], out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(given))]
    return pa.Array.from_buffers(kind, len(given), buffers)


def read(file: Path, columns: Iterable[str]) -> Any:
    """Read columns of a Parquet file as an Arrow table."""
    import pyarrow.parquet as parquet

    # Not mapped into memory: on a network's disk the file may be removed by another machine.
    with open(file, "rb") as source:
        return parquet.ParquetFile(source).read(columns=list(columns))


def array(table: Any, name: str) -> NDArray[Any]:
    """Return a column of `numbers` as an array (N,) or (N, C)."""
    import pyarrow as pa

    column = table.column(name).combine_chunks()
    width = column.type.list_size if pa.types.is_fixed_size_list(column.type) else 0
    # Not `flatten`: that imports Arrow's compute functions, for a second.
    flat = column.values if width else column
    dtype = np.dtype(_FLOATS.get(str(flat.type), str(flat.type)))
    if not len(column):
        return np.zeros((0, width) if width else 0, dtype)
    first = flat.offset + column.offset * width if width else flat.offset
    count = len(column) * (width or 1)
    found = np.frombuffer(flat.buffers()[1], dtype)[first : first + count]
    return found.reshape(-1, width) if width else found


def values(table: Any, name: str) -> list[Any]:
    """Return a column of `texts` or `blobs` as a list."""
    found: list[Any] = table.column(name).to_pylist()
    return found
