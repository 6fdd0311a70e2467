"""The benchmark's own arithmetic: turns, ratios, verdicts, the table, and that all engines get the
same network. The peers themselves are not needed."""

# ruff: noqa: E402
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from networks import SMALL
from numpy_resnet import convolve, max_pool

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # `benchmarks` belongs to the checkout, not to the package

from benchmarks import (
    answers,
    batches,
    explanations,
    machine,
    network,
    picture,
    processes,
    results,
    table,
    targets,
)
from benchmarks.engines import ENGINES, FORWARD
from benchmarks.figures import Plan, turns
from benchmarks.ratios import fastest, ratio, spread
from benchmarks.rounds import Figure, parts, take_turns
from conus_widgets.checkpoint.files import read
from conus_widgets.network.network import Network


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small network, as all engines read it."""
    folder = tmp_path_factory.mktemp("bench")
    network.prepare(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def inputs(folder):
    return np.load(folder / "inputs.npy")[:3]


@pytest.fixture(scope="module")
def logits(folder, inputs):
    return Network(read(folder / "checkpoint")).forward(inputs).logits


def test_quartiles_by_hand():
    found = spread([4, 1, 3, 2, 5])
    assert (found.low, found.median, found.high) == (2, 3, 4)


def test_a_machine_that_slows_down_does_not_change_a_ratio():
    slower = np.array([1, 2, 4, 9])
    found = ratio(0.6 * slower, 1.2 * slower)
    np.testing.assert_allclose((found.low, found.median, found.high), 0.5)


def test_rounds_without_a_partner_are_refused_with_their_numbers():
    with pytest.raises(ValueError, match=r"3 rounds .* with 2"):
        ratio([1, 2, 3], [1, 2])


def test_the_fastest_is_by_its_median_and_only_of_those_measured():
    values = {"a": [1.0, 9.0, 9.0], "b": [3.0, 3.0, 3.0], "c": []}
    assert fastest(values, ("a", "b", "c", "d")) == "b"
    assert fastest(values, ("c", "d")) is None


@pytest.mark.parametrize("rounds, generations", [(9, 3), (5, 2), (2, 3), (1, 1)])
def test_generations_share_out_all_rounds(rounds, generations):
    found = list(parts(rounds, generations))
    assert [number for part in found for number in part] == list(range(rounds))
    assert all(found) and len(found) == min(rounds, generations)


class Fake:
    """A process that notes what it is asked, and takes a known time."""

    def __init__(self, name, log, seconds):
        self.name, self.log, self.seconds, self.closed = name, log, seconds, False

    def ask(self, do, **options):
        self.log.append((self.name, do, options["repeats"]))
        return [self.seconds] * options["repeats"]

    def cpu(self):
        return 0.0

    def close(self):
        self.closed = True


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr("benchmarks.rounds.PAUSE", 0)


def test_engines_take_turns_and_every_generation_is_warmed_up(no_pause):
    log, made = [], []

    def start(name):
        made.append(Fake(name, log, {"a": 2.0, "b": 4.0}[name]))
        return made[-1]

    often = Figure("often", ("a", "b"), {"do": "forward"}, repeats=5)
    seldom = Figure("seldom", ("b",), {"do": "gradient"}, repeats=1, every=2)
    found = take_turns([often, seldom], start, rounds=3, generations=2)

    warm = [("a", "forward", 2), ("b", "forward", 2), ("b", "gradient", 2)]
    turn = [("a", "forward", 5), ("b", "forward", 5)]
    seldom = [("b", "gradient", 1)]
    assert log == warm + turn + seldom + warm + turn + turn + seldom
    assert found.values == {
        "often": {"a": [2.0] * 3, "b": [4.0] * 3},
        "seldom": {"b": [4.0] * 2},
    }
    assert [fake.name for fake in made] == ["a", "b", "a", "b"] and all(f.closed for f in made)


def test_processes_end_when_one_fails(no_pause):
    made = []

    def start(name):
        made.append(Fake(name, [], 1.0))
        if name == "b":
            made[-1].ask = lambda do, **options: 1 / 0
        return made[-1]

    figure = Figure("figure", ("a", "b"), {"do": "forward"}, repeats=1)
    with pytest.raises(ZeroDivisionError):
        take_turns([figure], start, rounds=1, generations=1)
    assert [fake.closed for fake in made] == [True, True]


def test_what_is_no_number_agrees_with_nothing():
    assert answers.Agreement("pytorch", "logits of 1", 1e-4, 1e-3).holds
    assert not answers.Agreement("pytorch", "logits of 1", math.nan, 1e-3).holds


class Answering:
    """A process with known logits and a known gradient, in float64 as well."""

    def __init__(self, logits, gradient, exact=(3.0, 4.0), flips=(1, 10**6)):
        self.logits, self.gradient = np.array(logits), np.array(gradient)
        self.exact, self.flips = np.array(exact), flips

    def ask(self, do, **options):
        if do == "exact":
            np.save(options["file"], self.exact)
            return self.flips
        if do == "map":
            return np.save(options["file"], self.gradient)
        if do == "values":
            self.target = options["target"]
            np.save(options["file"], self.gradient)
            return [self.logits.tolist()]
        return {"logits": [self.logits.tolist()], "versions": {"package": "1"}, "signs": None}[do]

    def close(self):
        pass


def test_engines_that_agree_are_reported_and_others_stop_the_run(tmp_path):
    ours = Answering([0, 8, 2], [3.0, 4.0])
    near = Answering([0, 8.004, 2], [3.0, 4.0])
    found, top, versions = answers.compare(
        ["pytorch"], lambda name: {"ours": ours, "pytorch": near}[name], tmp_path
    )
    assert top == 1 and near.target == 1 and versions == {"package": "1"}
    seen = {a.what: a.difference for a in found}
    assert seen["logits of 1"] == pytest.approx(0.0005) and seen["gradient of 1"] == 0
    assert seen["gradient from float64"] == 0 and seen["ReLUs from float64"] == 1e-6


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (Answering([0, 8, 2], [3.0, 4.5]), r"PyTorch: gradient of 1 differ by 0\.1 "),
        # Float64 says something else, with the same ReLUs open: no rounding explains that.
        (
            Answering([0, 8, 2], [3.0, 4.0], exact=[3.0, 4.001]),
            r"this project: gradient from float64 differ by 0\.0002 \(at most 1e-05\); PyTorch: gr",
        ),
        (
            Answering([0, 8, 2], [3.0, 4.0], flips=(50, 10**6)),
            r"this project: ReLUs from float64 differ by 5e-05 \(at most 3e-06\)",
        ),
    ],
)
def test_a_gradient_that_rounding_does_not_explain_stops_the_run(tmp_path, theirs, said):
    ours = Answering([0, 8, 2], [3.0, 4.0])
    with pytest.raises(answers.Disagreement, match=said):
        answers.compare(["pytorch"], lambda name: {"ours": ours, "pytorch": theirs}[name], tmp_path)


def test_the_signs_of_ours_are_those_of_a_plain_network(folder, inputs):
    """Beside an implementation in NumPy; few cells are near enough to 0 for rounding to decide."""
    from benchmarks.engines.ours import signs_of
    from conus_widgets.network.inference import fold

    checkpoint = read(folder / "checkpoint")
    folded = fold(checkpoint.architecture, checkpoint.arrays)
    found = signs_of(checkpoint.architecture, folded, inputs)
    weights, bias = folded["conv1"]
    c = checkpoint.architecture.convolution1
    first = np.maximum(convolve(inputs, weights, c.stride, c.pad) + bias[:, None, None], 0)
    np.testing.assert_allclose(found["values"], np.moveaxis(first, 1, 3), atol=1e-4)
    assert (found["conv1"] != (np.moveaxis(first, 1, 3) > 0)).mean() < 1e-4
    blocks = checkpoint.architecture.blocks()
    assert len(found) == 2 + sum(len(block.branch) for block in blocks)


@pytest.fixture
def seen():
    """Results in which ONNX Runtime is the faster peer for 1 and OpenVINO for 8."""
    seconds = {
        "forward of 1": {
            "ours": [0.048, 0.0576], "onnxruntime": [0.05, 0.06], "openvino": [0.07, 0.08],
        },
        "forward of 8": {"ours": [0.5, 0.5], "onnxruntime": [0.5, 0.5], "openvino": [0.4, 0.4]},
        "start, warm": {"ours": [1.5], "pytorch": [2.0]},
    }  # fmt: skip
    return results.Results(
        date="2020-02-02",
        cpu="a CPU",
        widest="AVX2",
        python="3.11",
        threads=2,
        versions={"numpy": "1.23.5"},
        agreements=[answers.Agreement("pytorch", "logits of 1", 2e-7, 1e-3)],
        seconds=seconds,
        bytes={
            "peak memory of 1": {"ours": [2e8], "pytorch": [5e8]},
            "peak memory of occlusion": {"ours": [6.5e8]},
        },
        remarks=["Something was left out."],
    )


def test_verdicts_name_the_faster_peer(seen):
    found = {(v.target.figure, bool(v.target.peers)): v for v in targets.judge(seen)}
    assert len(found) == len(targets.TARGETS)
    one, eight = found["forward of 1", True], found["forward of 8", True]
    assert one.peer == "onnxruntime" and one.seen.median == pytest.approx(0.96) and one.met
    assert eight.peer == "openvino" and eight.seen.median == 1.25 and not eight.met
    ratio, seconds = found["start, warm", True], found["start, warm", False]
    assert ratio.seen.median == 0.75 and not ratio.met
    assert seconds.seen.median == 1.5 and seconds.met
    assert found["peak memory of 1", True].seen.median == 0.4
    peak = found["peak memory of occlusion", False]
    assert peak.seen.median == 650 and peak.met
    assert found["gradient of 1", True].seen is None and not found["gradient of 1", True].met


def test_the_page_says_all_and_its_tables_are_whole(seen):
    page = table.page(seen)
    for text in (
        "| forward of 1 | 0.97 | 0.96 [0.96, 0.96] | ONNX Runtime | met |",
        "| forward of 8 | 0.93 | 1.25 [1.25, 1.25] | OpenVINO | **not met** |",
        "| start, warm | 2 s | 1.50 [1.50, 1.50] s |  | met |",
        "| gradient of 1 | 0.52 | not measured |  |  |",
        "| peak memory of occlusion | 700 MB | 650 [650, 650] MB |  | met |",
        "| peak memory of 1 | 200 [200, 200] | 500 [500, 500] |",
        "| PyTorch | logits of 1 | 2.0e-07 | 1e-03 |",
        "- Something was left out.",
        "2020-02-02", "a CPU", "numpy 1.23.5", table.PICTURE,
    ):  # fmt: skip
        assert text in page
    for part in page.split("\n\n"):
        if part.startswith("|"):
            assert len({line.count("|") for line in part.splitlines()}) == 1


def test_a_size_of_a_batch_is_held_against_the_fastest(seen):
    seen.batches = {
        "forward": {"1": [0.030, 0.060], "2": [0.029, 0.058], "4": [0.031, 0.062], "8": [0.1, 0.2]},
        "gradient": {"1": [0.080], "2": [0.060], "4": [0.070], "8": [0.090]},
    }
    seen.chosen = {"forward": 1, "gradient": 5}  # 5 lies nearest to 4
    page = table.page(seen)
    assert "| forward | 45.0 | 43.5 | 46.5 | 150.0 | 1 | 1.03 of the fastest's |" in page
    said = "| gradient | 80.0 | 60.0 | 70.0 | 90.0 | 5 | 1.17 of the fastest's, **not met** |"
    assert said in page


def test_sizes_of_a_batch_take_turns(folder):
    """In a real worker, which computes as many at once as it is told."""
    told = []
    found, chosen = batches.measure(folder, 1, 3, 2, told.append)
    assert told == ["batches: round 1 of 2", "batches: round 2 of 2"]
    network = Network(read(folder / "checkpoint"))
    assert chosen == {"forward": network.batch, "gradient": network.gradient_batch}
    assert list(found) == list(batches.KINDS)
    for by_size in found.values():
        assert list(by_size) == ["1", "2", "4", "8"]
        assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in by_size.values())


def test_results_come_back_from_disk(seen, tmp_path):
    seen.save(tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == seen


def test_the_picture_is_drawn(seen, tmp_path):
    picture.draw(seen, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert {name for name, kind in ENGINES.items() if not kind.ours} == set(picture.MARKS)


def test_every_target_is_a_figure_of_the_full_plan():
    measured = {figure.name: figure.engines for figure in turns(Plan(), target=0)}
    measured |= {figure.name: figure.engines for figure in explanations.turns(0)}
    maps = {name: {engine: [1.0] for engine in engines} for name, engines in measured.items()}
    measured |= {name: tuple(each) for name, each in explanations.paired(maps).items()}
    measured |= {"start, warm": FORWARD, "start, cold cache": ("ours",)}
    measured |= {"peak memory of 1": FORWARD, explanations.PEAK: ("ours",)}
    for target in targets.TARGETS:
        assert {target.ours, *target.peers} <= set(measured[target.figure])


def test_the_first_processor_is_read():
    text = "processor\t: 0\nmodel name\t: One: two\nflags\t\t: avx2 fma\n\nprocessor\t: 1\n"
    fields = machine.cpu_fields(text)
    assert fields["model name"] == "One: two" and fields["flags"] == "avx2 fma"
    assert fields["processor"] == "0"


def test_the_clock_tells_what_others_used():
    spent = machine.Clock(100, 9, 50, 40).since(machine.Clock(80, 5, 40, 36))
    assert spent == machine.Clock(20, 4, 10, 4)
    assert spent.share(spent.stolen) == 0.2 and spent.share(spent.busy - spent.own) == 0.3
    assert machine.Clock().share(1) == 0


def test_the_steps_are_the_network(folder, inputs, logits):
    """Whoever walks through them, dropping what is done, computes our logits."""
    with np.load(folder / "weights.npz") as file:
        weights = dict(file)
    alive = {"x": inputs}
    for step in json.loads((folder / "steps.json").read_text()):
        name, y = step["name"], alive[step["input"]]
        if step["op"] == "pool":
            y = max_pool(y, step["pad"])
        else:
            y = convolve(y, weights[f"{name}_W"], step["stride"], step["pad"])
            y = y + weights[f"{name}_b"][:, None, None]
            y = y + alive[step["residual"]] if step["residual"] else y
            y = np.maximum(y, 0) if step["relu"] else y
        alive[name] = y
        for done in step["done"]:
            del alive[done]
    assert list(alive) == [name]
    found = y.mean((2, 3)) @ weights["logits_W"] + weights["logits_b"]
    assert answers.of_logits(logits, found) < 1e-5


def test_onnx_is_the_network(folder, inputs, logits):
    if not processes.PEERS.exists():
        pytest.skip("the package onnx comes with the peers' environment, which 'make bench' makes")
    subprocess.run(
        [processes.PEERS, "-m", "benchmarks.onnx_file", folder], cwd=ROOT, check=True, timeout=100
    )
    session = onnxruntime.InferenceSession(folder / "network.onnx")
    (found,) = session.run(["logits"], {"x": inputs})
    assert answers.of_logits(logits, found) < 1e-5


def test_a_worker_answers(folder, logits, tmp_path):
    with processes.Process("ours", folder, threads=1) as worker:
        assert worker.seconds > 0 and worker.cpu() > 0
        assert answers.of_logits(logits, np.array(worker.ask("logits", count=3))) < 1e-5
        assert len(worker.ask("forward", count=1, unmeasured=1, repeats=2)) == 2
        beside = np.array(worker.ask("values", target=2, file=str(tmp_path / "gradient.npy")))
        assert answers.of_logits(logits[:1], beside) < 1e-5
        assert np.load(tmp_path / "gradient.npy").shape == (1, 3, SMALL.size, SMALL.size)
        question = {"target": 2, "stride": 32}
        found = worker.ask("explain", method="drill-down", unmeasured=0, repeats=2, **question)
        assert len(found) == 2 and min(found) > 0
        for method in ("occlusion", "first picture", "smoothgrad"):
            worker.ask("map", method=method, file=str(tmp_path / "map.npy"), **question)
            values = np.load(tmp_path / "map.npy")
            assert values.shape == (SMALL.size, SMALL.size) and np.ptp(values) > 0
        assert 50e6 < worker.ask("peak") < 2e9
        assert worker.ask("versions")["numpy"] == np.__version__
        before = worker.cpu()
    assert before > 0


def test_a_worker_that_dies_tells_why(tmp_path):
    with pytest.raises(RuntimeError, match="ours ended without an answer(.|\n)*checkpoint"):
        processes.Process("ours", tmp_path, threads=1)
