"""Lines that are opened at once, or left while their kernel is waited for."""

import json
import socket
import subprocess
import sys

import pytest

#: A server whose kernel answers late: what comes in between is decided by the test.
LATE = """
import asyncio, json, sys
from pathlib import Path
from tornado.httpclient import HTTPClientError
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect
from conus_widgets.serving.server import configured
from conus_widgets.serving.websockets import PromptConnection

PROTOCOL = "v1.kernel.websocket.jupyter.org"
port = int(sys.argv[1])
options = {"ip": "127.0.0.1", "port": port, "most": 1, "unattended": 60, "patience": 60}
server = configured(Path(), Path(), **options)
waiting, answers = [], asyncio.Event()
prepare = PromptConnection.prepare

async def late(connection):
    waiting.append(connection)
    await answers.wait()
    await prepare(connection)

PromptConnection.prepare = late

async def until(happened):
    for _ in range(400):
        if happened():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError

def path(session):
    return f"/api/kernels/{kernel}/channels?session_id={session}"

async def opened(session):
    try:
        address = f"ws://127.0.0.1:{port}{path(session)}"
        pages.append(await websocket_connect(address, subprotocols=[PROTOCOL]))
        return "open"
    except HTTPClientError as error:
        return error.code

async def run():
    global kernel, kernels, pages
    kernels, pages = server.kernel_manager, []
    try:
        kernel = await kernels.start_kernel(kernel_name="python3")
        print(json.dumps(await told()), flush=True)
    finally:
        for page in pages:
            page.close()
        await kernels.shutdown_kernel(kernel, now=True)
        IOLoop.current().stop()

IOLoop.current().add_callback(run)
"""
AT_ONCE = """
async def told():
    lines = [asyncio.ensure_future(opened(session)) for session in "ab"]
    await until(lambda: len(waiting) == 2 or any(line.done() for line in lines))
    answers.set()
    return sorted(map(str, await asyncio.gather(*lines)))
server.start()
"""
LEFT = """
async def told():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    lines = [f"GET {path('gone')} HTTP/1.1", *(f"{name}: {said}" for name, said in headers.items())]
    writer.write(("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode())
    await until(lambda: waiting)
    writer.close()
    await until(lambda: waiting[0].websocket_handler._on_close_called)
    answers.set()
    counted = []
    await asyncio.sleep(1)
    counted.append(kernels._kernel_connections[kernel])
    first = await opened("page")
    await asyncio.sleep(0.5)
    counted.append(kernels._kernel_connections[kernel])
    second = await opened("another")
    sessions = [key.partition(":")[2] for key in PromptConnection._open_sessions]
    return [counted, first, second, sessions]
server.start()
"""
REFUSED = """
from tornado.httpclient import AsyncHTTPClient
async def told():
    answers.set()
    reply = await AsyncHTTPClient().fetch(  # the right protocol, and no websocket
        f"http://127.0.0.1:{port}{path('none')}",
        headers={"Sec-WebSocket-Protocol": PROTOCOL},
        raise_error=False,
    )
    opened_then = await opened("page")
    kernels._of[kernel].leaving = True
    pages.pop().close()
    await until(lambda: not kernels._kernel_connections[kernel])
    ending = await opened("page")
    sessions = list(PromptConnection._open_sessions)
    return [reply.code, opened_then, ending, sessions]
server.start()
"""
OPENING = """
from datetime import UTC, datetime, timedelta
async def told():
    kernels.patience = 3600
    line = asyncio.ensure_future(opened("page"))
    await until(lambda: waiting)
    kernels.get_kernel(kernel).last_activity = datetime.now(UTC) - timedelta(seconds=100)
    await kernels.cull_kernel_if_idle(kernel)  # older than the 60 s that it lives without a page
    answers.set()
    return [await line, kernel in kernels]
server.start()
"""


@pytest.mark.parametrize(
    ("deeds", "told"),
    [
        (AT_ONCE, ["403", "open"]),
        (LEFT, [[0, 1], "open", 403, ["page"]]),
        (REFUSED, [400, "open", 404, []]),
        (OPENING, ["open", True]),
    ],
    ids=[
        "two at once",
        "left while the kernel is waited for",
        "no websocket, and an ending one",
        "a kernel that is old enough to end",
    ],
)
def test_a_kernel_has_one_line(deeds, told, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-c", LATE + deeds, port]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    said = [text for text in ran.stdout.splitlines() if text.startswith("[")]
    assert said, ran.stderr[-3000:]
    assert json.loads(said[0]) == told
    assert "Traceback" not in ran.stderr, ran.stderr[-3000:]
