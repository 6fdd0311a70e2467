"""The built wheel works by itself, away from the repository: JavaScript and weights are inside."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run(*command, cwd, **environment):
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # From a copy: a build in place leaves folders behind, and the next one packs their leftovers.
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in "pyproject.toml", "README.md", "LICENSE":
        shutil.copy(ROOT / name, source)
    package = ROOT / "conus_widgets"
    shutil.copytree(ROOT / "notebooks", source / "notebooks")
    shutil.copytree(
        package,
        source / package.name,
        symlinks=True,
        ignore=shutil.ignore_patterns("__pycache__", ".*"),
    )
    pip = "-m pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir".split()
    run(*pip, out, source, cwd=source)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    target = tmp_path_factory.mktemp("installed")
    pip = "-m pip install --quiet --no-deps --no-index --target".split()
    run(*pip, target, wheel, cwd=target)
    return target


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    servers = {name for name in packed if ".data/data/" in name}  # go beside the package
    assert [name.split("/", 2)[2] for name in servers] == [
        "etc/jupyter/jupyter_server_config.d/conus_widgets.serving.websockets.json"
    ]
    written = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "conus_widgets").rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".ipynb")
    }
    written |= {f"conus_widgets/notebooks/{path.name}" for path in NOTEBOOKS}
    assert packed - servers == written
    assert {".js", ".css", ".npz", ".json", ".txt"} <= {Path(name).suffix for name in packed}
    assert "conus_widgets/py.typed" in packed


def test_the_wheel_is_small_enough_to_carry(wheel):
    assert wheel.stat().st_size < 8e6


def test_the_installed_wheel_hands_out_its_notebooks(installed, tmp_path):
    command = ["-m", "conus_widgets", "notebooks", "mine"]
    said = run(*command, cwd=tmp_path, PYTHONPATH=str(installed))
    assert said == f"{len(NOTEBOOKS)} notebooks were copied to mine.\n"
    copies = sorted((tmp_path / "mine").iterdir())
    assert [one.name for one in copies] == [one.name for one in NOTEBOOKS]
    assert [one.read_bytes() for one in copies] == [one.read_bytes() for one in NOTEBOOKS]


def test_the_installed_wheel_classifies_a_photograph(installed, tmp_path):
    picture = Image.new("RGB", (400, 300), "black")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(60, 150), (150, 60), (360, 150), (150, 240)], fill="peru")
    draw.ellipse([120, 110, 200, 190], fill="white")
    picture.save(tmp_path / "shell.png")

    alone = {"PYTHONPATH": str(installed)}
    where = run("-c", "import conus_widgets as c; print(c.__file__)", cwd=tmp_path, **alone)
    assert Path(where.strip()).is_relative_to(installed)

    command = "-m conus_widgets classify shell.png --json".split()
    answer = json.loads(run(*command, cwd=tmp_path, **alone))
    assert answer["status"] == "ok"
    predictions = answer["predictions"]
    assert len(predictions) == 5
    for prediction in predictions:
        assert set(prediction) >= {"label_id", "label", "probability", "info"}
        assert isinstance(prediction["label_id"], int) and prediction["label"]
        assert set(prediction["info"]) >= {"links", "metadata"}
        assert all(set(link) == {"link", "url"} for link in prediction["info"]["links"])
    values = [prediction["probability"] for prediction in predictions]
    assert values == sorted(values, reverse=True)
    assert 0 < sum(values) <= 1 + 1e-6
