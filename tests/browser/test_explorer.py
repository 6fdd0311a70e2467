"""The explorer in a real browser: what stands on the page is what Python computes."""

import re

import pytest
from explored import number
from playwright.sync_api import expect

pytest_plugins = ["explored"]  # its fixtures

CLOSE = 0.0051  # two decimals


def texts(page, selector):
    return page.root.locator(selector).all_inner_texts()


def test_the_numbers_under_the_keys_are_those_of_python(page):
    page.canvas().focus()
    page.page.keyboard.press("ArrowDown")
    expect(page.status).to_contain_text(re.compile(r"row \d, column \d", re.I))
    row, column = map(int, re.findall(r"(?:row|column) (\d+)", page.status.inner_text(), re.I)[:2])
    value = page.python(f"float(explorer.explanation.values[{row - 1}, {column - 1}])")
    shown = number(page.root.locator(".cx-readout .cx-value").inner_text())
    assert shown == pytest.approx(value, abs=CLOSE)


def test_a_cell_says_for_and_against_which_classes_it_speaks(page):
    page.page.mouse.move(*page.at(2.5 / 7, 1.5 / 7))
    expect(page.root.locator(".cx-place")).to_have_text("Row 2, column 3 of 7 × 7")
    page.do(
        "shares = np.array([explain.cam(predictor, twins.marked, label).values"
        " for label in predictor.labels])"
    )
    cell = page.python("dict(zip(predictor.labels, map(float, shares[:, 1, 2])))")
    order = sorted(cell, key=cell.get)
    listed = [re.split(r"\t|\n", text.strip()) for text in texts(page, ".cx-readout .cx-table tr")]
    assert [name for name, _ in listed] == [*order[:-4:-1], *order[:3]]
    for name, text in listed:
        assert number(text) == pytest.approx(cell[name], abs=CLOSE)
    # The sentence that is read aloud has one decimal.
    said = re.compile(r"row 2, column 3: (\S+) for (.+), (\S+) for (.+)")
    expect(page.status).to_have_text(said)
    first, a, second, b = said.match(page.status.inner_text()).groups()
    assert [a, b] == page.python("[twins.pair.marked, twins.pair.plain]")
    assert number(first) == pytest.approx(cell[a], abs=0.051)
    assert number(second) == pytest.approx(cell[b], abs=0.051)


def test_the_list_and_the_sum_are_those_of_python(page):
    page.do("answer = predictor.predict(twins.marked, top=16)")
    logits = page.python("dict(zip(predictor.labels, map(float, explorer.explanation.logits)))")
    chances = page.python("dict(zip(answer.labels, map(float, answer.probabilities)))")
    bars = page.bars()
    assert list(bars) == page.python("answer.labels")[: len(bars)]
    for label, (percent, logit, _, _) in bars.items():
        assert number(logit) == pytest.approx(logits[label], abs=CLOSE)
        rough = percent[0] in "<>"
        assert number(percent) / 100 == pytest.approx(
            chances[label], abs=0.001 if rough else CLOSE / 10
        )
    lines = dict(re.split(r"\t", text) for text in texts(page, ".cx-sum tr"))
    positive, negative, bias, whole = map(number, lines.values())
    values = page.python("[float(n) for n in explorer.explanation.values.ravel()]")
    assert positive == pytest.approx(sum(v for v in values if v > 0), abs=CLOSE)
    assert negative == pytest.approx(sum(v for v in values if v < 0), abs=CLOSE)
    figures = page.python("explorer.explanation.figures")
    assert bias == pytest.approx(figures["bias"], abs=CLOSE)
    assert whole == pytest.approx(figures["logit"], abs=CLOSE)
    assert whole == pytest.approx(positive + negative + bias, abs=4 * CLOSE)


def test_pinned_cells_are_compared_in_numbers(page):
    for column in (2, 4):
        page.page.mouse.click(*page.at((column + 0.5) / 7, 2.5 / 7))
    rows = page.root.locator(".cx-pins tbody tr")
    expect(rows).to_have_count(2)
    a, b = page.python("[twins.pair.marked, twins.pair.plain]")
    for row, column in zip(rows.all(), (2, 4), strict=True):
        cells = row.locator("th, td").all_inner_texts()
        assert cells[0].endswith(f"row 3, column {column + 1}")
        expected = page.python(
            f"[float(explain.cam(predictor, twins.marked, t).values[2, {column}])"
            f" for t in ({a!r}, {b!r}, twins.question)]"
        )
        assert list(map(number, cells[1:4])) == pytest.approx(expected, abs=CLOSE)
        shares = page.python(
            "{label: float(explain.cam(predictor, twins.marked, label).values[2, COLUMN])"
            " for label in predictor.labels}".replace("COLUMN", str(column))
        )
        for text, best in zip(cells[4:6], (max, min), strict=True):
            name = best(shares, key=shares.get)
            assert text.startswith(name)
            assert number(text[len(name) :]) == pytest.approx(shares[name], abs=CLOSE)
    page.root.get_by_role("button", name="Unpin row 3, column 3").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("row 3, column 5")


