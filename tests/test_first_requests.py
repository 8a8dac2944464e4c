"""All papers are asked at once, whatever Prefect has to write down of each."""

import time
from pathlib import Path
from typing import Any

import pytest

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
