"""One source that drips beside three that do not, through a whole ingest."""

import logging
import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flows.ingest import ingest
from tasks.process_pool import PagePool
from tests.faults.test_hostile_pages import HEAD, TOPICS, article, feed, sources_toml
from tests.support.loopback import Loopback, dripping, http
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow


def test_a_source_that_drips_ends_in_its_time_and_takes_nothing_from_the_others(
    prefect_api: str,
    pool: PagePool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__SOURCE_SECONDS", "12")
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_SECONDS", "4")
    monkeypatch.setattr("tasks.collect.current_waits.LINE_SECONDS", 1.0)
    caplog.set_level(logging.INFO)
    pool.call(partial(time.sleep, 0), 60, math.inf)  # the fork server has loaded its modules
    data = tmp_path / "data"

    def ask(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = query(Layout(data), sql).to_pylist()
        return rows

    with Loopback() as slow, Loopback() as fast:
        for n in range(9):
            # Each good one starts the count of failures in a row anew.
            drips = dripping(HEAD + b"\r\n<p>", b"a") if n % 2 else http(article(f"Slow {n}"))
            slow.set_answers(f"/{n}", drips)
        feeds = {
            "gb-slow": slow.set_answers("/feed", http(feed([f"{slow.url}/{n}" for n in range(9)])))
        }
        for name in "abc":
            page = fast.set_answers(f"/{name}", http(article(f"Fast {name}")))
            feeds[f"gb-{name}"] = fast.set_answers(f"/feed-{name}", http(feed([page])))
        path = sources_toml(tmp_path, *((name, url, True) for name, url in feeds.items()))
        done = ingest(sources_file=str(path), topics_file=str(TOPICS), data=str(data))
    assert not done.failed
    (late,) = [one for one in done.sources if one.late]
    assert (late.source_id, late.late) == ("gb-slow", "the source's 12 s were used up")
    assert late.deferred > 0
    found = ask("SELECT source_id FROM articles WHERE source_id <> 'gb-slow' ORDER BY ALL")
    assert [row["source_id"] for row in found] == ["gb-a", "gb-b", "gb-c"]
    outcomes = "SELECT DISTINCT outcome FROM captures WHERE source_id = 'gb-slow' AND kind = 'page'"
    assert {row["outcome"] for row in ask(outcomes)} == {"article", "timed_out", "left_for_later"}
    waits = [line for line in caplog.messages if line.startswith("waiting for: gb-slow fetches ")]
    assert waits
