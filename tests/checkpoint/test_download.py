"""Fetching a checkpoint from a server of our own, on this machine, that misbehaves as told."""

import gzip
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import numpy as np
import pytest
from networks import random_arrays

from conus_widgets.checkpoint import download, transfer
from conus_widgets.checkpoint.architecture import Architecture
from conus_widgets.checkpoint.download import KNOWN, STEM, DownloadError, fetch, fetch_configured
from conus_widgets.checkpoint.files import read

SMALLEST = {"width": 0.0625, "stem": 4, "size": 64}
HEADER = json.dumps({"training_params": {"output_dim": 2}, "architecture": SMALLEST}).encode()


@cache
def weights(seed=0):
    file = io.BytesIO()
    np.savez(file, *random_arrays(Architecture(2, **SMALLEST), seed))
    return file.getvalue()


@cache
def small_weights():
    """As good as others, and a tenth of their size."""
    file = io.BytesIO()
    arrays = random_arrays(Architecture(2, **SMALLEST))
    np.savez_compressed(file, *[np.zeros_like(array) for array in arrays])
    return file.getvalue()


@dataclass
class Plan:
    """What the server holds and how it behaves."""

    files: dict = field(default_factory=dict)
    cut_after: dict = field(default_factory=dict)  # name: bytes, for the next answer only
    heed_range: bool = True
    heed_if_range: bool = True
    etags: bool = True
    lengths: bool = True
    status: dict = field(default_factory=dict)  # name: HTTP status
    redirect: dict = field(default_factory=dict)  # name: address
    html: bool = False
    headers: dict = field(default_factory=dict)  # name: more headers of the answer
    lengths_told: dict = field(default_factory=dict)  # name: a Content-Length that is wrong
    silent: bool = False
    requests: list = field(default_factory=list)  # (name, Range)
    paths: list = field(default_factory=list)  # as they stand in the requests


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        plan = self.server.plan
        name = unquote(self.path.partition("?")[0].rpartition("/")[2])
        wanted = self.headers.get("Range")
        plan.requests.append((name, wanted))
        plan.paths.append(self.path)
        if plan.silent:
            time.sleep(1.5)
            self.close_connection = True
            return
        if name in plan.redirect:
            self.send_response(302)
            self.send_header("Location", plan.redirect[name])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        status = plan.status.get(name, 200 if name in plan.files else 404)
        if status != 200:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = plan.files[name]
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        start = 0
        same = self.headers.get("If-Range") == tag or not plan.heed_if_range
        if wanted and plan.heed_range and same:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if plan.etags:
            self.send_header("ETag", tag)
        if plan.html:
            self.send_header("Content-Type", "text/html; charset=utf-8")
        for header, value in plan.headers.get(name, {}).items():
            self.send_header(header, value)
        if name in plan.lengths_told:
            self.send_header("Content-Length", str(plan.lengths_told[name]))
            self.send_header("Connection", "close")
        elif plan.lengths:
            self.send_header("Content-Length", str(len(body) - start))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        end = start + plan.cut_after.pop(name, len(body))
        self.wfile.write(body[start:end])
        if end < len(body) or not plan.lengths or name in plan.lengths_told:
            self.wfile.flush()
            self.close_connection = True


def sound_files():
    return {
        f"{STEM}.npz": weights(),
        f"{STEM}.json": HEADER,
        "synsets.txt": b"Conus a\nConus b\n",
        "info.txt": b"-\n-\n",
    }


