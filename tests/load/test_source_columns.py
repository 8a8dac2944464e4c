from pathlib import Path

import pytest

from tasks.load.load_run import load
from tasks.sources.collections import load_sources
from tests.support.publishing import publish
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

OWN = """collections = ["gulf"]

[[source]]
id = "gb-own"
name = "Own"
language = "en"
timezone = "Europe/London"
feeds = ["https://example.org/feed.xml"]
"""


def test_kind_and_collection_of_a_source_are_in_the_warehouse(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(OWN)
    layout = Layout(tmp_path / "data")
    load(layout, (), load_sources(path))
    publish(layout)
    found = query(layout, "SELECT source_id, country, kind, collection FROM sources").to_pylist()
    by_id = {row.pop("source_id"): row for row in found}
    assert by_id["qa-al-jazeera"] == {"country": "qa", "kind": "broadcaster", "collection": "gulf"}
    assert by_id["gb-own"] == {"country": "gb", "kind": None, "collection": None}
