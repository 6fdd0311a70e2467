"""The machine's offers, and the sentences when it lacks something.

Containers and broken machines are folders and environment variables here.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from conus_widgets.machine import machine
from conus_widgets.machine.machine import SetupError, cache_folder, cgroup_cpus, compiler, threads

ROOT = Path(__file__).resolve().parents[2]


# Threads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("max 100000\n", None),
        ("200000 100000\n", 2),
        ("50000 100000\n", 0.5),
        ("150000 50000", 3),
        ("", None),
        ("lots of it", None),
        ("100000 0", None),
    ],
)
def test_the_quota_of_version_2_control_groups(tmp_path, text, cpus):
    """cpu.max holds quota and period (docs.kernel.org/admin-guide/cgroup-v2.html)."""
    (tmp_path / "cpu.max").write_text(text)
    assert cgroup_cpus(tmp_path) == cpus


@pytest.mark.parametrize(
    ("quota", "period", "cpus"),
    [("-1", "100000", None), ("400000", "100000", 4), ("25000", "100000", 0.25), ("x", "1", None)],
)
def test_the_quota_of_version_1_control_groups(tmp_path, quota, period, cpus):
    """cpu.cfs_quota_us is -1 where there is no limit (docs.kernel.org/scheduler/sched-bwc.html)."""
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text(f"{period}\n")
    assert cgroup_cpus(tmp_path) == cpus


def test_without_control_groups_there_is_no_quota(tmp_path):
    assert cgroup_cpus(tmp_path) is None
    assert cgroup_cpus(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("affinity", "quota", "expected"),
    [(8, None, 8), (8, 2.0, 2), (1, 4.0, 1), (8, 0.5, 1), (8, 2.9, 2), (3, 3.0, 3)],
)
def test_threads_are_the_smaller_of_affinity_and_quota(monkeypatch, affinity, quota, expected):
    monkeypatch.delenv("CONUS_THREADS", raising=False)
    cpus = set(range(affinity))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: cpus, raising=False)
    monkeypatch.setattr(machine, "cgroup_cpus", lambda _: quota)
    assert threads() == expected


def test_threads_can_be_chosen(monkeypatch):
    monkeypatch.setenv("CONUS_THREADS", "3")
    assert threads() == 3


@pytest.mark.parametrize("asked", ["0", "-1", "two", "1.5", "²", " ", "10000"])
def test_a_number_of_threads_that_is_none_is_refused(monkeypatch, asked):
    monkeypatch.setenv("CONUS_THREADS", asked)
    with pytest.raises(SetupError, match=re.escape(f"CONUS_THREADS is {asked!r}")):
        threads()


# Compiler --------------------------------------------------------------------------------------


def program(path):
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_cxx_comes_before_what_is_on_the_path(monkeypatch, tmp_path):
    gxx, mine = program(tmp_path / "g++"), program(tmp_path / "mine")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert compiler() == gxx
    monkeypatch.setenv("CXX", mine)
    assert compiler() == mine
    monkeypatch.setenv("CXX", str(tmp_path / "gone"))
    assert compiler() == gxx


@pytest.mark.parametrize(
    ("asked", "name", "options"),
    [
        ("ccache mine", "mine", []),
        ("mine -m64 --sysroot=/s", "mine", ["-m64", "--sysroot=/s"]),
        ("  ccache distcc 'my tool' -std=gnu++98 -g -fopenmp ", "my tool", ["-g"]),
        ("my tool", "my tool", []),
        ("gone -m64", "g++", []),
        ("-m64", "g++", []),
        ("'mine", "g++", []),
        ("", "g++", []),
    ],
)
def test_cxx_may_name_a_launcher_and_options(monkeypatch, tmp_path, asked, name, options):
    """As build systems read it: "ccache g++ -m64"."""
    for tool in ("g++", "mine", "my tool", "ccache", "distcc"):
        program(tmp_path / tool)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CXX", asked)
    monkeypatch.setattr(sys, "platform", "linux")
    assert compiler() == str(tmp_path / name)
    assert machine.compiler_options() == options


@pytest.mark.parametrize("place", ["executable", "prefix", "CONDA_PREFIX"])
def test_the_compiler_of_an_environment_that_is_not_activated_is_found(
    monkeypatch, tmp_path, place
):
    """Conda names it with a prefix, and only `conda activate` puts it on the PATH and into CXX."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    for name in "executable", "prefix":
        monkeypatch.setattr(sys, name, str(tmp_path / "elsewhere" / "bin" / "python"))
    with pytest.raises(SetupError, match="No C"):
        compiler()
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    gxx = program(environment / "bin" / "x86_64-conda-linux-gnu-g++")
    if place == "CONDA_PREFIX":
        monkeypatch.setenv("CONDA_PREFIX", str(environment))
    else:
        where = environment / "bin" / "python" if place == "executable" else environment
        monkeypatch.setattr(sys, place, str(where))
    assert compiler() == gxx
    (tmp_path / "empty").mkdir()
    assert compiler() == gxx
    other = program(tmp_path / "empty" / "clang++")  # what is on the PATH comes first
    assert compiler() == other


