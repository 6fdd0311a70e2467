"""Arrow columns from arrays and texts, and back."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from conus_widgets.collection import arrow

COLUMNS = {
    "whole": np.arange(-3, 4, dtype=np.int64),
    "real": np.array([0, -1.5, np.nan, np.inf, 1e-30, 7, 8], np.float32),
    "double": np.linspace(0, 1, 7),
    "rows": np.arange(21, dtype=np.float32).reshape(7, 3),
    "bytes": np.arange(28, dtype=np.uint8).reshape(7, 4),
}


def table(columns):
    return pa.Table.from_arrays(
        [arrow.numbers(column) for column in columns.values()], names=list(columns)
    )


@pytest.mark.parametrize("part", [slice(None), slice(2, 5), slice(0, 0)])
def test_numbers_come_back(tmp_path, part):
    given = table(COLUMNS)
    sliced = given.slice(part.start or 0, len(range(7)[part]))
    pyarrow.parquet.write_table(sliced, tmp_path / "x.parquet")
    for found in (sliced, arrow.read(tmp_path / "x.parquet", COLUMNS)):
        for name, column in COLUMNS.items():
            values = arrow.array(found, name)
            np.testing.assert_array_equal(values, column[part])
            assert values.dtype == column.dtype


def test_columns_of_several_chunks_are_put_together():
    given = table(COLUMNS)
    joined = pa.concat_tables([given.slice(4, 3), given.slice(1, 2)])
    for name, column in COLUMNS.items():
        np.testing.assert_array_equal(arrow.array(joined, name), column[[4, 5, 6, 1, 2]])


def test_texts_and_bytes_come_back():
    texts = ["", "Conus \N{SNOWMAN}", "a\nb'\"<b>"]
    blobs = [b"", b"\xff\x00", b"x"]
    found = pa.Table.from_arrays([arrow.texts(texts), arrow.blobs(blobs)], names=["t", "b"])
    assert arrow.values(found, "t") == texts and arrow.values(found, "b") == blobs
    assert arrow.values(pa.Table.from_arrays([arrow.texts([])], names=["t"]), "t") == []
    half = pa.Table.from_arrays([arrow.texts(["a\udcffb"])], names=["t"])
    assert arrow.values(half, "t") == ["a\\udcffb"]


LIGHT = """
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as parquet
from pathlib import Path
from conus_widgets.collection import arrow
rows = arrow.numbers(np.ones((3, 2), np.float32))
columns = [rows, arrow.texts("abc"), arrow.numbers(np.ones(3))]
table = pa.Table.from_arrays(columns, names=list("rtn"))
parquet.write_table(table, sys.argv[1])
found = arrow.read(Path(sys.argv[1]), "rtn")
arrow.array(found, "r"), arrow.array(found, "n"), arrow.values(found, "t")
print([name for name in ("pandas", "pyarrow.compute") if name in sys.modules])
"""


def test_neither_pandas_nor_arrows_functions_are_imported(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", LIGHT, str(tmp_path / "x")], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
