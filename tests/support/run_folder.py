"""Folders that are made once for all processes of a run of the tests, which only read them."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name; the first of several processes that ask for it makes it."""
    base = factory.getbasetemp()
    # The processes of a run have folders of their own below one that they share.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    data, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(data)
            made.touch()
    return data
