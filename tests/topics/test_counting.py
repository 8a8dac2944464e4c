"""Counting over files: one process or several, the same rows."""

from pathlib import Path

import pytest

from tasks.topics import parallel_count
from tasks.topics.parallel_count import count_files
from tests.support.build_layers import write_layers
from tests.support.build_texts import TOPICS
from warehouse.layers.layout import Layout

VERSIONS = {topic.topic_id: 1 for topic in TOPICS}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    layout = Layout(tmp_path_factory.mktemp("made"))
    write_layers(layout, 300, days=6)
    return sorted(layout.articles.rglob("*.parquet"))


def rows(paths: list[Path], processes: int) -> list[dict[str, object]]:
    tables = count_files(paths, TOPICS, VERSIONS, processes)
    return [row for table in tables for row in table.to_pylist()]


@pytest.mark.slow
def test_several_processes_give_the_rows_of_one(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = rows(paths, 1)
    monkeypatch.setattr(parallel_count, "FEW_BYTES", 0)
    monkeypatch.setattr(parallel_count, "PART_BYTES", 30_000)
    assert rows(paths, 2) == alone
    assert len({row["article_id"] for row in alone}) > 50


def test_a_little_is_counted_without_other_processes(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel_count, "PART_BYTES", 30_000)
    monkeypatch.setattr(parallel_count, "WorkerPool", None)
    assert rows(paths, 2)


def test_files_are_gathered_into_parts_and_none_is_left_out() -> None:
    names = [Path(str(number)) for number in range(6)]
    million = 1_000_000
    sizes = [million, million, 9 * million, 3 * million, million, million]
    parts = list(parallel_count._parts(names, sizes))
    assert [[path.name for path in part] for part in parts] == [
        ["0", "1"],
        ["2"],
        ["3", "4"],
        ["5"],
    ]


def test_progress_is_told(paths: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "tasks.progress")
    rows(paths, 1)
    assert [(record.done, record.total) for record in caplog.records] == [(1, 1)]  # type: ignore[attr-defined]


def test_nothing_to_count(paths: list[Path]) -> None:
    assert list(count_files([], TOPICS, VERSIONS)) == []
    assert list(count_files(paths, [], VERSIONS)) == []