def run(*arguments, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in ("CXX", "THEANO_FLAGS", "CONUS_CACHE")}
    return subprocess.run(
        [sys.executable, "-m", "conus_widgets", *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize("command", [["classify", "a.jpg"], ["doctor"], ["warm"]])
def test_without_a_compiler_every_command_says_how_to_get_one(tmp_path, command):
    """Theano would silently be a hundred times slower."""
    result = run(*command, PATH=str(tmp_path))
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert "No C++ compiler was found" in said and "apt-get install g++" in said
    assert "Traceback" not in said
    if command != ["doctor"]:
        assert len(result.stderr.splitlines()) == 1 and not result.stdout


def test_where_the_compiler_fails_one_sentence_says_so(tmp_path):
    """A compiler that only complains, and an empty cache: the first C code must be built."""
    broken = tmp_path / "bin" / "g++"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'fatal error: the disk caught fire' >&2\nexit 1\n")
    broken.chmod(0o755)
    photograph = tmp_path / "a.png"
    photograph.write_bytes(b"")
    result = run("classify", str(photograph), CXX=str(broken), CONUS_CACHE=str(tmp_path / "cache"))
    assert result.returncode == 1
    assert "Traceback" not in result.stderr, result.stderr
    assert "compiler failed" in result.stderr


# Cache -----------------------------------------------------------------------------------------


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """A prefix and a user's cache of one's own."""
    monkeypatch.delenv("CONUS_CACHE", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    monkeypatch.setattr(
        machine.platformdirs, "user_cache_path", lambda name: tmp_path / "user" / name
    )
    (tmp_path / "prefix").mkdir()
    return machine.cache_candidates()


def test_the_cache_lies_in_the_environment_then_with_the_user(own_cache, tmp_path):
    prefix, user = own_cache
    assert prefix.parent == tmp_path / "prefix" / "var" / "conus_widgets"
    assert user.parent == tmp_path / "user" / "conus_widgets"
    assert prefix.name == user.name and "numpy1.23.5" in prefix.name
    assert cache_folder() == prefix and prefix.is_dir()


def test_outside_an_environment_nothing_is_put_beside_the_system(own_cache, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert machine.cache_candidates() == own_cache[1:]


def test_conus_cache_alone_is_taken_where_set(own_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path / "mine"))
    assert cache_folder().parent == tmp_path / "mine"
    assert not own_cache[0].exists()


def test_an_unwritable_cache_is_named_with_the_way_out(monkeypatch, tmp_path):
    """Below a regular file nobody can make a folder, not even root."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(SetupError) as caught:
        cache_folder()
    message = str(caught.value)
    assert str(tmp_path / "file" / "below") in message and "cannot be made" in message
    assert "Set CONUS_CACHE to a folder of your own" in message
    result = run("classify", "a.jpg", CONUS_CACHE=str(tmp_path / "file" / "below"))
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert "cannot be made" in result.stderr


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_cache_that_others_may_write_is_refused(monkeypatch, tmp_path, mode):
    """What lies there is executed."""
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path))
    cache_folder().chmod(mode)
    with pytest.raises(SetupError, match="other users may write there"):
        cache_folder()


def test_a_cache_of_another_user_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path))
    owner = cache_folder().stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner == 0:  # root is trusted; let somebody else own it
        os.chown(cache_folder(), 12345, -1)
    with pytest.raises(SetupError, match="other users may write there"):
        cache_folder()


def test_a_disk_from_which_no_code_may_be_run_is_left_for_another(own_cache, monkeypatch):
    """As homes and memory disks are mounted where people are careful."""
    prefix, user = own_cache
    real, flags = os.statvfs, namedtuple("flags", "f_flag")
    noexec = {prefix}

    def statvfs(path):
        return flags(os.ST_NOEXEC) if Path(path) in noexec else real(path)

    monkeypatch.setattr(os, "statvfs", statvfs)
    assert cache_folder() == user
    noexec.add(user)
    with pytest.raises(SetupError, match="mounted 'noexec'.*on a disk from which code may be run"):
        cache_folder()


def test_without_a_home_no_folder_is_called_tilde(monkeypatch, tmp_path):
    """A container's user need not be known to the system: then "~" stays what it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONUS_CACHE", raising=False)
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr(
        machine.platformdirs, "user_cache_path", lambda name: Path("~/.cache") / name
    )
    with pytest.raises(SetupError, match="no home folder here: set CONUS_CACHE"):
        cache_folder()
    monkeypatch.setenv("CONUS_CACHE", "~nobody-has-this-name/cache")
    with pytest.raises(SetupError, match="CONUS_CACHE is '~nobody-has-this-name/cache', but"):
        cache_folder()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_with_its_numbers(monkeypatch, tmp_path):
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 12_300_000))
    with pytest.raises(SetupError, match=r"Only 12 MB are free .* 100 MB are needed"):
        cache_folder()


def read_only(monkeypatch, folder):
    """As os.access says of a folder on a read-only disk; root may write anywhere else."""
    access = os.access
    monkeypatch.setattr(
        os,
        "access",
        lambda path, mode: (
            access(path, mode) and not (mode & os.W_OK and Path(path).is_relative_to(folder))
        ),
    )


def test_a_read_only_environments_compiled_code_is_copied_to_the_user_once(own_cache, monkeypatch):
    """As on a hub that mounts the environment read-only: the notebook must start warm."""
    prefix, user = own_cache
    (prefix / "compiled").mkdir(parents=True)
    (prefix / "compiled" / "mod.so").write_text("code")
    (prefix / "lock_dir").mkdir()
    (prefix / "lock_dir" / "lock").write_text("somebody's")
    read_only(monkeypatch, prefix)
    assert cache_folder() == user
    assert (user / "compiled" / "mod.so").read_text() == "code"
    assert not (user / "lock_dir").exists()  # a lock belongs to the folder it stands in
    assert [p.name for p in user.parent.iterdir()] == [user.name]  # nothing half-made
    # The second time it is the user's own: nothing is overwritten.
    (user / "compiled" / "mod.so").write_text("newer")
    assert cache_folder() == user
    assert (user / "compiled" / "mod.so").read_text() == "newer"


def test_the_copy_can_be_written_also_if_the_environment_is_read_only_by_its_modes(
    own_cache, monkeypatch
):
    prefix, user = own_cache
    (prefix / "compiled").mkdir(parents=True)
    (prefix / "compiled" / "mod.so").write_text("code")
    for path, mode in ((prefix / "compiled" / "mod.so", 0o444), (prefix / "compiled", 0o555)):
        path.chmod(mode)
    prefix.chmod(0o555)
    read_only(monkeypatch, prefix)
    assert cache_folder() == user
    copied = [user, user / "compiled", user / "compiled" / "mod.so"]
    assert [path.stat().st_mode & 0o777 for path in copied] == [0o755, 0o755, 0o644]


def test_what_was_compiled_into_the_environment_can_be_read_by_its_other_users(own_cache):
    """Theano's folders are their owner's alone; a hub's users copy them."""
    prefix, user = own_cache
    module = prefix / "compiled" / "tmpx" / "mod.so"
    module.parent.mkdir(parents=True, mode=0o700)
    module.write_text("code")
    module.chmod(0o600)
    machine.let_others_read()
    modes = [path.stat().st_mode & 0o777 for path in (prefix, module.parent, module)]
    assert modes == [0o755, 0o755, 0o644]


def test_a_cache_of_ones_own_stays_as_it_is(own_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("CONUS_CACHE", str(tmp_path / "mine"))
    folder = cache_folder() / "compiled"
    folder.mkdir(mode=0o700)
    machine.let_others_read()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_compiled_code_that_others_may_have_put_there_is_not_copied(own_cache, monkeypatch):
    prefix, user = own_cache
    prefix.mkdir(parents=True)
    (prefix / "evil.so").write_text("")
    prefix.chmod(0o777)
    assert cache_folder() == user
    assert list(user.iterdir()) == []


def test_a_copy_that_fails_leaves_nothing_and_is_no_harm(own_cache, monkeypatch):
    prefix, user = own_cache
    prefix.mkdir(parents=True)
    (prefix / "mod.so").write_text("code")
    read_only(monkeypatch, prefix)

    def fail(source, target, **_):
        Path(target).mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", fail)
    assert cache_folder() == user
    assert list(user.iterdir()) == [] and len(list(user.parent.iterdir())) == 1
