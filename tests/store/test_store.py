"""Data in an S3 store: leases, states, and working copies that are each as good as the only one."""

import errno
import gzip
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from pyarrow import dataset, fs

from tasks.audit.judging import Judging
from tasks.audit.sampling import draw_sample
from tasks.load import load_run as loading
from tasks.load.load_run import LoadReport, load, publish_all, rebuild_warehouse
from tasks.locks.source_locks import lock_sources
from tasks.partition.partitions import Run
from tasks.sources.source import Source
from tasks.upkeep.backup import back_up
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.repair.repair import repair
from tasks.upkeep.repair.report import Repaired
from tasks.upkeep.retention import drop_archives, drop_snapshots
from tasks.upkeep.verification import verify
from tests.support import archived_news
from tests.support.kept_folder import KeptFolder
from tests.support.s3 import Server, whole
from tests.support.staged_pages import SOURCES, TOPICS, Page, prose, stage, tables
from warehouse.layers.audits import read_audit
from warehouse.layers.commits import committed_runs
from warehouse.layers.documents import DocumentError
from warehouse.layers.findings import Finding
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.store import lease as leases
from warehouse.store.archive_files import archive_files, download_archive
from warehouse.store.lease import lease
from warehouse.store.link import Link, read_link, write_link
from warehouse.store.objects import Changed, Missing, Store, StoreError, open_store
from warehouse.store.states import last_number
from warehouse.store.unreferenced_objects import drop_unreferenced
from warehouse.store.working_copy import LEASE, link_to_store, pull_unless_locked, pulled_and_pushed

pytestmark = pytest.mark.slow

SOON = datetime.now(UTC) + timedelta(days=1)
TEXTS = "SELECT article_id, version_no, body FROM article_version_texts ORDER BY ALL"


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Layout:
    return copy_of(store, tmp_path / "here")


@pytest.fixture
def there(store: Store, tmp_path: Path) -> Layout:
    return copy_of(store, tmp_path / "there")


def copy_of(store: Store, folder: Path) -> Layout:
    layout = Layout(folder)
    link_to_store(layout, store.url)
    pull_unless_locked(layout)
    return layout


class KeptStore:
    """A store that a machine has filled, to be copied into other stores."""

    def __init__(self, folder: Path, server: Server, fill: Callable[[Layout], object]) -> None:
        with pytest.MonkeyPatch.context() as patched:
            for name, value in server.environment.items():
                patched.setenv(name, value)
            store = server.bucket()
            self._machine = KeptFolder(folder, lambda layout: fill(copy_of(store, layout.root)))
            self._objects = {found.key: store.read(found.key) for found in store.list()}

    def put_into(self, store: Store) -> Layout:
        """Fill an empty store; the machine's folder."""
        for key, content in self._objects.items():
            store.create(key, content)
        layout = self._machine.restored()
        link = read_link(layout)
        assert link
        write_link(layout, replace(link, url=store.url))
        return layout


@pytest.fixture(scope="module")
def first_run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> KeptStore:
    folder = tmp_path_factory.mktemp("first")
    return KeptStore(folder, server, lambda layout: run(layout, "r1", day(1)))


@pytest.fixture
def begun(store: Store, first_run: KeptStore) -> Layout:
    """A machine that has loaded `day(1)` as the run `r1`, as the first of its store."""
    return first_run.put_into(store)


@pytest.fixture(scope="module")
def kept_archives(server: Server, tmp_path_factory: pytest.TempPathFactory) -> KeptStore:
    def fill(layout: Layout) -> None:
        for number in range(2):
            archived_news.archive(layout, number)
        archived_news.load_runs_again(layout, [archived_news.run_id(n) for n in range(2)])

    return KeptStore(tmp_path_factory.mktemp("archived"), server, fill)


@pytest.fixture
def archived(store: Store, kept_archives: KeptStore) -> Layout:
    """A machine that has loaded two runs whose archives hold their pages."""
    return kept_archives.put_into(store)


