"""Laws of the set-up: what the files at the top promise each other and the environment."""

import fnmatch
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "requirements.lock").read_text()
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOP_LEVEL = set(
    """.ci .clang-format .git .github .gitignore .oxfmtrc.json .oxlintrc.json
    .pre-commit-config.yaml CHANGELOG.md CITATION.cff CONTRIBUTING.md LICENSE Makefile README.md
    benchmarks conftest.py conus_widgets docs environment.yml notebooks postBuild pyproject.toml
    requirements.lock start tests""".split()
)


def locked():
    """The lock's entries: (requirement, its hashes), in order."""
    entries = []
    for line in LOCK.replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            text, *hashes = line.split("--hash=")
            entries.append((Requirement(text), [h.strip() for h in hashes]))
    return entries


def locked_here():
    """Name -> version of what the lock means for this Python and machine."""
    return {
        canonicalize_name(r.name): str(r.specifier).removeprefix("==")
        for r, _ in locked()
        if r.marker is None or r.marker.evaluate()
    }


def checked_cells(notebook):
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "NBVAL_CHECK_OUTPUT" in "".join(cell["source"])
    ]


# -- the lock -----------------------------------------------------------------------------------


def test_every_requirement_of_the_project_is_locked_at_a_version_it_allows():
    versions = {}
    for requirement, _ in locked():
        version = str(requirement.specifier).removeprefix("==")
        versions.setdefault(canonicalize_name(requirement.name), []).append(version)
    wanted = PROJECT["dependencies"] + [
        *itertools.chain(*PROJECT["optional-dependencies"].values())
    ]
    for requirement in map(Requirement, wanted):
        found = versions.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not locked: `make lock`"
        assert all(map(requirement.specifier.contains, found)), (requirement, found)


def test_every_line_of_the_lock_is_one_exact_version_with_hashes():
    entries = locked()
    assert len(entries) > 100
    for requirement, hashes in entries:
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert requirement.url is None, requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes), requirement


def test_the_lock_names_no_index_no_address_and_no_folder():
    for line in LOCK.splitlines():
        assert re.match(r"# |    --hash=|[a-z0-9]", line), line
        assert not re.search(r"://|index|find-links|file:|(^|\s)[/~.]", line), line


def test_this_environment_is_the_locked_one():
    expected = locked_here()
    assert {name: metadata.version(name) for name in expected} == expected


def test_the_locked_packages_fit_together():
    """No installed package asks for a version that the lock does not give."""
    versions = locked_here()
    for name in versions:
        for requirement in map(Requirement, metadata.requires(name) or []):
            other = canonicalize_name(requirement.name)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                assert requirement.specifier.contains(versions[other], prereleases=True), (
                    f"{name} wants {requirement}, locked is {versions[other]}"
                )


