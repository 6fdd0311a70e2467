"""Text in every encoding and with every line end that people's programs write."""

import pytest

from conus_widgets.checkpoint.texts import as_seen, decode, printable

WESTERN = "Conus ñandú\nC. mörchi, Cernohorsky\n–\nÀ côté"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",  # with a byte order mark
        "utf-16-le",  # without
        "utf-16-be",
        "utf-32",
        "cp1252",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_western_letters_are_right(encoding, end):
    assert decode(WESTERN.replace("\n", end).encode(encoding)) == WESTERN


def test_latin_1_and_an_old_macintosh():
    text = WESTERN.replace("–", "-")
    assert decode(text.encode("latin-1")) == text
    assert decode(text.replace("\n", "\r").encode("latin-1")) == text
    assert decode(WESTERN.replace("\n", "\r").encode("mac_roman")) == WESTERN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_other_letters_are_right_in_unicode(encoding):
    assert decode("海螺\r\nКонус".encode(encoding)) == "海螺\nКонус"


def test_one_bad_line_does_not_spoil_the_others():
    assert decode("海螺\n".encode() + b"\xe9\n" + "é\n".encode()) == "海螺\né\né\n"


def test_bytes_that_windows_leaves_open_end_nothing():
    assert decode(b"a\xe9\x81\nb") == "a\xe9\x81\nb"


@pytest.mark.parametrize(
    "content", [b"a\nb\0\nc", bytes(40), b"\xff\xfea\0b", b"\xff\xfe\0\0abc", b"PK\x03\x04\0\0\0\0"]
)
def test_what_is_no_text_is_refused(content):
    with pytest.raises(ValueError, match=r"(byte|character) \d+ (is a zero|fits no UTF)"):
        decode(content)


def test_what_cannot_be_sent_as_utf_8_is_replaced():
    assert printable("caf\udce9 \ud83d é 海") == "caf\ufffd \ufffd é 海"


def test_names_that_look_the_same_have_one_key():
    assert as_seen("Conus e\u0301") == as_seen(" Conus\u00a0 \u00e9 ") == "Conus é"
    assert as_seen("Conus e") != as_seen("conus e")
