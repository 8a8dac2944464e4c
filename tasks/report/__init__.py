"""What people look at: how often each topic came up, for a terminal and as one HTML file."""

from tasks.report.page import summary_of_topics, write_report
from tasks.report.terminal import daily_report

__all__ = ["daily_report", "summary_of_topics", "write_report"]
