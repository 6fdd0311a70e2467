"""Theano's folder of compiled modules, made fit for several processes and for many starts."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import logging
import os
import pickle
from collections.abc import Callable
from typing import Any

__all__ = ["share"]


def share() -> None:
    """Change what Theano, once imported, does with its folder of compiled modules.

    - Modules are named by their code. Theano's `ExternalCOp` (`DimShuffle` is one) names them by
      Python's `hash` of a string, which differs in every process: g++ would compile them again in
      each.
    - Their names are written down in one piece. A process that meets a half-written name deletes
      the module, also under another process that has loaded it.
    - A look through the folder survives a module that another process removes meanwhile, as it
      does if a compilation fails.
    - A module whose file is gone, because somebody emptied the folder, is compiled again.
    """
    op: Any = importlib.import_module("theano.graph.op")
    op.ExternalCOp.c_code_cache_version = _stable_version
    cmodule: Any = importlib.import_module("theano.link.c.cmodule")
    cmodule.KeyData.save_pkl = _save_key
    cache = cmodule.ModuleCache
    cache.refresh = _looked_at_again(cache.refresh, cmodule.lock_ctx)
    cache._get_from_hash = _forgotten_if_gone(cache._get_from_hash)
    cache.clear_unversioned = _looked_at_again(cache.clear_unversioned, cmodule.lock_ctx)
    logging.getLogger(cmodule.__name__).addFilter(_not_of_deleted_files)


def _not_of_deleted_files(record: logging.LogRecord) -> bool:
    # One line for each module. A loaded one computes on, also without its file.
    return "can no longer be read from file" not in str(record.msg)


def _stable_version(op: Any) -> tuple[Any, ...]:
    digest = hashlib.sha256("\0".join(op.func_codes).encode()).digest()
    version: tuple[Any, ...] = (int.from_bytes(digest[:6], "big"),)
    if hasattr(op, "params_type"):
        version += (op.params_type.c_code_cache_version(),)
    return version


def _save_key(data: Any) -> None:
    beside = f"{data.key_pkl}.{os.getpid()}.part"
    try:
        with open(beside, "wb") as file:
            pickle.dump(data, file, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(beside, data.key_pkl)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(beside)


def _looked_at_again(look: Callable[..., Any], lock: Callable[[], Any]) -> Callable[..., Any]:
    """Return `look`, which looks once more, under Theano's lock, if something was gone.

    Theano lists the folder without its lock, and removes modules under it: the second look finds
    nothing that goes away. To lock the first as well would let each start wait for each compiler.
    """

    @functools.wraps(look)
    def again(*args: Any, **options: Any) -> Any:
        try:
            return look(*args, **options)
        except FileNotFoundError:
            with lock():  # makes the folder too, if all of it was deleted
                return look(*args, **options)

    return again


def _forgotten_if_gone(find: Callable[..., Any]) -> Callable[..., Any]:
    """Return `find`, which does not promise a module that lies no longer in the folder.

    Theano would write another name of it into the folder that is gone.
    """

    @functools.wraps(find)
    def forgotten(cache: Any, module_hash: str, key: Any) -> Any:
        known = cache.module_hash_to_key_data.get(module_hash)
        if known is not None and not os.path.exists(known.get_entry()):
            cache.refresh(cleanup=False)  # forgets what is gone
        return find(cache, module_hash, key)

    return forgotten
