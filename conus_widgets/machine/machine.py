"""The machine: its threads, its compiler, a folder for compiled code.

Nothing heavy is imported, so that ``python -m conus_widgets doctor`` can look before Theano starts.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
import shutil
import stat
import sys
from importlib.metadata import version
from pathlib import Path

import platformdirs

NEEDED_MEGABYTES = 100  # compiled code of all functions takes about 10 MB; g++ needs room to work
MOST_THREADS = 1024
#: The C++ code here asks for its own standard and for OpenMP if it needs them.
OPTIONS_OF_OUR_OWN = ("-std", "-fopenmp")


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was deleted
        return Path("/")


#: A relative ``CONUS_CACHE`` starts here: it must stay the same folder whatever a notebook does.
START = _working_folder()


class SetupError(RuntimeError):
    """Something is missing here that the kit cannot work without; the message says what to do."""


def threads() -> int:
    """Return how many threads may compute: the smaller of CPU affinity and cgroup quota.

    A container with one CPU on a large host sees all of the host's CPUs; a thread for each of them
    makes it crawl. ``CONUS_THREADS`` overrides.
    """
    asked = os.environ.get("CONUS_THREADS", "")
    if asked:
        if not asked.isdecimal() or not 1 <= int(asked) <= MOST_THREADS:
            raise SetupError(
                f"CONUS_THREADS is {asked!r}: give a whole number from 1 to {MOST_THREADS}."
            )
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    quota = cgroup_cpus(Path("/sys/fs/cgroup"))
    return max(1, min(count, int(quota)) if quota is not None else count)


def cgroup_cpus(root: Path) -> float | None:
    """Return the CPU quota of this container in CPUs, None if there is no limit.

    Reads version 2 (``cpu.max``) and version 1 (``cpu/cpu.cfs_*``) of Linux's control groups.
    """
    try:
        version2 = root / "cpu.max"
        if version2.exists():
            quota, period = version2.read_text().split()[:2]
        else:
            quota = (root / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu/cpu.cfs_period_us").read_text().strip()
        return None if quota in ("max", "-1") else float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def compiler() -> str:
    """Return the C++ compiler's path: that of ``CXX``, else the first that is found.

    After ``PATH`` comes the environment's own ``bin``: conda puts the compiler there under a long
    name, and a kernel that was started without `conda activate` has it on no path.

    Raises
    ------
    SetupError
        If there is none. Theano would fall back to Python code that is a hundred times slower,
        which on the page looks like a broken kit.
    """
    names = ["g++", "x86_64-conda-linux-gnu-g++", "aarch64-conda-linux-gnu-g++", "clang++"]
    if sys.platform == "darwin":
        names.insert(0, "clang++")
    for name in [_asked_compiler()[0], *names]:
        found = shutil.which(name) if name else None
        if found:
            return found
    for folder in _environments():
        for name in names:
            found = shutil.which(name, path=os.fspath(folder))
            if found:
                return found
    raise SetupError(
        "No C++ compiler was found, and Theano cannot work at a usable speed without one. "
        "Install it: 'apt-get install g++' (Debian, Ubuntu), "
        "'conda install -c conda-forge cxx-compiler' (conda), 'xcode-select --install' (macOS)."
    )


def _environments() -> list[Path]:
    """Return where the programs of this Python's environment lie, also if it is not activated."""
    folders = [Path(sys.executable).parent, Path(sys.prefix) / "bin"]
    if os.environ.get("CONDA_PREFIX"):
        folders.append(Path(os.environ["CONDA_PREFIX"]) / "bin")
    return folders


def compiler_options() -> list[str]:
    """Return what ``CXX`` gives to the compiler, as ``--sysroot=...`` in "g++ --sysroot=..."."""
    program, *options = _asked_compiler()
    if not shutil.which(program):
        return []  # then another compiler is taken
    return [option for option in options if not option.startswith(OPTIONS_OF_OUR_OWN)]


def _asked_compiler() -> list[str]:
    """Return ``CXX`` as a program and its options; ["", ] if it is not set.

    Of "ccache g++ -m64" the program is g++: Theano calls one program, and keeps what it compiled.
    """
    asked = os.environ.get("CXX", "").strip()
    if shutil.which(asked):  # also if there is a space in its path
        return [asked]
    try:
        words = shlex.split(asked)
    except ValueError:  # a quotation without an end
        words = []
    programs = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    return words[programs - 1 :] if programs else [""]


