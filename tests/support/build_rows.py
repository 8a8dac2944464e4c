"""Rows of made articles: who published what and when, their texts, captures and stripped blocks."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from tasks.locks.run_locks import started_at
from tasks.partition.partitions import CAPTURE_FILE_SCHEMA
from tasks.sources.source import Source
from tests.support.build_texts import LANGUAGES, SHARES, Array, naming, pool, sentences_in
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, STRIPPED_SCHEMA, UTC_TIME

FIRST_DAY = date(2023, 6, 1)
COPIED, REJECTED, PROMPTS = 0.03, 0.02, 2
"""Shares of a day's articles; and prompts a page."""
_SECOND = 1_000_000

_SPOKEN = ("en",) * 12 + ("de",) * 4 + ("fr",) * 2 + ("ja",) * 2
_COUNTRY = {"en": "gb", "de": "de", "fr": "fr", "ja": "jp"}


def _source(number: int, language: str) -> Source:
    name = f"{_COUNTRY[language]}-paper{number:02}"
    feeds = (f"https://{name}.test/feed",)
    return Source(id=name, name=name, language=language, timezone="UTC", feeds=feeds)


SOURCES = tuple(_source(number, language) for number, language in enumerate(_SPOKEN))
_IDS = np.array([source.id for source in SOURCES])
_LANGUAGE_OF = np.array([LANGUAGES.index(language) for language in _SPOKEN])
_WEIGHT = 1 / np.arange(2, 2 + len(SOURCES))


@dataclass(frozen=True)
class MadeArticles:
    """Pages of one day: what they are, before they have a text."""

    keys: Array
    """16 bytes each: the article's id."""
    source: Array
    """Number of each one's source."""
    published: Array
    """Microseconds since 1970."""

    def __len__(self) -> int:
        return len(self.keys)

    def select(self, chosen: Array) -> "MadeArticles":
        """The chosen ones."""
        return MadeArticles(self.keys[chosen], self.source[chosen], self.published[chosen])

    @property
    def names(self) -> list[str]:
        """Of the sources."""
        names: list[str] = _IDS[self.source].tolist()
        return names

    @property
    def paths(self) -> list[str]:
        """URLs without their scheme."""
        keys = [key.tobytes().hex()[:12] for key in self.keys]
        return [f"{name}.test/{key}" for name, key in zip(self.names, keys, strict=True)]


def articles_of(day: int, count: int, seed: int = 7) -> MadeArticles:
    """The articles that are published on a day, the same each time it is asked."""
    dice = np.random.default_rng([seed, day])
    start = (FIRST_DAY - date(1970, 1, 1)).days + day
    seconds = start * 86_400 + np.sort(dice.integers(0, 82_800, count))
    source = dice.choice(len(SOURCES), count, p=_WEIGHT / _WEIGHT.sum())
    return MadeArticles(dice.integers(0, 256, (count, 16), np.uint8), source, seconds * _SECOND)


def moment(day: int) -> datetime:
    """When a day's run begins."""
    return datetime(*FIRST_DAY.timetuple()[:3], 23, 30, tzinfo=UTC) + timedelta(days=day)


def run_id_of(day: int) -> str:
    """The id of a day's run."""
    return f"{moment(day):%Y%m%dT%H%M%SZ}-{day:06x}"


