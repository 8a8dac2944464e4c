"""Settings of the memory allocators, so that a process that loads for hours does not grow.

They change no results, and without glibc they have no effect.
"""

import ctypes


def limit_arenas() -> None:
    """Let threads that start from now on share arenas."""
    # M_ARENA_MAX; glibc's default is eight arenas per core, each with free memory that the others
    # cannot use.
    _call_c_function("mallopt", -8, 2)


def release_memory() -> None:
    """Return the free pages of all arenas to the system; takes milliseconds."""
    _call_c_function("malloc_trim", 0)


def _call_c_function(name: str, *numbers: int) -> None:
    if function := getattr(ctypes.CDLL(None), name, None):
        function(*numbers)
