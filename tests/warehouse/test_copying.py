"""A file copied over an earlier copy of it, which nobody else may have open."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from tests.support.daily_news import DailyNews, ingest, run_id
from warehouse.build.publish import BLOCK, HEADERS, copy_over, is_shared
from warehouse.build.writer_file import STORAGE, opened_writer
from warehouse.layers.layout import Layout

WHOLE = random.Random(3).randbytes(HEADERS + 5 * BLOCK)
CHANGED = WHOLE[: 2 * BLOCK] + b"changed" + WHOLE[2 * BLOCK + 7 :]
BEFORE = {
    "nothing": b"",
    "the same": WHOLE,
    "a part": WHOLE[: 3 * BLOCK + 11],
    "more": WHOLE + b"more",
    "something else": WHOLE[::-1],
    "a block changed": CHANGED,
}


@pytest.mark.parametrize("before", BEFORE)
def test_the_copy_is_the_source_whatever_was_there(tmp_path: Path, before: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(WHOLE)
    target.write_bytes(BEFORE[before])
    copy_over(source, target)
    assert target.read_bytes() == source.read_bytes() == WHOLE


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(WHOLE)
    assert copy_over(source, target) in (len(WHOLE), 0)
    source.write_bytes(CHANGED)
    assert copy_over(source, target) in (BLOCK, 0)
    assert copy_over(source, target) == 0
    assert target.read_bytes() == CHANGED


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(WHOLE)
    with pytest.raises(OSError, match="No space left"):
        copy_over(source, Path("/dev/full"))


@contextmanager
def other_process(path: Path, how: str) -> Iterator[None]:
    command = [sys.executable, "-c", f"import duckdb\n{how}\nprint(1, flush=True)\ninput()"]
    with subprocess.Popen(
        [*command, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == b"1\n"
        yield
        assert reader.stdin
        reader.stdin.write(b"\n")


@pytest.mark.parametrize(
    "how",
    [
        "import sys; con = duckdb.connect(sys.argv[1], read_only=True)",
        "import sys; file = open(sys.argv[1], 'rb')",
    ],
)
def test_who_reads_it_in_another_process_is_noticed(tmp_path: Path, how: str) -> None:
    path = tmp_path / "news.duckdb"
    duckdb.connect(str(path)).close()
    with other_process(path, how):
        assert is_shared(path)
    assert not is_shared(path)


def test_who_reads_it_in_this_process_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "news.duckdb"
    duckdb.connect(str(path)).close()
    with duckdb.connect(str(path), read_only=True):
        assert is_shared(path)
    with path.open("rb"):
        assert is_shared(path)
    assert not is_shared(path)


def test_another_name_of_the_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "news.duckdb"
    path.write_bytes(b"whole")
    os.link(path, tmp_path / "kept by somebody")
    assert is_shared(path)


def inodes(layout: Layout) -> dict[str, int]:
    """The files that readers have, by their snapshots."""
    return {
        path.parent.name: path.stat().st_ino
        for path in sorted(layout.warehouse.glob("snapshot-*/news.duckdb"))
    }


@pytest.mark.slow
def test_three_snapshots_are_kept_and_the_next_is_written_over_the_oldest(news: DailyNews) -> None:
    layout = news(3)
    first, second, third = inodes(layout).values()
    ingest(layout, 3)
    assert inodes(layout) == {"snapshot-2": second, "snapshot-3": third, "snapshot-4": first}
    assert layout.current.parent.readlink() == Path("snapshot-4")
    assert not [*layout.warehouse.rglob("*.wal"), *layout.warehouse.rglob("*.tmp")]
    assert not layout.spare.exists()
    assert layout.current.read_bytes() == layout.writer.read_bytes()


@pytest.mark.slow
def test_a_snapshot_that_is_read_is_left_alone(news: DailyNews) -> None:
    layout = news(3)
    oldest = layout.warehouse / "snapshot-1" / "news.duckdb"
    before = set(inodes(layout).values())
    with duckdb.connect(str(oldest), read_only=True) as reader:
        ingest(layout, 3)
        asked = "SELECT count(DISTINCT run_id), any_value(run_id) FROM captures"
        assert reader.execute(asked).fetchall() == [(1, run_id(0))]
    assert inodes(layout)["snapshot-4"] not in before
    assert layout.current.read_bytes() == layout.writer.read_bytes()


def numbers_file(path: Path, first: int, second: int) -> bytes:
    """A file of one table of numbers without order, two of which can change places."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE}) as con:
        con.execute(
            "CREATE TABLE numbers AS SELECT hash(CASE range WHEN 7 THEN ? WHEN 11 THEN ?"
            " ELSE range END) AS number FROM range(30_000)",
            [first, second],
        )
    return path.read_bytes()


def test_a_block_that_differs_under_the_same_checksum_is_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    target.write_bytes(numbers_file(source, 7, 11))
    old, new = target.read_bytes(), numbers_file(source, 11, 7)
    places = range(HEADERS, len(new), BLOCK)
    differing = [place for place in places if old[place:][:BLOCK] != new[place:][:BLOCK]]
    assert any(old[place:][:8] == new[place:][:8] for place in differing)
    copy_over(source, target)
    assert target.read_bytes() == new


CHANGES = (
    "INSERT INTO numbers SELECT hash(range + {at}), range FROM range({at} * 977)",
    "UPDATE numbers SET number = number + 1 WHERE place % 3 = {at} % 3",
    "DELETE FROM numbers WHERE place % 7 = {at} % 7",
    "CREATE OR REPLACE TABLE names AS SELECT number::VARCHAR AS name FROM numbers",
    "INSERT INTO numbers SELECT {at}, range FROM range(20_000)",
)


def changed(layout: Layout, dice: random.Random, at: int) -> None:
    """Change the writer's file as a load does, and as the checkpoint after it."""
    with opened_writer(layout) as con:
        for change in dice.sample(CHANGES, 2):
            con.execute(change.format(at=at))
        con.execute("CHECKPOINT")


def same_numbers(one: Path, other: Path) -> bool:
    asked = "SELECT count(*), bit_xor(hash(number, place)) FROM numbers"
    with (
        duckdb.connect(str(one), read_only=True) as first,
        duckdb.connect(str(other), read_only=True) as second,
    ):
        return first.execute(asked).fetchall() == second.execute(asked).fetchall()


@pytest.mark.slow
def test_copies_over_copies_are_the_file_after_every_load(tmp_path: Path) -> None:
    layout, dice = Layout(tmp_path), random.Random(11)
    with opened_writer(layout) as con:
        con.execute("CREATE TABLE numbers (number UBIGINT, place BIGINT)")
    for at in range(1, 13):
        changed(layout, dice, at)
        target = tmp_path / f"target-{at % 3}.duckdb"
        copy_over(layout.writer, target)
        assert target.read_bytes() == layout.writer.read_bytes()
        assert same_numbers(layout.writer, target)
