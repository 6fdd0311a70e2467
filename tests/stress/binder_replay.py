"""A replay of Binder's steps without Docker, and sessions in what they made.

`binder/Dockerfile` is what repo2docker writes for this repository. Its variables, its postBuild and
its start are taken from there, and run by a user of their own in a fresh prefix. Not replayed are
Debian's packages and conda: an empty virtual environment stands for conda's, and this machine's
compiler for conda's.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = Path(__file__).with_name("binder") / "Dockerfile"
USER = "conus-replay"
MINUTES = 10  # a free builder gives a build no more

FIRST = """
import json, time
begun = time.perf_counter()
import conus_widgets
from conus_widgets import load_predictor
from conus_widgets.machine.machine import cache_folder
from conus_widgets.shells import draw
predictor = load_predictor()
answer = predictor.predict(draw("tented", 0).image).labels[0]
seconds = time.perf_counter() - begun
print(json.dumps(dict(file=conus_widgets.__file__, cache=str(cache_folder()), answer=answer,
                      seconds=seconds)))
"""


@dataclass
class Image:
    """What the Dockerfile says: variables, the folder, and the steps of the user."""

    variables: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    steps: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, given: dict[str, str]) -> Image:
        """Read the Dockerfile; `given` are arguments of the build and what is to lie elsewhere."""
        image = cls(dict(given))
        text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.M))
        user = "root"
        for line in text.splitlines():
            word, _, rest = line.strip().partition(" ")
            if word == "USER":
                user = image.filled(rest)
            elif word == "WORKDIR":
                image.folder = image.filled(rest)
            elif word in ("ENV", "ARG") and "=" in rest:
                for part in shlex.split(rest):
                    name, _, value = part.partition("=")
                    if name not in given or name == "PATH":
                        image.variables[name] = image.filled(value)
            elif word == "RUN" and user == given["NB_USER"] and "MAMBA_EXE" not in rest:
                image.steps.append(rest)
        return image

    def filled(self, text: str) -> str:
        """Replace ${NAME} by what it is."""
        return re.sub(r"\$\{(\w+)\}", lambda found: self.variables[found[1]], text)


class Failed(Exception):
    """A step that did not do what it should."""


def as_user(command: list[str], image: Image, **more: str) -> str:
    """Run a command as the image's user; return what it wrote."""
    pip = {k: v for k, v in os.environ.items() if k.startswith("PIP_") or k.endswith("CERT_FILE")}
    done = subprocess.run(
        ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--", *command],
        cwd=image.folder,
        env={**image.variables, **pip, **more},
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
    )
    if done.returncode:
        raise Failed(f"{shlex.join(command)[:200]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def python311(image: Image) -> str:
    """Return a Python 3.11 with headers that the user can run."""
    ask = (
        "import os, sys, sysconfig; there = os.path.exists(sysconfig.get_paths()['include'] + "
        "'/Python.h'); sys.exit(sys.version_info[:2] != (3, 11) or not there)"
    )
    for candidate in ("/usr/bin/python3.11", "/usr/local/bin/python3.11", sys._base_executable):
        try:
            as_user([candidate, "-c", ask], image)
            return candidate
        except (Failed, OSError):
            continue
    raise Failed(f"The user {USER} can run no Python 3.11 with headers here.")


def modules(cache: Path) -> set[str]:
    """Return the names of all compiled modules: a compilation makes a new folder."""
    return {path.parent.name for path in cache.rglob("*.so")}


def session(name: str, image: Image, built: set[str], command: list[str], **more: str) -> None:
    """Ask for a first prediction; nothing may be compiled for it."""
    begun = time.perf_counter()
    told = json.loads(as_user(command, image, **more).splitlines()[-1])
    whole = time.perf_counter() - begun
    if not told["file"].startswith(image.variables["NB_PYTHON_PREFIX"]):
        raise Failed(f"{name}: the package came from {told['file']}, not from the prefix")
    if told["answer"] != "tented":
        raise Failed(f"{name}: a tented shell was called {told['answer']}")
    new = modules(Path(told["cache"])) - built
    if new:
        raise Failed(f"{name}: {len(new)} modules were compiled again, in {told['cache']}")
    print(
        f"  {name}: first answer after {told['seconds']:.1f} s ({whole:.1f} s with Python's start)"
        f", nothing compiled, code in {told['cache']}"
    )


def read_only(prefix: Path, owner: str) -> None:
    """Give the prefix to somebody, so that nobody but root can write there."""
    subprocess.run(["chown", "-R", f"{owner}:", str(prefix)], check=True)
    subprocess.run(["chmod", "-R", "a-w", str(prefix)], check=True)


def replay(place: Path) -> None:
    """Build, then hold sessions."""
    image = Image.read(
        {
            "NB_USER": USER,
            "NB_UID": str(pwd.getpwnam(USER).pw_uid),
            "APP_BASE": str(place / "srv"),
            "HOME": str(place / "home" / USER),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
    )
    home, prefix = Path(image.variables["HOME"]), Path(image.variables["NB_PYTHON_PREFIX"])
    if image.folder != str(home):
        raise Failed(f"the Dockerfile's folder is {image.folder}, not the home {home}")
    home.mkdir(parents=True)
    prefix.parent.mkdir(parents=True)
    # What git knows, as BinderHub clones it; also what is not committed yet.
    listed = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    for name in filter(None, subprocess.check_output(listed, text=True).split("\0")):
        if os.path.lexists(ROOT / name):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, home / name, follow_symlinks=False)
    for folder in home, prefix.parent:
        subprocess.run(["chown", "-R", f"{USER}:", str(folder)], check=True)

    python = python311(image)
    begun = time.perf_counter()
    as_user([python, "-m", "venv", str(prefix)], image)
    if not image.steps:
        raise Failed(f"no steps of {USER} were found in {DOCKERFILE}")
    for step in image.steps:
        print(f"  RUN {step}", flush=True)
        as_user(["/bin/sh", "-c", step], image)
    minutes = (time.perf_counter() - begun) / 60
    print(f"  built by {USER} in {minutes:.1f} minutes (at most {MINUTES})")
    if minutes > MINUTES:
        raise Failed(f"the build took {minutes:.1f} minutes")
    left = as_user(["sh", "-c", "ls -d build *.egg-info dist 2>/dev/null || true"], image).split()
    if left:
        raise Failed(f"the build left {left} in the repository")

    caches = prefix / "var" / "conus_widgets"
    built = modules(caches)
    if not built:
        raise Failed(f"postBuild compiled nothing into {caches}")
    start, ask = image.variables["R2D_ENTRYPOINT"], ["python", "-P", "-c", FIRST]
    session("Binder, as it was built", image, built, [start, *ask])
    read_only(prefix, USER)
    session("prefix read-only", image, built, [start, *ask])

    home.rename(place / "home" / "as built")
    home.mkdir()
    shutil.chown(home, USER, USER)
    session("and an empty home", image, built, ask)
    notebooks = ["python", "-m", "conus_widgets", "notebooks", str(home / "conus")]
    print(f"  {as_user(notebooks, image).strip()}")
    copies = {path.name for path in (home / "conus").glob("*.ipynb")}
    if copies != {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}:
        raise Failed(f"these notebooks were copied: {sorted(copies)}")

    shutil.rmtree(home)
    home.mkdir()
    shutil.chown(home, USER, USER)
    read_only(prefix, "root")
    session(
        "a hub's shared prefix, on a processor with AVX2 only",
        image,
        built,
        ask,
        ONEDNN_MAX_CPU_ISA="AVX2",
    )


def main() -> int:
    """Replay, and say what happened; returns 0 if all went well."""
    if os.geteuid() != 0:
        print("binder_replay: NOT RUN, it needs root to become another user.", file=sys.stderr)
        return 1
    place = Path(tempfile.mkdtemp(prefix="binder-replay-"))
    place.chmod(0o755)
    subprocess.run(["useradd", "--no-create-home", "--no-log-init", USER], check=True)
    try:
        print("Binder's steps, replayed without Docker and without conda:")
        replay(place)
    except Failed as error:
        print(f"binder_replay: {error}", file=sys.stderr)
        return 1
    finally:
        subprocess.run(["userdel", USER], check=False)
        shutil.rmtree(place, ignore_errors=True)
    print("  all well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
