"""A real page saved as text, from a `files` source to its row, its mentions and its strippings."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.ingest import ingest
from tests.flows.test_flows import read_bodies
from tests.support.sample_newsroom import TOPICS
from warehouse.layers.layout import Layout
from warehouse.read.query import query


@pytest.fixture(scope="module")
def seed(
    shared: Path, prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Layout, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("seed")
    shutil.copy(shared / "seed" / "page.txt", folder / "page.txt")
    sources = folder / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "jp-nikkei-asia"\nname = "Nikkei Asia"\nlanguage = "en"\n'
        'timezone = "Asia/Tokyo"\nfiles = ["page.txt"]\n'
    )
    data = folder / "data"
    ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(data))
    return Layout(data), json.loads((shared / "seed" / "expected.json").read_text())


def test_every_field(seed: tuple[Layout, dict[str, Any]]) -> None:
    layout, expected = seed
    (row,) = query(layout, "FROM articles").to_pylist()
    for field in ("kicker", "headline", "standfirst", "captions", "dateline"):
        assert row[field] == expected[field], field
    (body,) = read_bodies(layout).values()
    assert body.split("\n\n") == expected["paragraphs"]
    assert (row["published_at"], row["published_source"]) == (None, "none")
    assert row["language"] == "en"


def test_nothing_that_asks_the_reader_is_left(seed: tuple[Layout, dict[str, Any]]) -> None:
    layout, expected = seed
    (row,) = query(layout, "FROM articles").to_pylist()
    (body,) = read_bodies(layout).values()
    parts = [row["kicker"], row["headline"], row["standfirst"], *row["captions"], body]
    record = _joined("\n".join(parts))
    assert [text for text in expected["stripped_contains"] if _joined(text) in record] == []


def test_what_was_stripped_is_seen(seed: tuple[Layout, dict[str, Any]]) -> None:
    layout, expected = seed
    blocks = query(layout, "FROM stripped_blocks ORDER BY position").to_pylist()
    stripped = _joined("\n".join(block["text"] for block in blocks))
    unseen = [text for text in expected["stripped_contains"] if _joined(text) not in stripped]
    assert unseen == []
    assert all(block["kind"] and block["rule"] for block in blocks)


def _joined(text: str) -> str:
    return " ".join(text.split())


def test_mentions_with_field_and_context(seed: tuple[Layout, dict[str, Any]]) -> None:
    layout, expected = seed
    rows = query(layout, "FROM mentions").to_pylist()
    counted: dict[str, dict[str, int]] = {}
    for row in rows:
        fields = counted.setdefault(row["topic_id"], {})
        fields[row["field"]] = fields.get(row["field"], 0) + 1
    assert counted == expected["mentions"]
    (headline,) = [row for row in rows if row["field"] == "headline"]
    shown = headline["context_left"] + headline["matched_text"] + headline["context_right"]
    assert shown == expected["headline"]
    assert all(row["context_left"] or row["context_right"] for row in rows)
