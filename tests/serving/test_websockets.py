"""A page's connection with its kernel, in real servers: no message waits for the one before."""

import json
import socket
import subprocess
import sys

import pytest

#: Starts a server and a kernel, connects as a page does, and says what the connection is.
CONNECTED = """
import asyncio, json, socket, sys
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

async def look(server, port, protocols):
    kernels = server.kernel_manager
    kernel = await kernels.start_kernel(kernel_name="python3")
    address = f"http://127.0.0.1:{port}/api/kernels/{kernel}/channels?token=t&session_id=s"
    page = await websocket_connect(address.replace("http", "ws"), subprotocols=protocols)
    while not (lines := list(ZMQChannelsWebsocketConnection._open_sockets)):
        await asyncio.sleep(0.05)
    line = lines[0].websocket_handler.ws_connection.stream.socket
    found = type(lines[0]).__name__, line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    print(json.dumps(found), flush=True)
    page.close()
    await kernels.shutdown_kernel(kernel, now=True)
    IOLoop.current().stop()
"""
#: As this environment has it.
JUPYTER = """
from jupyter_server.serverapp import ServerApp
server = ServerApp()
options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
port, *more = sys.argv[1:]
server.initialize([*options, f"--port={port}", "--IdentityProvider.token=t", *more])
IOLoop.current().add_callback(look, server, port, [])
server.start()
"""
OFF = "--ServerApp.jpserver_extensions=conus_widgets.serving.websockets=False"
#: Ours, for visitors.
VISITORS = """
from pathlib import Path
from conus_widgets.serving.lines import PROTOCOL
from conus_widgets.serving.server import configured
port = int(sys.argv[1])
options = {"ip": "127.0.0.1", "port": port, "most": 1, "unattended": 60, "patience": 60}
server = configured(Path(), Path(), **options)
IOLoop.current().add_callback(look, server, port, [PROTOCOL])
server.start()
"""


@pytest.mark.parametrize(
    ("server", "options", "line"),
    [
        (JUPYTER, [], ["PromptConnection", 1]),
        (JUPYTER, [OFF], ["ZMQChannelsWebsocketConnection", 0]),
        (VISITORS, [], ["PromptConnection", 1]),
    ],
    ids=["Jupyter", "Jupyter, switched off", "visitors"],
)
def test_a_message_does_not_wait_for_the_one_before(server, options, line, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-c", CONNECTED + server, port, *options]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    said = [text for text in ran.stdout.splitlines() if text.startswith("[")]
    assert said, ran.stderr[-3000:]
    assert json.loads(said[0]) == line
