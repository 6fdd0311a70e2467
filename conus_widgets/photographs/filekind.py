"""The kind of a file, by its first bytes and not by its name."""

# ISO 14496-12 files say in their first box what they are: a major brand, and all that they obey.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "HEIC"),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    b"crx ": "a camera's raw file",
    b"j2ki": "a HEIF picture coded as JPEG 2000",
    b"jpeg": "a HEIF picture coded as JPEG",
    b"avci": "a HEIF picture coded as H.264",
    b"vvic": "a HEIF picture coded as H.266",
}
_FRAMES = {b"mif1": "HEIC", b"msf1": "a HEIF picture sequence"}  # these do not say how it is coded
_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"BM": "BMP",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
    b"IIU\0": "a camera's raw file",
    b"IIRO": "a camera's raw file",
    b"\x1aE\xdf\xa3": "a film",
    b"\0\5\x16\7": "what macOS keeps beside a file, not the file",  # named "._shell.jpg"
}


def what_is(head: bytes) -> str:
    """Say what a file is from its first bytes: a format known here, or a few plain words."""
    if not head:
        return "nothing"
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    if head[:4] == b"RIFF":
        return {b"WEBP": "WebP", b"AVI ": "a film", b"WAVE": "a sound"}.get(
            head[8:12], "a sound or film"
        )
    if head[:4] == b"II*\0" and head[8:10] == b"CR":
        return "a camera's raw file"
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page"
    if b"<svg" in text:
        return "an SVG drawing"
    control = bytes(range(7)) + bytes(range(14, 27)) + b"\x7f"
    if not any(byte in control for byte in head) and _is_text(head):
        return "text"
    return "of an unknown kind"


def announced_bytes(data: bytes) -> int:
    """Return how many bytes a file should have by what it says itself; 0 if it does not say."""
    if data[:4] == b"RIFF":
        return 8 + int.from_bytes(data[4:8], "little")
    if data[4:8] != b"ftyp":
        return 0
    at = 0
    while at + 8 <= len(data):  # box after box, each with its length
        length = int.from_bytes(data[at : at + 4], "big")
        if length == 1 and at + 16 <= len(data):
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length < 8:  # 0: to the end of the file
            return 0
        at += length
    return at


def _by_brands(head: bytes) -> str:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))]
    for table in (_BRANDS, _FRAMES):
        for brand in brands:
            if brand in table:
                return table[brand]
    return "a film"


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # cut within the last character
    return True