@pytest.fixture(scope="module")
def running():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.handle_error = lambda *_: None  # a client that hangs up is part of these tests
    httpd.daemon_threads = True
    httpd.url = f"http://127.0.0.1:{httpd.server_port}/swift/conus/"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def server(running, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    running.plan = Plan(files=sound_files())
    return running


@pytest.fixture(scope="module")
def fetched_once(running, tmp_path_factory):
    running.plan = Plan(files={**sound_files(), "regions.csv": b"class,region\nConus a,Panamic\n"})
    return fetch(running.url, tmp_path_factory.mktemp("fetched"))


@pytest.fixture
def fetched(fetched_once, server, tmp_path):
    """A folder with all five files, as fetched from the server a moment ago."""
    server.plan.files["regions.csv"] = (fetched_once / "regions.csv").read_bytes()
    return shutil.copytree(fetched_once, tmp_path / "fetched")


def receipt_of(folder, **changes):
    """Return the folder's note, with changes, which are written."""
    receipt = {**json.loads((folder / "fetched.json").read_text()), **changes}
    (folder / "fetched.json").write_text(json.dumps(receipt))
    return receipt


def names(folder):
    return {path.name for path in folder.iterdir()} - {".lock", "fetched.json"}


def test_all_files_arrive_once(server, tmp_path):
    plan = server.plan
    assert fetch(server.url, tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert names(tmp_path / "a" / "b") == set(plan.files)  # no regions.csv, and no .part
    for name, body in plan.files.items():
        assert (tmp_path / "a" / "b" / name).read_bytes() == body
    assert len(plan.requests) == 5
    fetch(server.url, tmp_path / "a" / "b")
    fetch(server.url.rstrip("/"), tmp_path / "a" / "b")
    fetch(f"{server.url}{STEM}.npz", tmp_path / "a" / "b")
    digest = hashlib.sha256(weights()).hexdigest()
    fetch(server.url, tmp_path / "a" / "b", sha256=digest.upper())
    assert len(plan.requests) == 5


def test_address_of_the_npz_gives_the_stem(server, tmp_path):
    server.plan.files["my shells.npz"] = weights(1)
    server.plan.files["my shells.json"] = HEADER
    server.plan.files["regions.csv"] = b"class,region\n"
    fetch(f"{server.url}my%20shells.npz?token=secret", tmp_path)
    assert names(tmp_path) == {
        "my shells.npz",
        "my shells.json",
        "synsets.txt",
        "info.txt",
        "regions.csv",
    }
    assert "secret" not in (tmp_path / "fetched.json").read_text()
    fetch(server.url, tmp_path / "other", stem="my shells")
    assert (tmp_path / "other" / "my shells.npz").read_bytes() == weights(1)


@pytest.mark.parametrize("cut", [1, 70_000, 140_000])
def test_a_cut_download_is_resumed(server, tmp_path, cut):
    plan, npz = server.plan, f"{STEM}.npz"
    plan.cut_after[npz] = cut
    whole = len(plan.files[npz])
    with pytest.raises(DownloadError, match=rf"{npz} broke off after [\d,]+ of {whole:,} bytes"):
        fetch(server.url, tmp_path)
    assert npz not in names(tmp_path)
    have = (tmp_path / f"{npz}.part").stat().st_size
    assert cut - 65536 <= have <= cut
    plan.requests.clear()
    fetch(server.url, tmp_path)
    assert (tmp_path / npz).read_bytes() == plan.files[npz]
    assert names(tmp_path) == set(plan.files)
    assert plan.requests[-1] == (npz, f"bytes={have}-" if have else None)


def interrupted(server, tmp_path):
    server.plan.cut_after[f"{STEM}.npz"] = 100_000
    with pytest.raises(DownloadError):
        fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz.part").stat().st_size > 0


@pytest.mark.parametrize(
    "behaviour",
    [
        {"heed_range": False},
        {"files": "other"},
        {"files": "other", "heed_if_range": False},
        {"files": "shorter"},
        {"files": "shorter", "heed_if_range": False},
        {"etags": False},
    ],
)
def test_where_resuming_is_impossible_all_is_fetched_again(server, tmp_path, behaviour):
    interrupted(server, tmp_path)
    npz = f"{STEM}.npz"
    changed = {"other": weights(7), "shorter": small_weights()}.get(behaviour.get("files"))
    if changed:
        server.plan.files[npz] = changed
    for name, value in behaviour.items():
        if name != "files":
            setattr(server.plan, name, value)
    fetch(server.url, tmp_path)
    assert (tmp_path / npz).read_bytes() == server.plan.files[npz]
    assert names(tmp_path) == set(server.plan.files)


def test_without_a_validator_nothing_is_resumed(server, tmp_path):
    server.plan.etags = False
    interrupted(server, tmp_path)
    server.plan.files[f"{STEM}.npz"] = weights(9)
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights(9)


def test_killed_between_the_last_byte_and_the_move(server, tmp_path, monkeypatch):
    real = os.replace

    def dies(source, target):
        if str(target).endswith(".npz"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        fetch(server.url, tmp_path)
    monkeypatch.undo()
    assert f"{STEM}.npz" not in names(tmp_path)
    server.plan.requests.clear()
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()
    assert not server.plan.requests


def test_unknown_length(server, tmp_path):
    server.plan.lengths = False
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


def test_digest(server, tmp_path):
    right, wrong = hashlib.sha256(weights()).hexdigest(), "0" * 64
    with pytest.raises(DownloadError) as caught:
        fetch(server.url, tmp_path, sha256=wrong)
    assert right in str(caught.value) and wrong in str(caught.value)
    assert f"{STEM}.npz" not in names(tmp_path)
    # What came was whole: it need not come again for the right digest.
    server.plan.requests.clear()
    fetch(server.url, tmp_path, sha256=right)
    assert not server.plan.requests
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()
    # A copy that was there without a check is looked at when a digest is given.
    (tmp_path / f"{STEM}.npz").write_bytes(b"PK" + bytes(len(weights()) - 2))
    (tmp_path / "fetched.json").unlink()
    fetch(server.url, tmp_path, sha256=right)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()
    for bad in ("abc", "g" * 64, ""):
        with pytest.raises(ValueError, match="64 hexadecimal"):
            fetch(server.url, tmp_path, sha256=bad)


def test_a_file_whose_size_changed_or_that_is_gone_is_fetched_again(server, tmp_path):
    fetch(server.url, tmp_path)
    (tmp_path / f"{STEM}.npz").write_bytes(weights()[:999])
    (tmp_path / "synsets.txt").unlink()
    server.plan.requests.clear()
    fetch(server.url, tmp_path)
    assert sorted(name for name, _ in server.plan.requests) == [f"{STEM}.npz", "synsets.txt"]
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


def test_a_folder_holds_one_checkpoint(server, tmp_path):
    # A mistyped address binds nothing, the first file that came does, even of an interrupted fetch.
    with pytest.raises(DownloadError, match="does not exist"):
        fetch(server.url, tmp_path, stem="other")
    with pytest.raises(DownloadError, match="does not exist"):
        fetch(server.url.replace("conus", "nowhere"), tmp_path, stem="other")
    interrupted(server, tmp_path)
    with pytest.raises(DownloadError, match="choose another"):
        fetch(server.url.replace("conus", "other"), tmp_path)


@pytest.mark.parametrize("name", [f"{STEM}.npz", f"{STEM}.json", "synsets.txt"])
@pytest.mark.parametrize(
    ("status", "words"), [(404, "does not exist"), (403, "access"), (503, "HTTP 503; try again")]
)
def test_required_files(server, tmp_path, name, status, words):
    server.plan.status[name] = status
    with pytest.raises(DownloadError, match=f"^http://127.0.0.1.*/{name} .*{words}.*\\.$"):
        fetch(server.url, tmp_path)
    assert name not in names(tmp_path)
    assert not [left for left in names(tmp_path) if ".part" in left]


def test_a_web_page_is_not_taken_for_a_checkpoint(server, tmp_path):
    server.plan.html = True
    with pytest.raises(DownloadError, match="web page"):
        fetch(server.url, tmp_path)
    server.plan.html = False
    server.plan.files[f"{STEM}.npz"] = b"<html>Please log in</html>"
    with pytest.raises(DownloadError, match="a web page, not an .npz file"):
        fetch(server.url, tmp_path)
    assert not any(name.startswith(f"{STEM}.npz") for name in names(tmp_path))


def test_redirects(server, tmp_path):
    server.plan.redirect["synsets.txt"] = f"{server.url}other.txt"
    server.plan.files["other.txt"] = b"Conus x\nConus y\n"
    fetch(server.url, tmp_path / "good")
    assert (tmp_path / "good" / "synsets.txt").read_bytes() == b"Conus x\nConus y\n"
    for n, target in enumerate(("file:///etc/hostname", "ftp://127.0.0.1/synsets.txt")):
        server.plan.redirect["synsets.txt"] = target
        with pytest.raises(DownloadError, match="not secure"):
            fetch(server.url, tmp_path / str(n))
    server.plan.redirect["synsets.txt"] = f"{server.url}synsets.txt"
    with pytest.raises(DownloadError, match="no usable address"):
        fetch(server.url, tmp_path / "loop")


def test_only_hosts_that_are_allowed_are_asked(server, tmp_path, monkeypatch):
    monkeypatch.setenv(transfer.FROM, "museum.example, 127.0.0.1")
    fetch(server.url, tmp_path / "good")
    # Not by a detour either: the redirect is not followed, and nothing is asked of its host.
    server.plan.redirect["synsets.txt"] = "http://localhost/synsets.txt"
    with pytest.raises(DownloadError, match="localhost is not asked: here files come from museum"):
        fetch(server.url, tmp_path / "detour")
    monkeypatch.setenv(transfer.FROM, "")
    with pytest.raises(DownloadError, match="127.0.0.1 is not asked: here .* from no host only"):
        fetch(server.url, tmp_path / "none")


def test_never_from_https_down_to_http():
    import requests

    response = requests.Response()
    response.status_code, response.url = 302, "https://user:pw@museum.example/a?key=1"
    session = transfer.Session()
    response.headers["Location"] = "https://other.example/b"
    assert session.get_redirect_target(response) == "https://other.example/b"
    response.headers["Location"] = "//other.example/b"
    assert session.get_redirect_target(response) == "//other.example/b"
    response.headers["Location"] = "http://museum.example/a"
    with pytest.raises(DownloadError, match="leads on to http://museum.example") as caught:
        session.get_redirect_target(response)
    assert "pw" not in str(caught.value) and "key" not in str(caught.value)


def test_no_answer(server, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadError, match=f"127.0.0.1 refused .* http://127.0.0.1:{port}/"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path)
    with pytest.raises(DownloadError, match="No secure connection to 127.0.0.1"):
        fetch(server.url.replace("http:", "https:"), tmp_path)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(DownloadError, match="proxy"):
        fetch("http://museum.example/", tmp_path)
    monkeypatch.delenv("HTTP_PROXY")
    server.plan.silent = True
    monkeypatch.setattr(transfer, "_READ_SECONDS", 0.2)
    with pytest.raises(DownloadError, match="did not answer in time"):
        fetch(server.url, tmp_path)

    def no_name(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    with pytest.raises(DownloadError, match="No computer named museum.example was found"):
        fetch("https://museum.example/", tmp_path)


def test_proxies_are_honoured(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    fetch("http://museum.example/conus/", tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


def test_full_disk(server, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        usage = type("usage", (), {"free": 10_000})
        patch.setattr(transfer.shutil, "disk_usage", lambda folder: usage)
        with pytest.raises(DownloadError, match="0 MB free, .* needs 0 MB; make room"):
            fetch(server.url, tmp_path)
    # A disk that fills while the file is being written.
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full to try a full disk on")
    (tmp_path / "info.txt.part").symlink_to("/dev/full")
    with monkeypatch.context() as patch:
        patch.setattr(os, "truncate", lambda *args: None)
        (tmp_path / "info.txt").unlink(missing_ok=True)
        with pytest.raises(DownloadError, match="The disk of .* is full; make room"):
            fetch(server.url, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written(server, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadError, match="choose another"):
        fetch(server.url, tmp_path / "new")


def test_a_folder_that_cannot_be(server, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DownloadError, match="cannot be made"):
        fetch(server.url, tmp_path / "file" / "folder")


@pytest.mark.parametrize(
    "source", ["file:///etc/", "ftp://a/b", "/tmp/x", "deep-oc", "http://", ""]
)
def test_only_http_addresses_and_known_names(source, tmp_path):
    with pytest.raises(ValueError, match="deep-oc-conus"):
        fetch(source, tmp_path)
    for bad in ("a%2F..%2Fb", "..%5Cb", ".hidden", "%00"):
        with pytest.raises(ValueError, match="name"):
            fetch(f"http://127.0.0.1:1/{bad}.npz", tmp_path)


def test_known_name_goes_to_its_own_folder_and_only_when_asked(server, tmp_path, monkeypatch):
    monkeypatch.setattr(
        download.platformdirs, "user_data_path", lambda application: tmp_path / application
    )
    monkeypatch.setitem(KNOWN, "deep-oc-conus", server.url)
    folder = fetch("deep-oc-conus")
    assert folder == tmp_path / "conus_widgets" / "models" / "deep-oc-conus"
    other = fetch(server.url)
    assert other.parent == folder.parent and other != folder
    assert fetch(f"{server.url}{STEM}.npz") == other
    for name in other.parent.iterdir():
        assert name.name.replace("-", "").replace(".", "").replace("_", "").isalnum()


def test_configured_by_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download.platformdirs, "user_data_path", lambda application: tmp_path)
    monkeypatch.delenv("CONUS_MODEL_URL", raising=False)
    monkeypatch.delenv("CONUS_MODEL_SHA256", raising=False)
    assert fetch_configured() is None
    monkeypatch.setenv("CONUS_MODEL_URL", server.url)
    monkeypatch.setenv("CONUS_MODEL_SHA256", "0" * 64)
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch_configured()
    monkeypatch.setenv("CONUS_MODEL_SHA256", hashlib.sha256(weights()).hexdigest())
    assert (fetch_configured() / f"{STEM}.npz").read_bytes() == weights()


def _fetch_in_child(url, folder, queue):
    try:
        fetch(url, folder)
        queue.put("done")
    except Exception as error:
        queue.put(repr(error))


def test_two_processes_at_once(server, tmp_path):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    children = [
        context.Process(target=_fetch_in_child, args=(server.url, tmp_path, queue))
        for _ in range(2)
    ]
    for child in children:
        child.start()
    assert [queue.get(timeout=30) for _ in children] == ["done"] * 2
    for child in children:
        child.join()
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()
    assert len(server.plan.requests) == 5  # one of them worked, the others waited
    assert names(tmp_path) == set(server.plan.files)


def test_the_bar_is_quiet_where_nobody_looks(server, tmp_path, capsys, monkeypatch):
    fetch(server.url, tmp_path / "a")
    assert capsys.readouterr().err == ""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    fetch(server.url, tmp_path / "b", progress=False)
    assert terminal.getvalue() == ""
    fetch(server.url, tmp_path / "c")
    assert f"{STEM}.npz" in terminal.getvalue() and "100%" in terminal.getvalue()


def test_a_piece_from_another_address_is_not_continued(server, tmp_path):
    interrupted(server, tmp_path)
    (tmp_path / "fetched.json").unlink()
    server.plan.requests.clear()
    fetch(server.url.replace("conus", "elsewhere"), tmp_path)
    assert server.plan.requests[-1] == (f"{STEM}.npz", None)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


def test_damaged_notes_of_earlier_downloads_do_no_harm(server, tmp_path):
    interrupted(server, tmp_path)
    (tmp_path / f"{STEM}.npz.part.json").write_text("[1")
    (tmp_path / "fetched.json").write_text(json.dumps({"files": 3}))
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


# Optional files ----------------------------------------------------------------------------------

LEFT_OUT = {
    "forbidden": ({"status": 403}, "HTTP 403"),
    "not logged in": ({"status": 401}, "HTTP 401"),
    "a bad request": ({"status": 400}, "HTTP 400"),
    "an error there": ({"status": 500}, "HTTP 500"),
    "too many requests": ({"status": 429}, "HTTP 429"),
    "nothing, and all is well": ({"status": 204}, "HTTP 204"),
    "a web page": (
        {"body": b"<!doctype html>\nlog in\n", "headers": {"Content-Type": "text/html"}},
        "web page",
    ),
    "a web page that does not say so": ({"body": b"\n<html>\n"}, "a web page"),
    "an object store's error": ({"body": b'<?xml version="1.0"?>\n<Error/>'}, "XML"),
    "text of another kind": ({"body": b"Sorry,\nthere is\nno such file.\n"}, "check the address"),
    "JSON of another kind": ({"body": b'{"error":\n"no such file"}'}, "check the address"),
    "an empty answer": ({"body": b""}, "is empty"),
    "zeros": ({"body": bytes(50)}, "not UTF-8 text"),
    "a broken compression": (
        {"body": b"-\n-\n", "headers": {"Content-Encoding": "gzip"}},
        "compression that cannot be undone",
    ),
    "less than it said": ({"body": b"-\n-\n", "length": 99}, "broke off after 0 of 99 bytes"),
    "a way to a log-in": ({"redirect": "login.html"}, "a web page"),
    "a way in a circle": ({"redirect": "{name}"}, "no usable address"),
    "a way to somewhere that is not secure": ({"redirect": "ftp://x/y"}, "not secure"),
    "a way to nowhere": ({"redirect": "http://127.0.0.1:1/"}, "refused the connection"),
}


def answer(plan, name, how):
    if "status" in how:
        plan.status[name] = how["status"]
    if "body" in how:
        plan.files[name] = how["body"]
    if "headers" in how:
        plan.headers[name] = how["headers"]
    if "length" in how:
        plan.lengths_told[name] = how["length"]
    if "redirect" in how:
        plan.redirect[name] = how["redirect"].format(name=name)
        plan.files["login.html"] = b"<html><body>Please log in</body></html>"


@pytest.mark.parametrize("what", LEFT_OUT)
def test_optional_is_optional_whatever_the_answer(server, fetched, capsys, what):
    how, words = LEFT_OUT[what]
    sound = {"info.txt": b"a\n-\n", "regions.csv": b"Conus a,Panamic\n"}
    for name in sound:
        answer(server.plan, name, how)
        (fetched / name).unlink()
    fetch(server.url, fetched)
    assert not names(fetched) & sound.keys()
    told = capsys.readouterr().err.splitlines()
    # A page that nobody reads to its end makes the server of the test complain, now and then.
    told = [line for line in told if "left out" in line]
    for name, line in zip(sound, told, strict=True):
        assert f"{name} was left out; it is optional" in line and words in line
    # They appear: they are asked for again, and nothing else is.
    server.plan = Plan(files={**server.plan.files, **sound})
    fetch(server.url, fetched)
    assert {asked for asked, _ in server.plan.requests} == sound.keys()
    for name, body in sound.items():
        assert (fetched / name).read_bytes() == body


def test_what_is_optional_does_not_keep_the_weights_from_coming(server, tmp_path):
    server.plan.status = {"info.txt": 500, "regions.csv": 403}
    fetch(server.url, tmp_path)
    assert (read(tmp_path).labels, read(tmp_path).info) == (["Conus a", "Conus b"], ["-", "-"])


def test_a_file_that_does_not_exist_is_asked_for_again_after_a_day(server, fetched, capsys):
    (fetched / "regions.csv").unlink()
    there = server.plan.files.pop("regions.csv")
    fetch(server.url, fetched)
    assert capsys.readouterr().err == ""
    server.plan.files["regions.csv"] = there
    server.plan.requests.clear()
    fetch(server.url, fetched)
    assert not server.plan.requests
    asked = receipt_of(fetched)["missing"]["regions.csv"]
    receipt_of(fetched, missing={"regions.csv": asked - 25 * 3600})
    fetch(server.url, fetched)
    assert server.plan.requests == [("regions.csv", None)]
    assert (fetched / "regions.csv").read_bytes() == there


def test_who_has_everything_needs_no_network_for_what_is_optional(server, fetched, capsys):
    gone = server.url.replace(str(server.server_port), "1")
    receipt_of(fetched, source=gone, missing={"regions.csv": 0})
    for name in ("info.txt", "regions.csv"):
        (fetched / name).unlink()
    assert fetch(gone, fetched) == fetched
    told = capsys.readouterr().err
    assert "info.txt was left out" in told and "refused the connection" in told
    assert "regions.csv" not in told  # that it does not exist is known


def test_on_a_terminal_it_is_said_what_does_not_exist(server, fetched, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    (fetched / "regions.csv").unlink()
    del server.plan.files["regions.csv"]
    fetch(server.url, fetched)
    assert "regions.csv was left out; it is optional, and the address has" in sys.stderr.getvalue()


# What came is validated --------------------------------------------------------------------------

WRONG = {
    "no JSON": (f"{STEM}.json", b"Please\nlog in", "is not JSON: .* in line 1"),
    "an empty JSON": (f"{STEM}.json", b"", "is not JSON"),
    "a JSON of another kind": (f"{STEM}.json", b"{}", "output_dim is None"),
    "a list": (f"{STEM}.json", b"[1]", "holds a list"),
    "a web page for JSON": (f"{STEM}.json", b"<html></html>", "a web page"),
    "a name too few": ("synsets.txt", b"Conus a\n", "has 1 lines, but the network has 2 classes"),
    "no names": ("synsets.txt", b"", "has 0 lines"),
    "no weights": (f"{STEM}.npz", b"", "it is empty, not an .npz file"),
    "half the weights": (f"{STEM}.npz", weights()[:200_000], "damaged or was not copied whole"),
    "weights of others": (
        f"{STEM}.npz",
        b"PK\5\6" + bytes(18),
        "holds 0 arrays, but this network has 268",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_could_not_be_loaded_is_not_put_in_place(server, tmp_path, what):
    name, body, words = WRONG[what]
    server.plan.files[name] = body
    with pytest.raises(DownloadError, match=f"^http://127.0.0.1.*/{name}.*{words}.*owner.$"):
        fetch(server.url, tmp_path)
    assert not [left for left in names(tmp_path) if left.startswith(name)]
    assert ".part" not in str(names(tmp_path))
    sound = {f"{STEM}.json": HEADER, "synsets.txt": b"a\nb\n", f"{STEM}.npz": weights()}
    server.plan.files.update(sound)
    fetch(server.url, tmp_path)
    read(tmp_path)


def test_one_changed_byte_of_the_weights_is_seen(server, tmp_path):
    body = bytearray(weights())
    body[230_000] ^= 1
    server.plan.files[f"{STEM}.npz"] = bytes(body)
    with pytest.raises(DownloadError, match="damaged"):
        fetch(server.url, tmp_path)


def test_a_wrong_content_length_does_not_make_half_a_file_whole(server, tmp_path):
    server.plan.lengths_told[f"{STEM}.npz"] = 200_000
    with pytest.raises(DownloadError, match=r"damaged or was not copied whole"):
        fetch(server.url, tmp_path)
    server.plan.lengths_told = {"synsets.txt": 99}
    (tmp_path / "synsets.txt").unlink()
    with pytest.raises(DownloadError, match="broke off after 0 of 99 bytes"):
        fetch(server.url, tmp_path)
    server.plan.lengths_told.clear()
    fetch(server.url, tmp_path)
    read(tmp_path)


def test_compressed_answers_are_read(server, tmp_path):
    for name, body in server.plan.files.items():
        server.plan.files[name] = gzip.compress(body)
        server.plan.headers[name] = {"Content-Encoding": "gzip"}
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()
    # A file that is compressed, where the answer does not say so.
    server.plan.headers.clear()
    with pytest.raises(DownloadError, match="gzip"):
        fetch(server.url, tmp_path / "other")


def test_the_encodings_that_can_be_loaded_can_be_fetched(server, tmp_path):
    server.plan.files["synsets.txt"] = "Conus é\r\nConus b\r\n".encode("latin-1")
    server.plan.files["info.txt"] = "à\r\n\r\n".encode("utf-16")
    fetch(server.url, tmp_path)
    assert (read(tmp_path).labels, read(tmp_path).info) == (["Conus é", "Conus b"], ["à", "-"])


# What is in place --------------------------------------------------------------------------------

ALL = [f"{STEM}.npz", f"{STEM}.json", "synsets.txt", "info.txt", "regions.csv"]


def flipped(body):
    changed = bytearray(body)
    changed[len(body) // 2] ^= 1
    return bytes(changed)


DAMAGE = {
    "another letter": flipped,
    "zeros": lambda body: bytes(len(body)),
    "cut": lambda body: body[: len(body) // 2],
    "empty": lambda body: b"",
    "a web page": lambda body: b"<html>Not found</html>",
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", ALL)
def test_a_damaged_file_is_fetched_again(server, fetched, name, how):
    plan = server.plan
    (fetched / name).write_bytes(DAMAGE[how](plan.files[name]))
    fetch(server.url, fetched)
    assert plan.requests == [(name, None)]
    assert (fetched / name).read_bytes() == plan.files[name]
    fetch(server.url, fetched)
    assert len(plan.requests) == 1


@pytest.mark.parametrize("how", ["another letter", "zeros", "a web page"])
@pytest.mark.parametrize("note", ["of an earlier version", "damaged"])
def test_damage_is_seen_without_a_digest(server, fetched, how, note):
    """If it makes a file unreadable: a text that can be read may be somebody's own."""
    plan = server.plan
    damaged = ALL if how != "another letter" else ALL[:1]
    if note == "damaged":
        (fetched / "fetched.json").write_text('{"files": {"')
    else:  # it knew sizes
        sizes = {name: len(body) for name, body in plan.files.items()}
        receipt_of(fetched, files=sizes, missing=[], sha256=None)
    for name in damaged:
        (fetched / name).write_bytes(DAMAGE[how](plan.files[name]))
    fetch(server.url, fetched)
    assert {asked for asked, _ in plan.requests} == set(damaged)
    for name in ALL:
        assert (fetched / name).read_bytes() == plan.files[name]


def test_a_note_of_an_earlier_version_learns_the_digests(server, fetched):
    receipt_of(fetched, files={name: len(body) for name, body in server.plan.files.items()})
    fetch(server.url, fetched)
    (fetched / "synsets.txt").write_bytes(b"Conus a\nConus c\n")  # of the same size
    fetch(server.url, fetched)
    assert (fetched / "synsets.txt").read_bytes() == b"Conus a\nConus b\n"


def test_a_web_page_that_an_earlier_version_kept_is_cleared_away(server, fetched, capsys):
    (fetched / "regions.csv").write_bytes(b"Not found")
    receipt_of(fetched, files={"regions.csv": len(b"Not found")}, missing=[])
    server.plan.files["regions.csv"] = b"Not found"
    fetch(server.url, fetched)
    assert read(fetched).regions == {}
    assert "set aside as regions.csv.old" in capsys.readouterr().err


def test_what_was_put_there_by_hand_stays(server, fetched, capsys):
    del server.plan.files["regions.csv"]
    files = receipt_of(fetched)["files"]
    del files["regions.csv"]
    receipt_of(fetched, files=files)
    (fetched / "regions.csv").write_text("Conus b,Panamic\n")
    fetch(server.url, fetched)
    assert not server.plan.requests
    (fetched / "regions.csv").write_text("Conus q,Panamic\n")
    fetch(server.url, fetched)
    assert (fetched / "regions.csv").read_text() == "Conus q,Panamic\n"
    assert "line 1: no class is called 'Conus q'" in capsys.readouterr().err


def test_what_was_changed_by_hand_is_set_aside(server, fetched, capsys):
    own = {f"{STEM}.npz": weights(3), "synsets.txt": b"Conus x\nConus y\n"}
    for name, body in own.items():
        (fetched / name).write_bytes(body)
    fetch(server.url, fetched)
    for name, body in own.items():
        assert (fetched / name).read_bytes() == server.plan.files[name]
        assert (fetched / f"{name}.old").read_bytes() == body
    assert "synsets.txt is not as it was fetched: it was set aside" in capsys.readouterr().err
    assert read(fetched).labels == ["Conus a", "Conus b"]  # .old is not taken for weights


def test_a_changed_file_that_cannot_be_fetched_again_is_used(server, fetched, capsys):
    (fetched / "synsets.txt").write_text("Conus a\nConus y\n")
    server.plan.status["synsets.txt"] = 503
    fetch(server.url, fetched)
    assert (fetched / "synsets.txt").read_text() == "Conus a\nConus y\n"
    assert "synsets.txt was changed after it was fetched" in capsys.readouterr().err


def test_damage_that_cannot_be_mended_is_said(server, fetched):
    (fetched / "synsets.txt").write_text("Conus a\n")
    server.plan.status["synsets.txt"] = 503
    with pytest.raises(DownloadError, match="synsets.txt has 1 lines, .* It did not come .* 503"):
        fetch(server.url, fetched)
    assert (fetched / "synsets.txt").read_text() == "Conus a\n"


def test_files_that_do_not_fit_a_new_json_are_fetched_with_it(server, fetched):
    other = {"training_params": {"output_dim": 3}, "architecture": SMALLEST}
    file = io.BytesIO()
    np.savez(file, *random_arrays(Architecture(3, **SMALLEST)))
    server.plan.files = {
        f"{STEM}.json": json.dumps(other).encode(),
        "synsets.txt": b"a\nb\nc\n",
        f"{STEM}.npz": file.getvalue(),
    }
    (fetched / f"{STEM}.json").unlink()
    fetch(server.url, fetched)
    assert (read(fetched).labels, read(fetched).info) == (["a", "b", "c"], ["-"] * 3)
    assert read(fetched).regions == {}


@pytest.mark.parametrize(
    "receipt",
    [
        "[]",
        "3",
        '{"source": 3, "files": [], "missing": {}}',
        '{"source": "x", "files": {"synsets.txt": null}, "missing": [[]]}',
        '{"files": {}, "missing": {"regions.csv": "soon"}}',
        "[" * 100_000,
        "\0",
    ],
)
def test_a_damaged_note_does_no_harm(server, fetched, receipt):
    (fetched / "fetched.json").write_text(receipt)
    fetch(server.url, fetched)
    assert not server.plan.requests


@pytest.mark.parametrize("validator", [3, ["x"], '"a"\nb', "é", None])
def test_a_damaged_note_of_a_piece_does_no_harm(server, fetched, validator):
    (fetched / "synsets.txt").unlink()
    (fetched / "synsets.txt.part").write_bytes(b"Conus a")
    (fetched / "synsets.txt.part.json").write_text(
        json.dumps({"url": f"{server.url}synsets.txt", "validator": validator, "total": 99})
    )
    fetch(server.url, fetched)
    assert (fetched / "synsets.txt").read_bytes() == server.plan.files["synsets.txt"]
    assert server.plan.requests == [("synsets.txt", None)]


def test_a_damaged_piece_is_fetched_from_the_start(server, tmp_path):
    interrupted(server, tmp_path)
    part = tmp_path / f"{STEM}.npz.part"
    part.write_bytes(flipped(part.read_bytes()))
    fetch(server.url, tmp_path)
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


# Digests -----------------------------------------------------------------------------------------


def test_a_wrong_digest_takes_nothing_away(server, fetched):
    wrong, right = "0" * 64, hashlib.sha256(weights()).hexdigest()
    for _ in range(2):
        with pytest.raises(DownloadError, match=f"SHA-256 {right} and not {wrong}"):
            fetch(server.url, fetched, sha256=wrong)
        for name, body in server.plan.files.items():
            assert (fetched / name).read_bytes() == body
    server.plan.requests.clear()
    fetch(server.url, fetched, sha256=right)
    fetch(server.url, fetched)
    assert not server.plan.requests


def test_a_wrong_digest_without_a_network_says_what_is_there(server, fetched):
    server.plan.status[f"{STEM}.npz"] = 503
    right = hashlib.sha256(weights()).hexdigest()
    with pytest.raises(DownloadError, match=f"npz has the SHA-256 {right} and not 0+, .*HTTP 503"):
        fetch(server.url, fetched, sha256="0" * 64)
    assert (fetched / f"{STEM}.npz").read_bytes() == weights()


def test_a_wrong_digest_does_not_cost_the_piece_that_had_come(server, tmp_path):
    interrupted(server, tmp_path)
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(server.url, tmp_path, sha256="0" * 64)
    server.plan.requests.clear()
    with pytest.raises(DownloadError, match="SHA-256"):  # asked whether it has changed, no more
        fetch(server.url, tmp_path, sha256="1" * 64)
    assert server.plan.requests == [(f"{STEM}.npz", f"bytes={len(weights())}-")]
    server.plan.status[f"{STEM}.npz"] = 503
    with pytest.raises(DownloadError, match="503"):
        fetch(server.url, tmp_path, sha256="1" * 64)
    fetch(server.url, tmp_path, sha256=hashlib.sha256(weights()).hexdigest())
    assert (tmp_path / f"{STEM}.npz").read_bytes() == weights()


def test_a_new_version_replaces_one_whose_digest_was_wrong(server, fetched):
    new = hashlib.sha256(weights(1)).hexdigest()
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(server.url, fetched, sha256=new)
    server.plan.files[f"{STEM}.npz"] = weights(1)
    fetch(server.url, fetched, sha256=new)
    assert (fetched / f"{STEM}.npz").read_bytes() == weights(1)
    assert names(fetched) == set(server.plan.files)


# Names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["x", "é", "海"])
def test_the_longest_name(server, tmp_path, letter):
    stem = letter * (250 // len(letter.encode()))
    for ending in ("npz", "json"):
        server.plan.files[f"{stem}.{ending}"] = server.plan.files[f"{STEM}.{ending}"]
    server.plan.cut_after[f"{stem}.npz"] = 100_000
    with pytest.raises(DownloadError, match="broke off"):
        fetch(server.url, tmp_path, stem=stem)
    fetch(server.url, tmp_path, stem=stem)
    assert read(tmp_path).name == stem
    assert len(names(tmp_path)) == 4
    with pytest.raises(ValueError, match="it has 25[678] bytes, and a name may have 255"):
        fetch(server.url, tmp_path, stem=stem + letter)


def test_a_long_name_gets_a_folder_that_fits(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download.platformdirs, "user_data_path", lambda application: tmp_path)
    stem = "海" * 83
    for ending in ("npz", "json"):
        server.plan.files[f"{stem}.{ending}"] = server.plan.files[f"{STEM}.{ending}"]
    assert read(fetch(f"{server.url}{stem}.npz")).name == stem


def test_an_address_that_is_no_utf_8(server, tmp_path):
    """The name in the address is asked for as it stands."""
    for ending in ("npz", "json"):
        server.plan.files[f"caf\ufffd.{ending}"] = server.plan.files[f"{STEM}.{ending}"]
    fetch(f"{server.url}caf%E9.npz", tmp_path)
    assert read(tmp_path).name == "caf\ufffd"
    assert any(path.endswith("/caf%E9.json") for path in server.plan.paths)


def test_a_folder_that_is_no_utf_8(server, tmp_path, capsys):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    server.plan.status["info.txt"] = 403
    assert fetch(server.url, os.fsencode(folder)) == folder
    read(folder)
    (folder / "synsets.txt").write_text("Conus x\nConus y\n")
    fetch(server.url, folder)
    capsys.readouterr().err.encode("utf-8")


def test_a_home_folder_is_found(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert fetch(server.url, "~/conus") == tmp_path / "conus"
