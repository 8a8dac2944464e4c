"""`presswatch backfill`: what it prints, its exit status, and what is left after it."""

import gzip
import json
import shutil
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter
from prefect.client.schemas.sorting import FlowRunSort

from flows import backfill as job
from flows.rebuild import rebuild
from tasks.locks.source_locks import source_lock
from tests.cli.test_command import command
from tests.support.build_warcs import news, write_warc
from tests.support.publishing import check_snapshot
from warehouse.layers.layout import Layout
from warehouse.read.query import query

SOURCES = """
[[source]]
id = "gb-harbour"
name = "Harbour News"
language = "en"
timezone = "Europe/London"
feeds = ["https://feeds.harbour.net/rss"]
domains = ["paper0.co.uk"]
"""


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "sources.toml").write_text(SOURCES)
    return ("--sources", str(tmp_path / "sources.toml"), "--data", str(tmp_path / "data"))


def test_a_backfill_its_second_time_and_what_was_loaded_and_not_shown(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    write_warc(tmp_path / "crawl" / "one.warc.gz", news(3, 30))
    write_warc(tmp_path / "crawl" / "two.warc", news(3, 12, first=24))
    asked = ("backfill", tmp_path / "crawl", *words)
    status, out, error = command(*asked, "--dry-run")
    assert status == 0, error
    assert "2 files, 0.1 MB to do" in out
    assert "of Parquet" in out
    assert "42 of 42 pages with an article, some of which may be known or there twice, " in out
    assert not (tmp_path / "data" / "commits").exists()
    # Its page in Prefect's UI says it too.
    with get_client(sync_client=True) as client:
        of = FlowFilter.model_validate({"name": {"any_": ["backfill"]}})
        (run,) = client.read_flow_runs(flow_filter=of, sort=FlowRunSort.START_TIME_DESC, limit=1)
        about = {"flow_runs": {"id": {"any_": [str(run.id)]}}}
        (artifact,) = client.request("POST", "/artifacts/filter", json=about).json()
    assert run.state
    assert "2 files, 0.1 MB to do" in (run.state.message or "")
    assert artifact["key"] == "backfill-estimate"
    assert {"records": 42, "became": "an article", "outcome": "article"} in json.loads(
        artifact["data"]
    )

    status, out, error = command(*asked, "--processes", "1")
    assert status == 0, error
    assert "2 shards of 2 files done, 0 of them failed" in out
    assert [" ".join(line.split()) for line in out.splitlines()[2:]] == [
        "36 an article article",
        "6 an article unchanged",
        "86 passed over other_record",
    ]
    layout = Layout(tmp_path / "data")
    check_snapshot(layout)
    found = query(layout, "SELECT DISTINCT source_id FROM coverage").to_pylist()
    assert found == [{"source_id": "gb-harbour"}]
    assert layout.report.exists()

    status, out, error = command(*asked)
    assert status == 0, error
    assert "0 shards of 2 files done, 0 of them failed" in out

    # As a kill between loading and publishing leaves it.
    for path in layout.warehouse.iterdir():
        if path.name != "writer":
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
    assert not layout.current.exists()
    assert command(*asked)[0] == 0
    assert query(layout, "SELECT count(*) AS n FROM articles").to_pylist() == [{"n": 36}]

    before = query(layout, "SELECT * FROM articles ORDER BY article_id").to_pylist()
    rebuild("articles", sources_file=words[1], data=words[3])
    assert query(layout, "SELECT * FROM articles ORDER BY article_id").to_pylist() == before
    assert list(layout.stage.glob("2*")) == []

    ref = next(row["raw_ref"] for row in before if "/one.warc.gz#" in row["raw_ref"])
    status, out, error = command("extract", ref, *words)
    assert (status, json.loads(out)["rejection"]) == (0, None), error
    (tmp_path / "crawl" / "one.warc.gz").rename(tmp_path / "one.warc.gz")
    status, _, error = command("extract", ref, *words)
    why = "is not there any more: leave a link there to where it was moved"
    assert (status, error) == (2, f"the WARC file {tmp_path}/crawl/one.warc.gz {why}\n")


def test_a_shard_that_fails_is_named_and_the_rest_is_loaded(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    write_warc(tmp_path / "good.warc.gz", news(3, 6))
    whole = write_warc(tmp_path / "bad.warc", news(3, 6)).read_bytes()
    (tmp_path / "bad.warc").unlink()
    (tmp_path / "bad.warc.gz").write_bytes(gzip.compress(whole))
    status, out, error = command("backfill", tmp_path / "*.warc.gz", *words)
    assert status == 3
    assert "fastwarc recompress" in error
    assert "2 shards of 2 files done, 1 of them failed" in out
    status, out, error = command("backfill", tmp_path / "bad.warc.gz", *words)
    assert status == 1
    assert "every shard failed (1)" in error


def test_wrong_usage(tmp_path: Path, words: tuple[str, ...], prefect_api: str) -> None:
    status, _, error = command("backfill", tmp_path / "nowhere.warc.gz", *words)
    assert (status, "nowhere.warc.gz: no WARC file there" in error) == (2, True)
    assert command("backfill", tmp_path, "--since", "yesterday", *words)[0] == 2
    write_warc(tmp_path / "a.warc.gz", news(1, 1))
    with source_lock(Layout(tmp_path / "data"), "backfill"):
        status, _, error = command("backfill", tmp_path, *words)
    assert (status, "another backfill is at work here" in error) == (1, True)


def test_however_many_shards_there_are_few_task_runs(
    prefect_api: str, tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_LIMITS__SHARD_BYTES", "800")
    monkeypatch.setenv("PRESSWATCH_LIMITS__PAGES_A_RUN", "10")
    monkeypatch.setattr(job, "MIN_TASK_BYTES", 1)
    monkeypatch.setattr(job, "MAX_TASKS", 2)
    write_warc(tmp_path / "a.warc.gz", news(3, 40))
    done = job.backfill([str(tmp_path)], sources_file=words[1], data=words[3])
    assert done.done > 20
    assert 2 <= done.tasks <= 3
    runs = query(Layout(tmp_path / "data"), "SELECT count(*) AS n FROM runs").to_pylist()
    assert runs[0]["n"] > 3
