"""All papers are asked at once, whatever Prefect has to write down of each."""

import time
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from flows import collecting
from flows.collecting import collect_source
from flows.ingest import ingest
from flows.installation import TOPICS
from tests.bench_crawl import sources
from tests.paper_server import Asked, asked, host, papers_served

PAPERS = 4


def test_papers_are_asked_before_their_tasks_have_begun(
    prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, seen = collect_source.submit, list[Asked]()

    with papers_served(PAPERS, 1) as port:

        def late(*args: Any, **kwargs: Any) -> Any:
            deadline = time.monotonic() + 30
            while len({one.host for one in seen}) < PAPERS and time.monotonic() < deadline:
                seen.extend(asked(port))
                time.sleep(0.02)
            return submit(*args, **kwargs)

        monkeypatch.setattr(collect_source, "submit", late)
        path = tmp_path / "sources.toml"
        path.write_text(sources(port, PAPERS, 0.05))
        data = str(tmp_path / "data")
        done = ingest(sources_file=str(path), topics_file=str(TOPICS), data=data)
    assert {one.host for one in seen} == {host(number) for number in range(PAPERS)}
    assert [one.outcomes["fetched"] for one in done.sources] == [1] * PAPERS


def test_of_a_run_that_is_ended_no_further_paper_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "SOURCES_AT_ONCE", 1)
    begun, further = Event(), Event()

    def collect() -> None:
        begun.set()
        time.sleep(0.1)

    with suppress(KeyboardInterrupt), collecting._threads() as threads:
        threads.submit(collect)
        threads.submit(further.set)
        begun.wait()
        raise KeyboardInterrupt
    assert not further.is_set()
