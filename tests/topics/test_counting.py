"""Counting over files: one process or several, the same rows."""

import os
from pathlib import Path

import pytest

from tasks.topics import parallel_count
from tasks.topics.parallel_count import count_files
from tests.support.build_layers import write_layers
from tests.support.build_texts import TOPICS
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

VERSIONS = {topic.topic_id: 1 for topic in TOPICS}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    layout = Layout(tmp_path_factory.mktemp("made"))
    write_layers(layout, 150, days=6)
    return sorted(layout.articles.rglob("*.parquet"))


def rows(paths: list[Path], processes: int) -> list[dict[str, object]]:
    tables = count_files(paths, TOPICS, VERSIONS, processes)
    return [row for table in tables for row in table.to_pylist()]


def test_several_processes_give_the_rows_of_one(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = rows(paths, 1)
    monkeypatch.setattr(parallel_count, "ONE_PROCESS_BYTES", 0)
    monkeypatch.setattr(parallel_count, "PART_BYTES", 30_000)
    assert rows(paths, 2) == alone
    assert len({row["article_id"] for row in alone}) > 50


def test_a_little_is_counted_without_other_processes(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel_count, "PART_BYTES", 30_000)
    monkeypatch.setattr(parallel_count, "WorkerPool", None)
    assert rows(paths, 2)


def test_files_are_gathered_into_parts_and_none_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / str(number) for number in range(6)]
    for file, millions in zip(files, (1, 1, 9, 3, 1, 1), strict=True):
        file.touch()
        os.truncate(file, millions * 1_000_000)
    parts: list[list[str]] = []

    def read_batches(paths: list[Path], *_: object) -> list[object]:
        parts.append([path.name for path in paths])
        return []

    monkeypatch.setattr(parallel_count, "read_batches", read_batches)
    assert [table.num_rows for table in count_files(files, TOPICS, VERSIONS, 1)] == [0] * 4
    assert parts == [["0", "1"], ["2"], ["3", "4"], ["5"]]


def test_progress_is_reported(paths: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "tasks.progress")
    rows(paths, 1)
    assert [(record.done, record.total) for record in caplog.records] == [(1, 1)]  # type: ignore[attr-defined]


def test_nothing_to_count(paths: list[Path]) -> None:
    assert list(count_files([], TOPICS, VERSIONS)) == []
    assert list(count_files(paths, [], VERSIONS)) == []
