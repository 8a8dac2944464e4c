"""The recount job: count changed topics again over all articles, without the network."""

import logging

from prefect import flow

from flows.installation import open_installation
from flows.runs.prefect_settings import log_to_prefect
from tasks.load.task import load_runs, publish_snapshot

log = logging.getLogger(__name__)


@flow(name="recount", flow_run_name="recount", persist_result=False)
def recount(sources_file: str = "", topics_file: str = "", data: str = "") -> None:
    """Count new and changed topics again over all history.

    Args:
        sources_file: The sources, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    log_to_prefect()
    installation = open_installation(sources_file, topics_file, data)
    report = load_runs(installation, [])
    publish_snapshot(installation)
    log.info("recounted: %s", ", ".join(report.recounted) or "no topic has changed")
