"""What is found damaged or missing in a data folder: what, where, and the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.layers.layout import Layout

BACKUP = "restore it from a backup"
PARQUET = f"{BACKUP}, or run `presswatch rebuild articles`"
SHOWN = 50  # findings that are listed one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold."""

    file: Path
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}" + f"; {self.remedy}" * bool(self.remedy)


class LayersBroken(Exception):  # noqa: N818 - it is what is the case
    """Something that is kept does not hold any more; a line for each of the first findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [str(finding) for finding in findings[:SHOWN]]
        more = len(findings) - len(lines)
        super().__init__("\n".join([*lines, *([f"and {more} more"] if more else [])]))

    def __reduce__(self) -> tuple[type["LayersBroken"], tuple[Any, ...]]:
        return type(self), (self.findings,)


def lost_commit(layout: Layout, run_id: str) -> Finding:
    """The finding for a run that is loaded and has no commit."""
    path = layout.commits / f"{run_id}.json"
    return Finding(path, "is not there, yet the run is loaded", PARQUET)
