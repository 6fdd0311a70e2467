"""The fine-tuner on a page, and photographs to give it."""

from pathlib import Path

import pictures

TESTS = Path(__file__).parent.parent

#: A small random network: it tells dark photographs from bright ones as well as any other.
CELL = """\
import sys; sys.path.insert(0, {tests!r})
from networks import random_checkpoint
import ipywidgets
from conus_widgets import Classifier, FineTuner, Predictor
{more}
start = Predictor(random_checkpoint(notice="demonstration: a random network"))
tuner = FineTuner({folder}start=start)
{shown}"""

#: It trains until somebody stops it.
ENDLESS = """\
import functools, time
from conus_widgets.training import last_stages
last_stages.Recipe = functools.partial(last_stages.Recipe, epochs=10_000, patience=10_000)
quick = last_stages._Work._point
last_stages._Work._point = lambda *given: time.sleep(0.2) or quick(*given)"""


def show_tuner(notebook, *, more="", folder="", shown="tuner"):
    """Have a notebook show a fine-tuner; return the fine-tuner's root."""
    folder = folder and f"{folder!r}, "
    cell = CELL.format(tests=str(TESTS), more=more, folder=folder, shown=shown)
    return notebook.show(cell, ".cw-finetuner")


def drawn(kind, number):
    """A photograph of one class: all drawings of a kind have one colour."""
    image = pictures.shell(7 * number + kind, (120, 90))
    return pictures.encoded(
        image.point(lambda value: value // 3 if kind else 255 - value // 3), "PNG"
    )


def shells(files, kind, count):
    """Files of one class."""
    name = "dark" if kind else "bright"
    return files({f"{name}-{number}.png": drawn(kind, number) for number in range(count)})


def folders(place, **classes):
    """Write a folder for each class, with so many photographs; return the folder of them."""
    for kind, (name, count) in enumerate(classes.items()):
        (place / name).mkdir(parents=True)
        for number in range(count):
            (place / name / f"{name}-{number}.png").write_bytes(drawn(kind % 2, number))
    return str(place)


def add_boxes(root, *names):
    """Add a box for each name, by keys."""
    for name in names:
        root.get_by_label("Name of a class").fill(name)
        root.get_by_label("Name of a class").press("Enter")
        root.get_by_role("region", name=f"Box {name}", exact=True).wait_for()
