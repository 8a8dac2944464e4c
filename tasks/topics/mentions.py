"""Counts topics: finds every mention, that is, every place where a phrase of a topic counts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.text.diacritics import Marks
from tasks.text.folding import fold
from tasks.topics.alias_matcher import AliasMatcher
from tasks.topics.batch_folding import Joined, join
from tasks.topics.conditions import Conditions
from tasks.topics.field_text import FieldText, Hit, Span, caption_lines
from tasks.topics.prefilter import Places, Prefilter, contents_of, passages
from tasks.topics.topic import Topic, marks_of
from warehouse.layers.parquet_schemas import MENTION_SCHEMA

__all__ = ["Hit", "Matcher", "count", "mentions_in"]

# Columns of articles by field, in the order of the mentions.
_COLUMNS = {
    "kicker": "kicker",
    "headline": "headline",
    "standfirst": "standfirst",
    "body": "body",
    "caption": "captions",
}
_KICKER_RULES = 2  # The first version of the rules that counts kickers
_PARAGRAPH_END = "\n\n"

Kept = list[tuple[int, Places | None]]  # Rows that may hold phrases, and where; None for anywhere


class Matcher:
    """Finds the mentions of a set of topics in texts."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        by_marks: dict[Marks, list[Topic]] = defaultdict(list)
        for topic in topics:
            by_marks[marks_of(topic)].append(topic)
        self._finders = [_Finder(alike, marks) for marks, alike in by_marks.items()]
        self.conditions = Conditions(topics)
        self._counting_kickers = {
            topic.topic_id for topic in topics if topic.rules >= _KICKER_RULES
        }

    def find(self, text: str, field: str = "body") -> list[Hit]:
        """All mentions in an article that has one field only."""
        return self.find_in({field: text})

    def find_in(self, fields: Mapping[str, str]) -> list[Hit]:
        """All mentions in the fields of an article, in the order of the texts.

        Each line of the field `caption` is a text of its own.
        """
        texts: list[FieldText] = []
        for field, text in fields.items():
            if field == "caption":
                texts += caption_lines(text, self._find)
            else:
                texts.append(FieldText(field, text, self._counting_spans(field, self._find(text))))
        self.conditions.apply(texts)
        return [hit for text in texts for hit in text.hits()]

    def in_columns(self, columns: Mapping[str, pa.Array]) -> Iterator[tuple[int, FieldText]]:
        """The rows with phrases, field by field, each with its field or a line of its captions."""
        if not self._counting_kickers:
            columns = {field: column for field, column in columns.items() if field != "kicker"}
        kept = [finder.keep(columns) for finder in self._finders]
        for field, column in columns.items():
            own = [rows[field] for rows in kept]
            if field == "caption":
                yield from self._in_captions(column, own)
                continue
            found: dict[int, tuple[str, list[Span]]] = {}
            for finder, rows in zip(self._finders, own, strict=True):
                for row, text, spans in finder.in_column(column, rows):
                    found.setdefault(row, (text, []))[1].extend(self._counting_spans(field, spans))
            for row, (text, spans) in found.items():
                if spans:  # a core may stand within another word
                    yield row, FieldText(field, text, spans)

    def _in_captions(
        self, captions: pa.ListArray, kept: list[Kept]
    ) -> Iterator[tuple[int, FieldText]]:
        parents = pc.list_parent_indices(captions)
        rows = sorted({parents[line].as_py() for own in kept for line, _ in own})
        chosen = captions.take(pa.array(rows, pa.int64())).to_pylist()
        for row, texts in zip(rows, chosen, strict=True):
            text = "\n".join(texts or ())
            if any(finder.keeps(text) for finder in self._finders):
                found = caption_lines(text, self._find)
                yield from ((row, line) for line in found if line.spans)

    def _counting_spans(self, field: str, spans: list[Span]) -> list[Span]:
        """The spans that count: kickers count only for some topics."""
        if field != "kicker":
            return spans
        return [span for span in spans if span[2].topic in self._counting_kickers]

    def _find(self, text: str) -> list[Span]:
        return [span for finder in self._finders for span in finder.find(text)]


