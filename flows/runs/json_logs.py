"""Log lines as JSON objects, one a line, where PRESSWATCH_LOG_JSON asks for them."""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

# What pydantic takes for true. Read here, not from Settings: a wrong setting is reported as JSON.
TRUE = {"1", "true", "t", "yes", "y", "on"}
# Keys of Prefect's log lines, and of ours while a flow runs.
RUN_FIELDS = ("flow_run_id", "flow_run_name", "task_run_id", "task_run_name")
# Prefect's own logging.yml with our formatter, in every process that reads these variables.
PREFECT_LOGGING = {
    "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "flows.runs.json_logs.JsonFormatter",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
    "PREFECT_LOGGING_HANDLERS_DEBUG_FORMATTER": "json",
    "PREFECT_LOGGING_COLORS": "false",
}


def is_json(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether log lines are JSON."""
    return environment.get("PRESSWATCH_LOG_JSON", "").strip().lower() in TRUE


class JsonFormatter(logging.Formatter):
    """A record as a JSON object: time (UTC), level, logger, message; its run and its exception."""

    def __init__(self, *_: object) -> None:  # logging.config passes arguments to a formatter
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """The object, in one line."""
        entry = _log_entry(record.levelname, record.name, record.getMessage(), record.created)
        about = vars(record)
        # Not imported here: commands that run no flow do without Prefect.
        if context := sys.modules.get("prefect.context"):
            flow, task = context.FlowRunContext.get(), context.TaskRunContext.get()
            run: dict[str, object] = {}
            if flow and flow.flow_run:
                run |= {"flow_run_id": flow.flow_run.id, "flow_run_name": flow.flow_run.name}
            if task and task.task_run:
                run |= {"task_run_id": task.task_run.id, "task_run_name": task.task_run.name}
                run.setdefault("flow_run_id", task.task_run.flow_run_id)
            about = run | about
        entry |= {key: str(about[key]) for key in RUN_FIELDS if about.get(key)}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def json_line(
    message: str,
    level: str = "ERROR",
    logger: str = "presswatch",
    error: BaseException | None = None,
) -> str:
    """A message that did not come through a logger, as a JSON object of the same keys."""
    entry = _log_entry(level, logger, message)
    if error:
        entry["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return json.dumps(entry, ensure_ascii=False)


def as_json_line(line: bytes, logger: str) -> bytes:
    """A line that a process wrote: unchanged if it is a JSON object, else as the message of one."""
    text = line.decode(errors="replace").rstrip()
    try:
        is_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_object = False
    return (text if is_object else json_line(text, "INFO", logger)).encode() + b"\n"


def _log_entry(
    level: str, logger: str, message: str, created: float | None = None
) -> dict[str, str]:
    at = datetime.fromtimestamp(created, UTC) if created else datetime.now(UTC)
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": time, "level": level, "logger": logger, "message": message}
