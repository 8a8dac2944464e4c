"""One ingest of the sample newsroom."""

from pathlib import Path

from flows.ingest import ingest
from flows.installation import TOPICS
from flows.runs.ingest_result import Ingested
from flows.server.sample_newsroom import sample_newsroom


def run_demo(data: Path) -> Ingested:
    """Serve the sample newsroom while one ingest runs."""
    with sample_newsroom(data) as sources:
        return ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(data))