class _Finder:
    """Finds the phrases of topics for which texts are folded in the same way."""

    def __init__(self, topics: Sequence[Topic], marks: Marks) -> None:
        # If any letter may carry marks, only folding shows which texts can contain a phrase.
        self._prefilter = None if marks in ("none", "bare") else Prefilter(topics, marks)
        self._marks = marks
        caseless = [topic for topic in topics if not topic.case_sensitive]
        cased = [topic for topic in topics if topic.case_sensitive]
        self._caseless = AliasMatcher(caseless, keep_case=False, marks=marks, cased=cased)
        self._cased = AliasMatcher(cased, keep_case=True, marks=marks)

    def keeps(self, text: str) -> bool:
        """Whether the text may hold a phrase."""
        return self._prefilter is None or self._prefilter.keeps(text)

    def keep(self, columns: Mapping[str, pa.Array]) -> dict[str, Kept]:
        """The rows of each field, or the lines of the captions, that may hold phrases."""
        texts = {
            field: column.flatten() if field == "caption" else column
            for field, column in columns.items()
        }
        forms = {
            field: self._prefilter.find_forms(column) if self._prefilter else None
            for field, column in texts.items()
        }
        if not self._prefilter or None in forms.values():
            return {name: [(row, None) for row in range(len(text))] for name, text in texts.items()}
        found = {field: found_forms for field, found_forms in forms.items() if found_forms}
        if not self._prefilter.has_groups:
            return {
                field: self._prefilter.keep(found_forms) for field, found_forms in found.items()
            }
        rows_of = {field: np.arange(len(column)) for field, column in columns.items()}
        if "caption" in columns:
            rows_of["caption"] = np.array(pc.list_parent_indices(columns["caption"]))
        present = np.zeros(max(map(len, columns.values()), default=0), np.uint64)
        for field, occurrences in found.items():
            np.bitwise_or.at(present, rows_of[field], self._prefilter.possible_groups(occurrences))
        return {
            field: self._prefilter.keep(occurrences, present[rows_of[field]])
            for field, occurrences in found.items()
        }

    def in_column(
        self, column: pa.StringArray, kept: Kept
    ) -> Iterator[tuple[int, str, list[Span]]]:
        """The rows that may hold phrases, with their text and the spans found in it."""
        candidates: list[tuple[int, str, list[tuple[int, int]]]] = []
        contents = contents_of(column, [row for row, _ in kept])
        for (row, places), content in zip(kept, contents, strict=True):
            text = content.decode()
            if places is not None:
                candidates.append((row, text, passages(content, text, places)))
            elif self._prefilter is None:
                candidates.append((row, text, _paragraphs(text)))
            elif self._prefilter.keeps(text):
                yield row, text, self.find(text)
        spans = self._find_parts(
            [text[first:stop] for _, text, parts in candidates for first, stop in parts]
        )
        places_of = [
            (index, first) for index, (_, _, parts) in enumerate(candidates) for first, _ in parts
        ]
        found: list[list[Span]] = [[] for _ in candidates]
        for part, (start, end, phrase) in spans:
            index, first = places_of[part]
            found[index].append((first + start, first + end, phrase))
        for (row, text, _), spans_of_row in zip(candidates, found, strict=True):
            yield row, text, spans_of_row

    def find(self, text: str) -> list[Span]:
        """The spans found in a text."""
        folded = fold(text, marks=self._marks)
        if not (occurrences := self._caseless.find_occurrences(folded)):
            return []
        found = self._caseless.mentions(folded, occurrences)
        if self._caseless.cased_starts(occurrences):
            found += self._find_cased(text)
        return found

    def _find_cased(self, text: str) -> list[Span]:
        folded = fold(text, keep_case=True, marks=self._marks)
        return self._cased.mentions(folded, self._cased.find_occurrences(folded))

    def _find_parts(self, parts: list[str]) -> Iterator[tuple[int, Span]]:
        """Pairs of a paragraph's index and a span in it, for many paragraphs at once."""
        joined = join(parts, marks=self._marks)
        occurrences = self._caseless.find_occurrences(joined.folded)
        yield from _shared_out(joined, self._caseless.mentions(joined.folded, occurrences))
        starts = self._caseless.cased_starts(occurrences)
        cased = sorted({joined.text_at(start) for start in starts} - joined.separate)
        as_written = join([parts[part] for part in cased], keep_case=True, marks=self._marks)
        occurrences = self._cased.find_occurrences(as_written.folded)
        for index, span in _shared_out(
            as_written, self._cased.mentions(as_written.folded, occurrences)
        ):
            yield cased[index], span
        for index in as_written.separate:
            yield from ((cased[index], span) for span in self._find_cased(parts[cased[index]]))
        for part in joined.separate:
            yield from ((part, span) for span in self.find(parts[part]))


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """Offsets of all paragraphs; a blank line ends one."""
    found, start = [], 0
    for part in text.split(_PARAGRAPH_END):
        found.append((start, start + len(part)))
        start += len(part) + len(_PARAGRAPH_END)
    return found


def _shared_out(joined: Joined, spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
    """The spans within each of the texts that were folded as one."""
    for start, end, phrase in spans:
        part = joined.text_at(start)
        if part not in joined.separate:
            first = joined.starts[part]
            yield part, (start - first, end - first, phrase)


def mentions_in(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic]
) -> list[tuple[int, list[Hit]]]:
    """The mentions in articles, by row as given, then field, then place.

    Each row comes with the mentions of one field, or one line of its captions. The articles have
    the columns kicker, headline, standfirst, body, captions, section, or some of them.
    """
    matcher = _matcher(tuple(topics))
    names = articles.schema.names
    columns = {field: articles.column(name) for field, name in _COLUMNS.items() if name in names}
    for field, column in columns.items():
        if isinstance(column, pa.ChunkedArray):  # combining a single chunk would copy it
            columns[field] = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    order = list(_COLUMNS)
    found = [(row, order.index(text.field), text) for row, text in matcher.in_columns(columns)]
    found.sort(key=itemgetter(0, 1))
    sections = articles.column("section") if "section" in names else None
    for row, parts in groupby(found, key=itemgetter(0)):
        section = sections[row].as_py() if sections is not None else None
        matcher.conditions.apply([text for _, _, text in parts], section)
    return [(row, text.hits()) for row, _, text in found if text.spans]


def count(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    """A table of MENTION_SCHEMA, a row a mention: by article as given, then field, then place.

    The articles have the columns article_id, version_no, and those of `mentions_in`; `versions` has
    the number of each topic's definition, by topic id.
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
