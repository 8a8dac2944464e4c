"""The HTML report, written anew from the current snapshot."""

import logging

from prefect import flow

from flows.installation import open_installation
from flows.runs import run_page
from flows.runs.prefect_settings import narrate
from tasks.report import summary_of_topics, write_report

log = logging.getLogger(__name__)


@flow(name="report", flow_run_name="report", persist_result=False)
def report(sources_file: str = "", topics_file: str = "", data: str = "") -> None:
    """Write the HTML report, and show its main charts on the run's page.

    Args:
        sources_file: The papers, a TOML file; empty takes PRESSWATCH_SOURCES.
        topics_file: The topics, a TOML file; empty takes PRESSWATCH_TOPICS.
        data: The data folder; empty takes PRESSWATCH_DATA.
    """
    narrate()
    place = open_installation(sources_file, topics_file, data)
    figures = write_report(place.layout, place.layout.report)
    run_page.leave("report-topics", summary_of_topics(figures), "The topics over time")
    log.info("%s: %d articles of %d papers", place.layout.report, figures.articles, figures.papers)
