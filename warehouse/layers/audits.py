"""The audits of topics: samples of articles, and readers' verdicts on them.

A layer that only grows. `audits/<audit_id>/sample.json` is written once; each verdict, or imported
batch of verdicts, is a file of its own beside it. No file is ever changed or removed, so copies of
the folder on several machines are merged by merging their files, and taking back a verdict adds a
file. The sample contains what was shown to the reader: recounts and revisions change what a topic
counts now, but not what was judged. The desk writes without a lock, also during a load, and two
readers do not overwrite each other's answers. All files are read each time, which is fine for
thousands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from secrets import token_hex
from typing import Literal, TypeVar

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import DocumentError, decode, encode
from warehouse.layers.findings import REMEDIES, Finding
from warehouse.layers.layout import Layout

Kind = Literal["precision", "near_miss"]
Answer = Literal["yes", "no", "unsure", "withdrawn"]
SAMPLE = "sample.json"
FILES = "audits/*/*.json"  # below the data folder


@dataclass(frozen=True, slots=True)
class Hit:
    """A mention as it was shown to the reader, with fields of `mentions`."""

    alias: str
    field: str
    char_start: int
    char_end: int
    matched_text: str
    context_left: str
    context_right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledArticle:
    """One article of a sample, in the version that was drawn."""

    article_id: str
    version_no: int
    source_id: str
    language: str | None
    alias: str | None  # its most frequent alias; None for a near miss
    period: str  # month of publication, such as 2026-03
    stratum: int
    weight: float  # 1 / probability of being drawn: the number of articles that it represents
    published_date: date
    headline: str
    url: str
    mentions: int  # number of all its mentions; `hits` has only the first ones
    hits: tuple[Hit, ...] = ()
    text: str = ""  # of a near miss: the text shown in place of hits
    section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A seeded sample of one topic's articles, or of its near misses."""

    audit_id: str
    topic_id: str
    topic_version: int
    topic_name: str
    kind: Kind
    seed: int
    drawn_at: datetime
    load_no: int  # of the snapshot that it was drawn from
    population: int  # articles it was drawn from: the sum of its weights
    counted: int  # articles in the topic's denominator then
    articles: tuple[SampledArticle, ...]  # in random order, so that the first n are a sample too
    sections: tuple[str, ...] = ()  # of near misses: the sections by which they were chosen
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a reader judged one article."""

    article_id: str
    answer: Answer
    judged_at: datetime
    # Indices of hits that are not about the topic though the article is.
    false_hits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Verdicts:
    audit_id: str
    reader: str
    verdicts: tuple[Verdict, ...]


_File = TypeVar("_File", Sample, _Verdicts)


@dataclass(frozen=True, slots=True)
class Audit:
    """A sample with all its verdicts."""

    sample: Sample
    verdicts: tuple[tuple[str, Verdict], ...]  # readers and their verdicts, the earliest first

    @property
    def current(self) -> dict[tuple[str, str], Verdict]:
        """The verdicts that count, by article and reader: the last one of each reader."""
        last = {(verdict.article_id, reader): verdict for reader, verdict in self.verdicts}
        return {key: verdict for key, verdict in last.items() if verdict.answer != "withdrawn"}

    @property
    def readers(self) -> tuple[str, ...]:
        """Who judged, in order of name."""
        return tuple(sorted({reader for _, reader in self.current}))


def new_audit_id(topic_id: str, kind: Kind, drawn_at: datetime) -> str:
    """A unique id: `g20-precision-20260301T060000Z-1a2b3c`."""
    return f"{topic_id}-{kind}-{drawn_at:%Y%m%dT%H%M%SZ}-{token_hex(3)}"


def write_sample(layout: Layout, sample: Sample) -> None:
    """Write a sample, which can then be judged."""
    write_whole(layout.audits / sample.audit_id / SAMPLE, encode(sample))


def write_verdicts(
    layout: Layout, audit_id: str, reader: str, verdicts: Iterable[Verdict]
) -> Path | None:
    """Add verdicts of one reader, all or none; None if there are none to add.

    No lock is needed: the name of the file is unique, and it appears by one rename.
    """
    added = tuple(verdicts)
    if not added:
        return None
    at = max(verdict.judged_at for verdict in added)
    path = layout.audits / audit_id / f"{at:%Y%m%dT%H%M%S%fZ}-{token_hex(4)}.json"
    write_whole(path, encode(_Verdicts(audit_id, reader, added)))
    return path


def audit_files(layout: Layout) -> set[str]:
    """The files of the layer, as paths below the data folder."""
    found = layout.root.glob(FILES)
    return {path.relative_to(layout.root).as_posix() for path in found if path.name[0] != "."}


def read_audit(layout: Layout, audit_id: str) -> Audit:
    """One audit; DocumentError when a file of it is damaged, or its sample is gone."""
    folder = layout.audits / audit_id
    sample = read_sample(folder / SAMPLE)
    verdicts = []
    for path in _verdict_paths(folder):
        found = _read_document(_Verdicts, path)
        verdicts += [(found.reader, verdict) for verdict in found.verdicts]
    # By time, and within a file in the order written: a withdrawal follows its verdict.
    return Audit(sample, tuple(sorted(verdicts, key=lambda each: each[1].judged_at)))


def read_audits(layout: Layout, topic_id: str = "") -> list[Audit]:
    """All audits, or those of a topic, the earliest first."""
    audits = (read_audit(layout, name) for name in _audit_ids(layout))
    chosen = [audit for audit in audits if topic_id in ("", audit.sample.topic_id)]
    return sorted(chosen, key=lambda audit: (audit.sample.drawn_at, audit.sample.audit_id))


def audit_findings(layout: Layout) -> Iterator[Finding]:
    """Files of the layer that are damaged, and samples that are gone."""
    for name in _audit_ids(layout):
        folder = layout.audits / name
        for path in (folder / SAMPLE, *_verdict_paths(folder)):
            try:
                read_file(path)
            except DocumentError as error:
                yield error.finding


def read_file(path: Path) -> object:
    """Read a sample or verdicts, to check that the file is readable; DocumentError as below."""
    return read_sample(path) if path.name == SAMPLE else _read_document(_Verdicts, path)


def read_sample(path: Path) -> Sample:
    """A sample; DocumentError when it is damaged, gone, or another audit's."""
    if not path.exists():
        raise DocumentError(path, "is not there, yet verdicts of it are", REMEDIES["audit"])
    return _read_document(Sample, path)


def _read_document(kind: type[_File], path: Path) -> _File:
    found = decode(kind, path.read_bytes(), path)
    if found.audit_id != path.parent.name:
        raise DocumentError(path, f"is of the audit {found.audit_id}", REMEDIES["audit"])
    return found


def _verdict_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*.json") if path.name != SAMPLE)


def _audit_ids(layout: Layout) -> list[str]:
    return sorted({Path(path).parent.name for path in audit_files(layout)})
