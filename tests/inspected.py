"""A small collection that was answered at once, and what an inspector's page would hear."""

import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "collection"))

from made_photographs import SPECIES as CLASSES
from made_photographs import write_photographs
from stand_in import StandIn

from conus_widgets.collection import Collection, Record, Table


def make_collection(folder, specimens=20):
    """Evaluate photographs, two of each specimen, whose labels the quick network mostly misses."""
    files = write_photographs(folder / "photographs", 2 * specimens).records
    records = tuple(
        Record(one.path, CLASSES[n // 2 % 5], f"S{n // 2}", "dorsal" if n % 2 else "ventral")
        for n, one in enumerate(files)
    )
    collection = Collection(Table(records, (), str(folder / "photographs"), True))
    collection.evaluate(StandIn(labels=CLASSES), folder / "answers", progress=False)
    return folder / "answers"


class Page:
    """Stands for the page: hears what an inspector says, and sends messages."""

    def __init__(self, inspector):
        self.heard = []
        inspector.send = lambda content, buffers=None: self.heard.append((content, buffers or []))
        self._message = inspector._message

    def send(self, kind, **content):
        """Send a message; return its receipt's error."""
        identity = str(uuid.uuid4())
        self._message(None, {"kind": kind, "id": identity, "page": "p", **content}, [])
        return next(c["error"] for c, _ in self.heard if c.get("id") == identity)

    def said(self, kind):
        """Everything of one kind, the newest last."""
        return [content for content, _ in self.heard if content["kind"] == kind]

    def verdict(self, case, kind, **parts):
        """Send a verdict as the page does; return its UUID."""
        identity = str(uuid.uuid4())
        self.send("verdict", verdict={"id": identity, "case": case, "kind": kind, **parts})
        return identity
