"""A store without rows, and the paths of rows to come."""

import pytest
from made_rows import fingerprint

from conus_widgets.collection.store import writing


@pytest.fixture
def made(tmp_path):
    with writing(tmp_path / "out", fingerprint()) as (found, _):
        pass
    return found


def paths(first, last):
    return [b"/photos/%d.jpg" % n for n in range(first, last)]
