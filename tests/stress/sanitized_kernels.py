"""Our own kernels under an address sanitizer and one of undefined behaviour: run as a script.

Compiles ``sanitized_kernels.cpp`` with the kernels of ``conus_widgets/ops``, runs it with both
kinds of vectors, and ends with 1 if a sanitizer speaks or a number is wrong. Then it does the same
with a planted fault, which must be found: otherwise the sanitizer does not watch.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parents[1] / "conus_widgets" / "ops"
FLAGS = ["-std=c++17", "-O1", "-g", "-march=x86-64-v2", "-fopenmp"]
FLAGS += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
#: What is planted: a product that reads one row of its weights too many.
FAULT = ("for (long long k = 0; k < depth;", "for (long long k = 0; k <= depth;")


def run(kernels: Path, folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """Compile, and run with the widest vectors and with AVX2 alone."""
    program = folder / "kernels"
    source = HERE / "sanitized_kernels.cpp"
    compiler = os.environ.get("CXX", "g++")
    subprocess.run([compiler, *FLAGS, f"-I{kernels}", source, "-o", program], check=True)
    found = []
    for narrow in ({}, {"NARROW": "1"}):
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", **narrow}
        done = subprocess.run([program], env=environment, capture_output=True, text=True)
        found.append(done)
    return found


def main() -> int:
    """Print what was seen."""
    with tempfile.TemporaryDirectory() as folder:
        honest = run(KERNELS, Path(folder))
        for done, kind in zip(honest, ("widest vectors", "AVX2"), strict=True):
            print(f"{kind}: {done.stdout.strip()}{done.stderr}")
        planted = Path(folder, "ops")
        planted.mkdir()
        for file in KERNELS.glob("*.h"):
            (planted / file.name).write_text(file.read_text().replace(*FAULT))
        caught = [done.returncode != 0 and "Sanitizer" in done.stderr
                  for done in run(planted, Path(folder))]  # fmt: skip
        print(f"a planted fault is found: {caught}")
    return int(any(done.returncode for done in honest) or not all(caught))


if __name__ == "__main__":
    sys.exit(main())
