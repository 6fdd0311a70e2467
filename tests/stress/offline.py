"""Without the network: JupyterLab, each notebook and each widget, with no way out of this machine.

Everything runs in a network namespace of its own, in which only the loopback exists.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDGETS = (
    "tests/browser/test_first_notebook.py",  # the classifier, with the real network
    "tests/browser/test_dropzone.py",
    "tests/browser/test_explorer_hands.py",
    "tests/browser/test_inspector.py",
    "tests/browser/test_saved_notebook.py",
)
INSIDE = "CONUS_OFFLINE"


def cut_off() -> int:
    """Run this file again where there is no network; returns its exit code."""
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = [
        *("unshare", "--net", *own, "--", "sh", "-c"),
        'ip link set lo up && exec "$0" "$@"',
        *(sys.executable, __file__),
    ]
    return subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode


def is_cut_off() -> bool:
    """Whether there is neither a route nor another device than the loopback."""
    devices = set(_devices())
    with contextlib.suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=2).close()
        return False
    return devices == {"lo"}


def _devices() -> list[str]:
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


def lab() -> None:
    """Start JupyterLab as `make lab` does, and fetch its page and all that the page names."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"--no-browser --port={port} --ServerApp.port_retries=0 --IdentityProvider.token=t"
    # The environment that this runs in, as it is: what `make` would build anew, it would fetch.
    inputs = [f"--old-file={name}" for name in ("requirements.lock", "pyproject.toml", "postBuild")]
    venv = os.path.relpath(sys.prefix, ROOT)
    server = subprocess.Popen(
        ["make", "--silent", *inputs, "lab", f"VENV={venv}", f"LAB={options}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        address = f"http://127.0.0.1:{port}/lab/tree/notebooks/01-classify.ipynb?token=t"
        end = time.monotonic() + 90
        while True:
            try:
                page = urllib.request.urlopen(address, timeout=10).read().decode()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > end:
                    os.killpg(server.pid, signal.SIGTERM)
                    raise SystemExit(
                        f"offline: no JupyterLab:\n{server.communicate()[0]}"
                    ) from None
                time.sleep(0.5)
        outside = [
            found
            for found in re.findall(r'(?:src|href)="(https?://[^"]+)"', page)
            if not found.startswith("http://127.0.0.1")
        ]
        if outside:
            raise SystemExit(f"offline: JupyterLab's page asks for {outside}")
        print("  make lab: its page is there, and names nothing elsewhere")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(15)


def tested(words: str, *what: str) -> None:
    """Run tests; they must pass, and none may be left out."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "--timeout=600", *what]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    last = done.stdout.strip().splitlines()[-1]
    if done.returncode or "skipped" in last:
        raise SystemExit(f"offline: {words}:\n{done.stdout[-3000:]}")
    print(f"  {words}: {last.strip('= ')}", flush=True)


def main() -> int:
    """Try, and say what happened; returns 0 if all went well."""
    if INSIDE not in os.environ:
        return cut_off()
    if not is_cut_off():
        print("offline: NOT RUN, the network could not be cut off", file=sys.stderr)
        return 1
    print("With the network cut off:", flush=True)
    lab()
    tested("each notebook", "notebooks")
    tested("each widget, in the browser", *WIDGETS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
