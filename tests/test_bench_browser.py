"""The arithmetic of the browser's benchmark, and the page it writes; no browser, no clock."""

# ruff: noqa: E402
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # `benchmarks` belongs to the checkout, not to the package

from benchmarks.browser import figures, hosts, inspecting, kernel, page, results, targets
from benchmarks.browser.figures import WrongAnswer


def move(at, u=0.5, v=0.5):
    return {"at": at, "u": u, "v": v}


def test_a_hover_is_answered_by_the_first_picture_behind_it():
    notes = {
        "moves": [move(0), move(10, u=0.99, v=0.0), move(100, u=0.3, v=0.6)],
        "answers": [
            {"at": 30, "count": 2, "text": "Row 1, column 7 of 7 × 7"},
            {"at": 116, "count": 3, "text": "Row 5, column 3 of 7 × 7"},
        ],
    }
    assert figures.hovering(notes, (7, 7)) == [30, 20, 16]


def test_another_cell_than_the_one_under_the_pointer_is_no_answer():
    notes = {
        "moves": [move(0)],
        "answers": [{"at": 9, "count": 1, "text": "Row 1, column 1 of 7 × 7"}],
    }
    with pytest.raises(WrongAnswer, match="Row 4, column 4 of 7 × 7"):
        figures.hovering(notes, (7, 7))


@pytest.fixture
def stroke():
    """Moves every 10 ms; the first request knew one of them, the second was overtaken, the third
    knew six."""
    return {
        "origin": 1_000_000.0,
        "moves": [move(10 * n) for n in range(11)],
        "sent": [
            {"number": 1, "at": 1, "count": 1},
            {"number": 2, "at": 12, "count": 2},
            {"number": 3, "at": 53, "count": 6},
        ],
        "answers": [
            {"number": 1, "arrived": 40, "at": 45, "right": True},
            {"number": 3, "arrived": 90, "at": 98, "right": True},
        ],
    }


def test_bars_are_as_late_as_the_newest_place_they_know_of(stroke):
    assert figures.brushing(stroke)[figures.BARS] == [45 - 0, 98 - 50]


def test_a_place_that_was_overtaken_waits_for_the_first_bars_that_know_of_it(stroke):
    assert figures.brushing(stroke)[figures.EVERY] == [45, 88, 78, 68, 58, 48]


def test_bars_a_second_count_while_the_pointer_moves(stroke):
    assert figures.brushing(stroke)[figures.RATE] == [20.0]  # two in a tenth of a second
    stroke["answers"][1]["at"] = 101  # behind the last move
    assert figures.brushing(stroke)[figures.RATE] == [10.0]


def test_bars_with_other_numbers_than_the_answer_are_refused(stroke):
    stroke["answers"][0]["right"] = False
    with pytest.raises(WrongAnswer, match="other logits"):
        figures.brushing(stroke)


def test_the_parts_of_the_way_add_up_to_the_whole(stroke):
    computed = [
        ("activations", 999.0, 999.1),  # the photograph itself, before the stroke
        ("follow", 1000.010, 1000.035),
        ("follow", 1000.060, 1000.085),
    ]
    ways = figures.ways(stroke, computed)
    assert [sum(way) for way in ways] == pytest.approx(figures.brushing(stroke)[figures.BARS])
    assert ways[1] == pytest.approx([3, 7, 25, 5, 8])
    assert len(ways[0]) == len(figures.WAY)


@pytest.mark.parametrize(
    "spans, free",
    [
        ([], 0),
        ([(9.0, 9.9)], 0),  # over before the click
        ([(9.9, 10.25)], 250),
        ([(9.9, 10.1), (10.2, 10.3)], 300),  # one more batch began
        ([(9.9, 10.1), (12.0, 12.4)], 100),  # the next question, after the silence
    ],
)
def test_a_network_is_free_when_its_last_batch_has_ended(spans, free):
    notes = {"origin": 9_000.0, "clicked": 1_000.0}
    computed = [("follow", *span) for span in spans]
    assert figures.freeing(notes, computed) == pytest.approx(free)


