"""The sample newsroom served on loopback, and installations that read it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.ingest import ingest
from flows.runs.ingest_result import Ingested
from tasks.report.page import chart_library
from tests.support.ports import free_port
from tests.support.serving import Files
from warehouse.layers.layout import Layout
from warehouse.read.query import query

__all__ = ["DEPLOYMENTS", "EXPECTED", "PAPERS", "PORT", "SAMPLE", "TOPICS", "Newsroom", "Place"]

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
SAMPLE = DEPLOYMENTS / "sample"
TOPICS = DEPLOYMENTS / "topics.toml"
sys.path.insert(0, str(SAMPLE))

from newsroom import Newsroom, write_sources  # noqa: E402 - deployments/ is no package
from newsroom_articles import PAPERS  # noqa: E402

PORT = free_port(beside=3)
EXPECTED: dict[str, Any] = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))


class Place:
    """One installation that reads the sample newsroom."""

    def __init__(self, root: Path, name: str = "data") -> None:
        self.data = root / name
        self.layout = Layout(self.data)
        root.mkdir(parents=True, exist_ok=True)
        self.sources = write_sources(root, PORT)
        # As an earlier report leaves it: each process would take two seconds of CPU for it.
        chart_library(self.layout)

    def ingest(self, only: Sequence[str] = ()) -> Ingested:
        return ingest(list(only), **self.files)

    @property
    def files(self) -> Files:
        return {
            "sources_file": str(self.sources),
            "topics_file": str(TOPICS),
            "data": str(self.data),
        }

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(self.layout, sql).to_pylist()
        return rows