def is_private(folder: Path) -> bool:
    """Whether only this user (or root) can have put files there: compiled code is executed."""
    try:
        status = folder.stat()
    except OSError:
        return False
    if not hasattr(os, "geteuid"):
        return True
    owner_is_trusted = status.st_uid in (0, os.geteuid())
    return owner_is_trusted and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _unusable(folder: Path) -> str | None:
    """Return why compiled code cannot be kept in `folder`, None if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        return f"it cannot be made ({error.strerror})"
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return "it cannot be written"
    if not is_private(folder):
        return "other users may write there"
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return "no code may be run from there: its disk is mounted 'noexec'"
    return None


def cache_key() -> str:
    """Return the name under which compiled code is kept: what makes it unusable elsewhere."""
    python = f"py{sys.version_info[0]}.{sys.version_info[1]}-numpy{version('numpy')}"
    return f"{python}-{platform.system()}-{platform.machine()}".lower()


def cache_candidates() -> list[Path]:
    """Return the folders in which compiled code may be kept, best first.

    ``CONUS_CACHE`` alone, if set. Else inside the environment's prefix, so that a home directory
    mounted over the image does not hide what `postBuild` compiled; then the user's cache.
    """
    asked = os.environ.get("CONUS_CACHE")
    if asked:
        return [_absolute(asked) / cache_key()]
    prefix = Path(sys.prefix)
    own_environment = sys.prefix != sys.base_prefix or (prefix / "conda-meta").is_dir()
    folders = [prefix / "var" / "conus_widgets" / cache_key()] if own_environment else []
    users = platformdirs.user_cache_path("conus_widgets")
    if users.is_absolute():  # it is not if a user has no home: "~" would be made in any folder
        folders.append(users / cache_key())
    return folders


def _absolute(asked: str) -> Path:
    """Return ``CONUS_CACHE``, from the folder that was the working one at first, if from any."""
    try:
        return START / Path(asked).expanduser()
    except RuntimeError as error:  # nobody knows the user's home
        raise SetupError(f"CONUS_CACHE is {asked!r}, but there is no home here: {error}") from error


def cache_folder() -> Path:
    """Return the folder for compiled code, made if needed.

    If the prefix is read-only, its compiled code is copied to the user's cache once.

    Raises
    ------
    SetupError
        If no folder is writable, or the disk is full.
    """
    refused = []
    candidates = cache_candidates()
    if not candidates:
        raise SetupError("There is no home folder here: set CONUS_CACHE to a folder of your own.")
    filled = candidates[0]
    for folder in candidates:
        if folder != filled and not folder.exists() and filled.is_dir() and is_private(filled):
            _copy_aside(filled, folder)
        reason = _unusable(folder)
        if reason is None:
            _check_space(folder)
            return folder
        refused.append(f"{folder}: {reason}")
    raise SetupError(
        "Compiled code cannot be kept anywhere ("
        + "; ".join(refused)
        + "). Set CONUS_CACHE to a folder of your own that can be written, on a disk from which "
        "code may be run."
    )


def _copy_aside(source: Path, target: Path) -> None:
    """Copy a folder; it gets its name when it is whole.

    A failure leaves nothing, and does no harm: the code is then compiled again.
    """
    beside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, beside, ignore=shutil.ignore_patterns("lock_dir", ".lock*"))
        for path in [beside, *beside.rglob("*")]:  # what is copied from may be read-only by modes
            path.chmod(0o755 if path.is_dir() else 0o644)
        beside.rename(target)
    except (OSError, shutil.Error):
        shutil.rmtree(beside, ignore_errors=True)


def let_others_read() -> None:
    """Let every user of the environment read the compiled code in it, to copy it.

    Theano makes its folders for their owner alone. The code holds nothing of anybody's work.
    """
    folder = cache_folder()
    if folder.is_relative_to(sys.prefix):
        for path in [folder, *folder.rglob("*")]:
            with contextlib.suppress(FileNotFoundError):  # a lock of Theano's goes by itself
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() else 0o644)


def _check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free / 1e6
    if free < NEEDED_MEGABYTES:
        raise SetupError(
            f"Only {free:.0f} MB are free where compiled code is kept ({folder}); "
            f"{NEEDED_MEGABYTES} MB are needed. Free some space, or set CONUS_CACHE to a folder "
            "on another disk."
        )
