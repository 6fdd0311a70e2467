"""A server of pages for strangers, and a visitor without a browser who sends what they like."""

import contextlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from websocket import WebSocketTimeoutException, create_connection

ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A running server.

    Attributes
    ----------
    address : str
    temporary : Path
        Where it and its kernels write what passes.
    """

    def __init__(self, address, temporary, process, log):
        self.address, self.temporary, self.process, self._log = address, temporary, process, log

    def page(self, name):
        return f"{self.address}/voila/render/{name}.ipynb"

    def visits(self):
        """The folders of all visits that live."""
        return sorted(self.temporary.glob("conus-serve-*/visits/visit-*"))

    def log(self):
        return self._log.read_text()

    def answer(self, path, method="GET"):
        """Return a status and a text."""
        request = urllib.request.Request(self.address + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@contextlib.contextmanager
def serve(folder, *options, seconds=60):
    """Serve, with a folder for what passes; ends with the context."""
    temporary = folder / "temporary"
    temporary.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "conus_widgets", "serve", "--port", str(port), *options]
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTEST_CURRENT_TEST", None)  # ipykernel behaves differently below pytest
    log = folder / "log.txt"
    with log.open("w") as words:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=words, stderr=subprocess.STDOUT
        )
    found = Served(f"http://127.0.0.1:{port}", temporary, process, log)
    try:
        end = time.monotonic() + seconds
        while True:
            try:
                found.answer("/")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"it did not start:\n{found.log()}") from None
                time.sleep(0.2)
        yield found
    finally:
        stop(process)


def stop(process):
    """End a server, by force if it does not listen."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _framed(parts):
    """As jupyter_server has it: how many places, the places, the parts."""
    places = [8 * (len(parts) + 2)]
    for part in parts:
        places.append(places[-1] + len(part))
    numbers = [len(places), *places]
    return b"".join([*(number.to_bytes(8, "little") for number in numbers), *parts])


def _parts(data):
    numbers = [int.from_bytes(data[n : n + 8], "little") for n in range(0, len(data), 8)][:100]
    places = numbers[1 : 1 + numbers[0]]
    return [data[begin:end] for begin, end in itertools.pairwise(places)]


class Stranger:
    """A visitor without a browser: loads a page, then speaks with its kernel as they like."""

    def __init__(self, served, page="01-classify"):
        self.served = served
        self.status, self.text = served.answer(f"/voila/render/{page}.ipynb")
        found = re.search(r'"kernelId": "([\w-]+)"', self.text)
        self.kernel = found and found[1]
        self._line = None

    def connect(self, kernel=None, origin=None, protocol="v1.kernel.websocket.jupyter.org"):
        """Open a line to a kernel: one's own, unless another is named."""
        self._line = create_connection(
            self.served.address.replace("http", "ws")
            + f"/api/kernels/{kernel or self.kernel}/channels",
            origin=origin or self.served.address,
            timeout=30,
            subprotocols=[protocol] if protocol else None,
        )
        return self

    def send(self, kind, content, channel="shell", buffers=()):
        """Send a message of the kernel's protocol; return its number."""
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": kind,
            "session": "stranger",
            "username": "stranger",
            "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        self._line.send_binary(_framed([channel.encode(), *parts, *buffers]))
        return number

    def send_raw(self, data):
        """Send bytes as they are; return the number with which the server closes the line."""
        self._line.send_binary(data)
        while True:
            code, said = self._line.recv_data()
            if code == 8:
                return int.from_bytes(said[:2], "big")

    def tell(self, model, content, buffers=()):
        """Send a widget what its page would."""
        data = {"method": "custom", "content": content}
        return self.send("comm_msg", {"comm_id": model, "data": data}, buffers=buffers)

    def replies(self, wanted, seconds=20):
        """Yield messages as they come, until `wanted` is true of one, which is the last."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._line.settimeout(max(0.1, end - time.monotonic()))
            try:
                data = self._line.recv()
            except WebSocketTimeoutException:
                break
            _, header, parent, _, content, *_ = _parts(data)
            message = {
                **json.loads(header),
                "parent_header": json.loads(parent),
                "content": json.loads(content),
            }
            yield message
            if wanted(message):
                return
        raise AssertionError("the kernel did not say what was waited for")

    def reply(self, wanted, seconds=20):
        """Return the first message of which `wanted` is true."""
        return list(self.replies(wanted, seconds))[-1]

    def models(self):
        """The numbers of all widgets of the kernel."""
        number = self.send("comm_info_request", {"target_name": "jupyter.widget"})
        found = self.reply(
            lambda m: (
                m["parent_header"].get("msg_id") == number and m["msg_type"] == "comm_info_reply"
            )
        )
        return list(found["content"]["comms"])

    def custom(self, kind):
        """What is true of a widget's message of a kind."""
        return lambda m: (
            m["msg_type"] == "comm_msg"
            and m["content"]["data"].get("content", {}).get("kind") == kind
        )

    def close(self):
        if self._line is not None:
            self._line.close()
