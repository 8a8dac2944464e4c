"""The sample newsroom served on loopback and ingested."""

import sys
from pathlib import Path

from flows.ending import Ingested
from flows.ingest import ingest
from flows.installation import TOPICS
from tasks.settings import ConfigError

SAMPLE = Path("deployments/sample")


def run_demo(data: Path) -> Ingested:
    """Serve the made-up papers while one ingest runs."""
    sys.path.insert(0, str(SAMPLE.absolute()))
    from newsroom import Newsroom, PortUnusable, write_sources  # type: ignore[import-not-found]

    data.mkdir(parents=True, exist_ok=True)
    try:
        with Newsroom() as newsroom:
            sources = write_sources(data, newsroom.port)
            return ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(data))
    except PortUnusable as taken:
        raise ConfigError([str(taken)]) from None
