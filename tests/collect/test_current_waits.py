"""The log line that says what a run is waiting for."""

import logging
import re

import pytest

from tasks.collect.current_waits import MAX_NAMED, CurrentWaits
from tests.support.serving import wait_for


def test_a_line_names_source_work_and_time(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.collect.current_waits.LINE_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    waits = CurrentWaits()
    with waits.logged(), waits.show("gb-post", "fetches http://paper.example/a"):
        wait_for("a line was logged", lambda: caplog.messages)
    what = r"gb-post fetches http://paper\.example/a since \d\d:\d\d:\d\d UTC"
    assert re.fullmatch(f"waiting for: {what}", caplog.messages[0])
    assert waits.line() == ""


def test_the_longest_waited_for_come_first_and_the_rest_is_counted() -> None:
    waits = CurrentWaits()
    with (
        waits.show("gb-0", "reads"),
        waits.show("gb-1", "reads"),
        waits.show("gb-2", "reads"),
    ):
        assert re.findall(r"gb-\d", waits.line()) == ["gb-0", "gb-1", "gb-2"]
        with waits.show("gb-3", "x"), waits.show("gb-4", "x"), waits.show("gb-5", "x"):
            assert len(re.findall(r"gb-\d", waits.line())) == MAX_NAMED
            assert waits.line().endswith("; 1 more sources")
