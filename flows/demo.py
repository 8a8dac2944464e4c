"""The sample newsroom, served on loopback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.ending import Ingested
from flows.installation import TOPICS
from tasks.settings import ConfigError

SAMPLE = Path("deployments/sample")


@contextmanager
def sample_papers(data: Path) -> Iterator[Path]:
    """Serve the made-up papers on loopback; the value is their sources.toml."""
    sys.path.insert(0, str(SAMPLE.absolute()))
    from newsroom import Newsroom, PortUnusable, write_sources  # type: ignore[import-not-found]

    data.mkdir(parents=True, exist_ok=True)
    try:
        with Newsroom() as newsroom:
            yield write_sources(data, newsroom.port)
    except PortUnusable as taken:
        raise ConfigError([str(taken)]) from None


def run_demo(data: Path) -> Ingested:
    """Serve the made-up papers while one ingest runs."""
    from flows.ingest import ingest

    with sample_papers(data) as sources:
        return ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(data))
