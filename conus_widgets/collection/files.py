"""Files of photographs: their state, their content; here, or at an address that was asked for.

A path like ``s3://bucket/shell.jpg`` is an address. None is fetched unless its protocol is among
those that somebody named in code, and then by fsspec.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterable, Sequence
from typing import Any, overload

from conus_widgets.photographs.names import PhotographError, name_of, plain

FILE_BYTES = 2**30  # of a photograph, at most
_ADDRESS = re.compile(rb"([a-z][a-z0-9+.-]*)://")


class Fetched(bytes):
    """The content of a photograph that was fetched.

    Attributes
    ----------
    name : str
        Its address.
    state : (int, int)
        See `state_of`.
    """

    name: str
    state: tuple[int, int]


class Files(Sequence[Any]):
    """What `stream` takes for photographs at these paths; an address is fetched when asked for.

    Parameters
    ----------
    paths : sequence of bytes
    fetch : collection of str
        Protocols of addresses that may be fetched, as "s3".
    """

    def __init__(self, paths: Sequence[bytes], fetch: Collection[str] = ()) -> None:
        self._paths, self._fetch = paths, frozenset(fetch)

    def __len__(self) -> int:
        return len(self._paths)

    @overload
    def __getitem__(self, number: int) -> Any: ...
    @overload
    def __getitem__(self, number: slice) -> Files: ...
    def __getitem__(self, number: int | slice) -> Any:
        """Return a path or what was fetched.

        Raises
        ------
        PhotographError
            If it is an address that may not be fetched, or cannot be.
        """
        if isinstance(number, slice):
            return Files(self._paths[number], self._fetch)
        path = self._paths[number]
        return os.fsdecode(path) if protocol_of(path) is None else _fetched(path, self._fetch)


def protocol_of(path: bytes) -> str | None:
    """Return the protocol of an address, as "s3"; None for a path of this machine."""
    found = _ADDRESS.match(path)
    return found[1].decode() if found else None


def validate_protocols(fetch: Iterable[str]) -> frozenset[str]:
    """Return protocols that may be fetched, once it is sure that they can be.

    Raises
    ------
    ValueError
        If fsspec knows none of that name, or lacks a package for it; or if it is a text.
    """
    if isinstance(fetch, str):
        raise ValueError(f"fetch is {fetch!r}: give a list of protocols, as [{fetch!r}].")
    asked = frozenset(fetch)
    if not asked:
        return asked
    try:
        import fsspec

        for protocol in asked:
            fsspec.get_filesystem_class(protocol)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"Addresses of {', '.join(sorted(asked))} cannot be fetched here ({error}). fsspec "
            "comes with 'pip install conus-widgets[cluster]'; many protocols need one more package."
        ) from error
    return asked


def state_of(path: bytes, fetch: Collection[str] = ()) -> tuple[int, int] | None:
    """Return a file's size, and a number that changes when it is written; None for a missing file.

    Of a file here the number is when it was changed, in nanoseconds.
    """
    protocol = protocol_of(path)
    if protocol is not None:
        return _state_there(path) if _is_allowed(path, fetch) else None
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return (state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None


def read(photograph: Any, name: str) -> tuple[int, int, bytes]:
    """Return a file's state and its content, which belong together.

    Parameters
    ----------
    photograph : str or Fetched
        As `Files` gives it.
    name : str
        For errors.

    Raises
    ------
    PhotographError
        If it cannot be read, or is too large.
    """
    if isinstance(photograph, Fetched):
        return *photograph.state, photograph
    try:
        with open(photograph, "rb") as file:
            state = os.fstat(file.fileno())
            _refuse_large(state.st_size, name)
            content = file.read()
    except OSError as error:
        raise PhotographError(
            name, f"cannot be read ({plain(error.strerror or str(error))}); check the disk."
        ) from error
    except MemoryError as error:
        raise PhotographError(name, "does not fit into the free memory; scale it down.") from error
    return state.st_size, state.st_mtime_ns, content


def content_of(path: bytes) -> tuple[str, int, int] | None:
    """Return the SHA-256 and the state of a file here; None if it cannot be read."""
    if protocol_of(path) is not None:
        return None
    try:
        with open(path, "rb") as file:
            state = os.fstat(file.fileno())
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
    return found, state.st_size, state.st_mtime_ns


def _is_allowed(path: bytes, fetch: Collection[str]) -> bool:
    # Two colons lead from one address to another one, whose protocol was not asked for.
    return protocol_of(path) in fetch and b"::" not in path


def _fetched(path: bytes, fetch: Collection[str]) -> Fetched:
    address = os.fsdecode(path)
    name = name_of(address)
    if not _is_allowed(path, fetch):
        raise PhotographError(
            name,
            f"is at an address ({protocol_of(path)}://), and none is fetched unless you ask for "
            f"it in code: evaluate(..., fetch=[{protocol_of(path)!r}]).",
        )
    import fsspec

    try:
        state = _state_there(path)
        if state is None:
            raise FileNotFoundError("there is no such file")
        _refuse_large(state[0], name)
        system, place = fsspec.core.url_to_fs(address)
        found = Fetched(system.cat_file(place))
    except PhotographError:
        raise
    except Exception as error:  # each protocol has errors of its own
        raise PhotographError(
            name, f"cannot be fetched ({plain(str(error) or type(error).__name__)})."
        ) from error
    found.name, found.state = address, (len(found), state[1])
    return found


def _state_there(path: bytes) -> tuple[int, int] | None:
    import fsspec

    try:
        system, place = fsspec.core.url_to_fs(os.fsdecode(path))
        size = int(system.info(place)["size"])
        # What the place says of the file: its date or its tag, as the protocol has it.
        mark = hashlib.sha256(str(system.ukey(place)).encode()).hexdigest()
    except Exception:  # each protocol has errors of its own
        return None
    return size, int(mark[:15], 16)


def _refuse_large(size: int, name: str) -> None:
    if size > FILE_BYTES:
        raise PhotographError(
            name,
            f"has {size:,} bytes, and a photograph may have {FILE_BYTES:,}; scale it down.",
        )
