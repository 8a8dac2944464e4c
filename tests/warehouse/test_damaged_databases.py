"""Which of DuckDB's errors say that its file is damaged."""

import duckdb
import pytest

from warehouse.read.query import DatabaseDamaged, detect_damage

INVALIDATED = (
    "IO Error: Detached database: the database has been invalidated because of a previous fatal"
    ' error. The database must be restarted prior to being used again. Original error: "{}"'
)


@pytest.mark.parametrize(
    "original",
    [
        'Could not write file "/data/warehouse/writer/news.duckdb.wal": No space left on device',
        'Could not write file "/data/warehouse/writer/news.duckdb": Disk quota exceeded',
        "Could not fsync file: Input/output error",
    ],
)
def test_a_file_that_could_not_be_written_is_not_damaged(original: str) -> None:
    with pytest.raises(duckdb.FatalException, match=original), detect_damage("news.duckdb"):
        raise duckdb.FatalException(INVALIDATED.format(original))


@pytest.mark.parametrize(
    "message",
    [
        INVALIDATED.format("Corrupt database file: checksum of block 3 does not match stored one"),
        INVALIDATED.partition(" Original")[0],
        "INTERNAL Error: Attempted to access index 7",
    ],
)
def test_a_damaged_file_is_named_with_the_original_error(message: str) -> None:
    with pytest.raises(DatabaseDamaged) as damaged, detect_damage("news.duckdb"):
        raise duckdb.FatalException(message)
    assert message.rpartition("Original error: ")[2][:80] in str(damaged.value)
