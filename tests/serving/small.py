"""A server of two small pages, one quick and one slow, and visitors with and without cookies."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from served import stop

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import json, sys
from pathlib import Path
from conus_widgets.serving.server import configured
options = json.loads(sys.argv[1])
configured(Path("pages").resolve(), Path("visits").resolve(), ip="127.0.0.1", **options).start()
"""
CODE = {"quick": "print('made')", "slow": "import time; time.sleep(60)"}


class Small:
    """A running server."""

    def __init__(self, folder, port, process):
        self.folder, self.port, self.process = folder, port, process

    def visits(self):
        return sorted((self.folder / "visits").glob("visit-*"))

    def log(self):
        return (self.folder / "log.txt").read_text()

    def until(self, happened, seconds=30):
        """Wait until something is true of the server."""
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"{len(self.visits())} visits:\n{self.log()[-2000:]}"
            time.sleep(0.05)


class Visitor:
    """Somebody with an address, who keeps cookies or does not."""

    def __init__(self, small, address=None, cookies=True):
        self.small, self.cookies, self.cookie = small, cookies, None
        self.headers = {"X-Forwarded-For": address} if address else {}

    def begin(self, path="/voila/render/quick.ipynb", method="GET"):
        """Ask, and return the connection on which the answer comes."""
        line = http.client.HTTPConnection("127.0.0.1", self.small.port, timeout=60)
        line.request(method, path, headers={**self.headers, "Cookie": self.cookie or ""})
        return line

    def end(self, line):
        """Return a status and a text."""
        with contextlib.closing(line):
            reply = line.getresponse()
            given = [said.partition(";")[0] for said in reply.headers.get_all("Set-Cookie") or []]
            given = [said for said in given if said.startswith("username-")]
            if self.cookies and given:
                self.cookie = given[0]
            return reply.status, reply.read().decode()

    def ask(self, *arguments):
        return self.end(self.begin(*arguments))

    def kernel(self):
        """Open a quick page; return the number of its kernel."""
        status, text = self.ask()
        assert status == 200, text
        return re.search(r'"kernelId": "([\w-]+)"', text)[1]

    def lives(self, kernel):
        return self.ask(f"/api/kernels/{kernel}")[0] == 200


@contextlib.contextmanager
def small(folder, **options):
    """Serve; ends with the context."""
    for name in ("pages", "visits"):
        (folder / name).mkdir()
    for name, code in CODE.items():
        cell = {"cell_type": "code", "source": code, "metadata": {}, "outputs": [], "id": "a"}
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        notebook = {
            "cells": [{**cell, "execution_count": None}],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (folder / "pages" / f"{name}.ipynb").write_text(json.dumps(notebook))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"port": port, "unattended": 600, "patience": 600, **options}
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, json.dumps(options)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths, "TMPDIR": str(folder)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    found = Small(folder, port, process)
    try:
        found.until(lambda: process.poll() is not None or _listens(port), 60)
        yield found
    finally:
        stop(process)


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
