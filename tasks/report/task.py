"""The Prefect task that writes the HTML report."""

import logging
from collections.abc import Iterable
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from tasks.installation import Installation
from tasks.progress import stage
from tasks.report.figures import Figures
from tasks.report.page import summary_of_topics, write_report
from warehouse.read.query import query

log = logging.getLogger(__name__)


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
@stage("report")
def report_snapshot(installation: Installation, artifact: str = "") -> Figures:
    """Write the HTML report of the current snapshot.

    `artifact` is the key of an artifact with the main charts; empty creates none.
    """
    layout, settings = installation.layout, installation.settings
    figures = write_report(layout, layout.report, is_local=settings.is_local)
    if artifact:
        about = "How often each topic came up"
        markdown = summary_of_topics(figures)
        create_markdown_artifact(key=artifact, markdown=markdown, description=about)
    return figures


def report_or_warn(
    installation: Installation, artifact: str, after: Iterable[State[Any]] = ()
) -> None:
    """Write the report after these tasks; a failure is logged: the loaded data are good without."""
    layout = installation.layout
    # Domains that no source of sources.toml has are in no calendar: there may be no day.
    if not (layout.current.exists() and query(layout, "FROM coverage LIMIT 1").num_rows):
        log.info("no report: it covers the sources of sources.toml, and no day of any is known")
        return
    state = report_snapshot(installation, artifact, wait_for=after, return_state=True)
    if state.is_failed():
        log.warning("report_failed: %s was not written: %s", layout.report, state.message)
