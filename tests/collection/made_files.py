"""Files for the tests of collections, with the first bytes of photographs and no more."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

JPEG = b"\xff\xd8\xff\xe0 only its first bytes count here"


def put(folder, *names, content=JPEG):
    """Write files below a folder, and return it as text."""
    for name in names:
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(folder)


@contextmanager
def as_nobody():
    """A folder, and meanwhile not the rights of root, who may read whatever there is."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.geteuid() == 0
        if root:
            os.chown(folder, 65534, 65534)
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


def reasons(table, *, kept=None):
    """The problems of a table as sentences."""
    return [str(p) for p in table.problems if kept is None or p.kept == kept]


def names_of(table):
    return [Path(record.path).name for record in table.records]