def test_a_rectangle_has_both_its_numbers_and_covering_nothing_has_none(page):
    expect(page.verdict).to_be_hidden()
    page.button("Rectangle").click()
    page.drag((0.3, 0.1), (0.62, 0.4))
    page.rest()
    # The line below the numbers gives them again, also what was covered.
    page.do(f"photograph = twins.marked; found = {page.line.input_value()}")
    assert page.python("found.fill") == "the mean colour"
    shares, changes, covered = (
        page.python(f"dict(zip(predictor.labels, map(float, found.{name})))")
        for name in ("shares", "changes", "covered")
    )
    assert max(map(abs, changes.values())) > 0.1, "it was run again"
    for label, (_, logit, share, change) in page.bars().items():
        assert number(logit) == pytest.approx(covered[label], abs=CLOSE)
        assert number(share) == pytest.approx(shares[label], abs=CLOSE)
        assert number(change) == pytest.approx(changes[label], abs=CLOSE)
    area = page.python("float(found.fraction)")
    assert number(page.verdict.inner_text()) / 100 == pytest.approx(area, abs=0.00051)
    # Uncovered again, everything is as it was.
    page.button("Undo").click()
    page.rest()
    logits = page.python("dict(zip(predictor.labels, map(float, explorer.explanation.logits)))")
    for label, (_, logit, share, change) in page.bars().items():
        assert number(logit) == pytest.approx(logits[label], abs=CLOSE)
        assert share == change == ""


def test_the_newest_map_is_drawn_under_a_held_scale_too(page):
    page.page.get_by_label("Hold the scale").check()
    pictures = [page.drawn()[0]]
    for label in page.python("[twins.pair.plain, twins.pair.marked]"):  # B, then A, without a B
        page.row(label).locator(".cx-name").click()
        page.rest()
        drawn, anew = page.drawn()
        assert drawn == anew and drawn not in pictures
        pictures.append(drawn)


def test_painting_the_twin_s_pixels_over_the_marking_flips_the_answer(page):
    """With the mouse: the pixels of the second photograph, over what differs and a little more."""
    marked, plain = page.python("[twins.pair.marked, twins.pair.plain]")
    top = page.root.locator(".cx-top .cx-name")
    expect(top).to_have_text(marked)
    page.menu("Cover with").select_option(label="pixels of photograph 2")
    page.button("Brush").click()
    rows = page.python(
        "[[int(r), *map(int, np.flatnonzero(twins.mask[r])[[0, -1]])]"
        " for r in np.flatnonzero(twins.mask.any(1))]"
    )
    mouse, (x, y, width, height) = page.page.mouse, page.box()
    # Lines to and fro, closer than the brush is wide; the last one reaches the last row.
    lines = [*rows[::6], rows[-1]]
    for n, (row, *ends) in enumerate(lines):
        for column in ends[:: -1 if n % 2 else 1]:
            mouse.move(x + width * (column + 0.5) / 224, y + height * (row + 0.5) / 224, steps=4)
            if n == 0:
                mouse.down()
    mouse.up()
    page.rest()
    assert page.python("bool(explorer._state.area.mask[twins.mask].all())")
    expect(top).to_have_text(plain)
    expect(page.verdict).to_contain_text(f"{marked} became {plain}.")
    # The covered photograph is its twin: so are all its numbers.
    answer = page.python(
        "dict(zip(predictor.labels, map(float, predictor.logits([twins.plain])[0])))"
    )
    for label, (_, logit, _, _) in page.bars().items():
        assert number(logit) == pytest.approx(answer[label], abs=2 * CLOSE)


def test_an_area_that_is_covered_already_shows_the_source_that_is_clicked(page):
    page.button("Rectangle").click()
    page.drag((0.3, 0.4), (0.5, 0.5))
    page.rest()
    page.menu("Cover with").select_option("a patch from elsewhere")
    if page.button("Pick source").get_attribute("aria-pressed") == "false":
        page.button("Pick source").click()  # another test had picked one
    page.page.mouse.click(*page.at(0.6, 0.75))
    page.rest()
    offset = re.search(r"fill='patch', offset=\((-?\d+), (-?\d+)\)", page.line.input_value())
    assert [int(n) for n in offset.groups()] == pytest.approx([0.2 * 224, 0.3 * 224], abs=2)
    changes = page.python("dict(zip(predictor.labels, map(float, explorer.evidence.changes)))")
    bars = page.bars()
    assert any(abs(number(change)) > 0.05 for *_, change in bars.values())
    for label, (*_, change) in bars.items():
        assert abs(number(change)) == pytest.approx(abs(changes[label]), abs=CLOSE)
