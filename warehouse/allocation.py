"""Settings of the memory allocators, so that a process that loads for hours does not grow.

They change no results, and without glibc they have no effect.
"""

import ctypes
import os

POOL = "ARROW_DEFAULT_MEMORY_POOL"
# glibc's default is eight arenas per core, each with free memory that the others cannot use.
ARENAS = 2
_M_ARENA_MAX = -8


def choose_pool() -> None:
    """Let pyarrow allocate with malloc(); has an effect only before pyarrow is imported."""
    # Its default, mimalloc, does not return memory: 70 MB after 70 loads of 33 pages.
    os.environ.setdefault(POOL, "system")


def few_arenas() -> None:
    """Let threads that start from now on share arenas."""
    _call("mallopt", _M_ARENA_MAX, ARENAS)


def give_back() -> None:
    """Return the free pages of all arenas to the system; takes milliseconds."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    if function := getattr(ctypes.CDLL(None), name, None):
        function(*numbers)
