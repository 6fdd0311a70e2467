"""Reading must not cost what it does not need: 168 MB and seconds, on a machine of 1 GiB."""

import subprocess
import sys

HEAVY = (
    "pandas",
    "sklearn",
    "cleanlab",
    "crepes",
    "pyarrow",
    "scipy",
    "theano",
    "dwca",
    "jinja2",
    "dask",
)


def test_importing_and_reading_a_folder_and_a_csv_takes_no_heavy_library(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "1.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "t.csv").write_text("file,label\nx/1.jpg,x\n")
    code = (
        "import sys, conus_widgets.collection as c\n"
        "assert len(c.read_folder(sys.argv[1])) == len(c.read_table(sys.argv[1] + '/t.csv')) == 1\n"
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "\n"
