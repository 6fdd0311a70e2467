"""The members of a zip file, read into memory of their own."""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import zipfile
import zlib
from pathlib import Path

from conus_widgets.machine.forks import ForkLock
from conus_widgets.machine.reading import shared_file

_PIECE = 2**18  # bytes that are unpacked at once
_OWN = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_LINE = 64  # bytes; where an array that NumPy wrote begins well
#: Before a member's bytes; of it only the mark and the lengths of two more fields are read.
_HEADER = struct.Struct("<4s22xHH")
_MARK = b"PK\x03\x04"
_ENCRYPTED = 1  # a flag


class Buffers:
    """Memory in large pieces, of which parts are handed out.

    A piece goes back to the system as soon as neither a part of it nor this object is in use. What
    threads free otherwise stays in their heaps, and a checkpoint's arrays are a third of all that a
    process ever takes.

    Parameters
    ----------
    piece : int
        Bytes of a piece; a larger part gets one for itself. With 0 each part does.
    """

    def __init__(self, piece: int = 0) -> None:
        self._size = piece
        self._rest = memoryview(b"")
        self._lock = ForkLock()

    def take(self, size: int) -> memoryview:
        """Return a part of `size` bytes, filled with zeros."""
        with self._lock:
            if size > len(self._rest):
                piece = mmap.mmap(-1, max(size, self._size, 1), _OWN)
                with contextlib.suppress(OSError, AttributeError):  # a system without large pages
                    piece.madvise(mmap.MADV_HUGEPAGE)
                self._rest = memoryview(piece)
            part = self._rest[:size]
            self._rest = self._rest[-(-size // _LINE) * _LINE :]
            return part


class Members:
    """The members of a zip file, which several threads may read at once.

    Parameters
    ----------
    file : Path

    Raises
    ------
    Exception
        zipfile, zlib and struct raise anything if bytes are damaged; so do the methods.
    """

    def __init__(self, file: Path) -> None:
        self._file = shared_file(file)
        self._zip = zipfile.ZipFile(self._file)

    def close(self) -> None:
        """Close the file; nothing can be read any more."""
        self._zip.close()
        self._file.close()

    def infos(self) -> list[zipfile.ZipInfo]:
        """Return what the zip file says of its members."""
        return self._zip.infolist()

    def read(self, member: zipfile.ZipInfo, buffers: Buffers) -> memoryview:
        """Return a member's bytes. They are those that its checksum was made of."""
        content = buffers.take(member.file_size)
        if (
            member.compress_type == zipfile.ZIP_STORED
            and member.compress_size == member.file_size
            and not member.flag_bits & _ENCRYPTED
        ):
            self._copy(member, content)
        else:
            self._unpack(member, content)
        return content

    def _copy(self, member: zipfile.ZipInfo, content: memoryview) -> None:
        """Read what lies in the file as it is: zipfile takes three times as long for it."""
        header = memoryview(bytearray(_HEADER.size))
        self._fill(header, member.header_offset)
        mark, name, extra = _HEADER.unpack(header)
        if mark != _MARK:
            raise zipfile.BadZipFile(f"no header before {member.filename!r}")
        self._fill(content, member.header_offset + _HEADER.size + name + extra)
        if zlib.crc32(content) != member.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {member.filename!r}")

    def _fill(self, content: memoryview, place: int) -> None:
        done = 0
        while done < len(content):
            count = os.preadv(self._file.fileno(), [content[done:]], place + done)
            if not count:
                raise EOFError(f"{done} bytes of {len(content)}")
            done += count

    def _unpack(self, member: zipfile.ZipInfo, content: memoryview) -> None:
        end = 0
        with self._zip.open(member) as opened:
            while piece := opened.read(_PIECE):  # to the end, where the checksum is looked at
                content[end : end + len(piece)] = piece
                end += len(piece)
        if end != len(content):
            raise EOFError(f"{end} bytes of {len(content)}")
