"""Versions of articles: decides whether a capture is a new version."""

from bisect import bisect_right, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import duckdb
import pyarrow as pa

from tasks.model import Outcome
from warehouse.layers.definitions import ARCHIVE
from warehouse.read.query import records


class Text(NamedTuple):
    """One known version of an article."""

    fetched_at: datetime
    version_no: int  # 0 until the version is numbered
    body_sha256: str
    is_dated: bool
    is_whole: bool = True  # whether all of the article was delivered
    # Hash of the page's text before its site's boilerplate was removed; None if there was none.
    page_sha256: str | None = None
    source_id: str = ""

    @property
    def keys(self) -> frozenset[str | None]:
        """Hashes of this text; two versions with the same text share one."""
        return frozenset({self.body_sha256, self.page_sha256} - {None})


@dataclass(slots=True)
class KnownVersions:
    """The known versions of one article."""

    first_seen_at: datetime
    texts: list[Text] = field(default_factory=list)  # versions in order of capture

    def versions_at(self, moment: datetime) -> tuple[Text, Text]:
        """The version that the page showed at a moment, by the known captures, and the next one.

        Before the first and after the last version, both are that version.
        """
        index = bisect_right(self.texts, moment, key=lambda text: text.fetched_at)
        return self.texts[max(index - 1, 0)], self.texts[min(index, len(self.texts) - 1)]

    def add(self, new: Text) -> int:
        """Add a new text and return its version number, the next free one."""
        number = max((text.version_no for text in self.texts), default=0) + 1
        insort(self.texts, new._replace(version_no=number))
        self.first_seen_at = min(self.first_seen_at, new.fetched_at)
        return number


class VersionVerdict(NamedTuple):
    """The decision on one staged article."""

    outcome: Outcome
    version_no: int
    first_seen_at: datetime


def known_versions(
    con: duckdb.DuckDBPyConnection, article_ids: Collection[UUID]
) -> dict[UUID, KnownVersions]:
    """The known versions of the articles, from `article_versions`."""
    wanted = pa.array(sorted(article_id.bytes for article_id in article_ids), pa.binary(16))
    con.register(
        "wanted", pa.table({"article_id": pa.ExtensionArray.from_storage(pa.uuid(), wanted)})
    )
    rows = records(
        con,
        "SELECT article_id, version_no, source_id, body_sha256, page_sha256, fetched_at,"
        " first_seen_at,"
        " published_at IS NOT NULL AS is_dated, is_truncated IS DISTINCT FROM true AS is_whole"
        # By rowid: a join would read all these columns of every row.
        " FROM article_versions WHERE rowid IN"
        " (SELECT rowid FROM article_versions SEMI JOIN wanted USING (article_id))",
    )
    con.unregister("wanted")
    known: dict[UUID, KnownVersions] = {}
    for row in rows:
        about = known.setdefault(UUID(row["article_id"]), KnownVersions(row["first_seen_at"]))
        about.first_seen_at = min(about.first_seen_at, row["first_seen_at"])
        about.texts.append(Text(*(row[name] for name in Text._fields)))
    return known


def judge_versions(
    articles: pa.Table, known: Mapping[UUID, KnownVersions]
) -> tuple[list[int], dict[UUID, VersionVerdict]]:
    """The order of staged articles by capture, and the verdict on each by its capture's id.

    A text equal to the version in force at that time is UNCHANGED. So is a text that differs only
    in recognised boilerplate, and a truncated text of which the whole is known. Any other is
    ARTICLE (the first) or REVISED, as is an article of a domain that only archives know, once a
    source of sources.toml has it. A capture older than the known ones also gets the next number:
    numbers are never reassigned, and `fetched_at` has the order of the texts.

    An older capture that is loaded later is UNCHANGED as well if its text equals the next version,
    so that no version repeats the one before it. That version keeps its `fetched_at`, although the
    page showed it earlier. A rebuild judges run by run in the order of loading, so it agrees.
    """
    judged_by = ["article_id", "capture_id", "source_id", "fetched_at", "published_at"]
    judged_by += ["body_sha256", "page_sha256", "is_truncated"]
    keys = articles.select(judged_by).to_pylist()
    # The ids break ties, so that a rebuild numbers versions alike.
    order = sorted(
        range(len(keys)),
        key=lambda at: (keys[at]["fetched_at"], keys[at]["article_id"], keys[at]["capture_id"]),
    )
    states: dict[UUID, KnownVersions] = {}
    verdicts = {}
    for at in order:
        row = keys[at]
        article_id, moment = row["article_id"], row["fetched_at"]
        if article_id not in states:
            earlier = known.get(article_id) or KnownVersions(moment)
            states[article_id] = KnownVersions(earlier.first_seen_at, sorted(earlier.texts))
        text = Text(
            fetched_at=moment,
            version_no=0,
            body_sha256=row["body_sha256"],
            is_dated=row["published_at"] is not None,
            is_whole=not row["is_truncated"],
            page_sha256=row["page_sha256"],
            source_id=row["source_id"],
        )
        verdicts[row["capture_id"]] = _verdict(states[article_id], text)
    if len(verdicts) != len(keys):
        raise ValueError("two staged articles come from one capture")
    return order, verdicts


def _verdict(state: KnownVersions, new: Text) -> VersionVerdict:
    if not state.texts:
        return VersionVerdict(Outcome.ARTICLE, state.add(new), state.first_seen_at)
    shown, following = state.versions_at(new.fetched_at)
    # A metered paywall that has run out does not change the article.
    is_cut = shown.is_whole and not new.is_whole
    for known in (shown, following):
        is_same = bool(known.keys & new.keys) or (is_cut and known is shown)
        # A source of sources.toml takes over what a backfill gave to its domain: else its days
        # would be observed without these articles. By the id, as in `sources.is_watched`, which a
        # source has only after its first load.
        is_archived = known.source_id.startswith(ARCHIVE) and not new.source_id.startswith(ARCHIVE)
        # A date makes a new version: an AMP page or a saved copy without one must not keep the
        # article out of the time series.
        if is_same and not is_archived and (known.is_dated or not new.is_dated):
            return VersionVerdict(Outcome.UNCHANGED, known.version_no, state.first_seen_at)
    return VersionVerdict(Outcome.REVISED, state.add(new), state.first_seen_at)
