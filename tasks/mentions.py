"""Counting topics: every place where an alias names one."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa

from tasks.lexicon import SPACED, WORD_REST, Lexicon, Phrase, Sieve
from tasks.schemas import MENTION_SCHEMA
from tasks.text import fold, sentences
from tasks.topics import Topic

_CONTEXT = 60

_GAP = re.compile(r"\s+")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One mention in one field; offsets are in code points of the field as it stands."""

    topic_id: str
    alias: str
    field: str
    sentence_no: int
    char_start: int
    char_end: int
    matched_text: str
    context_left: str
    context_right: str


class Matcher:
    """Finds the mentions of a set of topics in a text."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._sieve = Sieve(topics)
        caseless = [topic for topic in topics if not topic.case_sensitive]
        cased = [topic for topic in topics if topic.case_sensitive]
        self._caseless = Lexicon(caseless, keep_case=False) if caseless else None
        self._cased = Lexicon(cased, keep_case=True) if cased else None

    def may_find(self, text: str) -> bool:
        """False where `find` would find nothing in the text or any part of it."""
        return self._sieve.keeps(text)

    def find(self, text: str, field: str = "body") -> list[Hit]:
        """All mentions in one field, in the order of the text.

        Each line of the field `caption` is a text of its own.
        """
        if field != "caption":
            return self._find_in(text, field, 0, 0)[0]
        hits: list[Hit] = []
        offset = sentence_no = 0
        for line in _LINE.findall(text):
            found, sentence_no = self._find_in(line, field, offset, sentence_no)
            hits += found
            offset += len(line)
        return hits

    def _find_in(
        self, text: str, field: str, offset: int, sentence_no: int
    ) -> tuple[list[Hit], int]:
        """The hits of a part of a field, and the number of the sentence behind that part."""
        found = sorted(self._find(text), key=lambda hit: (hit[1], hit[2], hit[0].topic))
        if not found and field != "caption":
            return [], sentence_no
        last = None if field == "caption" else found[-1][1]
        starts = [start for start, _ in sentences(text, last)]
        hits = [
            _hit(text, field, phrase, start, end, offset, sentence_no + _index(starts, start))
            for phrase, start, end in found
        ]
        return hits, sentence_no + len(starts)

    def _find(self, text: str) -> Iterator[tuple[Phrase, int, int]]:
        folded = fold(text, keep_case=self._cased is not None)
        cased = self._cased.find(folded) if self._cased else ()
        caseless = self._caseless.find(folded.without_case()) if self._caseless else ()
        return chain(cased, caseless)


def count(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    """Count topics over articles.

    Args:
        articles: with the columns article_id, version_no, headline, standfirst, body, captions.
        topics: what to count.
        versions: the number of each topic's definition, by topic id.

    Returns:
        A table of MENTION_SCHEMA, a row a mention: by article as given, then field, then place.
    """
    matcher = _matcher(tuple(topics))
    texts = zip(
        *(articles.column(name).to_pylist() for name in ("headline", "standfirst", "body")),
        articles.column("captions").to_pylist(),
        strict=True,
    )
    rows: list[int] = []
    hits: list[Hit] = []
    for row, fields in enumerate(texts):
        found = _article_hits(matcher, *fields)
        rows += [row] * len(found)
        hits += found
    return _table(articles, rows, hits, versions)


@lru_cache(maxsize=2)
def _matcher(topics: tuple[Topic, ...]) -> Matcher:
    return Matcher(topics)


def _article_hits(
    matcher: Matcher,
    headline: str | None,
    standfirst: str | None,
    body: str | None,
    captions: list[str] | None,
) -> list[Hit]:
    fields = {
        "headline": headline,
        "standfirst": standfirst,
        "body": body,
        "caption": "\n".join(captions or ()),
    }
    if not matcher.may_find("\n\n".join(text for text in fields.values() if text)):
        return []
    return [hit for field, text in fields.items() if text for hit in matcher.find(text, field)]


def _table(
    articles: pa.Table | pa.RecordBatch,
    rows: list[int],
    hits: list[Hit],
    versions: Mapping[str, int],
) -> pa.Table:
    chosen = articles.select(["article_id", "version_no"]).take(pa.array(rows, pa.int64()))
    columns: dict[str, Any] = {name: chosen.column(name) for name in chosen.schema.names}
    columns["topic_version"] = [versions[hit.topic_id] for hit in hits]
    for name in Hit.__slots__:
        columns[name] = [getattr(hit, name) for hit in hits]
    return pa.table([columns[name] for name in MENTION_SCHEMA.names], schema=MENTION_SCHEMA)


def _index(starts: list[int], position: int) -> int:
    return max(0, bisect_right(starts, position) - 1)


def _hit(
    text: str, field: str, phrase: Phrase, start: int, end: int, offset: int, sentence_no: int
) -> Hit:
    return Hit(
        topic_id=phrase.topic,
        alias=phrase.alias or "",
        field=field,
        sentence_no=sentence_no,
        char_start=offset + start,
        char_end=offset + end,
        matched_text=text[start:end],
        context_left=_before(text, start),
        context_right=_after(text, end),
    )


def _before(text: str, start: int) -> str:
    near = _GAP.sub(" ", text[max(0, start - 2 * _CONTEXT) : start])
    kept = near[-_CONTEXT:]
    if len(near) > _CONTEXT and SPACED.match(near[-_CONTEXT - 1]):
        rest = WORD_REST.match(kept)
        kept = kept[rest.end() if rest else 0 :] or kept
    return kept.lstrip()


def _after(text: str, end: int) -> str:
    near = _GAP.sub(" ", text[end : end + 2 * _CONTEXT])
    kept = near[:_CONTEXT]
    if len(near) > _CONTEXT and SPACED.match(near[_CONTEXT]):
        size = len(kept)
        while size and SPACED.match(kept[size - 1]):
            size -= 1
        kept = kept[:size] or kept
    return kept.rstrip()
