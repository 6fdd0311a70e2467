"""Are a network's logits the same here and in PyTorch, if it comes from there in safetensors?

``python -m benchmarks.starts`` makes a full ResNet50 with made-up weights, writes it as float32,
float16 and bfloat16, and compares. It needs the environment of the peers ("make bench" makes it).
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from benchmarks.answers import of_logits
from benchmarks.processes import PEERS, ROOT
from conus_widgets import shells
from conus_widgets.loading import load_predictor

FOLDER = ROOT / "build" / "bench" / "starts"
LARGEST = 1e-4  # difference of a logit, as a share of their range
PICTURES = 4


def main() -> int:
    """Compare, print a line for each kind of numbers; return 0, or 1 if one is too far away."""
    sys.path.insert(0, str(ROOT / "tests"))
    import pytorch_files  # the made-up weights of the tests, at full width

    FOLDER.mkdir(parents=True, exist_ok=True)
    kinds = sorted(shells.KINDS)
    drawn = [shells.draw(kinds[n], seed=10**6 + n, size=224).image for n in range(PICTURES)]
    np.save(FOLDER / "pixels.npy", np.stack(drawn))
    state = pytorch_files.state(classes=1000, width=1, stem=64)
    failed = 0
    for dtype in ("float32", "float16", "bfloat16"):
        file = FOLDER / "resnet50.safetensors"
        np.savez(FOLDER / "state.npz", **pytorch_files.write(file, state, dtype))
        command = [str(PEERS), "-m", "benchmarks.pytorch_start", str(FOLDER)]
        subprocess.run(command, cwd=ROOT, check=True)
        difference = of_logits(np.load(FOLDER / "logits.npy"), load_predictor(file).logits(drawn))
        failed += not difference <= LARGEST  # NaN is no agreement
        print(f"{dtype}: logits differ by {difference:.1e} of their range (at most {LARGEST:g})")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
