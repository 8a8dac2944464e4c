"""The report job: write the HTML report of the current snapshot."""

from flows.runs.installation import open_for_run
from flows.runs.presswatch_flow import completed, presswatch_flow
from tasks.report.task import report_snapshot
from tasks.text.counted import counted


@presswatch_flow("report")
def report(sources_file: str = "", topics_file: str = "", data: str = "") -> None:
    """Write the HTML report, and show its main charts on the run's page."""
    installation = open_for_run(sources_file, topics_file, data)
    figures = report_snapshot(installation, "report-topics")
    path = installation.layout.report
    articles, sources = counted(figures.articles, "article"), counted(figures.sources, "source")
    message = f"{path}: {articles} of {sources}"
    return completed(message, None)
