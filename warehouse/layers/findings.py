"""Findings of damaged or missing data in a data folder: kind, file, problem and remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

from warehouse.layers.layout import Layout

# The kind of damaged data: a layer of the data folder, or a file beside the layers.
Kind = Literal[
    "archive record",
    "archive file",
    "parquet",
    "commit",
    "compaction",
    "definitions",
    "topic changes",
    "vintage",
    "removed archives",
    "audit",
    "manifest",
    "snapshot",
    "writer file",
    "state file",
    "store object",
]

BACKUP = "restore it from a backup"
_REPAIR = f"{BACKUP}, or run `presswatch repair`"
_REBUILD = "`presswatch rebuild warehouse` makes it again"
REMEDIES: dict[Kind, str] = dict.fromkeys(get_args(Kind), _REPAIR) | {
    "manifest": "`presswatch repair` makes it again",
    "snapshot": _REBUILD,
    "writer file": _REBUILD,
    "state file": "delete it: it is made again",
    "store object": BACKUP,
}
_OF_NAMES: dict[str, Kind] = {
    "definitions.json": "definitions",
    "topic_changes.json": "topic changes",
    "removed.json": "removed archives",
    "manifest.json": "manifest",
}
MAX_LISTED = 50  # findings that are listed one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a file."""

    file: Path
    problem: str
    remedy: str
    kind: Kind
    offset: int | None = None  # of an archive record, in its file

    def __str__(self) -> str:
        place = "" if self.offset is None else f"#{self.offset}"
        return f"{self.file}{place}: {self.problem}; {self.remedy}"


def kind_of(document: PurePath) -> Kind:
    """The kind of a JSON document, by its name and folder."""
    if document.parent.name == "compacted":
        return "compaction"
    if document.parent.parent.name == "audits":
        return "audit"
    if document.parent.name in ("commits", "commits.next", "commits.old"):
        return "commit"
    return _OF_NAMES.get(document.name, "state file")


def make_finding(kind: Kind, file: Path, problem: str, offset: int | None = None) -> Finding:
    """A finding with the remedy of its kind."""
    return Finding(file, problem, REMEDIES[kind], kind, offset)


class LayersBroken(Exception):  # noqa: N818 - named for a state
    """Stored data are damaged or missing; the message has a line for each of the first findings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        lines = [str(finding) for finding in findings[:MAX_LISTED]]
        more = len(findings) - len(lines)
        super().__init__("\n".join([*lines, *([f"and {more} more"] if more else [])]))

    def __reduce__(self) -> tuple[type["LayersBroken"], tuple[Any, ...]]:
        return type(self), (self.findings,)


def lost_commit(layout: Layout, run_id: str) -> Finding:
    """The finding for a run that is loaded and has no commit."""
    return make_finding(
        "commit", layout.commits / f"{run_id}.json", "is not there, yet it is loaded"
    )
