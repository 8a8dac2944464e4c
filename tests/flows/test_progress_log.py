"""How far long work is, in the log of a run that has no terminal."""

import logging

import pytest

from flows.runs.run_log import ProgressLines, log_to_prefect


def test_a_line_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    handler = ProgressLines(every=0)
    for done, total in ((1, 4), (2, 4), (3, None)):
        record = logging.makeLogRecord({"step": "count", "done": done, "total": total})
        handler.emit(record)
    handler.emit(logging.makeLogRecord({"msg": "something else"}))
    assert caplog.messages == ["count: 1 of 4 (25%)", "count: 2 of 4 (50%)", "count: 3"]


def test_a_task_that_fails_under_a_command_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The command says in a line what is wrong: it keeps Prefect's own lines from the terminal.
    tasks = logging.getLogger("prefect.task_runs")
    monkeypatch.setattr(tasks, "level", logging.NOTSET)
    for of_all, shown in ((logging.CRITICAL, logging.CRITICAL), (logging.INFO, logging.WARNING)):
        monkeypatch.setattr(logging.getLogger("prefect"), "level", of_all)
        tasks.setLevel(logging.NOTSET)
        log_to_prefect()
        assert tasks.getEffectiveLevel() == shown


def test_short_work_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    handler = ProgressLines()
    for done in range(100):
        handler.emit(logging.makeLogRecord({"step": "count", "done": done, "total": 100}))
    assert caplog.messages == []
