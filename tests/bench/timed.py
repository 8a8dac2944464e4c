"""Wall and CPU seconds of a program that the benchmarks start."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.serving import ROOT


@dataclass(frozen=True)
class Timed:
    """A program that has ended."""

    said: dict[str, Any]
    """The last line that it printed, where that is JSON."""
    wall: float
    cpu: float
    """Of it and of its children that have ended."""


def timed(
    words: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    *,
    quiet: bool = False,
) -> Timed:
    """Run a program to its end; its errors are shown, or not where it tells there what it does.

    Raises:
        CalledProcessError: it ended with another exit status than 0.
    """
    before, began = _used(), time.perf_counter()
    done = subprocess.run(
        list(map(str, words)),
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else sys.stderr,
    )
    wall, used = time.perf_counter() - began, _used() - before
    last = (done.stdout.splitlines() or [b""])[-1]
    return Timed(json.loads(last) if last.startswith(b"{") else {}, wall, used)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
