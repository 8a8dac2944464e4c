"""Collecting as Prefect tasks: all sources at the same time, in few task runs, with true states."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName
from prefect.exceptions import CancelledRun
from prefect.states import Cancelled

import flows.ingest
from flows.ingest import ingest
from tasks.archive.read import read_archive
from tasks.collect import task as collect_task
from tasks.collect.collector import Collected, Collector
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.task import SharedCollection, collect_sources, shared_collection, source_groups
from tasks.installation import TOPICS, Installation, open_installation
from tasks.model import RunFailed
from tasks.process_pool import page_pool
from tasks.sources.source import Source
from tests.bench.crawl import sources
from tests.support.ports import free_port
from tests.support.serving import wait_for
from tests.support.source_server import papers_served
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

SOURCES = 6
RUN = "20260101T000000Z-00000a"


def run_of(path: Path) -> Any:
    data = str(path.parent / "data")
    return ingest(sources_file=str(path), topics_file=str(TOPICS), data=data)


def test_all_sources_are_collected_at_the_same_time_in_few_task_runs(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect_task, "MAX_TASKS", 2)
    collect, met = Collector.collect, Barrier(SOURCES)

    def together(self: Collector, source: Source, *, is_retry: bool = False) -> Collected:
        met.wait(60)
        return collect(self, source, is_retry=is_retry)

    monkeypatch.setattr(Collector, "collect", together)
    path = tmp_path / "sources.toml"
    with papers_served(SOURCES, 1) as port:
        path.write_text(sources(port, SOURCES, 0.05))
        first, again = (run_of(path) for _ in range(2))
    assert not met.broken
    assert [one.source_id for one in first.sources] == [f"gb-paper-{n}" for n in range(SOURCES)]
    assert [one.outcomes["fetched"] for one in first.sources] == [1] * SOURCES
    assert [batch.counts["article"] for batch in first.batches] == [1] * SOURCES
    assert [one.outcomes.get("fetched", 0) for one in again.sources] == [0] * SOURCES
    groups = ("gb-paper-0 and 2 more", "gb-paper-3 and 2 more")
    named = sorted(f"collect {group}: Completed" for group in groups for _ in range(2))
    wait_for("all tasks are known", lambda: task_runs(groups) == named)


def task_runs(groups: Sequence[str]) -> list[str]:
    """Names and states of the task runs whose names end in one of the groups'."""
    with get_client(sync_client=True) as client:
        ends = [TaskRunFilter(name=TaskRunFilterName(like_=group)) for group in groups]
        found = [one for each in ends for one in client.read_task_runs(task_run_filter=each)]
    return sorted(f"{one.name}: {one.state_name}" for one in found)


