"""The doctor on a machine that lacks something."""

import os
import subprocess
import sys
from pathlib import Path

from conus_widgets import doctor
from conus_widgets.machine.machine import SetupError

ROOT = Path(__file__).parents[1]


def test_the_doctor_stops_at_the_first_failure_and_says_so(monkeypatch):
    def broken():
        raise SetupError("the cache is broken: mend it.")

    monkeypatch.setattr(doctor, "_cache", broken)
    lines = []
    assert doctor.report(lines.append) is False
    assert lines[-2] == "FAIL  compiled code: the cache is broken: mend it."
    assert lines[-1].startswith("Something must be done")
    assert all(line.startswith("ok") for line in lines[:-2]) and len(lines) == 6


def test_the_doctor_names_a_missing_package(monkeypatch):
    monkeypatch.setattr(doctor, "PACKAGES", ("numpy", "no-such-package"))
    finding = next(f for f in doctor.findings() if f.subject == "packages")
    assert not finding.well
    assert "missing: no-such-package" in finding.text and "make lab" in finding.text


def test_the_doctor_names_a_wrong_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 12, 1, "final", 0))
    finding = next(iter(doctor.findings()))
    assert not finding.well and "python3.11" in finding.text


def test_the_doctor_says_which_settings_of_theano_are_not_used():
    script = "from conus_widgets import doctor; print(doctor._theano()); print(doctor._theano())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "THEANO_FLAGS": "floatX=float64", "PYTHONPATH": os.fspath(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert first.endswith("; THEANO_FLAGS: not used, the kit has settings of its own")
    assert "not used" not in second  # those are the kit's
