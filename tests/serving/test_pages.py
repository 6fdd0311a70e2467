"""Notebooks as pages for strangers, and what is taken out of them."""

import json

import pytest

from conus_widgets.__main__ import main
from conus_widgets.serving.pages import PAGES, prepare, title


def cell(kind, *source, tags=()):
    made = {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": list(source), "id": "x"}
    return made | (
        {"outputs": [{"output_type": "stream"}], "execution_count": 3} if kind == "code" else {}
    )


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    cells = [
        cell(
            "markdown",
            "# First\n",
            "\n",
            "*15 minutes. **Run → Run All Cells** and so on.*\n",
            "\n",
            "*Measured: all cells need 2 s.*\n",
            "\n",
            "Text.",
        ),
        cell(
            "markdown", "See [there](second.ipynb), [elsewhere](third.ipynb) and [a page](a.html)."
        ),
        cell("code", "print(1)"),
        cell("markdown", "Click: use\n", "**View → Expand Selected Code**.\n\nYour turn."),
        cell("markdown", "Measured by eye.\n\nThe folded cell does the same."),
        cell("code", "answer = 42", tags=["solution"]),
    ]
    for name in ("first", "second", "third"):
        text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        (folder / f"{name}.ipynb").write_text(text)
    return folder


def test_a_page_has_no_solution_no_menu_and_no_link_to_what_is_not_served(sources, tmp_path):
    (tmp_path / "pages").mkdir()
    assert prepare(tmp_path / "pages", ["first", "second"], sources) == [
        "first.ipynb",
        "second.ipynb",
    ]
    page = json.loads((tmp_path / "pages" / "first.ipynb").read_text())
    texts = ["".join(one["source"]) for one in page["cells"]]
    assert texts[0] == "# First\n\nText."
    assert texts[1].startswith("> **You are a guest here.**")
    assert texts[2] == "See [there](second.ipynb), elsewhere and [a page](a.html)."
    assert texts[3:] == ["print(1)", "Your turn.", "Measured by eye."]
    assert page["cells"][3]["outputs"] == [] and page["cells"][3]["execution_count"] is None
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == [
        "first.ipynb",
        "second.ipynb",
    ]
    assert title(tmp_path / "pages" / "first.ipynb") == "First"


def test_the_pages_of_the_kit_are_there_and_speak_of_no_menu(tmp_path):
    names = prepare(tmp_path)
    assert names == [f"{name}.ipynb" for name in PAGES]
    for name in names:
        text = (tmp_path / name).read_text()
        assert "Run All Cells" not in text and "Expand Selected" not in text
        assert title(tmp_path / name) != name


def test_a_notebook_that_is_not_there_is_named_with_those_that_are(sources, tmp_path):
    with pytest.raises(
        FileNotFoundError, match="There is no notebook nine; there are first, second, third"
    ):
        prepare(tmp_path, ["nine"], sources)


@pytest.mark.parametrize("given", [["--most", "0"], ["--port", "x"], ["--file-mb", "-1"]])
def test_a_wrong_number_is_refused_before_anything_starts(given, capsys):
    with pytest.raises(SystemExit):
        main(["serve", *given])
    assert "is not a whole number of at least 1" in capsys.readouterr().err
