"""PRESSWATCH_LOG_JSON: every line that a command or a process of `serve` logs is a JSON object."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from flows.processes.child import Child, why_ended
from flows.runs.json_logs import PREFECT_LOGGING, JsonFormatter, is_json
from flows.runs.prefect_settings import server_settings
from tests.cli.test_command import command
from tests.support.config_files import ONE_SOURCE
from tests.support.daily_news import DailyNews
from tests.support.sample_newsroom import TOPICS

PRINTS = """
import sys
print("Worker 'desk' started!", flush=True)
print('{"message": "of a run"}', file=sys.stderr, flush=True)
print('12', flush=True)
raise ValueError("broken")
"""


def objects(lines: str) -> list[dict[str, Any]]:
    """The objects, one a line, each with what a collector of logs needs."""
    found = [json.loads(line) for line in lines.splitlines()]
    for one in found:
        assert {"time", "level", "logger", "message"} <= one.keys()
        assert datetime.fromisoformat(one["time"]).tzinfo == UTC
    return found


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("tasks.load", logging.WARNING, "a.py", 1, message, (), info)


def test_a_record_is_one_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        line = JsonFormatter().format(record('said "so"\n汐浦', error))
    (one,) = objects(line)
    assert (one["level"], one["logger"]) == ("WARNING", "tasks.load")
    assert one["message"] == 'said "so"\n汐浦'
    assert one["exception"].startswith("Traceback (most recent call last)")
    assert one["exception"].endswith("ValueError: two\nlines")
    assert "flow_run_id" not in one


def test_a_line_of_a_run_names_the_run(prefect_api: str) -> None:
    @flow(flow_run_name="desk 3")
    def logs() -> tuple[str, str]:
        from prefect.runtime import flow_run

        return JsonFormatter().format(record("in a run")), str(flow_run.id)

    line, run_id = logs()
    (one,) = objects(line)
    assert (one["flow_run_name"], one["flow_run_id"]) == ("desk 3", run_id)


@pytest.mark.parametrize(
    ("value", "on"), [("true", True), ("1", True), ("On", True), ("false", False), ("", False)]
)
def test_the_setting(value: str, on: bool) -> None:
    environment = {"PRESSWATCH_LOG_JSON": value}
    assert is_json(environment) is on
    # Servers, workers and their runs read Prefect's variables.
    given = server_settings("http://127.0.0.1:4200/api", environment)
    assert (given.items() >= PREFECT_LOGGING.items()) is on


def test_what_a_process_prints_beside_its_log(tmp_path: Path) -> None:
    environment = {**os.environ, "PRESSWATCH_LOG_JSON": "true"}
    child = Child("worker", [sys.executable, "-c", PRINTS], environment, tmp_path / "worker.log")
    child.start()
    assert child.process
    child.process.wait(30)
    end = time.monotonic() + 30
    while "broken" not in child.log.read_text() and time.monotonic() < end:
        time.sleep(0.02)
    said = child.log.read_text()
    assert '\n{"message": "of a run"}\n' in said
    printed = objects(said.replace('{"message": "of a run"}\n', ""))
    assert {(one["level"], one["logger"]) for one in printed} == {("INFO", "worker")}
    messages = [one["message"] for one in printed]
    assert messages[:2] == ["Worker 'desk' started!", "12"]
    assert messages[-1] == "ValueError: broken"
    assert why_ended(child.log.read_bytes()) == "ValueError: broken"


@pytest.fixture
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # Those that the command would set for good.
    for name, value in {"PRESSWATCH_LOG_JSON": "true", **PREFECT_LOGGING}.items():
        monkeypatch.setenv(name, value)
    yield
    logging.captureWarnings(False)


@pytest.mark.usefixtures("as_json", "prefect_api")
def test_a_command_logs_objects(news: DailyNews, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(ONE_SOURCE)
    files = ("--data", news(1).root, "--sources", tmp_path / "sources.toml", "--topics", TOPICS)
    status, _, err = command("recount", *files)
    assert status == 0
    said = objects(err)
    assert "recounted: " in " ".join(one["message"] for one in said)
    assert all(one["flow_run_id"] for one in said if one["logger"] == "flows.recount")


@pytest.mark.usefixtures("as_json")
def test_a_mistake_is_an_object(tmp_path: Path) -> None:
    status, _, err = command("sql", "FROM articles", "--data", tmp_path / "none")
    (one,) = objects(err)
    assert (status, one["level"]) == (1, "ERROR")
    assert one["message"].endswith("is not there yet: run `presswatch ingest` first")


@pytest.mark.usefixtures("as_json")
def test_a_surprise_is_an_object_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprise(_: object) -> None:
        raise RuntimeError("never seen before")

    monkeypatch.setattr("flows.cli.data_folder.layout_of", surprise)
    status, _, err = command("sql", "FROM articles", "--data", tmp_path)
    (one,) = objects(err)
    assert (status, one["level"]) == (1, "ERROR")
    assert one["message"] == "unexpected error: never seen before"
    assert "in surprise\n" in one["exception"]
