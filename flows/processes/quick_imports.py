"""Imports without Python's garbage collector."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Collect no garbage in the body, nor ever among the objects that exist after it.

    Classes and functions stay, so looking through them again and again, and once more at exit, is
    wasted. CPU seconds with and without this, medians of ten runs in turns on two busy cores,
    Python 3.11, 30 November 2026: `presswatch --help` .48, .65; start of a temporary server 3.9,
    5.3; collecting all tests 4.4, 7.0.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
