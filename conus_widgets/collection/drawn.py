"""Drawn collections: shells with planted errors whose truth is known, to try everything on."""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from conus_widgets.machine.machine import threads

from .delimited import read_delimited
from .problems import ReadingError
from .screening import screened
from .table import Record, Table
from .views import orientation

TRUTH, NAMES, RECIPE = "truth.csv", "names.csv", "drawing.json"
VIEWS = ("apertural", "dorsal")
_FIRST_SEED = 10_000_000_000  # far from the seeds that the demonstration was trained on
_A_FEW = 64  # drawings for which other processes are not worth their start


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true about one drawn photograph, whatever its label says.

    Attributes
    ----------
    file : str
        Relative to the collection, with "/".
    label : str
        As given.
    kind : str
        The kind that was drawn.
    specimen, view, background : str
    wrong : bool
        Whether the label was planted as an error. A synonym is not an error.
    seed : int
        Of the drawing.
    """

    file: str
    label: str
    kind: str
    specimen: str
    view: str
    background: str
    wrong: bool
    seed: int


def draw_collection(
    folder: str | os.PathLike[str],
    *,
    specimens: int = 160,
    kinds: Sequence[str] | None = None,
    wrong: int = 0,
    synonyms: Mapping[str, str] | None = None,
    sand: str | None = None,
    sand_shares: tuple[float, float] = (0.9, 0.05),
    seed: int = 0,
    size: int = 224,
    workers: int | None = None,
) -> Table:
    """Draw a collection: two photographs of each specimen, in a folder for each label.

    2,000 photographs take about a minute on two processors, and 25 MB.

    Parameters
    ----------
    folder : path
        Gets the photographs, ``truth.csv`` and, with synonyms, ``names.csv``. A drawing that was
        stopped goes on from where it was.
    specimens : int
        The kinds of shells take turns, so that they are equally frequent.
    kinds : sequence of str, optional
        Which kinds of shells; by default all 16.
    wrong : int
        Specimens whose label is another kind, drawn at random; both photographs have it.
    synonyms : mapping of str to str, optional
        Kinds, and a second name for each, which half of its specimens get.
    sand : str, optional
        A kind that mostly lies on sand, as if one collector had photographed it.
    sand_shares : (float, float)
        Which share of that kind, and of each other kind, lies on sand. Equal numbers make a
        collection to judge such a network by.
    seed : int
        The same numbers give the same photographs, to the byte of their pixels.
    size : int
        Side in pixels.
    workers : int, optional
        Processes that draw; by default as many as the machine has processors.

    Returns
    -------
    Table
        As `read_folder` with ``{specimen}_{view}`` would read it; specimens have museum-wide
        numbers.

    Raises
    ------
    ValueError
        If the numbers do not fit together, or the folder holds another drawing.
    """
    from conus_widgets.shells import KINDS

    root = Path(folder)
    second = dict(synonyms or {})
    chosen = list(KINDS if kinds is None else kinds)
    _validate_kinds(chosen, tuple(KINDS))
    _validate(specimens, wrong, second, sand, sand_shares, tuple(chosen))
    recipe: dict[str, object] = {
        "specimens": specimens,
        "wrong": wrong,
        "synonyms": second,
        "sand": sand,
        "sand_shares": list(sand_shares),
        "seed": seed,
        "size": size,
    }
    if chosen != list(KINDS):  # so that drawings of all kinds go on as they always did
        recipe["kinds"] = chosen
    root.mkdir(parents=True, exist_ok=True)
    _same_recipe(root / RECIPE, recipe)
    plan = _plan(specimens, wrong, second, sand, sand_shares, seed, chosen)
    _write(root / TRUTH, [asdict(photograph) for photograph in plan])
    if second:
        pairs = [(kind, kind) for kind in chosen] + [(name, kind) for kind, name in second.items()]
        _write(root / NAMES, [{"label": name, "accepted name": kind} for name, kind in pairs])
    jobs = [
        (str(root / photograph.file), photograph, size)
        for photograph in plan
        if not (root / photograph.file).exists()
    ]
    for place in {Path(path).parent for path, _, _ in jobs}:
        place.mkdir(exist_ok=True)
    _draw_all(jobs, workers or threads())
    rows = (
        (
            Record(
                str((root / photograph.file).absolute()),
                label=photograph.label,
                specimen=photograph.specimen,
                view=orientation(photograph.view),
                given_view=photograph.view,
            ),
            "",
        )
        for photograph in plan
    )
    source = str(root.absolute())
    return screened(rows, source=source, grouped=True, bases=(source,))


def read_truth(folder: str | os.PathLike[str]) -> tuple[Truth, ...]:
    """Return the truth about a drawn collection, in the order of its table."""
    path = os.path.join(folder, TRUTH)
    table = read_delimited(path)
    if table.columns != [field.name for field in fields(Truth)]:
        raise ReadingError(f"{path} is not the truth of a drawn collection; draw it again.")
    return tuple(
        Truth(file, label, kind, specimen, view, background, wrong == "True", int(seed))
        for file, label, kind, specimen, view, background, wrong, seed in (
            row.cells for row in table.rows
        )
    )


def _validate_kinds(chosen: list[str], kinds: tuple[str, ...]) -> None:
    for kind in chosen:
        if kind not in kinds:
            raise ValueError(f"there is no kind {kind!r}; there are {', '.join(kinds)}")
    if len(set(chosen)) < max(2, len(chosen)):
        raise ValueError(f"kinds must be two or more different ones, not {chosen}")


def _validate(
    specimens: int,
    wrong: int,
    synonyms: Mapping[str, str],
    sand: str | None,
    shares: tuple[float, float],
    kinds: tuple[str, ...],
) -> None:
    if specimens < 1:
        raise ValueError(f"specimens must be at least 1, not {specimens}")
    if not 0 <= wrong <= specimens:
        raise ValueError(f"wrong must lie between 0 and the {specimens} specimens, not {wrong}")
    for kind in [*synonyms, *([sand] if sand is not None else [])]:
        if kind not in kinds:
            raise ValueError(f"there is no kind {kind!r}; there are {', '.join(kinds)}")
    for name in synonyms.values():
        if name in kinds or not name.strip() or set(name) & set("/\\\0") or name.startswith("."):
            raise ValueError(f"{name!r} cannot be a second name: it must be new, and a folder's")
    if len(set(synonyms.values())) < len(synonyms):
        raise ValueError("two kinds have the same second name; give each its own")
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares on sand must lie between 0 and 1, not {shares}")


def _plan(
    specimens: int,
    wrong: int,
    synonyms: Mapping[str, str],
    sand: str | None,
    shares: tuple[float, float],
    seed: int,
    kinds: list[str],
) -> list[Truth]:
    """Plan what is drawn and what is said about it, each from random numbers of its own."""
    from conus_widgets.shells.scene import BACKGROUNDS, SHARES

    errors, halves, grounds = (np.random.default_rng([seed, stream]) for stream in range(3))
    kind_of = [kinds[number % len(kinds)] for number in range(specimens)]
    label_of = list(kind_of)
    for kind, name in synonyms.items():
        places = halves.permutation([n for n in range(specimens) if kind_of[n] == kind])
        for number in places[: len(places) // 2]:
            label_of[number] = name
    planted = set(errors.permutation(specimens)[:wrong].tolist())
    for number in sorted(planted):
        label_of[number] = errors.choice([kind for kind in kinds if kind != kind_of[number]])
    backgrounds = grounds.choice(BACKGROUNDS, specimens, p=SHARES).tolist()
    if sand is not None:
        others = [ground for ground in BACKGROUNDS if ground != "sand"]
        weights = np.array([SHARES[BACKGROUNDS.index(ground)] for ground in others])
        backgrounds = grounds.choice(others, specimens, p=weights / weights.sum()).tolist()
        for kind in kinds:
            places = grounds.permutation([n for n in range(specimens) if kind_of[n] == kind])
            share = shares[0] if kind == sand else shares[1]
            for number in places[: round(share * len(places))]:
                backgrounds[number] = "sand"
    return [
        Truth(
            f"{label_of[number]}/S{number:05d}_{view}.jpg",
            str(label_of[number]),
            kind_of[number],
            f"S{number:05d}",
            view,
            str(backgrounds[number]),
            number in planted,
            _FIRST_SEED + seed * 1_000_000 + number,
        )
        for number in range(specimens)
        for view in VIEWS
    ]


def _draw(job: tuple[str, Truth, int]) -> None:
    from conus_widgets.shells import draw

    path, photograph, size = job
    drawing = draw(
        photograph.kind,
        photograph.seed,
        size=size,
        view=photograph.view,
        background=photograph.background,
    )
    beside = f"{path}.part"
    Image.fromarray(drawing.image).save(beside, "JPEG", quality=92)
    os.replace(beside, path)


def _draw_all(jobs: list[tuple[str, Truth, int]], workers: int) -> None:
    if len(jobs) < _A_FEW or workers == 1:
        for job in jobs:
            _draw(job)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for _ in tqdm(pool.imap_unordered(_draw, jobs, chunksize=8), total=len(jobs), unit="shell"):
            pass


def _same_recipe(path: Path, recipe: Mapping[str, object]) -> None:
    if path.exists():
        try:
            there = json.loads(path.read_text("utf-8"))
        except ValueError:
            there = None
        if there != recipe:
            raise ValueError(
                f"{path.parent} holds another drawing ({there}); take another folder, or empty it"
            )
        return
    if any(path.parent.iterdir()):
        raise ValueError(f"{path.parent} holds other files; draw into an empty folder")
    _into_place(path, json.dumps(recipe, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _into_place(path, text.getvalue())


def _into_place(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(text, "utf-8")
    os.replace(beside, path)