def _table(schema: pa.Schema, columns: dict[str, Any], count: int) -> pa.Table:
    """Rows of a schema: a column is an array, a list, or one value for all."""
    arrays = []
    for field in schema:
        value = columns.get(field.name)
        if isinstance(value, (str, bool, int, float)):
            value = pa.repeat(pa.scalar(value), count)
        elif value is None:
            value = pa.nulls(count)
        elif not isinstance(value, (pa.Array, pa.ChunkedArray)):
            value = pa.array(value)
        arrays.append(value if value.type == field.type else value.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def article_rows(
    run_id: str, made: MadeArticles, dice: np.random.Generator, version_no: int | None = None
) -> pa.Table:
    """The articles with a text each; without a version number as they are staged."""
    fetched = _fetched(made, run_id, version_no)
    published = _times(made.published)
    columns = _texts(made, dice) | {
        "article_id": _uuids(made.keys),
        "version_no": version_no,
        "source_id": made.names,
        **dict.fromkeys(("url_requested", "url_final", "url_canonical"), _urls(made)),
        "byline": "By Ann Made",
        "authors": [["Ann Made"]] * len(made),
        "section": "World",
        "language": [SOURCES[number].language for number in made.source],
        "language_source": "page",
        "published_at": published,
        "published_source": "jsonld",
        "published_date": published.cast(pa.date32()),
        "fetched_at": fetched,
        "first_seen_at": fetched if version_no else None,
        "access": "free",
        "is_truncated": dice.random(len(made)) < 0.05,
        "prompt_chars_removed": 80,
        "body_sha256": [
            key.tobytes().hex() for key in dice.integers(0, 256, (len(made), 32), "u1")
        ],
        "rights": [{"notice": "© made", "tdm_reservation": None}] * len(made),
        "raw_ref": _raw_refs(made, run_id),
        "extractor_version": "1",
        "run_id": run_id,
        "capture_id": _capture_ids(made, run_id),
    }
    return _table(ARTICLE_SCHEMA, columns, len(made))


def capture_rows(run_id: str, made: MadeArticles, version_no: int | None = None) -> pa.Table:
    """The captures of the articles' pages; without a version number as they are staged."""
    paths = made.paths
    columns = {
        "capture_id": _capture_ids(made, run_id),
        "run_id": run_id,
        "source_id": made.names,
        "kind": "page",
        **dict.fromkeys(("url_requested", "url_final"), _urls(made)),
        "found_in": [f"https://{name}.test/feed" for name in made.names],
        "outcome": "article" if version_no in (None, 1) else "revised",
        "detail": "",
        "attempted_at": _fetched(made, run_id, version_no),
        "seconds": 0.2,
        "http_status": 200,
        "content_type": "text/html",
        "payload_bytes": 60_000,
        "payload_sha256": [path.rjust(64, "0") for path in paths],
        "entry_published_at": _times(made.published),
        "raw_ref": _raw_refs(made, run_id),
        "article_id": _uuids(made.keys),
        "version_no": version_no,
        "url_keys": [[path] for path in paths],
    }
    return _table(CAPTURE_FILE_SCHEMA, columns, len(made))


def other_captures(run_id: str, day: int, count: int, dice: np.random.Generator) -> pa.Table:
    """Captures that gave no article: a feed of each source, and pages of videos."""
    feeds = [f"{source.id}.test/feed" for source in SOURCES]
    source = np.concatenate([np.arange(len(SOURCES)), dice.integers(0, len(SOURCES), count)])
    paths = [*feeds, *(f"{_IDS[number]}.test/video/{day}/{at}" for at, number in enumerate(source))]
    size = len(source)
    columns = {
        "capture_id": _uuids(dice.integers(0, 256, (size, 16), np.uint8)),
        "run_id": run_id,
        "source_id": _IDS[source].tolist(),
        "kind": ["listing"] * len(SOURCES) + ["page"] * count,
        "url_requested": [f"https://{path}" for path in paths[:size]],
        "url_final": [f"https://{path}" for path in paths[:size]],
        "found_in": "",
        "outcome": ["listed"] * len(SOURCES) + ["video_page"] * count,
        "detail": "",
        "attempted_at": [moment(day)] * size,
        "seconds": 0.2,
        "url_keys": [[]] * len(SOURCES) + [[path] for path in paths[len(SOURCES) : size]],
    }
    return _table(CAPTURE_FILE_SCHEMA, columns, size)


def stripped_rows(run_id: str, made: MadeArticles, version_no: int | None = None) -> pa.Table:
    """The prompts that were taken out of the articles' pages."""
    twice = made.select(np.repeat(np.arange(len(made)), PROMPTS))
    columns = {
        "article_id": _uuids(twice.keys),
        "version_no": version_no,
        "position": np.tile(np.arange(PROMPTS), len(made)),
        "kind": "newsletter",
        "rule": "model:newsletter",
        "text": [f"Sign up for the newsletter of {name}" for name in twice.names],
        "in_article": True,
        "capture_id": _capture_ids(twice, run_id),
        "run_id": run_id,
    }
    return _table(STRIPPED_SCHEMA, columns, len(twice))


def _texts(made: MadeArticles, dice: np.random.Generator) -> dict[str, Any]:
    """Headline, standfirst, body and captions, with the topics named at their shares."""
    count = len(made)
    language = _LANGUAGE_OF[made.source]
    sizes = dice.integers(13, 54, count)
    starts = np.cumsum(sizes) - sizes
    body = sentences_in(np.repeat(language, sizes), dice)
    headline = sentences_in(language, dice)
    for topic, share in enumerate(SHARES):
        named = np.flatnonzero(dice.random(count) < share)
        for times in range(3):
            some = named[: len(named) >> times]
            body[starts[some] + dice.integers(0, 13, len(some))] = naming(
                topic, language[some], dice
            )
        loud = named[dice.random(len(named)) < 0.2]
        headline[loud] = naming(topic, language[loud], dice)
    texts, words = pool().bodies(body, sizes)
    order = np.arange(count)
    copied = dice.random(count) < COPIED
    order[copied] = dice.integers(0, count, int(copied.sum()))
    captions = pool().lines(sentences_in(language, dice))
    return {
        "headline": pool().lines(headline),
        "standfirst": pool().lines(sentences_in(language, dice)),
        "body": texts.take(pa.array(order)),
        "captions": pa.ListArray.from_arrays(pa.array(np.arange(count + 1), pa.int32()), captions),
        "word_count": words[order],
        **_sketches(order, dice),
    }


def _sketches(order: Array, dice: np.random.Generator) -> dict[str, pa.Array]:
    """Of unlike texts, but for copies: those have the sketch of the text they repeat."""
    count = len(order)
    minhash = dice.integers(0, 256, (count, 64), np.uint8)[order]
    bands = dice.integers(0, 1 << 32, (count, 24), np.uint32)[order]
    ends = pa.array(np.arange(count + 1) * 24, pa.int32())
    return {
        "shingles": pa.array(dice.integers(150, 900, count)[order], pa.int32()),
        "minhash": pa.array([row.tobytes() for row in minhash], pa.binary()),
        "minhash_bands": pa.ListArray.from_arrays(ends, pa.array(bands.ravel())),
    }


def _digests(made: MadeArticles, dice: np.random.Generator) -> Array:
    return dice.integers(0, 256, (len(made), 32), np.uint8)


def _fetched(made: MadeArticles, run_id: str, version_no: int | None) -> pa.Array:
    """A new article ten minutes after its publication, a later version when its run began."""
    if version_no in (None, 1):
        return _times(made.published + 600 * _SECOND)
    return pa.array([started_at(run_id)] * len(made), UTC_TIME)


def _times(microseconds: Array) -> pa.Array:
    return pa.array(microseconds).cast(UTC_TIME)


def _urls(made: MadeArticles) -> list[str]:
    return [f"https://{path}" for path in made.paths]


def _raw_refs(made: MadeArticles, run_id: str) -> list[str]:
    return [f"{name}/{run_id}.warc.gz#{at * 20_000}" for at, name in enumerate(made.names)]


def _uuids(keys: Array) -> pa.Array:
    buffers = [None, pa.py_buffer(np.ascontiguousarray(keys).tobytes())]
    raw = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(keys), buffers)
    return pa.ExtensionArray.from_storage(pa.uuid(), raw)


def _capture_ids(made: MadeArticles, run_id: str) -> pa.Array:
    """An id for each page's capture in a run."""
    digest = hashlib.md5(run_id.encode(), usedforsecurity=False).digest()
    return _uuids(made.keys ^ np.frombuffer(digest, np.uint8))
