"""Topics changed: count them again over all articles kept, without the network."""

import logging
from pathlib import Path

from prefect import flow

from flows.ingest import load_runs, publish_snapshot
from flows.installation import SOURCES, TOPICS, open_installation
from flows.quiet import narrate

log = logging.getLogger(__name__)


@flow(name="recount", persist_result=False)
def recount(
    sources_file: str = str(SOURCES), topics_file: str = str(TOPICS), data: str = ""
) -> None:
    """Count new and changed topics again over all history.

    Args:
        sources_file: The papers, a TOML file.
        topics_file: The topics, a TOML file.
        data: The data folder; empty takes PRESSWATCH_DATA, else ./data.
    """
    narrate()
    place = open_installation(Path(sources_file), Path(topics_file), Path(data) if data else None)
    report = load_runs(place, [])
    publish_snapshot(place)
    log.info("counted again: %s", ", ".join(report.recounted) or "no topic has changed")
