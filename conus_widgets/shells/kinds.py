"""The kinds of drawn shells, and which of them are twins."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind is a base marking, or none, and perhaps one more marking upon it."""

    description: str
    base: str | None
    extra: str | None = None


class Pair(NamedTuple):
    """Two kinds that differ in one marking: `marked` has it, `plain` has not."""

    plain: str
    marked: str
    marking: str


KINDS: dict[str, Kind] = {
    "plain": Kind("one colour, without markings", None),
    "dark tip": Kind("one colour, the anterior end dark", None, "dark_tip"),
    "banded": Kind("broad dark spiral bands", "banded"),
    "coronated": Kind("broad dark spiral bands; pale knobs along the shoulder", "banded", "knobs"),
    "spotted": Kind("rows of round dark spots", "spotted"),
    "pale band": Kind("rows of round dark spots; a pale mid-body band", "spotted", "pale_band"),
    "flamed": Kind("dark axial flames", "flamed"),
    "dark spire": Kind("dark axial flames; the spire dark", "flamed", "dark_spire"),
    "reticulated": Kind("a net of thin oblique lines", "reticulated"),
    "dark belt": Kind(
        "a net of thin oblique lines; a dark mid-body belt", "reticulated", "dark_belt"
    ),
    "tented": Kind("white tents outlined in dark brown on orange-brown", "tented"),
    "blotched": Kind("white blotches on a dark ground", "blotched"),
    "zigzag": Kind("axial zigzag lines", "zigzag"),
    "dashed": Kind("spiral rows of dashes", "dashed"),
    "chequered": Kind("spiral rows of square dark blocks", "chequered"),
    "lined": Kind("many thin spiral lines", "lined"),
}

PAIRS: list[Pair] = [
    Pair("plain", "dark tip", "dark_tip"),
    Pair("banded", "coronated", "knobs"),
    Pair("spotted", "pale band", "pale_band"),
    Pair("flamed", "dark spire", "dark_spire"),
    Pair("reticulated", "dark belt", "dark_belt"),
]
