"""The metrics file: what it says of a warehouse, of runs and of the disk, in Prometheus' format."""

import re
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tasks.monitor.metrics import EndedRun, write_metrics
from tasks.progress import stage, take_stage_seconds
from tasks.settings import Settings
from tests.support.daily_news import DailyNews
from tests.support.serving import ROOT
from warehouse.read.query import query

Figures = dict[str, dict[tuple[str, ...], float]]
AT = datetime(2026, 3, 20, 6, tzinfo=UTC)


def figures(path: Path) -> Figures:
    """The values of each metric, by its labels in the order of their names."""
    found: Figures = {}
    for family in text_string_to_metric_families(path.read_text()):
        assert family.documentation
        assert family.type == "gauge"
        found[family.name] = {
            tuple(value for _, value in sorted(one.labels.items())): one.value
            for one in family.samples
        }
    return found


def test_the_figures_are_those_of_the_warehouse(news: DailyNews) -> None:
    layout = news(3)
    run = EndedRun("ingest", "Completed", 12.5, {"collect": 10.0, "load": 2.0}, AT)
    write_metrics(Settings(data=layout.root), run, {"worker": 2, "source": 0})
    got = figures(layout.root / "metrics.prom")
    guide = (ROOT / "deployments" / "production.md").read_text()
    assert set(re.findall(r"^\| `(presswatch_\w+)`", guide, re.MULTILINE)) == got.keys()

    def asked(sql: str) -> dict[tuple[str, ...], float]:
        rows = [tuple(row.values()) for row in query(layout, sql).to_pylist()]
        return {row[:-1]: row[-1] for row in rows}

    assert got["presswatch_source_articles"] == asked(
        "SELECT source_id, count(*) FROM articles GROUP BY ALL"
    )
    assert got["presswatch_source_rejections"] == asked(
        "SELECT outcome, source_id, count(*) FROM rejections GROUP BY ALL"
    )
    assert got["presswatch_source_rejections"]["not_found", "gb-post"] == 3
    assert got["presswatch_source_newest_article_timestamp_seconds"] == asked(
        "SELECT source_id, epoch(max(first_seen_at)) FROM articles GROUP BY ALL"
    )
    assert got["presswatch_source_lost_urls"] == asked(
        "SELECT source_id, sum(failed)::DOUBLE FROM coverage GROUP BY ALL"
    )
    assert got["presswatch_last_load_timestamp_seconds"] == asked(
        "SELECT epoch(max(loaded_at)) FROM loads"
    )
    assert got["presswatch_run_ended_timestamp_seconds"] == {
        ("ingest", "Completed"): AT.timestamp()
    }
    assert got["presswatch_run_duration_seconds"] == {("ingest",): 12.5}
    assert got["presswatch_run_stage_duration_seconds"] == {
        ("ingest", "collect"): 10,
        ("ingest", "load"): 2,
    }
    assert got["presswatch_waiting_runs"] == {("worker",): 2, ("source",): 0}
    assert got["presswatch_snapshot_bytes"] == {(): layout.current.stat().st_size}
    assert got["presswatch_disk_free_bytes"][()] > 0
    used = got["presswatch_disk_used_bytes"]
    assert used["articles",] > 0
    assert used["warehouse",] >= 2 * 512
    assert used["raw",] == 0


def test_what_it_says_of_other_runs_stays(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    path = tmp_path / "metrics.prom"
    first = EndedRun("ingest", "Completed", 5, {"collect": 4, "load": 1}, AT)
    write_metrics(settings, first, {"worker": 1})
    write_metrics(settings, EndedRun("maintain", "Failed", 3, {"verify": 2}, AT))
    write_metrics(settings, EndedRun("ingest", 'odd "\\\n', 7, {"collect": 6}, AT))
    assert path.read_text().count("# TYPE presswatch_run_duration_seconds gauge\n") == 1
    got = figures(path)
    assert got["presswatch_run_ended_timestamp_seconds"].keys() == {
        ("ingest", "Completed"),
        ("ingest", 'odd "\\\n'),
        ("maintain", "Failed"),
    }
    assert got["presswatch_run_duration_seconds"] == {("ingest",): 7, ("maintain",): 3}
    assert got["presswatch_run_stage_duration_seconds"] == {
        ("ingest", "collect"): 6,
        ("maintain", "verify"): 2,
    }
    assert "presswatch_waiting_runs" not in got
    assert "presswatch_source_articles" not in got


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "metrics.prom"
    path.write_bytes(b"presswatch_run_duration_seconds{flow= \xff")
    write_metrics(Settings(data=tmp_path), EndedRun("report", "Completed", 1, {}, AT))
    assert figures(path)["presswatch_run_duration_seconds"] == {("report",): 1}


def test_a_file_elsewhere_is_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "textfiles" / "presswatch.prom"
    (tmp_path / "data").mkdir()
    write_metrics(Settings(data=tmp_path / "data", metrics=path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert figures(path)["presswatch_disk_free_bytes"]
    assert not (tmp_path / "data" / "metrics.prom").exists()


@pytest.mark.parametrize("version", [2, 99])
def test_a_snapshot_of_another_version_is_left_out(news: DailyNews, version: int) -> None:
    layout = news(1)
    with duckdb.connect(layout.current.resolve()) as con:
        con.execute("UPDATE loads SET schema_version = ?", [version])
    write_metrics(Settings(data=layout.root))
    got = figures(layout.root / "metrics.prom")
    assert "presswatch_source_articles" not in got
    assert got["presswatch_snapshot_bytes"]


def test_stages_that_overlap_are_counted_once() -> None:
    take_stage_seconds()
    both, end = threading.Barrier(3), threading.Event()

    @stage("collect")
    def work() -> None:
        both.wait()
        end.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    both.wait()
    assert take_stage_seconds() == {}
    end.set()
    for one in threads:
        one.join()
    assert take_stage_seconds().keys() == {"collect"}
    assert take_stage_seconds() == {}