def test_a_picture_that_did_not_change_and_work_that_went_on_are_refused():
    with pytest.raises(WrongAnswer, match="stayed"):
        figures.check_choice({"redrawn": False})
    with pytest.raises(WrongAnswer, match="went on"):
        figures.check_cancel({"stopped": False})


def test_figures_of_several_strokes_stand_behind_one_another():
    assert figures.merged([{"a": [1], "b": [2]}, {"a": [3]}]) == {"a": [1, 3], "b": [2]}


def test_ninety_five_of_a_hundred_decide():
    hover = targets.Target("hover", 50)
    assert hover.met([40] * 96 + [500] * 4) and not hover.met([40] * 94 + [500] * 6)
    rate = targets.Target("rate", 10, at_least=True)
    assert rate.met([9] * 4 + [12] * 96) and not rate.met([9] * 6 + [12] * 94)
    assert (hover.words, rate.words) == ("at most 50 ms", "at least 10")


def test_what_the_kernel_noted_is_read_back(tmp_path):
    class Network:
        def forward(self, x):
            return 2 * x

    file = (tmp_path / "notes").open("ab")
    call = kernel.noted(Network().forward, "follow", file.fileno())
    assert call(3) == 6
    [(what, began, ended)] = kernel.computations(tmp_path / "notes")
    assert what == "follow" and began <= ended


@pytest.fixture
def seen():
    found = {target.figure: [target.bound] * 20 for target in targets.TARGETS}
    found[figures.EVERY] = [180.0] * 20
    found[figures.HOVER] = [51.0] * 20
    return results.Results(
        date="2026-01-02",
        cpu="a CPU, 2 CPUs",
        widest="AVX2",
        chromium="150.0",
        versions={"jupyterlab": "4", "voila": "5"},
        seen=[results.Seen("Voila", "full width", found, [[1.0, 2, 3, 4, 5]], 60.0)],
        others=[0.0, 0.04],
        minutes=7.1,
    )


def test_the_page_says_what_was_met(seen):
    text = page.page(seen)
    rows = {line.split(" | ")[0][2:]: line for line in text.splitlines() if line.startswith("| ")}
    assert rows["figure"].endswith("| Voila, full width |")
    assert rows[figures.HOVER].endswith("| at most 50 ms | 51, 51 (20), **not met** |")
    assert rows[figures.RATE].endswith("| at least 10 | 10.0, 10.0 (20), met |")
    assert rows[figures.EVERY].endswith("|  | 180, 180 (20) |")
    assert rows["network"].endswith("| 3 |")
    assert text.count(", met |") == len(targets.TARGETS) - 1 and text.count("**not met**") == 1
    for part in ("AVX2", "Chromium 150.0", "voila 5", "other programs used 2% (at most 4%)"):
        assert part in text


def test_a_busy_machine_is_not_passed_over(seen):
    assert "Not quiet" not in page.page(seen)
    seen.others.append(0.5)
    assert "**Not quiet" in page.page(seen)


def test_what_was_not_measured_is_said(seen):
    del seen.seen[0].figures[figures.CANCEL]
    seen.seen[0].way = []
    assert "| at most 300 ms | not measured |" in page.page(seen)


def test_results_are_read_as_they_were_saved(seen, tmp_path):
    seen.save(tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == seen


def test_a_host_has_this_kernel_and_nothing_of_anybody_elses(tmp_path):
    found = hosts.environment(tmp_path / "voila", tmp_path)
    spec = json.loads((tmp_path / "jupyter" / "kernels" / "conus" / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable and spec["env"] == {"PYTHONPATH": str(ROOT)}
    assert found["JUPYTER_PATH"] == str(tmp_path / "jupyter")
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert Path(found[name]).is_relative_to(tmp_path)


def test_a_figure_of_the_inspector_stands_beside_its_aim():
    values = [10.0] * 95 + [400.0] * 5
    assert inspecting.line("the next case", values).endswith("at most 100 ms: met")
    assert "(100), at most 100 ms: NOT MET" in inspecting.line(
        "the next case", [*values[1:], 400.0]
    )
    assert "median 10 ms, 99 of 100 within 400 ms" in inspecting.line(
        "frames of a gallery that scrolls", values
    )
    assert inspecting.line("its map", []) == "its map: nothing was seen"
