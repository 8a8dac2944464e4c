"""Reports: topics for a terminal, the HTML report, the artifacts of one run."""

from tasks.report.completeness import lost_articles, rolled_over
from tasks.report.page import summary_of_topics, write_report
from tasks.report.run_summary import (
    doubtful_pages,
    ledger_page,
    outside_calendars,
    read_run,
    rejections_page,
    topics_page,
    undated_files,
    undated_pages,
)
from tasks.report.topic_table import daily_report

__all__ = [
    "daily_report",
    "doubtful_pages",
    "ledger_page",
    "lost_articles",
    "outside_calendars",
    "read_run",
    "rejections_page",
    "rolled_over",
    "summary_of_topics",
    "topics_page",
    "undated_files",
    "undated_pages",
    "write_report",
]
