"""Prefect's settings for a run on one machine: set before Prefect is imported."""

import logging
import os

OURS = ("flows", "tasks", "warehouse")
"""Loggers whose lines tell a run's story, at the terminal and on the run's page."""

SETTINGS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(OURS),
    "PREFECT_CLI_PROMPT": "false",
}
TEMPORARY = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_LOGGING_SERVER_LEVEL": "ERROR"}
"""The command tells in a line what went wrong; Prefect would add a traceback."""


def configure(*, verbose: bool = False) -> None:
    """Set what is not set yet; without an address of a server, runs use a temporary one."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if not verbose:
        for name, value in TEMPORARY.items():
            os.environ.setdefault(name, value)


def narrate() -> None:
    """Let the project's log lines through to Prefect; called when a flow begins."""
    for name in OURS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
