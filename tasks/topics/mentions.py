"""Counting topics: every place where an alias names one."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from tasks.text.folding import fold
from tasks.text.sentence_split import sentence_starts
from tasks.topics.alias_matcher import WORD_REST, AliasMatcher, Phrase, is_spaced
from tasks.topics.batch_folding import Joined, join
from tasks.topics.prefilter import Places, Prefilter, contents_of, passages
from tasks.topics.topic import Topic
from warehouse.layers.parquet_schemas import MENTION_SCHEMA

# Of the articles, by field, in the order in which mentions are given.
_COLUMNS = {
    "headline": "headline",
    "standfirst": "standfirst",
    "body": "body",
    "caption": "captions",
}
_CONTEXT = 60

Span = tuple[int, int, Phrase]  # Offsets of a mention and its phrase


class Hit(NamedTuple):
    """One mention in one field; offsets are in code points of the original field."""

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
        self.prefilter = Prefilter(topics)
        caseless = [topic for topic in topics if not topic.case_sensitive]
        cased = [topic for topic in topics if topic.case_sensitive]
        self._caseless = AliasMatcher(caseless, keep_case=False, noticed=cased)
        self._cased = AliasMatcher(cased, keep_case=True)

    def find(self, text: str, field: str = "body") -> list[Hit]:
        """All mentions in one field, in the order of the text.

        Each line of the field `caption` is a text of its own.
        """
        if field != "caption":
            return _hits(text, field, self._find(text))
        hits: list[Hit] = []
        offset = sentence_no = 0
        for line in re.findall(r"[^\n]*\n|[^\n]+", text):
            hits += (
                hit._replace(
                    sentence_no=hit.sentence_no + sentence_no,
                    char_start=hit.char_start + offset,
                    char_end=hit.char_end + offset,
                )
                for hit in _hits(line, field, self._find(line))
            )
            offset += len(line)
            sentence_no += len(sentence_starts(line))
        return hits

    def find_each(
        self, contents: Sequence[bytes], field: str, places: Sequence[Places]
    ) -> list[list[Hit]]:
        """The mentions in each of many texts, given in UTF-8.

        Only paragraphs that hold one of a text's places are looked at.
        """
        texts = [content.decode() for content in contents]
        parts = [
            (number, first, stop)
            for number, text in enumerate(texts)
            for first, stop in passages(contents[number], text, places[number])
        ]
        spans = self._find_parts([texts[number][first:stop] for number, first, stop in parts])
        found: list[list[Span]] = [[] for _ in texts]
        for part, (start, end, phrase) in spans:
            number, first, _ = parts[part]
            found[number].append((first + start, first + end, phrase))
        return [_hits(text, field, spans) for text, spans in zip(texts, found, strict=True)]

    def _find(self, text: str) -> list[Span]:
        folded = fold(text)
        if not (looked := self._caseless.look(folded)):
            return []
        found = self._caseless.mentions(folded, looked)
        if self._caseless.noticed(looked):
            found += self._find_cased(text)
        return found

    def _find_cased(self, text: str) -> list[Span]:
        folded = fold(text, keep_case=True)
        return self._cased.mentions(folded, self._cased.look(folded))

    def _find_parts(self, parts: list[str]) -> Iterator[tuple[int, Span]]:
        """The spans within each of many paragraphs, behind its number."""
        joined = join(parts)
        looked = self._caseless.look(joined.folded)
        yield from _shared_out(joined, self._caseless.mentions(joined.folded, looked))
        noticed = {joined.holder(place) for place in self._caseless.noticed(looked)}
        cased = sorted(noticed - joined.hard)
        for part, span in self._find_cased_parts([parts[part] for part in cased]):
            yield cased[part], span
        for part in joined.hard:
            yield from ((part, span) for span in self._find(parts[part]))

    def _find_cased_parts(self, parts: list[str]) -> Iterator[tuple[int, Span]]:
        joined = join(parts, keep_case=True)
        looked = self._cased.look(joined.folded)
        yield from _shared_out(joined, self._cased.mentions(joined.folded, looked))
        for part in joined.hard:
            yield from ((part, span) for span in self._find_cased(parts[part]))


def _shared_out(joined: Joined, spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """The spans within each of the texts that were folded as one."""
    for start, end, phrase in spans:
        part = joined.holder(start)
        if part not in joined.hard:
            first = joined.starts[part]
            yield part, (start - first, end - first, phrase)


def _hits(text: str, field: str, found: list[Span]) -> list[Hit]:
    """The mentions in a text, in its order."""
    if not found:
        return []
    found.sort(key=lambda span: (span[0], span[1], span[2].topic))
    starts = sentence_starts(text, found[-1][0])
    return [
        Hit(
            phrase.topic,
            phrase.alias or "",
            field,
            max(0, bisect_right(starts, start) - 1),
            start,
            end,
            text[start:end],
            # Read backwards, so that both contexts are cut by the same rules.
            _context(text[max(0, start - 2 * _CONTEXT) : start][::-1])[::-1],
            _context(text[end : end + 2 * _CONTEXT]),
        )
        for start, end, phrase in found
    ]


def mentions_in(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic]
) -> list[tuple[int, list[Hit]]]:
    """The mentions in articles, by row as given, then field, then place; a pair a row and field.

    The articles have the columns headline, standfirst, body, captions, or some of them.
    """
    matcher = _matcher(tuple(topics))
    found = [
        (row, number, hits)
        for number, (field, name) in enumerate(_COLUMNS.items())
        if name in articles.schema.names
        for row, hits in _column_hits(matcher, articles.column(name), field)
    ]
    found.sort(key=lambda one: one[:2])
    # The prefilter keeps some in which no alias stands as a word.
    return [(row, hits) for row, _, hits in found if hits]


def count(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    """A table of MENTION_SCHEMA, a row a mention: by article as given, then field, then place.

    The articles have the columns article_id, version_no, headline, standfirst, body, captions;
    `versions` has the number of each topic's definition, by topic id.
    """
    found = mentions_in(articles, topics)
    rows = [row for row, hits in found for _ in hits]
    mentions = [hit for _, hits in found for hit in hits]
    chosen = articles.select(["article_id", "version_no"]).take(pa.array(rows, pa.int64()))
    columns: dict[str, Any] = {name: chosen.column(name) for name in chosen.schema.names}
    columns["topic_version"] = [versions[hit.topic_id] for hit in mentions]
    for place, name in enumerate(Hit._fields):
        columns[name] = [hit[place] for hit in mentions]
    return pa.table([columns[name] for name in MENTION_SCHEMA.names], schema=MENTION_SCHEMA)


_matcher = lru_cache(maxsize=2)(Matcher)


def _column_hits(
    matcher: Matcher, column: pa.Array | pa.ChunkedArray, field: str
) -> Iterator[tuple[int, list[Hit]]]:
    """The rows of one field that hold mentions, and these."""
    whole = column
    if isinstance(column, pa.ChunkedArray):
        whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if field == "caption":
        yield from _caption_hits(matcher, whole)
        return
    kept = matcher.prefilter.keep(whole)
    contents = contents_of(whole, [row for row, _ in kept])
    near: list[tuple[int, bytes, Places]] = []
    for (row, places), content in zip(kept, contents, strict=True):
        if places is not None:
            near.append((row, content, places))
        elif matcher.prefilter.keeps(text := content.decode()):
            yield row, matcher.find(text, field)
    if near:
        rows, texts, places_of = zip(*near, strict=True)
        yield from zip(rows, matcher.find_each(texts, field, places_of), strict=True)


def _caption_hits(matcher: Matcher, captions: pa.ListArray) -> Iterator[tuple[int, list[Hit]]]:
    parents = pc.list_parent_indices(captions)
    kept = {parents[row].as_py() for row, _ in matcher.prefilter.keep(captions.flatten())}
    rows = sorted(kept)
    for row, lines in zip(rows, captions.take(pa.array(rows, pa.int64())).to_pylist(), strict=True):
        text = "\n".join(lines or ())
        if matcher.prefilter.keeps(text):
            yield row, matcher.find(text, "caption")


def _context(further: str) -> str:
    """What is shown of the text that follows a mention: up to a word's end, gaps as one space."""
    near = further[: _CONTEXT + 1]
    # No gap but one space is printable.
    if not near.isprintable() or "  " in near:
        near = " ".join(f"|{further}|".split())[1:-1]
    kept = near[:_CONTEXT]
    if len(near) > _CONTEXT and is_spaced(near[_CONTEXT]):
        rest = WORD_REST.match(kept[::-1])
        kept = kept[: len(kept) - rest.end() if rest else None] or kept
    return kept.rstrip()
