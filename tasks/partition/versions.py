"""Versions of articles: whether a new capture is a new one."""

from bisect import bisect_right, insort
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import duckdb
import pyarrow as pa

from tasks.model import Outcome
from warehouse.read.query import records

JUDGED_BY = [
    *("article_id", "capture_id", "fetched_at"),
    *("body_sha256", "page_sha256", "published_at", "is_truncated"),
]


class Text(NamedTuple):
    """One known version of an article."""

    fetched_at: datetime
    version_no: int
    """0 until it is numbered."""
    body_sha256: str
    is_dated: bool
    is_whole: bool = True
    """Whether all of the article was delivered."""
    page_sha256: str | None = None
    """Of what the page alone gave, where what recurs on its site was taken out of that."""

    @property
    def keys(self) -> frozenset[str | None]:
        """Hashes one of which another state with the same text has, too."""
        return frozenset({self.body_sha256, self.page_sha256} - {None})


@dataclass(slots=True)
class Known:
    """The known versions of one article."""

    first_seen_at: datetime
    texts: list[Text] = field(default_factory=list)
    """Versions by the time of their capture."""

    def in_force(self, moment: datetime) -> Text:
        """The version that the page showed at a moment, as far as is known."""
        index = bisect_right(self.texts, moment, key=lambda text: text.fetched_at)
        return self.texts[max(index - 1, 0)]

    def add(self, new: Text) -> int:
        """Take a new text in and return its version number, the next free one."""
        number = max((text.version_no for text in self.texts), default=0) + 1
        insort(self.texts, new._replace(version_no=number))
        self.first_seen_at = min(self.first_seen_at, new.fetched_at)
        return number


class Verdict(NamedTuple):
    """What became of one staged article."""

    outcome: Outcome
    version_no: int
    first_seen_at: datetime


def known_versions(
    con: duckdb.DuckDBPyConnection, article_ids: Collection[UUID]
) -> dict[UUID, Known]:
    """The known versions of the articles, from `article_versions`."""
    wanted = pa.array(sorted(article_id.bytes for article_id in article_ids), pa.binary(16))
    con.register(
        "wanted", pa.table({"article_id": pa.ExtensionArray.from_storage(pa.uuid(), wanted)})
    )
    rows = records(
        con,
        "SELECT article_id, version_no, body_sha256, page_sha256, fetched_at, first_seen_at,"
        " published_at IS NOT NULL AS is_dated, is_truncated IS DISTINCT FROM true AS is_whole"
        # By their place: a join would read all these columns of every row.
        " FROM article_versions WHERE rowid IN"
        " (SELECT rowid FROM article_versions SEMI JOIN wanted USING (article_id))",
    )
    con.unregister("wanted")
    known: dict[UUID, Known] = {}
    for row in rows:
        about = known.setdefault(UUID(row["article_id"]), Known(row["first_seen_at"]))
        about.first_seen_at = min(about.first_seen_at, row["first_seen_at"])
        about.texts.append(Text(*(row[name] for name in Text._fields)))
    return known


def judge(articles: pa.Table, known: Mapping[UUID, Known]) -> tuple[list[int], dict[UUID, Verdict]]:
    """Walk staged articles by time of capture and number their versions.

    A text equal to the version in force at that time is UNCHANGED, unless that one is undated and
    this one is not: an AMP twin or a saved copy without a date must not keep an article out of the
    time series. So is one that differs by what was learnt of the site alone, and one that came cut
    where the whole is known: a meter that has run out changes no article. Any other becomes
    ARTICLE (the first) or REVISED. A capture older than what is known takes the next number all
    the same: numbers are never given anew, and `fetched_at` tells the order of the texts.

    Returns:
        The order of the rows, and the verdict on each by its capture's id.
    """
    keys = articles.select(JUDGED_BY).to_pylist()
    order = sorted(
        range(len(keys)),
        key=lambda at: (keys[at]["fetched_at"], keys[at]["article_id"], keys[at]["capture_id"]),
    )
    states: dict[UUID, Known] = {}
    verdicts = {}
    for at in order:
        row = keys[at]
        state = _state(states, known, row["article_id"], row["fetched_at"])
        verdicts[row["capture_id"]] = _verdict(state, _text(row))
    if len(verdicts) != len(keys):
        raise ValueError("two staged articles come from one capture")
    return order, verdicts


def _text(row: Mapping[str, Any]) -> Text:
    return Text(
        fetched_at=row["fetched_at"],
        version_no=0,
        body_sha256=row["body_sha256"],
        is_dated=row["published_at"] is not None,
        is_whole=not row["is_truncated"],
        page_sha256=row["page_sha256"],
    )


def _state(
    states: dict[UUID, Known], known: Mapping[UUID, Known], article_id: UUID, moment: datetime
) -> Known:
    if article_id not in states:
        earlier = known.get(article_id) or Known(moment)
        states[article_id] = Known(earlier.first_seen_at, sorted(earlier.texts))
    return states[article_id]


def _verdict(state: Known, new: Text) -> Verdict:
    if not state.texts:
        return Verdict(Outcome.ARTICLE, state.add(new), state.first_seen_at)
    shown = state.in_force(new.fetched_at)
    is_cut = shown.is_whole and not new.is_whole
    is_same = is_cut or bool(shown.keys & new.keys)
    if is_same and (shown.is_dated or not new.is_dated):
        return Verdict(Outcome.UNCHANGED, shown.version_no, state.first_seen_at)
    return Verdict(Outcome.REVISED, state.add(new), state.first_seen_at)
