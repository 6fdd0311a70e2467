"""One learner on a hub: a course folder that is pulled, own work beside it, four notebooks at once.

nbgitpuller pulls from a repository of its own on this disk: no network is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = ("00-contents", "01-classify", "02-why", "03-explore")
OWN_WORK = """
from conus_widgets.collection import Collection
from conus_widgets import load_predictor
collection = Collection.drawn({photographs!r}, specimens=8, workers=1)
collection.evaluate(load_predictor(), {answers!r}, progress=False)
review = collection.review(by="Ana")
review.judge(str(collection.specimens[0]), "right")
print(len(list(collection.log.standing)))
"""


class Failed(Exception):
    """Something that is not as it should be."""


def run(*command: str, cwd: Path, **more: str) -> str:
    """Run a command; return what it wrote."""
    environment = {**os.environ, **more}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Failed(
            f"{' '.join(command)[:120]} ended with {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return done.stdout


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    who = ("-c", "user.name=teacher", "-c", "user.email=teacher@example.org")
    return run("git", *who, *arguments, cwd=folder)


def pull(remote: Path, course: Path) -> None:
    """What an nbgitpuller link does."""
    run("gitpuller", str(remote), "main", str(course), cwd=course.parent)


def pulled_folder(place: Path) -> None:
    """Edit, change upstream, pull, reset: nothing of anybody's is lost."""
    remote, course, own = place / "remote", place / "home" / "course", place / "home" / "my work"
    (remote / "notebooks").mkdir(parents=True)
    own.mkdir(parents=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        shutil.copy(path, remote / "notebooks")
    git(remote, "init", "--quiet", "--initial-branch=main")
    git(remote, "add", ".")
    git(remote, "commit", "--quiet", "--message=The course")
    pull(remote, course)
    notebook = course / "notebooks" / "01-classify.ipynb"

    # Verdicts, photographs and answers lie where the learner says, outside what is pulled.
    paths = {name: os.fspath(own / name) for name in ("photographs", "answers")}
    run(
        sys.executable,
        "-c",
        OWN_WORK.format(**paths),
        cwd=course / "notebooks",
        HOME=os.fspath(place / "home"),
    )
    if git(course, "status", "--porcelain"):
        raise Failed(f"own work lies in the pulled folder:\n{git(course, 'status', '--porcelain')}")
    kept = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}

    mine = json.loads(notebook.read_text())
    mine["cells"].append(
        {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": ["my note"]}
    )
    notebook.write_text(json.dumps(mine, indent=1) + "\n")
    upstream = remote / "notebooks" / "02-why.ipynb"
    upstream.write_text(upstream.read_text().replace("# Why does", "# Now: why does", 1))
    git(remote, "commit", "--quiet", "--all", "--message=Clearer")
    pull(remote, course)
    if "my note" not in notebook.read_text():
        raise Failed("the learner's edit was lost by a pull")
    if "# Now: why does" not in (course / "notebooks" / "02-why.ipynb").read_text():
        raise Failed("what changed upstream did not come")
    print("  an edit and a change upstream: both are there after a pull")

    reset = [sys.executable, "-m", "conus_widgets", "notebooks", os.fspath(course / "notebooks")]
    run(*reset, "--reset", cwd=place)
    if notebook.read_bytes() != (ROOT / "notebooks" / notebook.name).read_bytes():
        raise Failed("the reset notebook is not the one of the package")
    if "my note" not in notebook.with_name("01-classify-mine.ipynb").read_text():
        raise Failed("the reset lost the learner's edit")
    notebook.unlink()
    pull(remote, course)  # and a deleted notebook comes again
    if not notebook.exists():
        raise Failed("a deleted notebook did not come again with the next pull")
    if {path: path.read_bytes() for path in own.rglob("*") if path.is_file()} != kept:
        raise Failed("own work was changed by pulls")
    print(
        f"  reset by a command, a deleted notebook again; {len(kept)} files of own work untouched"
    )


def four_at_once(place: Path) -> None:
    """Four notebooks of one user at the same time, in one home and one cache."""
    folder = place / "four"
    folder.mkdir()
    begun = time.monotonic()
    running = {}
    for name in AT_ONCE:
        source = ROOT / "notebooks" / f"{name}.ipynb"
        command = ["jupyter", "execute", "--inplace", "--timeout=300", shutil.copy(source, folder)]
        running[name] = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    for name, process in running.items():
        _, said = process.communicate(timeout=900)
        if process.returncode:
            raise Failed(f"{name} failed beside the others:\n{said[-2000:]}")
    seconds = time.monotonic() - begun
    print(f"  {len(AT_ONCE)} notebooks of one user at once: {seconds:.0f} s, no error")


def main() -> int:
    """Try, and say what happened; returns 0 if all went well."""
    print("A learner on a hub:")
    with tempfile.TemporaryDirectory(prefix="hub-") as name:
        try:
            pulled_folder(Path(name))
            four_at_once(Path(name))
        except Failed as error:
            print(f"hub: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
