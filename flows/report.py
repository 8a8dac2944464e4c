"""The report job: write the HTML report of the current snapshot."""

import logging

from prefect import flow

from flows.runs.prefect_settings import log_to_prefect
from tasks.installation import open_installation
from tasks.report.task import report_snapshot

log = logging.getLogger(__name__)


@flow(name="report", flow_run_name="report", persist_result=False)
def report(sources_file: str = "", topics_file: str = "", data: str = "") -> None:
    """Write the HTML report, and show its main charts on the run's page."""
    log_to_prefect()
    installation = open_installation(sources_file, topics_file, data)
    figures = report_snapshot(installation, "report-topics")
    path = installation.layout.report
    log.info("%s: %d articles of %d sources", path, figures.articles, figures.sources)
