"""Fetching a checkpoint from a server of our own, on this machine, that misbehaves as told."""

import hashlib
import io
import json
import multiprocessing
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import numpy as np
import pytest

from conus_widgets import download, transfer
from conus_widgets.download import KNOWN, STEM, DownloadError, fetch, fetch_configured


def weights(seed=0):
    file = io.BytesIO()
    arrays = np.random.default_rng(seed).normal(size=(3, 12_000)).astype(np.float32)
    np.savez(file, *arrays)
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
    silent: bool = False
    requests: list = field(default_factory=list)  # (name, Range)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        plan = self.server.plan
        name = unquote(self.path.partition("?")[0].rpartition("/")[2])
        wanted = self.headers.get("Range")
        plan.requests.append((name, wanted))
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
        if plan.lengths:
            self.send_header("Content-Length", str(len(body) - start))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        end = start + plan.cut_after.pop(name, len(body))
        self.wfile.write(body[start:end])
        if end < len(body) or not plan.lengths:
            self.wfile.flush()
            self.close_connection = True


@pytest.fixture
def server(monkeypatch):
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.plan = Plan(
        files={
            f"{STEM}.npz": weights(),
            f"{STEM}.json": b'{"training_params": {"output_dim": 2}}',
            "synsets.txt": b"Conus a\nConus b\n",
            "info.txt": b"-\n-\n",
        }
    )
    httpd.url = f"http://127.0.0.1:{httpd.server_port}/swift/conus/"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


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
    server.plan.files["my shells.json"] = b"{}"
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
    changed = {"other": weights(7), "shorter": weights(8)[:50_000]}.get(behaviour.get("files"))
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
    assert not any(name.startswith(f"{STEM}.npz") for name in names(tmp_path))
    fetch(server.url, tmp_path, sha256=right)
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
    with pytest.raises(DownloadError, match="not an .npz file"):
        fetch(server.url, tmp_path)
    assert not any(name.startswith(f"{STEM}.npz") for name in names(tmp_path))


def test_redirects(server, tmp_path):
    server.plan.redirect["synsets.txt"] = f"{server.url}info.txt"
    fetch(server.url, tmp_path / "good")
    assert (tmp_path / "good" / "synsets.txt").read_bytes() == b"-\n-\n"
    for n, target in enumerate(("file:///etc/hostname", "ftp://127.0.0.1/synsets.txt")):
        server.plan.redirect["synsets.txt"] = target
        with pytest.raises(DownloadError, match="not secure"):
            fetch(server.url, tmp_path / str(n))
    server.plan.redirect["synsets.txt"] = f"{server.url}synsets.txt"
    with pytest.raises(DownloadError, match="no usable address"):
        fetch(server.url, tmp_path / "loop")


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
