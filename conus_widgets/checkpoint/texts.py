"""Text as people save it: decoded, whatever the encoding and the line ends; names as they look."""

from __future__ import annotations

import codecs
import re
import unicodedata

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(content: bytes) -> str:
    r"""Return the text of a file; its lines end in ``\n``.

    Parameters
    ----------
    content : bytes
        UTF-8, UTF-16 or UTF-32, with or without a byte order mark. A line that is not UTF-8 is
        taken for Windows-1252, which holds Latin-1; or for Mac Roman, in a file that has the line
        ends of an old Macintosh and its letters. So western letters are right.

    Raises
    ------
    ValueError
        If it is no text.
    """
    mark, encoding = next(
        ((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8")
    )
    content = content.removeprefix(mark)
    first, last = content.find(0), content.rfind(0)
    if not mark and first % 2 == last % 2 and 3 * content.count(0) > len(content):
        # Every western letter has a zero beside it, always on the same side.
        encoding = "utf-16-le" if first % 2 else "utf-16-be"
    try:
        if encoding == "utf-8":
            western = _western(content)
            lines = content.splitlines(keepends=True)
            text = "".join(_line(line, western) for line in lines)
        else:
            text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {len(mark) + error.start} fits no {encoding.upper()}") from error
    if "\0" in text:
        raise ValueError(f"character {text.index(chr(0)) + 1} is a zero")
    # \r\r\n comes of line ends that were changed twice.
    return re.sub(r"\r+\n|\r", "\n", text.lstrip("\ufeff"))


def _western(content: bytes) -> str:
    """Return the encoding of what is not UTF-8, by where most of its letters lie."""
    low, high = (
        len(re.findall(letters, content)) for letters in (rb"[\x80-\x9f]", rb"[\xc0-\xff]")
    )
    macintosh = b"\r" in content and b"\n" not in content and low > high
    return "mac_roman" if macintosh else "cp1252"


def _line(line: bytes, western: str) -> str:
    for encoding in ("utf-8", western):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")  # Windows-1252 leaves five bytes open, Latin-1 none


def printable(text: str) -> str:
    """Return `text` without what cannot be sent as UTF-8: the name of a file may hold it."""
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def as_seen(name: str) -> str:
    """Return a key that is the same for names that look the same: é in one piece or two, spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())