def run(layout: Layout, run_id: str, pages: Sequence[Page]) -> LoadReport:
    """One run collected, loaded and published."""
    report = load(layout, TOPICS, SOURCES, [collect(layout, run_id, pages)])
    publish_all(layout, TOPICS, SOURCES)
    return report


def collect(layout: Layout, run_id: str, pages: Sequence[Page]) -> Run:
    """One run collected and refined, with its archive files."""
    collected = stage(layout, run_id, pages)
    for batch in collected.batches:
        path = Path(batch.warc)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive(run_id))
    return collected


def archive(run_id: str) -> bytes:
    """A record, as the made captures say it is there."""
    return gzip.compress(f"WARC/1.1\r\nWARC-Type: response\r\n\r\n{run_id}".encode(), mtime=0)


def damage(layout: Layout) -> list[Finding]:
    """What verification finds, but in archives: those of these tests hold no whole record."""
    return [each for each in verify(layout).findings if not each.kind.startswith("archive")]


def day(number: int, source_id: str = "gb-post") -> list[Page]:
    return [Page(f"{number}-{n}", f"{prose(10 * number + n)} harvest", number, 24.0 * number + n,
                 source_id) for n in range(3)]  # fmt: skip


def revised(number: int) -> Page:
    """The first page of the first day, which each run has found revised."""
    first, *_ = day(1)
    return replace(first, body=prose(number), hour=first.hour + number)


RUNS = {
    "r1": day(1),
    "r2": [*day(2, "de-blatt"), revised(2)],
    "r3": [*day(3), revised(3)],
}


