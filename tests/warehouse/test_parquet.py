"""A run's Parquet files: whole, named by what they hold, written by one thread."""

import hashlib
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from warehouse.layers.layout import Layout
from warehouse.layers.parquet import write_parquet, write_parquets

RUN = "20260301T060000Z-0a1b2c"
DAYS = 9


def rows(number: int) -> pa.Table:
    return pa.table({"body": [f"text {number}-{row}" for row in range(50)]})


def test_files_are_named_by_their_bytes_and_hold_their_rows(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    jobs = [(tmp_path / f"day-{n}", "articles", lambda n=n: rows(n)) for n in range(DAYS)]
    files = write_parquets(layout, RUN, jobs)
    assert [file.path.split("/")[0] for file in files] == [f"day-{n}" for n in range(DAYS)]
    for number, file in enumerate(files):
        path = tmp_path / file.path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
        assert path.name == f"{RUN}.{file.sha256[:12]}.parquet"
        assert (file.rows, file.bytes) == (50, path.stat().st_size)
        assert pq.read_table(path, partitioning=None).equals(rows(number))
    assert write_parquets(layout, RUN, jobs) == files
    assert write_parquet(layout, RUN, *jobs[0]) == files[0]
    assert not list(tmp_path.rglob(".*"))


def test_one_thread_has_the_rows_in_hand(tmp_path: Path) -> None:
    made_by: list[int] = []

    def made(number: int) -> pa.Table:
        made_by.append(threading.get_ident())
        return rows(number)

    jobs = [(tmp_path / f"day-{n}", "articles", lambda n=n: made(n)) for n in range(DAYS)]
    write_parquets(Layout(tmp_path), RUN, jobs)
    assert made_by == [threading.get_ident()] * DAYS


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "day-1").write_text("in the way")
    jobs = [(tmp_path / f"day-{n}", "articles", lambda n=n: rows(n)) for n in range(DAYS)]
    with pytest.raises(FileExistsError, match="day-1"):
        write_parquets(Layout(tmp_path), RUN, jobs)
    assert not (tmp_path / "day-2").exists()
