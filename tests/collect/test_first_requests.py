"""All papers are asked at once, whatever Prefect has to write down of each."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName

from flows.ingest import ingest
from flows.installation import TOPICS
from flows.runs import collect_tasks
from flows.runs.collect_tasks import collect_papers
from tests.bench.crawl import sources
from tests.support.serving import until
from tests.support.source_server import Asked, asked, host, papers_served

pytestmark = pytest.mark.slow

PAPERS = 4


def test_papers_are_asked_before_their_tasks_have_begun(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, seen = collect_papers.submit, list[Asked]()

    with papers_served(PAPERS, 1) as port:

        def late(*args: Any, **kwargs: Any) -> Any:
            deadline = time.monotonic() + 30
            while len({one.host for one in seen}) < PAPERS and time.monotonic() < deadline:
                seen.extend(asked(port))
                time.sleep(0.02)
            return submit(*args, **kwargs)

        monkeypatch.setattr(collect_papers, "submit", late)
        path = tmp_path / "sources.toml"
        path.write_text(sources(port, PAPERS, 0.05))
        data = str(tmp_path / "data")
        done = ingest(sources_file=str(path), topics_file=str(TOPICS), data=data)
    assert {one.host for one in seen} == {host(number) for number in range(PAPERS)}
    assert [one.outcomes["fetched"] for one in done.sources] == [1] * PAPERS


def test_however_many_papers_there_are_few_task_runs(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect_tasks, "MOST_TASKS", 2)
    path, data = tmp_path / "sources.toml", str(tmp_path / "data")
    with papers_served(PAPERS, 1) as port:
        path.write_text(sources(port, PAPERS, 0.05))
        first, again = (
            ingest(sources_file=str(path), topics_file=str(TOPICS), data=data) for _ in range(2)
        )
    assert [one.source_id for one in first.sources] == [f"gb-paper-{n}" for n in range(PAPERS)]
    assert [one.outcomes["fetched"] for one in first.sources] == [1] * PAPERS
    assert [batch.counts["article"] for batch in first.batches] == [1] * PAPERS
    assert [one.has_pages for one in again.sources] == [False] * PAPERS
    groups = ("gb-paper-0 and 1 more", "gb-paper-2 and 1 more")
    words = ("collect", "collect", "refine")
    named = sorted(f"{word} {group}" for word in words for group in groups)
    until("all tasks are known", lambda: task_runs(groups) == named)


def task_runs(groups: Sequence[str]) -> list[str]:
    """Names of the completed task runs whose names end in one of the groups'."""
    with get_client(sync_client=True) as client:
        ends = [TaskRunFilter(name=TaskRunFilterName(like_=group)) for group in groups]
        found = [one for each in ends for one in client.read_task_runs(task_run_filter=each)]
    return sorted(one.name for one in found if one.state_name == "Completed")


def test_of_a_run_that_is_ended_no_further_paper_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect_tasks, "SOURCES_AT_ONCE", 1)
    begun, further = Event(), Event()

    def collect() -> None:
        begun.set()
        time.sleep(0.1)

    with suppress(KeyboardInterrupt), collect_tasks._threads() as threads:
        threads.submit(collect)
        threads.submit(further.set)
        begun.wait()
        raise KeyboardInterrupt
    assert not further.is_set()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs Linux")
def test_threads_that_collect_share_a_core_and_others_do_not() -> None:
    before = os.sched_getaffinity(0)
    with collect_tasks._threads() as threads:
        both = Barrier(2)

        def cores() -> set[int]:
            both.wait(30)
            return os.sched_getaffinity(0)

        first, second = [future.result() for future in [threads.submit(cores) for _ in range(2)]]
    assert first == second
    assert len(first) == 1
    assert os.sched_getaffinity(0) == before
