"""Which log lines reach Prefect and the terminal, and how."""

import logging
import time

from tasks.text.control_characters import without_controls

log = logging.getLogger(__name__)

# Loggers whose lines appear at the terminal and on the run's page.
PROJECT_LOGGERS = ("flows", "tasks", "warehouse")


def log_to_prefect() -> None:
    """Let the project's log lines through to Prefect; called when a flow begins."""
    for name in PROJECT_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        for handler in (*logger.handlers, *logging.getLogger().handlers):
            handler.addFilter(clean_record)
    progress = logging.getLogger("tasks.progress")
    if not progress.handlers:  # at a terminal, progress bars are its handler
        progress.setLevel(logging.DEBUG)
        progress.addHandler(ProgressLines())
        progress.propagate = False
    # Hides "Finished in state Completed()" for each task run, which does not name the task.
    tasks = logging.getLogger("prefect.task_runs")
    tasks.setLevel(max(tasks.getEffectiveLevel(), logging.WARNING))  # commands set a higher level
    # Hides "Running hook 'record_run' ..." at the end of each run; its failures are still logged.
    logging.getLogger("prefect.flow_runs").addFilter(is_not_of_a_hook)


def is_not_of_a_hook(record: logging.LogRecord) -> bool:
    """A filter that removes Prefect's log lines about a hook, but not its warnings and errors."""
    is_of_a_hook = record.getMessage().startswith(("Running hook '", "Hook '"))
    return record.levelno > logging.INFO or not is_of_a_hook


def clean_record(record: logging.LogRecord) -> bool:
    """A filter for handlers: removes control characters that a page's title or URL may contain."""
    record.msg, record.args = without_controls(record.getMessage()), ()
    return True


class ProgressLines(logging.Handler):
    """Logs what `tasks.progress.advance` reports, at most once in `every` seconds for each step."""

    def __init__(self, every: float = 15.0) -> None:
        super().__init__(logging.DEBUG)
        self._every = every
        self._logged_at: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log a step's progress, unless it was logged less than `every` seconds ago."""
        step = getattr(record, "step", None)
        if step is None:
            return
        now = time.monotonic()
        # The first call logs nothing, so steps shorter than `every` seconds stay silent.
        last = self._logged_at.setdefault(step, now)
        if now - last < self._every:
            return
        self._logged_at[step] = now
        done, total = record.__dict__["done"], record.__dict__["total"]
        of = f" of {total:,} ({done / total:.0%})" if total else ""
        log.info("%s: %s%s", step, f"{done:,}", of)