def test_everything_locked_can_be_imported():
    """Some packages install beside an old NumPy without complaint, and die when imported."""
    here = locked_here()
    names = sorted(
        name
        for name, owners in metadata.packages_distributions().items()
        if name.isidentifier() and not name.startswith("_") and "__mypyc" not in name
        if any(canonicalize_name(owner) in here for owner in owners)
        if name not in ("tmp", "wheelhouse")  # folders of its build in pyvips-binary's own list
    )
    assert {"jupyterlab", "numpy", "onnxruntime", "PIL", "playwright"} <= set(names)
    script = f"""
import importlib, conus_widgets.machine.runtime
conus_widgets.machine.runtime.lasagne  # puts back the names that it needs
bad = []
for name in {names!r}:
    try:
        importlib.import_module(name)
    except Exception as error:
        bad.append((name, error))
assert not bad, bad
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", script], stderr=subprocess.PIPE)
    assert run.returncode == 0, run.stderr.decode()[-2000:]


def test_the_setup_installs_build_tools_by_hash_before_what_needs_them():
    """postBuild takes these lines out of the lock: with what wheel itself needs, nothing else."""
    pattern = re.search(r"sed -n -E '/\^\((.*?)\)==/", (ROOT / "postBuild").read_text())
    first = set(pattern[1].split("|"))
    needed = {"setuptools", "wheel"}
    for name in sorted(needed):
        for requirement in map(Requirement, metadata.requires(name) or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                needed.add(canonicalize_name(requirement.name))
    assert first == needed


# -- the files at the top -----------------------------------------------------------------------


def test_all_files_name_the_same_python():
    assert PROJECT["requires-python"] == ">=3.11,<3.12"
    assert re.findall(r"python=([\d.]+)", (ROOT / "environment.yml").read_text()) == ["3.11"]
    for name in "Makefile", "postBuild":
        text = (ROOT / name).read_text()
        assert set(re.findall(r"[Pp]ython ?(\d[\d.]*\d)", text)) == {"3.11"}, name
        assert "sys.version_info[:2] != (3, 11)" in text, name


def test_conda_solves_for_few_packages():
    """Its solver takes more memory than a free builder has: pip installs all the rest."""
    text = (ROOT / "environment.yml").read_text()
    packages = re.findall(r"^  - (\S+)$", text.partition("dependencies:")[2], re.M)
    assert 1 <= len(packages) <= 4, packages
    assert "pip:" not in text.partition("dependencies:")[2]  # conda gives it no hashes


def test_the_setup_installs_a_wheel_and_make_the_editable_package():
    """A hub that mounts a home over the repository hides what is editable."""
    assert "--editable" not in (ROOT / "postBuild").read_text()
    assert "--editable" in (ROOT / "Makefile").read_text()


def test_a_session_starts_whatever_happens_before_it(tmp_path):
    """The last line becomes the session, with its arguments and its exit code."""
    home = tmp_path / "a home"
    home.mkdir()
    python = tmp_path / "python"  # of an environment in which nothing works
    python.write_text("#!/bin/sh\necho broken >&2; exit 3\n")
    python.chmod(0o755)
    result = subprocess.run(
        [ROOT / "start", "bash", "-c", 'echo "$1"; exit 7', "-", "two words"],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout) == (7, "two words\n")
    assert "start: no copies of the notebooks" in result.stderr


@pytest.mark.parametrize("name", ["postBuild", ".ci/run", "start"])
def test_scripts_can_be_executed_and_end_as_they_should(name):
    script = ROOT / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    if name == "start":  # whose errors must not cost a session
        assert script.read_text().endswith('\nexec "$@"\n')
    else:
        assert re.search(r"^set -e", script.read_text(), re.M)
    subprocess.run(["bash", "-n", script], check=True)


def test_ci_runs_the_command_of_the_readme():
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")
    assert "make test" in (ROOT / "README.md").read_text()


def test_the_top_level_holds_only_what_belongs_there():
    ignored = (ROOT / ".gitignore").read_text().replace("/\n", "\n").split()
    names = {p.name for p in ROOT.iterdir()}
    names -= {n for n in names for pattern in ignored if fnmatch.fnmatch(n, pattern)}
    assert names <= TOP_LEVEL


# -- what a fresh machine may lack --------------------------------------------------------------


def set_up_with(tmp_path, *programs, **variables):
    """Run the set-up in an empty copy where only these programs are on the PATH."""
    copy, path = tmp_path / "copy", tmp_path / "bin"
    copy.mkdir()
    path.mkdir()
    for name in "Makefile", "requirements.lock", "pyproject.toml", "postBuild":
        shutil.copy(ROOT / name, copy)
    for program in programs:
        (path / program).symlink_to(shutil.which(program))
    make = [shutil.which("make"), "--no-print-directory", ".venv/.ready"]
    result = subprocess.run(
        make + [f"{k}={v}" for k, v in variables.items()],
        cwd=copy,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode != 0
    assert not (copy / ".venv").exists()
    return result.stderr.splitlines()[0]


def test_a_missing_compiler_is_named_with_the_way_out(tmp_path):
    message = set_up_with(tmp_path, "awk", "df", PYTHON=sys.executable)
    assert message == "Missing: a C++ compiler. On Debian or Ubuntu: apt install g++"


def test_a_missing_python_is_named_with_the_way_out(tmp_path):
    message = set_up_with(tmp_path, "awk", "df", "g++")
    assert message.startswith("Missing: Python 3.11. On Debian or Ubuntu: apt install python3.11 ")
    assert "python3.11-venv" in message and "python3.11-dev" in message


def test_another_python_is_not_taken(tmp_path):
    other = tmp_path / "python3.12"
    other.write_text("#!/bin/bash\nexit 1\n")
    other.chmod(0o755)
    message = set_up_with(tmp_path, "awk", "df", "g++", PYTHON=other)
    assert message.startswith("Missing: Python 3.11.")


def test_a_full_disk_is_named_before_anything_is_written(tmp_path, monkeypatch):
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "df").write_text("#!/bin/bash\necho header\necho disk 9999999 9899999 102400 99% /\n")
    (fake / "df").chmod(0o755)
    monkeypatch.setenv("PATH", str(fake), prepend=os.pathsep)
    message = set_up_with(tmp_path, "awk", "df", "g++", PYTHON=sys.executable)
    assert message == "Only 100 MB are free here and the set-up needs 2000: make room first."


# -- the notebooks ------------------------------------------------------------------------------


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_two_checked_outputs_and_saves_no_error_or_widget_state(path):
    notebook = json.loads(path.read_text())
    checked = checked_cells(notebook)
    assert len(checked) >= 2
    assert all(cell["outputs"] for cell in checked), "a checked cell without output checks nothing"
    assert all(cell["execution_count"] for cell in checked), "nbval compares none without a count"
    outputs = [o for c in notebook["cells"] for o in c.get("outputs", [])]
    assert not [o for o in outputs if o["output_type"] == "error"]
    assert "widgets" not in notebook["metadata"]
