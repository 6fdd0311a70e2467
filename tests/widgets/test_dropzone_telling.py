"""What the page of a drop zone is told: one more file, and not all of them again."""

import json

from conus_widgets.widgets import DropZone


def test_one_more_file_costs_the_same_however_many_there_are():
    zone, told = DropZone(), []
    zone.send = lambda content, buffers=None: told.append(content)
    costs = []
    for number in range(10, 60):
        about = {"upload": f"u{number}", "name": f"{number}.png", "note": "3 bytes"}
        part = {"kind": "file", "index": 0, "count": 1, "size": 3}
        zone._message(None, {**part, **about}, [b"123"])
        costs.append(len(json.dumps(told)))
        assert [content["file"] for content in told] == [about]
        told.clear()
    assert len(set(costs)) == 1
    zone._message(None, {"kind": "hello"}, [])
    assert len(told[0]["files"]) == 50, "a page that has just come is told all"
    zone.close()
