"""Serves the sample newsroom of deployments/sample on loopback.

Imports no Prefect: `serve` sets the server's address before Prefect is imported.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.settings import ConfigError

SAMPLE = Path("deployments/sample")


@contextmanager
def sample_newsroom(data: Path) -> Iterator[Path]:
    """Serve the sample newsroom on loopback; yields its sources.toml."""
    sys.path.insert(0, str(SAMPLE.absolute()))
    from newsroom import Newsroom, PortUnusable, write_sources

    data.mkdir(parents=True, exist_ok=True)
    try:
        with Newsroom() as newsroom:
            yield write_sources(data, newsroom.port)
    except PortUnusable as taken:
        raise ConfigError([str(taken)]) from None
