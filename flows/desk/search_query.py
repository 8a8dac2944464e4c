"""What a person searches for: words, matched as a topic's aliases are, or a regular expression."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from flows.desk.search_syntax import WITHIN, Words, words_of
from tasks.text.control_characters import without_controls
from tasks.topics.mentions import Hit, Matcher, mentions_in
from tasks.topics.topic import Topic
from warehouse.questions.articles import MAX_CONTEXTS
from warehouse.questions.search_texts import fields_of, matches_sql, texts_sql
from warehouse.questions.selection import Selection
from warehouse.read.query import QueryError

MAX_QUERY_CHARS = 500
BATCH_ROWS = 2048
KEPT_COLUMNS = ["article_id", "source_id", "published_date", "published_at"]
CONTEXT_CHARS = 60  # beside a hit

Context = tuple[str, str, str]  # before the hit, the hit, after it
Span = tuple[int, int]


class MatchedArticle(NamedTuple):
    """An article in which something was found."""

    article_id: str
    source_id: str
    day: date
    published_at: datetime | None
    contexts: tuple[Context, ...]


@dataclass(frozen=True)
class Query:
    """A valid query."""

    mode: str  # words, regex
    text: str
    within: str = ""  # a key of WITHIN, for words joined by AND or NOT

    @property
    def line(self) -> str:
        """The query in one line."""
        if "\n" not in self.text:
            return self.text
        return self.words.line if self.mode == "words" else self.text.replace("\n", r"\n")

    @property
    def words(self) -> Words:
        """The words that are looked for."""
        return words_of(self.text)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Groups of alternatives: one of each group must be found."""
        return self.words.all_of if self.mode == "words" else ((self.text,),)

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages whose articles count: for words, those of their topic; None for all."""
        return self.topic.languages if self.mode == "words" else None

    @cached_property
    def topic(self) -> Topic:
        """The words as a topic."""
        return self.words.entry("search", self.within).topic()

    def spans(
        self, con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]
    ) -> Iterator[tuple[str, Span]]:
        """The hits in the fields of an article: pairs of the field's name and the hit's span."""
        if self.mode == "words":
            for hit in Matcher([self.topic]).find_in(texts):
                yield hit.field, (hit.char_start, hit.char_end)
            return
        sql = "SELECT regexp_extract_all($text, $p), regexp_split_to_array($text, $p)"
        for field, text in texts.items():
            [(hits, between)] = con.execute(sql, {"text": text, "p": self.text}).fetchall()
            at = 0
            for before, hit in zip(between, hits, strict=False):
                at += len(before)
                yield field, (at, at + len(hit))
                at += len(hit)

    def find(
        self,
        con: duckdb.DuckDBPyConnection,
        files: Sequence[str],
        selection: Selection,
        is_shown: bool,
    ) -> list[MatchedArticle]:
        """The articles of a selection that match, newest first; with contexts if shown."""
        if self.mode == "words":
            batches = con.sql(texts_sql(files, selection)).to_arrow_reader(BATCH_ROWS)
            found = _by_words(self.topic, batches, is_shown)
        else:
            rows = con.sql(matches_sql(files, selection, self.text, is_shown)).to_arrow_table()
            found = _by_expression(rows.to_pylist(), fields_of(selection) if is_shown else ())
        return sorted(
            found,
            key=lambda one: (
                -one.day.toordinal(),
                -one.published_at.timestamp() if one.published_at else 0.0,
                one.article_id,
            ),
        )


def query_of(con: duckdb.DuckDBPyConnection, given: Mapping[str, str]) -> Query | None:
    """The query of a URL, None without one; QueryError explains an invalid one in a sentence."""
    if not given.get("q"):
        return None
    mode, text = given.get("mode") or "words", without_controls(given["q"]).strip()
    within = given.get("within") or "sentence"
    if mode not in ("words", "regex"):
        raise QueryError(f"mode must be words or regex, got {mode!r}")
    if within not in WITHIN:
        raise QueryError(f"within must be one of {', '.join(WITHIN)}, got {within!r}")
    if not text:
        raise QueryError("Give a word or a phrase, or several with commas between them.")
    if len(text) > MAX_QUERY_CHARS:
        raise QueryError(f"The query has {len(text)} characters; {MAX_QUERY_CHARS} are the most.")
    if mode == "words":
        return Query(mode, text, "" if words_of(text).is_plain else within)
    try:
        [(is_everywhere,)] = con.execute("SELECT regexp_matches('', ?)", [text]).fetchall()
    except duckdb.Error as error:
        why = " ".join(str(error).split()).removeprefix("Invalid Input Error: ")
        raise QueryError(f"This is no regular expression that RE2 knows: {why}.") from None
    if is_everywhere:
        raise QueryError("This expression matches every text, also an empty one.")
    return Query(mode, text)


def _by_words(
    topic: Topic, batches: Iterable[pa.RecordBatch], is_shown: bool
) -> Iterator[MatchedArticle]:
    for batch in batches:
        hits_of: dict[int, list[Hit]] = {}
        for row, hits in mentions_in(batch, [topic]):
            hits_of.setdefault(row, []).extend(hits)
        about = batch.select(KEPT_COLUMNS)
        for row, hits in hits_of.items():
            first: dict[tuple[str, int], Context] = {}
            for hit in hits if is_shown else ():
                context = hit.context_left, hit.matched_text, hit.context_right
                first.setdefault((hit.field, hit.sentence_no), context)
            article_id, source_id, day, at = (column[row].as_py() for column in about.columns)
            quotes = tuple(first.values())[:MAX_CONTEXTS]
            yield MatchedArticle(article_id, source_id, day, at, quotes)


def _by_expression(
    rows: Sequence[dict[str, Any]], fields: Sequence[str]
) -> Iterator[MatchedArticle]:
    for row in rows:
        contexts: list[Context] = []
        for field in fields:
            around = pairwise(row[f"{field}_between"] or ())
            for hit, (before, after) in zip(row[field] or (), around, strict=False):
                left, right = before[-CONTEXT_CHARS:], after[:CONTEXT_CHARS]
                left, right = " ".join(f"{left}|".split())[:-1], " ".join(f"|{right}".split())[1:]
                contexts += [(left, hit[:200], right)] if hit else []
        article_id, source_id, day, at = (row[name] for name in KEPT_COLUMNS)
        yield MatchedArticle(article_id, source_id, day, at, tuple(contexts[:MAX_CONTEXTS]))
