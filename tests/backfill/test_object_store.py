"""Backfill of WARC files in a bucket: the same rows as from a disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tasks.archive import warc_files
from tasks.archive.any_responses import PAGE_KINDS
from tasks.archive.any_warc_records import Record, read_records, record_starts
from tasks.archive.warc_files import StoredPath, size_of
from tasks.backfill.selection import SourceDomains
from tasks.backfill.shard_processes import Refinement, ShardPool, shard_pool
from tasks.backfill.shard_runs import refine_again
from tasks.backfill.shards import Done, Staged, find_warcs, open_warcs
from tasks.model import Outcome
from tasks.refine.preview_page import explain_file
from tasks.settings import Limits
from tasks.text.toml_reader import ConfigError
from tasks.upkeep.verification import verify
from tests.backfill.test_backfill import KINDS, backfilled, place
from tests.support.build_warcs import news, write_warc
from tests.support.s3 import Server
from warehouse.layers.commits import committed_runs, read_commit
from warehouse.read.query import query
from warehouse.store.objects import Store, open_store


@pytest.fixture(scope="module")
def bucket(server: Server) -> Iterator[Store]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield open_store(server.bucket().url.removesuffix("/presswatch"))


@pytest.fixture(scope="module")
def pool(bucket: Store) -> Iterator[ShardPool]:
    with shard_pool(2) as opened:
        yield opened


def stored(bucket: Store, path: Path, key: str) -> StoredPath:
    bucket.write(key, path.read_bytes())
    return StoredPath(bucket, key)


def rows(shard: Refinement) -> dict[str, list[dict[str, Any]]]:
    """All that is staged but what says where a page was found."""
    assert isinstance(shard, Staged)
    found = {}
    for path in shard.folder.glob("*.arrow"):
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
            kept = [name for name in table.column_names if name not in ("raw_ref", "found_in")]
            found[path.name] = table.select(kept).to_pylist()
    assert found
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_those_of_the_file(
    bucket: Store, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in pieces that cut through records."""
    path = write_warc(tmp_path / f"a{kind}", news(3, 40))
    there = stored(bucket, path, f"records/a{kind}")
    monkeypatch.setattr(warc_files, "_CHUNK_BYTES", 3_001)
    assert size_of(there) == path.stat().st_size
    cuts = record_starts(path, 5_000)
    assert len(cuts) > 5
    assert record_starts(there, 5_000) == cuts
    for start in (0, cuts[3]):
        span = (start, path.stat().st_size, 10_000_000, PAGE_KINDS)
        assert list(read_records(there, *span)) == list(read_records(path, *span))


def test_a_page_is_shown_from_the_bucket(bucket: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(1, 1))
    there = stored(bucket, path, "shown/a.warc.gz")
    found = read_records(path, 0, path.stat().st_size, 10_000_000, PAGE_KINDS)
    [at] = [one.offset for one in found if isinstance(one, Record) and one.kind in PAGE_KINDS]
    assert explain_file(Path(f"{there}#{at}"), None, Limits()).outcome is Outcome.ARTICLE


def test_damage_costs_no_more_than_on_a_disk(
    bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(3, 40))
    content = bytearray(path.read_bytes())
    content[9_000:9_400] = bytes(400)
    path.write_bytes(content)
    there = stored(bucket, path, "damaged/a.warc.gz")
    monkeypatch.setattr(warc_files, "_CHUNK_BYTES", 2_000)
    span = (0, len(content), 10_000_000, PAGE_KINDS)
    assert list(read_records(there, *span)) == list(read_records(path, *span))


def test_shards_of_a_bucket_become_the_same_rows(
    bucket: Store, tmp_path: Path, pool: ShardPool
) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(3, 30))
    there = stored(bucket, path, "crawl/a.warc.gz")
    here, far = place(tmp_path / "here"), place(tmp_path / "far")
    want = [rows(one) for one in pool.refined(pool.shards(open_warcs([path]), 20_000), here.job)]
    shards = pool.shards(open_warcs([there]), 20_000)
    assert [rows(one) for one in pool.refined(shards, far.job)] == want
    assert len(want) > 1
    backfilled(far, pool, there)
    assert query(far.layout, "FROM articles").num_rows == 30
    (run_id,) = committed_runs(far.layout.commits)
    commit = read_commit(far.layout.commits, run_id)
    assert commit
    assert commit.warcs == (str(there),)
    assert refine_again(far, commit, pool)
    assert not verify(far.layout).findings
    (warc,) = open_warcs([path])
    done = Done(far.layout, far.selection, SourceDomains(far.sources))
    assert done.bytes(warc) == warc.bytes, "known wherever it lies"
    bucket.delete([there.key])
    (finding,) = verify(far.layout).findings
    assert "is not there, and 30 raw_refs point into it" in finding.problem


def test_warcs_of_a_bucket_are_found(bucket: Store, tmp_path: Path) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(1, 1))
    keys = ["found/2024/05/a.warc.gz", "found/2024/06/b.warc.zst", "found/2024/06/notes.txt"]
    for key in keys:
        bucket.write(key, path.read_bytes())
    named = [f"{bucket.url}/{key}" for key in keys]
    assert list(map(str, find_warcs([f"{bucket.url}/found"]))) == named[:2]
    assert list(map(str, find_warcs([f"{bucket.url}/found/2024/*/a*"]))) == named[:1]
    assert list(map(str, find_warcs([named[0], str(path)]))) == sorted([str(path), named[0]])
    bucket.write("found/q.sql", b"SELECT 1")
    assert list(map(str, find_warcs([f"{bucket.url}/found/*"]))) == named
    with pytest.raises(ConfigError, match=r"/q\.sql: no WARC file there"):
        find_warcs([f"{bucket.url}/found/q.sql"])
    with pytest.raises(ConfigError, match=f"{bucket.url}/none: no WARC file there"):
        find_warcs([f"{bucket.url}/none"])
    with pytest.raises(ConfigError, match="s3://no-such-bucket/x"):
        find_warcs(["s3://no-such-bucket/x/*.gz"])