@pytest.fixture(scope="module")
def kept_alone(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    def fill(layout: Layout) -> None:
        load(layout, TOPICS, SOURCES, [collect(layout, *about) for about in RUNS.items()])
        publish_all(layout, TOPICS, SOURCES)

    return KeptFolder(tmp_path_factory.mktemp("alone"), fill)


@pytest.fixture
def alone(kept_alone: KeptFolder) -> Layout:
    """An installation without a store that had the same runs."""
    return kept_alone.restored()


def same(layout: Layout) -> dict[str, list[str]]:
    """All rows that are the same in two installations: not when each first heard of a topic."""
    return tables(layout, ("loads", "topics"))


@pytest.mark.soak
def test_what_machines_load_at_once_all_have(
    store: Store, begun: Layout, there: Layout, server: Server
) -> None:
    with ThreadPoolExecutor() as pool:
        machines = {"r2": there, "r3": begun}
        list(pool.map(lambda name: run(machines[name], name, RUNS[name]), machines))
    for layout in (begun, there):
        pull_unless_locked(layout)
    assert tables(begun) == tables(there)
    texts = query(there, TEXTS)
    assert texts == query(begun, TEXTS)
    assert whole(store).snapshots[0].load_no == 3
    assert query(there, "SELECT run_id FROM runs ORDER BY ALL")["run_id"].to_pylist() == [*RUNS]
    assert [len(query(there, f"FROM {table}")) for table in ("articles", "article_versions")] == [
        *(9, 11)
    ]
    assert read_by_another_engine(store, server) == sorted(texts["body"].to_pylist())


def read_by_another_engine(store: Store, server: Server) -> list[str]:
    """As production.md says: the last state, its first snapshot, the manifest, its files."""
    (*_, last) = store.list("states")
    state = json.loads(gzip.decompress(store.read(last.key)))
    manifest = json.loads(store.read(f"{state['snapshots'][0]['key']}/manifest.json"))
    bucket = fs.S3FileSystem(endpoint_override=server.url, access_key="a", secret_key="b")
    root = store.url.removeprefix("s3://")
    paths = [f"{root}/{file['path']}" for file in manifest["files"] if file["layer"] == "articles"]
    found = dataset.dataset(paths, format="parquet", filesystem=bucket).to_table()
    return sorted(found["body"].to_pylist())


def test_all_parts_and_archives_reach_all_machines_and_a_backup(
    store: Store, begun: Layout, there: Layout, tmp_path: Path
) -> None:
    """Each has the rows that a rebuild from their commits gives."""
    run(there, "r2", day(3))
    part = replace(collect(begun, "r1", day(2, "de-blatt")), parameters={"part": 2})
    load(begun, TOPICS, SOURCES, [part])
    publish_all(begun, TOPICS, SOURCES)
    pull_unless_locked(there)
    sql = "SELECT commit_id, run_id FROM commits ORDER BY ALL"
    commits = [("r1", "r1"), ("r1_2", "r1"), ("r2", "r2")]
    assert [tuple(row.values()) for row in query(there, sql).to_pylist()] == commits
    assert same(begun) == same(there)
    assert damage(begun) == damage(there) == []
    done = back_up(there, tmp_path / "backup")
    assert (done.runs, done.archives) == (3, 3)
    kept = Layout(tmp_path / "backup")
    assert committed_runs(kept.commits) == ["r1", "r1_2", "r2"]
    rebuild_warehouse(kept, TOPICS, SOURCES)
    assert tables(kept) == tables(there)
    drop_archives(there, days=1, megabytes=0, now=SOON)
    assert archive_files(there) == {}
    assert list(store.list("raw")) == []
    pull_unless_locked(begun)
    checked = verify(begun)
    assert checked.findings == ()
    assert checked.removed


def test_a_lost_machine_is_made_again_from_the_store(
    store: Store, begun: Layout, tmp_path: Path
) -> None:
    before = tables(begun)
    shutil.rmtree(begun.root)
    again = copy_of(store, tmp_path / "again")
    assert tables(again) == before
    rebuild_warehouse(again, TOPICS, SOURCES)
    assert tables(again) == before
    whole(store)


def test_a_folder_with_data_becomes_the_first_state(
    store: Store, alone: Layout, tmp_path: Path
) -> None:
    before, archives = tables(alone), archive_files(alone)
    link_to_store(alone, store.url)
    with pulled_and_pushed(alone):
        pass
    other = copy_of(store, tmp_path / "other")
    assert tables(other) == before
    assert archive_files(other) == archives
    assert "gb-post/r1.warc.gz" in archives
    whole(store)


def test_two_histories_are_not_mixed(store: Store, begun: Layout, alone: Layout) -> None:
    has_data = f"{alone.root} has data of its own and so has {store.url}"
    with pytest.raises(ValueError, match=has_data):
        link_to_store(alone, store.url)


def test_a_folder_is_of_one_store(server: Server, begun: Layout) -> None:
    says = r"is the working copy of s3://.*, not of s3://.*: set PRESSWATCH_DATA to another"
    with pytest.raises(ValueError, match=says):
        link_to_store(begun, server.bucket().url)


def test_a_folder_without_data_takes_another_store(server: Server, here: Layout) -> None:
    right = server.bucket()
    link_to_store(here, right.url)
    link = read_link(here)
    assert link
    assert link.url == right.url


def test_a_run_that_came_too_late_is_loaded_again(
    store: Store, begun: Layout, there: Layout, alone: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    """One machine is taken for dead while it writes; the other goes on."""
    late = collect(begun, "r3", RUNS["r3"])
    with pytest.raises(Changed, match="the next run loads them"):
        _load_late(store, begun, late, lambda: run(there, "r2", RUNS["r2"]))
    again = stage(begun, "r3", RUNS["r3"])
    load(begun, TOPICS, SOURCES, [again])
    publish_all(begun, TOPICS, SOURCES)
    assert "commits/r3.json is not in" in caplog.text
    assert same(begun) == same(alone)
    sql = f"SELECT version_no, run_id FROM article_versions WHERE url_requested = '{day(1)[0].url}'"
    versions = query(begun, f"{sql} ORDER BY ALL")
    assert versions.to_pylist() == [{"version_no": n, "run_id": f"r{n}"} for n in (1, 2, 3)]


def _load_late(store: Store, layout: Layout, late: Run, other: Callable[[], object]) -> None:
    """Load as `load` does, while another machine takes the lease and has it for a run."""
    with pulled_and_pushed(layout):
        _, tag = store.read_tagged(LEASE)
        store.replace(LEASE, json.dumps({"holder": "", "beats": 0}).encode(), tag)
        other()
        loading._load(layout, TOPICS, SOURCES, [late], None, datetime.now(UTC), 1)


def test_a_store_that_is_gone_for_a_while_costs_nothing(
    store: Store, begun: Layout, monkeypatch: pytest.MonkeyPatch, alone: Layout
) -> None:
    collected = collect(begun, "r2", RUNS["r2"])
    with monkeypatch.context() as cut:
        cut.setattr(Store, "create", _refused)
        with pytest.raises(StoreError, match="no route"):
            load(begun, TOPICS, SOURCES, [collected])
    run(begun, "r3", RUNS["r3"])
    assert same(begun) == same(alone)
    whole(store)


def _refused(*_: object) -> str:
    raise StoreError("no route")


def test_pull_and_push_are_steps_around_the_work_under_one_lease(
    store: Store, begun: Layout, alone: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[tuple[str, str]] = []

    def step(name: str, work: Callable[[], None]) -> None:
        steps.append((name, json.loads(store.read(LEASE))["holder"]))
        work()

    link = read_link(begun)
    assert link
    caplog.set_level(logging.INFO)
    before = {one.key for one in store.list()}
    load(begun, TOPICS, SOURCES, [collect(begun, "r2", RUNS["r2"])], step=step)
    publish_all(begun, TOPICS, SOURCES, step=step)
    held = [("pull", link.copy), ("push", link.copy)]
    assert steps == held * 2
    assert json.loads(store.read(LEASE))["holder"] == ""
    new = {one.key for one in store.list() if not one.key.startswith("states/")} - before
    pushed = [line for line in caplog.messages if line.startswith("pushed state")]
    assert sum(int(line.rpartition(" ")[2]) for line in pushed) == len(new)
    rebuild_warehouse(begun, TOPICS, SOURCES, step=step)
    assert steps == held * 3
    with pulled_and_pushed(alone, step=step):
        pass
    assert steps == held * 3, "without a store there are no such steps"


def test_nothing_is_pushed_after_a_failure_and_the_next_push_takes_it(
    store: Store, begun: Layout, there: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    before = last_number(store)
    steps: list[str] = []

    def step(name: str, work: Callable[[], None]) -> None:
        steps.append(name)
        work()

    sample = draw_sample(begun, "harvest", 3, 1, SOON)
    with pytest.raises(OSError, match="No space left"), pulled_and_pushed(begun, step=step):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (steps, last_number(store)) == (["pull"], before)
    caplog.set_level(logging.INFO)
    with pulled_and_pushed(begun, step=step):
        pass
    assert (steps[1:], last_number(store)) == (["pull", "push"], before + 1)
    pull_unless_locked(there)
    assert read_audit(there, sample.audit_id) == read_audit(begun, sample.audit_id)
    assert [line for line in caplog.messages if "new objects" in line] == [
        f"pushed state {before + 1} to {store.url}; new objects: 1",
        f"pulled state {before + 1} of {store.url}; new objects: 1",
    ]


def test_a_lease_is_waited_for(store: Store) -> None:
    waited: list[str] = []
    with ThreadPoolExecutor() as pool:
        with lease(store, "leases/x.json", "one"):
            other = pool.submit(_held, store, "two", waited.append)
            while not waited:
                time.sleep(0.01)
            assert not other.done()
        assert other.result() == "two"
    assert waited == [f"waiting for one to finish writing {store.url}"]


def _held(store: Store, holder: str, told: Callable[[str], None]) -> str:
    with lease(store, "leases/x.json", holder, told):
        content: str = json.loads(store.read("leases/x.json"))["holder"]
        return content


def test_a_dead_holder_is_not_waited_for_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create("leases/x.json", json.dumps({"holder": "dead", "beats": 7}).encode())
    monkeypatch.setattr(leases, "EXPIRES_SECONDS", 1.0)
    monkeypatch.setattr(leases, "RETRY_SECONDS", 0.1)
    begun = time.monotonic()
    assert _held(store, "two", print) == "two"
    assert time.monotonic() - begun > 1


def test_a_live_holder_keeps_its_lease(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "EXPIRES_SECONDS", 1.5)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.2)
    monkeypatch.setattr(leases, "RETRY_SECONDS", 0.1)
    ended = threading.Event()
    with ThreadPoolExecutor() as pool:
        with lease(store, "leases/x.json", "one"):
            other = pool.submit(_held, store, "two", lambda _: None)
            assert not ended.wait(4)
            assert not other.done()
        other.result()


def test_a_lease_of_ones_own_is_taken_without_waiting(store: Store) -> None:
    store.create("leases/x.json", json.dumps({"holder": "one", "beats": 7}).encode())
    told: list[str] = []
    assert _held(store, "one", told.append) == "one"
    assert told == []


@pytest.mark.soak
def test_compacted_days_read_the_same_everywhere(
    store: Store, begun: Layout, there: Layout
) -> None:
    run(there, "r2", [Page("b", prose(2), 1, 2)])
    pull_unless_locked(begun)
    before, texts = tables(begun), query(begun, TEXTS)
    done = compact(begun, date(2027, 1, 1))
    publish_files(begun)
    assert done.files_before > done.files_after
    pull_unless_locked(there)
    assert query(there, TEXTS) == query(begun, TEXTS) == texts
    leave = ("loads", "files")
    assert tables(there, leave) == {k: v for k, v in before.items() if k != "files"}
    drop_snapshots(begun, SOON)
    assert drop_retired(begun, SOON)
    run(begun, "r9", day(6))
    pull_unless_locked(there)
    assert len(query(there, TEXTS)) == len(query(begun, TEXTS))
    assert not damage(there)
    assert not damage(begun)
    whole(store)


def test_what_a_killed_writer_left_is_removed_from_the_store(store: Store, begun: Layout) -> None:
    store.create("articles/published_date=2026-01-01/dead.1.parquet", b"half a run")
    assert drop_unreferenced(begun, SOON - timedelta(days=2)) == [], "it may be about to be named"
    assert drop_unreferenced(begun, SOON) == ["articles/published_date=2026-01-01/dead.1.parquet"]
    whole(store)
    assert not damage(begun)


def test_verify_misses_what_the_store_has_lost(store: Store, begun: Layout) -> None:
    done = verify(begun)
    assert done.objects > 5
    lost = next(found.key for found in store.list("articles"))
    store.delete([lost])
    (finding,) = damage(begun)
    assert str(finding).startswith(f"{lost}: is not in the store; ")


def test_archives_are_fetched_when_they_are_asked_for(
    store: Store, begun: Layout, there: Layout
) -> None:
    pull_unless_locked(there)
    path = there.raw / "gb-post" / "r1.warc.gz"
    assert not path.exists()
    assert archive_files(there, "gb-post") == {"gb-post/r1.warc.gz": len(archive("r1"))}
    download_archive(there, "gb-post/r1.warc.gz")
    assert path.read_bytes() == archive("r1")
    download_archive(there, "gb-post/none.warc.gz")
    assert not (there.raw / "gb-post" / "none.warc.gz").exists()


def test_a_store_that_was_put_back_is_not_written(store: Store, begun: Layout) -> None:
    store.delete([found.key for found in store.list("states")])
    with pytest.raises(StoreError, match=f"{store.url} has lost its state 2; its last is 0"):
        run(begun, "r2", day(2))
    assert committed_runs(begun.commits) == ["r1"]


def test_a_store_that_was_put_back_and_written_by_another_machine_is_not_written(
    store: Store, begun: Layout, there: Layout
) -> None:
    pull_unless_locked(there)
    before = {found.key for found in store.list("states")}
    run(begun, "r2", day(2))
    store.delete([found.key for found in store.list("states") if found.key not in before])
    # First it has as many states as before, and then more.
    for states in (2, 1):
        for _ in range(states):
            draw_sample(there, "harvest", 3, 1, SOON)
            with pulled_and_pushed(there):
                pass
        with pytest.raises(StoreError, match=f"{store.url} has another state 4 than {begun.root}"):
            run(begun, "r4", day(4))
        assert committed_runs(begun.commits) == ["r1", "r2"]
    pull_unless_locked(there)
    assert committed_runs(there.commits) == ["r1"]


def test_a_bucket_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with pytest.raises(StoreError, match="s3://no-such-bucket/news/"):
        link_to_store(layout, "s3://no-such-bucket/news")
    assert read_link(layout) is None
    link_to_store(layout, store.url)
    # As an earlier version left it.
    write_link(layout, Link("s3://no-such-bucket/news", "a-copy"))
    with pytest.raises(StoreError, match="s3://no-such-bucket/news/"):
        run(layout, "r1", day(1))
    link_to_store(layout, store.url)
    pull_unless_locked(layout)


def test_a_paper_is_collected_by_one_machine_at_a_time(
    store: Store, here: Layout, there: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RETRY_SECONDS", 0.1)
    told: list[str] = []
    both, (post, blatt) = SOURCES, SOURCES
    with lock_sources(here, "r1", [post]) as mine, lock_sources(there, "r2", both) as other:
        assert mine.sources == (post,)
        assert (other.sources, other.busy) == ((blatt,), {"gb-post": "r1"})
        with lock_sources(here, "r3", [blatt]) as third:
            assert third.busy == {"de-blatt": "r2"}
    with ThreadPoolExecutor() as pool:
        with lock_sources(here, "r4", [post]):
            waits = pool.submit(_turn_of, there, "r5", both, told.append)
            while not told:
                time.sleep(0.01)
            assert not waits.done()
        assert waits.result() == (2, True)
    assert told == ["run r4 is collecting gb-post"]
    assert not list(store.list("turns"))


def _turn_of(
    layout: Layout, run_id: str, sources: Sequence[Source], told: Callable[[str], None]
) -> tuple[int, bool]:
    with lock_sources(layout, run_id, sources, told) as mine:
        return len(mine.sources), mine.has_waited


def test_a_dead_machine_keeps_no_paper(
    store: Store, here: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("turns/dead.json", b'["gb-post"]')
    with lock_sources(here, "r1", SOURCES[:1]) as mine:
        assert mine.busy == {"gb-post": "dead"}
    monkeypatch.setattr(leases, "EXPIRES_SECONDS", 1.0)
    time.sleep(2.1)  # the store's clock goes by seconds
    with lock_sources(here, "r1", SOURCES[:1]) as mine:
        assert mine.busy == {}


def test_objects(store: Store, tmp_path: Path) -> None:
    assert store.size("a/b") is None
    with pytest.raises(Missing, match=f"{store.url}/a/b: no such object"):
        store.read("a/b")
    tag = store.create("a/b", b"one")
    with pytest.raises(Changed):
        store.create("a/b", b"two")
    store.replace("a/b", b"three", tag)
    with pytest.raises(Changed):
        store.replace("a/b", b"four", tag)
    assert not store.keep("a/b", b"fives")
    with pytest.raises(StoreError, match="has 5 bytes, the file here 1"):
        store.keep("a/b", b"1")
    large = tmp_path / "large"
    large.write_bytes(b"0123456789" * 2_000_000)
    assert store.keep("a/large", large)
    store.download("a/large", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == large.read_bytes()
    assert [found.key for found in store.list("a")] == ["a/b", "a/large"]
    store.delete(["a/b", "a/none"])
    assert [found.key for found in store.list()] == ["a/large"]


@pytest.mark.parametrize("url", ["s3://", "s3:///folder", "https://bucket/x", "s3://b/x?y=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be like s3://bucket/folder"):
        open_store(url)


def test_a_working_copy_is_repaired_from_its_store(store: Store, archived: Layout) -> None:
    before, link = same(archived), read_link(archived)
    name = archived_news.run_id(1)
    [parquet] = archived.captures.glob(f"{name}.*.parquet")
    archive_file = archived_news.archive_of(archived, "gb-post", 1)
    damaged = (archived.definitions, archived.commits / f"{name}.json", parquet, archive_file)
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-99])
    done = repaired(archived)
    assert done.repaired == {str(path): f"downloaded again from {store.url}" for path in damaged}
    assert not done.lost
    assert not verify(archived).findings
    assert same(archived) == before
    after = read_link(archived)
    assert link
    assert after
    assert after.documents == link.documents


def test_damage_in_the_store_itself_is_refused(store: Store, archived: Layout) -> None:
    [parquet] = archived.captures.glob(f"{archived_news.run_id(0)}.*.parquet")
    name = parquet.relative_to(archived.root).as_posix()
    content = parquet.read_bytes()
    parquet.write_bytes(content[:-9] + b"damaged!!")
    store.delete([name])
    store.create(name, parquet)
    with pytest.raises(StoreError, match=r"damaged in the store itself: restore it there"):
        repaired(archived)
    store.delete([name])
    with pytest.raises(StoreError, match=f"{name}: is not in the store"):
        repaired(archived)


def test_damage_of_a_working_copy_does_not_reach_its_store(store: Store, begun: Layout) -> None:
    before = read_link(begun)
    begun.definitions.write_bytes(begun.definitions.read_bytes()[:-9])
    assert any(finding.kind == "definitions" for finding in verify(begun).findings)
    with pytest.raises(DocumentError, match=r"definitions\.json"), pulled_and_pushed(begun):
        pass
    after = read_link(begun)
    assert before
    assert after
    assert after.state == before.state


def repaired(layout: Layout) -> Repaired:
    refine = partial(archived_news.refine_commit, layout)
    return repair(layout, refine, partial(archived_news.load_runs_again, layout))


def test_verdicts_of_two_machines_are_united(begun: Layout, there: Layout) -> None:
    pull_unless_locked(there)
    sample = draw_sample(begun, "harvest", 3, 1, SOON)
    Judging(begun, sample.audit_id, "ann").record_verdict(sample.articles[0].article_id, "yes")
    publish_all(begun, TOPICS, SOURCES)
    pull_unless_locked(there)
    Judging(there, sample.audit_id, "bob").record_verdict(sample.articles[1].article_id, "no")
    # Bob's verdict is in no state yet when another machine makes the next two.
    Judging(begun, sample.audit_id, "ann").record_verdict(sample.articles[2].article_id, "yes")
    run(begun, "r2", day(2))
    run(there, "r3", day(3))
    pull_unless_locked(begun)
    for layout in (begun, there):
        audit = read_audit(layout, sample.audit_id)
        assert [verdict.answer for verdict in audit.current.values()] == ["yes", "no", "yes"]
        said = query(layout, "SELECT reader, verdict FROM audit_verdicts ORDER BY judged_at")
        assert said["reader"].to_pylist() == ["ann", "bob", "ann"]
    assert damage(begun) == damage(there) == []
