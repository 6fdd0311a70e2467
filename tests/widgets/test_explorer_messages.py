"""The explorer's one table of message kinds, held against both sides."""

import dataclasses
import json
import os
from pathlib import Path

import pytest
from explorer_page import picture
from node import find_node, run_tests

from conus_widgets.widgets.explorer.kinds import FROM_PAGE, TO_PAGE
from conus_widgets.widgets.explorer.messages import Messages

pytest_plugins = ["explorer_page"]  # its fixtures

JS = Path(__file__).parents[1] / "js" / "explorer-messages.mjs"


def test_python_hears_what_the_table_says(explore):
    widget, _ = explore()
    assert set(widget._requests.kinds) == set(FROM_PAGE)
    assert set(widget._kinds()) == {*FROM_PAGE, "file"}


def test_python_tells_what_the_table_says():
    told = {name for name in vars(Messages) if not name.startswith("_")}
    assert told - {"everything"} == set(TO_PAGE)


@pytest.mark.parametrize("kind", FROM_PAGE)
def test_a_message_that_lacks_something_is_refused_by_name(explore, kind):
    widget, page = explore(picture(1))
    for field in FROM_PAGE[kind].fields:
        content = dict.fromkeys(FROM_PAGE[kind].fields, 0)
        del content[field]
        widget._message(None, {"kind": kind, "id": field, **content}, [b""])
        [receipt] = [m for m, _ in page.heard if m.get("id") == field]
        assert receipt["error"].startswith(f"The page's message {kind!r} came without {field}")
    page.strangers.clear()


def test_the_page_says_and_hears_what_the_table_says():
    node = find_node()
    if node is None:
        assert os.environ.get("CI") != "true", "Node is missing: install playwright, or Node 18"
        pytest.skip("NO NODE: install playwright, or Node 18 or newer, to test the JavaScript")
    table = {
        name: {kind: dataclasses.asdict(one) for kind, one in kinds.items()}
        for name, kinds in (("fromPage", FROM_PAGE), ("toPage", TO_PAGE))
    }
    run = run_tests(node, JS, EXPLORER_KINDS=json.dumps(table))
    assert run.returncode == 0, run.stdout + run.stderr
