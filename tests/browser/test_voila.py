"""Pages for strangers: two visitors at once, and one who wishes the others ill."""

import json
import re
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from websocket import WebSocketBadStatusException

from conus_widgets.shells import draw

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "serving"))

FILES, MEGABYTE = 4, 2**20


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    from served import serve

    limits = f"--most 2 --files {FILES} --file-mb 1 --unattended 20".split()
    with serve(tmp_path_factory.mktemp("served"), *limits) as found:
        yield found


@pytest.fixture
def empty(served):
    """The server when nobody is there any more."""
    end = time.monotonic() + 60
    while served.visits():
        assert time.monotonic() < end, "visits did not end"
        time.sleep(0.2)
    return served


class Visitor:
    """A visitor with a browser, and all that the server told it."""

    def __init__(self, served, browser, page="01-classify"):
        self.context = browser.new_context(viewport={"width": 1100, "height": 900})
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        self.told, self.asked, self.complaints, self.dialogs = [], [], [], []
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog), dialog.dismiss()))
        self.page.on("websocket", self._line)
        self.page.goto(served.page(page), timeout=120_000)
        self.page.locator(".cw-classifier").wait_for(timeout=60_000)
        self.told.append(self.page.content())

    def _line(self, socket):
        self.asked.append(socket.url)
        socket.on("framereceived", lambda data: self.told.append(_text(data)))

    @property
    def kernel(self):
        text = self.page.locator("#jupyter-config-data").text_content()
        return json.loads(text)["kernelId"]

    def drop(self, path):
        self.page.locator(".cw-zone").drop({"files": [str(path)]})
        label = self.page.get_by_text(path.name, exact=True)
        return self.page.locator(".cw-card").filter(has=label)

    def close(self):
        if not self.page.is_closed():
            self.page.goto("about:blank")  # as somebody leaves
            self.context.close()


def _text(data):
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


def serious(page):
    """Serious violations of the rules that axe knows, in a whole page."""
    packed = pytest.importorskip("axe_playwright_python", reason="NO AXE: install the test extra")
    page.evaluate((Path(packed.__file__).parent / "axe.min.js").read_text())
    return page.evaluate(
        """async () => (await axe.run()).violations
            .filter((one) => ["serious", "critical"].includes(one.impact))
            .map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120))}`)"""
    )


@pytest.fixture
def visitor(served, browser):
    came = []

    def come(*page):
        came.append(Visitor(served, browser, *page))
        return came[-1]

    yield come
    for one in came:
        one.close()