def test_a_task_all_of_whose_sources_failed_is_failed_and_what_they_brought_is_refined(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_TRIES", "1")
    (tmp_path / "page.txt").write_text("Port reopens\n\n" + "The harbour was open again. " * 40)
    path = tmp_path / "sources.toml"
    gone = sources(free_port(), 1, 0.05).replace("gb-paper-0", "gb-half")
    path.write_text(f'{gone}files = ["*.txt"]\n')
    with pytest.raises(RunFailed, match="every source asked failed"):
        run_of(path)
    states = ["collect gb-half: Failed"]
    wait_for("the states are known", lambda: task_runs(["gb-half"]) == states)
    rows = query(Layout(tmp_path / "data"), "SELECT count(*) AS n FROM articles").to_pylist()
    assert rows == [{"n": 1}]


def test_a_retry_collects_only_what_failed_and_keeps_both_attempts(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_TRIES", "1")
    path, port = tmp_path / "sources.toml", free_port()
    path.write_text(sources(port, 1, 0.05))
    installation = open_installation(path, TOPICS, tmp_path / "data")

    tasks = [collect_sources, collect_sources.with_options(retries=1)]
    (name, group), *_ = source_groups(installation.sources).items()

    @flow
    def three_attempts() -> list[Collected]:
        with (
            page_pool(installation.settings) as pool,
            shared_collection(installation, RUN, pool, CurrentWaits(), is_chosen=True) as shared,
        ):
            states = [each(name, group, shared, return_state=True) for each in tasks]
        assert [state.is_failed() for state in states] == [True, True]
        results: list[Any] = [state.result(raise_on_failure=False) for state in states]
        return [collected for (collected,) in results]

    first, last = three_attempts()
    assert first.error
    assert last.error
    assert first.warc == last.warc
    assert last.warc
    captures = [capture for capture, _ in read_archive(last.warc)]
    assert [one.url_requested.endswith("/feed") for one in captures].count(True) == 3
    assert len({one.capture_id for one in captures}) == len(captures)


def test_a_run_whose_refining_was_cancelled_ends_and_the_next_one_refines(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @task(name="refine", cache_policy=NO_CACHE)
    def cancelled_task(*arguments: Any) -> Any:
        assert list(arguments[4])  # once all are collected
        return Cancelled()

    path = tmp_path / "sources.toml"
    with papers_served(1, 1) as port:
        path.write_text(sources(port, 1, 0.05))
        monkeypatch.setattr(flows.ingest, "refine_sources", cancelled_task)
        with pytest.raises(CancelledRun):
            run_of(path)
        monkeypatch.undo()
        done = run_of(path)
    assert done.sources[0].outcomes.get("fetched", 0) == 0
    rows = query(Layout(tmp_path / "data"), "SELECT count(*) AS n FROM articles").to_pylist()
    assert rows == [{"n": 1}]


def test_tasks_that_a_retry_would_leave_incomplete_are_not_retried_whatever_is_set() -> None:
    names = {
        "backfill": "backfill_part",
        "collect": "collect_sources",
        "history": "fetch_history",
        "refine": "refine_sources",
        "upkeep": "repair_layers",
    }
    imports = "".join(f"from tasks.{room}.task import {name}\n" for room, name in names.items())
    asked = f"{imports}print(*(each.retries for each in ({', '.join(names.values())})))"
    environment = os.environ | {"PREFECT_TASKS_DEFAULT_RETRIES": "3"}
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"0", b"3", b"0", b"3", b"0"]


def test_a_source_is_passed_on_at_once_and_a_failed_one_when_it_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_TRIES", "1")
    path = tmp_path / "sources.toml"
    with papers_served(1, 1) as port:
        gone = sources(free_port(), 1, 0.05).replace("gb-paper-0", "gb-gone-0")
        path.write_text(f"{sources(port, 1, 0.05)}\n{gone}")
        installation = open_installation(path, TOPICS, tmp_path / "data")
        with (
            page_pool(installation.settings) as pool,
            shared_collection(installation, RUN, pool, CurrentWaits(), is_chosen=True) as shared,
        ):

            def passed_on() -> list[str]:
                shared.end()
                return [one.source_id for one in shared]

            for source in installation.sources:
                shared.collect(source)
            assert passed_on() == ["gb-paper-0"]
            collect_sources.fn("both", installation.sources, shared)
            assert passed_on() == ["gb-paper-0", "gb-gone-0"]


def test_a_run_that_was_cancelled_begins_no_further_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(sources(free_port(), 1, 0.05))
    installation = open_installation(path, TOPICS, tmp_path / "data")
    shared = cancelled(installation)
    monkeypatch.setattr(Collector, "collect", lambda *_, **__: pytest.fail("a source was begun"))
    (source,) = installation.sources
    assert shared.collect(source).skipped == "the run was cancelled"


def cancelled(installation: Installation) -> SharedCollection:
    """What a run shared that has been cancelled."""
    with (
        suppress(KeyboardInterrupt),
        page_pool(installation.settings) as pool,
        shared_collection(installation, RUN, pool, CurrentWaits(), is_chosen=True) as shared,
    ):
        raise KeyboardInterrupt
    return shared
