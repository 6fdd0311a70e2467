"""All checks in one table: methods whose answer is known stand where they belong."""

import dataclasses
import re

import numpy as np
import pytest
from explain_cases import picture, small

from conus_widgets import explain, ops
from conus_widgets.__main__ import main
from conus_widgets.explain import evaluate
from conus_widgets.explain.centres import centred
from conus_widgets.explain.evaluate.checks import LOTS
from conus_widgets.explain.evaluate.methods import RENAMED, VARIANTS, compared, method_called
from conus_widgets.network.interface import Cancelled


@pytest.fixture(scope="module")
def predictor():
    return small("onednn" if ops.available() else "theano")


def edges(predictor, image, target=None):
    """Draws the photograph, whatever the network says."""
    found = explain.gradient(predictor, image, target)
    grey = np.asarray(found.image.convert("L").resize((64, 64)), "float32")
    return dataclasses.replace(found, values=np.abs(np.diff(grey, axis=0, prepend=0)))


@pytest.fixture(scope="module")
def found(predictor):
    told = []
    table = evaluate.checks(
        predictor,
        {"cam": explain.cam, "edges": edges},
        drawings=3,
        progress=lambda *counts: told.append(counts),
    )
    assert told == [(1, 2), (2, 2)]
    return table


def test_edges_fail_and_claim_nothing(found):
    edges, cam = found.rows["edges"], found.rows["cam"]
    assert edges.resemblance == pytest.approx(1) and not edges.passes
    assert edges.residual is None and cam.residual < 1e-5
    assert (cam.cost.forward, cam.cost.backward) == (1, 0)


def test_players_by_lot_have_areas_only(found):
    assert list(found.rows) == ["cam", "edges", *LOTS]
    lines = str(found).splitlines()
    assert "3 drawings" in lines[0] and len(lines) == 7
    for line, name in zip(lines[-2:], LOTS, strict=True):
        row = found.rows[name]
        cells = [cell.strip() for cell in line.split("|")[1:6]]
        assert cells == [name, "", "", f"{row.deletion:.3f}", f"{row.insertion:.3f}"]
        assert 0 <= row.deletion <= 1 and 0 <= row.insertion <= 1


def test_every_row_of_the_table_has_as_many_cells(found):
    lines = [line for line in str(found).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {11}


def test_it_stops_and_refuses(predictor):
    with pytest.raises(Cancelled):
        evaluate.checks(predictor, {"cam": explain.cam}, drawings=1, cancelled=lambda: True)
    with pytest.raises(ValueError, match="drawings is 0"):
        evaluate.checks(predictor, {"cam": explain.cam}, drawings=0)


def test_methods_and_their_variants_have_names_of_their_own():
    assert not set(compared()) & set(VARIANTS)
    assert not set(RENAMED) & (set(compared()) | set(VARIANTS))


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_name_says_the_new_one_and_makes_the_map_that_it_always_made(predictor, old):
    image, layer = picture(), "res5c" if old in ("layer_cam_positive", "layer_cam_grad++") else None
    with pytest.warns(DeprecationWarning, match=re.escape(repr(RENAMED[old]))):
        found = method_called(old)(predictor, image, 0)
    kinds = {"layer_cam_positive": "layer", "layer_cam_grad_res4e": "grad"}
    kind = kinds.get(old, "grad++" if old.endswith("++") else "hires")
    layer = layer or ("res3c" if old.endswith("res3c") else "res4e")
    expected = explain.layer_cam(predictor, image, 0, layer=layer, kind=kind)
    if old.endswith("centred"):
        expected = centred(expected, predictor)
    np.testing.assert_array_equal(found.values, expected.values)


def test_the_command_line_refuses_a_method_that_it_does_not_know(capsys):
    assert main(["evaluate", "--methods", "camm"]) == 1
    said = capsys.readouterr().err
    assert "No method is called 'camm'" in said and "cam_centred" in said


def test_the_command_line_prints_both_tables(capsys):
    assert main(["evaluate", "--pairs", "5", "--methods", "cam_centred"]) == 0
    said = capsys.readouterr().out
    assert "of 5 pairs count" in said and "| cam_centred " in said and "emonstration" in said
