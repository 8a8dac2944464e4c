"""What was freed goes back to the system: a process that loads for hours must not grow.

Nothing here changes what is computed; where the C library is not glibc it does nothing.
"""

import ctypes
import os

POOL = "ARROW_DEFAULT_MEMORY_POOL"
ARENAS = 2
"""Heaps of the C library; by itself it makes eight for each core, each with gaps of its own."""
_M_ARENA_MAX = -8


def choose_pool() -> None:
    """Let pyarrow allocate from the C library; heeded only before pyarrow is imported.

    Its own choice, mimalloc, keeps what it once had: 70 MB after 70 loads of 33 pages.
    """
    os.environ.setdefault(POOL, "system")


def few_arenas() -> None:
    """Let threads that begin from now on share heaps."""
    _call("mallopt", _M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Give free pages of all heaps back to the system; takes milliseconds."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    if function := getattr(ctypes.CDLL(None), name, None):
        function(*numbers)