@pytest.fixture
def photograph(tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    Image.fromarray(draw("zigzag", 11).image).save(path)
    return path


def test_two_visitors_see_no_code_no_folder_and_not_each_other(empty, visitor, photograph):
    first, second = visitor(), visitor()
    assert first.kernel != second.kernel and len(empty.visits()) == 2
    card = first.drop(photograph)
    expect(card.locator(".cw-row").first).to_be_visible()
    expect(card.get_by_text("demonstration: drawn shells, not for identification")).to_be_visible()
    # The other one has only what the notebook itself put there.
    assert first.page.locator(".cw-card").count() == second.page.locator(".cw-card").count() + 1
    assert photograph.name not in "".join(second.told)
    assert empty.answer("/voila/render/01-classify.ipynb")[0] == 503  # a third one waits

    for one in first, second:
        text = "".join(one.told)
        assert "load_predictor()" not in text and "NBVAL" not in text, "code is shown"
        for place in (empty.temporary, Path(sys.prefix), ROOT, Path.home(), Path(sys.base_prefix)):
            assert str(place) not in text, f"a folder is shown: {place}"
        outside = [
            url for url in one.asked if not url.startswith((empty.address, "data:", "blob:", "ws:"))
        ]
        assert outside == [] and one.complaints == [] and one.dialogs == []
    assert serious(first.page) == []

    assert [visit.stat().st_mode & 0o777 for visit in empty.visits()] == [0o700] * 2
    written = {path for visit in empty.visits() for path in visit.rglob("*") if path.is_file()}
    assert not [path for path in written if photograph.read_bytes()[:200] in path.read_bytes()]
    first.close()
    end = time.monotonic() + 30
    while len(empty.visits()) > 1 and time.monotonic() < end:
        time.sleep(0.2)
    assert len(empty.visits()) == 1  # the other one stays


@pytest.mark.parametrize(
    "path",
    [
        "/voila/tree",
        "/voila/api/contents",
        "/voila/api/contents/01-classify.ipynb",
        "/api/kernels",
        "/api/sessions",
        "/api/contents",
        "/api/terminals",
        "/files/01-classify.ipynb",
        "/voila/files/01-classify.ipynb",
        "/voila/render/05-can-you-trust-a-map.ipynb",
        "/voila/render/..%2f..%2f..%2fetc%2fpasswd",
        "/voila/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/lab",
    ],
)
def test_doors_that_are_not_needed_are_shut(served, path):
    status, text = served.answer(path)
    assert status in (403, 404), (status, text[:200])
    assert "root:" not in text and str(served.temporary) not in text and "Traceback" not in text


def test_the_list_of_pages(served, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.address)
    links = page.get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == [
        f"/voila/render/{name}.ipynb" for name in ("01-classify", "03-explore", "04-why-A-for-B")
    ]
    expect(page.get_by_text("Nobody handles a living one")).to_be_visible()
    assert serious(page) == []
    context.close()


def test_who_finds_no_place_reads_why_and_one_browser_does_not_take_them_all(empty, visitor):
    first = visitor()
    kernel = first.kernel
    second = first.context.new_page()  # a tab; of two places a browser may have one
    second.goto(empty.page("01-classify"), timeout=120_000)
    second.locator(".cw-classifier").wait_for(timeout=60_000)
    assert empty.answer(f"/api/kernels/{kernel}")[0] == 404 and len(empty.visits()) == 1

    other, page = visitor(), first.context.browser.new_context().new_page()
    page.goto(empty.page("01-classify"))
    expect(page.get_by_text("All places are taken just now: 2 pages are open")).to_be_visible()
    assert serious(page) == []
    other.close()
    end = time.monotonic() + 30
    while len(empty.visits()) > 1 and time.monotonic() < end:
        time.sleep(0.2)
    page.get_by_role("link", name="Try again").click(timeout=120_000)
    page.locator(".cw-classifier").wait_for(timeout=60_000)
    for one in page, second:
        one.goto("about:blank")
    page.context.close()


@pytest.fixture
def stranger(empty):
    from served import Stranger

    found = Stranger(empty).connect()
    yield found
    found.close()
    assert empty.answer(f"/voila/api/shutdown/{found.kernel}", "POST")[0] == 204


def test_a_hostile_visitor_runs_no_code_and_raises_no_limit(stranger, empty):
    mark = empty.temporary / "it-ran"
    code = {"code": f"open({str(mark)!r}, 'w')", "silent": False, "store_history": False}
    for channel in "shell", "control":
        stranger.send("execute_request", code, channel=channel)
        stranger.send("inspect_request", {"code": "predictor", "cursor_pos": 3}, channel=channel)
        stranger.send("history_request", {"hist_access_type": "tail", "n": 9}, channel=channel)
        stranger.send("debug_request", {"command": "evaluate", "arguments": code}, channel=channel)
    stranger.send("input_reply", {"value": "x"}, channel="stdin")
    models = stranger.models()  # the kernel answers this, and has answered nothing before
    assert models and not mark.exists()

    # Forged messages: of wrong kinds, of wrong sizes, with paths and markup, to no widget at all.
    path = "../../../etc/cron.d/<script>alert(1)</script>.png"
    part = {"kind": "file", "name": path, "upload": "1", "index": 0, "count": 1, "size": 5}
    for model in [*models, "00000000000000000000000000000000"]:
        for content in (
            None,
            [],
            "file",
            {},
            {"kind": []},
            {"kind": "__class__"},
            {"kind": "file"},
            {**part, "index": -1},
            {**part, "count": 10**18},
            {**part, "index": "0"},
            {**part, "size": -(10**30)},
            {**part, "name": ["a"], "upload": {"b": 1}},
        ):
            stranger.tell(model, content)
        state = {"limit": 10**12, "long_side": 10**9, "_esm": "alert(1)", "mark": '"><script>'}
        for data in ({"state": state}, {"state": []}, {}, {"state": {"layout": "IPY_MODEL_x"}}):
            stranger.send("comm_msg", {"comm_id": model, "data": {"method": "update", **data}})
        stranger.send("comm_msg", {"comm_id": model, "data": None})
    stranger.send("comm_open", {"comm_id": "x", "target_name": "os.system", "data": {}})
    stranger.send("comm_msg", {})

    # Still alive, and the limits are as they were.
    tool = _classifier(stranger)
    large = {**part, "id": "L", "name": "large.png", "upload": "9", "size": 3 * MEGABYTE}
    stranger.tell(tool, large, buffers=[b"x" * 3 * MEGABYTE])
    heard = stranger.reply(lambda m: _custom(m).get("id") == "L")
    assert "large.png has 3 MB; at most 1 MB are taken" in _custom(heard)["error"] or (
        f"a visit may send {FILES} files" in _custom(heard)["error"]
    )
    for number in range(FILES + 1):
        small = {**part, "id": f"N{number}", "upload": str(number)}
        stranger.tell(tool, small, buffers=[b"no photograph"])
    heard = stranger.reply(lambda m: _custom(m).get("id") == f"N{FILES}")
    assert f"a visit may send {FILES} files" in _custom(heard)["error"]
    written = [p for p in empty.temporary.rglob("*") if re.search("cron|script|passwd", p.name)]
    assert written == [] and not mark.exists()


def _custom(message):
    if message["msg_type"] != "comm_msg":
        return {}
    content = message["content"]["data"].get("content")
    return content if isinstance(content, dict) else {}


def _classifier(stranger):
    """The widget that answers a page's first word as the classifier does."""
    for model in stranger.models():
        stranger.tell(model, {"kind": "hello", "id": f"hello {model}"})
    heard = stranger.reply(lambda m: str(_custom(m).get("id", "")).startswith("hello "))
    return _custom(heard)["id"].split()[1]


def _again(stranger):
    """Connect once more, when the server has seen that the line is closed."""
    end = time.monotonic() + 20
    while True:
        try:
            return stranger.connect()
        except WebSocketBadStatusException:
            assert time.monotonic() < end
            time.sleep(0.2)


def test_nobody_listens_in_on_somebody_elses_kernel(stranger, empty):
    from served import Stranger

    other = Stranger(empty)
    with pytest.raises(WebSocketBadStatusException) as refused:  # knows its number, as from a log
        other.connect(stranger.kernel)
    assert refused.value.status_code == 403
    with pytest.raises(WebSocketBadStatusException) as refused:  # a page of another site
        other.connect(origin="http://elsewhere.example")
    assert refused.value.status_code == 403
    assert empty.answer(f"/api/kernels/{stranger.kernel}", "DELETE")[0] == 405
    for protocol in ("", "xv1.kernel.websocket.jupyter.org"):  # on which Voila's server hangs
        with pytest.raises(WebSocketBadStatusException) as refused:
            other.connect(protocol=protocol)
        assert refused.value.status_code == 400
    assert not set(other.connect().models()) & set(stranger.models())
    for size in (2**64 - 1, 2**20, 0):  # so many parts
        assert other.send_raw(size.to_bytes(8, "little") + b"x" * 80) == 1003
        other.close()
        _again(other)
    other.close()
    status, text = empty.answer("/voila/render/01-classify.ipynb")
    assert status == 503 and "All places are taken" in text
