"""Imports without Python's garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Collect no garbage in the body, nor ever among the objects that exist after it.

    Classes and functions stay: looking through them again and again takes a tenth of the imports of
    a command, and a sixth of those of Prefect's server.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
