"""Pages that hang, die, raise or grow, in the real pool; and an archive refined twice."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks import process_pool as pages
from tasks.archive.write import ArchiveWriter
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.model import Attempt, Batch, CaptureKind, Entry, Extraction, Failure, Outcome
from tasks.partition.partitions import Run, partition
from tasks.process_pool import PagePool, Submitted, page_pool
from tasks.refine.refine_archive import refine
from tasks.refine.refine_pages import Origin
from tasks.settings import Limits, Settings
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.support.staged_pages import source
from warehouse.layers.layout import Layout
from warehouse.layers.parquet_schemas import CAPTURE_SCHEMA

pytestmark = pytest.mark.slow

RUN = "20260302T060000Z-aaaaaa"
NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
SENTENCES = "The harbour board met on Monday. Skippers were heard, and a vote was put off. " * 12


def good(text: str) -> str:
    return text


def hang() -> None:
    time.sleep(60)


def end() -> None:
    os._exit(3)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    # Cannot be unpickled: its __init__ wants more than its args hold.
    raise Failure(Outcome.TOO_LARGE, "half of a pair: \ud800" + "x" * 1000)


def recurse() -> None:
    recurse()


def grow() -> int:
    return len(bytearray(pages.MAX_BYTES + 1))


def limited_by(limit: int) -> tuple[int, int]:
    """As where the machine's owner has set a limit that no process may raise."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pages.begin_worker(os.environ.copy(), pages.NICE)
    return resource.getrlimit(resource.RLIMIT_AS)


@pytest.fixture(scope="module")
def pool() -> Iterator[PagePool]:
    with page_pool(Settings(workers=1, limits=Limits(page_seconds=1))) as opened:
        yield opened


@pytest.fixture(scope="module")
def patient() -> Iterator[PagePool]:
    """As long as it takes: a busy machine may need a second for the first page."""
    with page_pool(Settings(workers=1)) as opened:
        yield opened


def results(pool: PagePool, *futures: "Submitted[Any] | None") -> list[Any]:
    return [done for _, done in pool.in_order(enumerate(futures))]


@pytest.mark.parametrize(
    ("work", "outcome", "detail"),
    [
        (hang, Outcome.PAGE_TIMED_OUT, "time limit"),
        (end, Outcome.PAGE_CRASHED, "process ended"),
        (die, Outcome.PAGE_CRASHED, "process ended"),
        (fail, Outcome.PAGE_CRASHED, "Failure: half of a pair: \\ud800"),
        (recurse, Outcome.PAGE_CRASHED, "RecursionError"),
        (grow, Outcome.PAGE_CRASHED, "MemoryError"),
    ],
)
def test_a_bad_page_is_one_rejection_and_the_pool_goes_on(
    pool: PagePool, work: Any, outcome: Outcome, detail: str
) -> None:
    submitted = [pool.submit(good, "a"), pool.submit(work), pool.submit(good, "b")]
    first, rejected, last = results(pool, *submitted)
    assert (first, last) == ("a", "b")
    assert isinstance(rejected, Extraction)
    assert rejected.outcome is outcome
    assert detail in rejected.detail
    assert len(rejected.detail) < 350


def test_results_come_in_order_and_what_was_not_submitted_is_none(pool: PagePool) -> None:
    submitted = [pool.submit(good, str(n)) if n % 3 else None for n in range(8)]
    want = [str(n) if n % 3 else None for n in range(8)]
    assert results(pool, *submitted) == want


def test_no_more_pages_are_in_the_pool_than_it_has_room_for(pool: PagePool) -> None:
    taken = []

    def submissions() -> Iterator[tuple[int, "Submitted[Any]"]]:
        for number in range(40):
            taken.append(number)
            yield number, pool.submit(good, "x")

    found = pool.in_order(submissions())
    next(found)
    assert len(taken) == pages.PAGES_IN_FLIGHT
    assert sum(1 for _ in found) == 39


def test_a_lower_limit_of_memory_is_kept(pool: PagePool) -> None:
    limit = 3 * 1024**3
    assert results(pool, pool.submit(limited_by, limit)) == [(limit, limit)]


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_pool_whose_idle_process_was_killed_goes_on(seconds: float) -> None:
    """Pages may be waiting to be sent when that is noticed, or come after it."""
    with page_pool(Settings(workers=1)) as opened:
        [process] = results(opened, opened.submit(os.getpid))
        os.kill(process, signal.SIGKILL)
        time.sleep(seconds)
        text = "x" * 1_000_000
        submitted = (
            (number, opened.submit(good, text)) for number in range(3 * pages.PAGES_IN_FLIGHT)
        )
        assert {done for _, done in opened.in_order(submitted)} == {text}


def test_a_pool_that_is_closed_blames_no_page() -> None:
    with page_pool(Settings(workers=1)) as closed:
        pass
    with pytest.raises(RuntimeError):
        closed.submit(good, "a")


def page(number: int, outcome: Outcome = Outcome.FETCHED, text: str = SENTENCES) -> Attempt:
    head = f"<h1>The board met for the {number}th time</h1>"
    body = f"<html lang=en><body><article>{head}<p>{text}</p><p>{text}</p></article></body></html>"
    url = f"https://gb-post.test/{number}"
    payload = body.encode() if outcome is Outcome.FETCHED else b""
    return Attempt(
        CaptureKind.PAGE, url, url, outcome, NOW, 0.1, "", 200, "text/html", payload=payload
    )


def archived(layout: Layout) -> Path:
    entry = Entry("https://gb-post.test/x", "https://gb-post.test/feed", "From the feed")
    with ArchiveWriter(layout.raw, "gb-post", RUN) as archive:
        for number in range(25):
            outcome = Outcome.TIMED_OUT if number % 4 == 1 else Outcome.FETCHED
            archive.write(page(number, outcome, "" if number == 8 else SENTENCES), entry)
    assert archive.path
    return archive.path


def staged(batch: Batch) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for path in sorted(batch.stage.iterdir()):
        with pa.memory_map(str(path)) as file:
            found[path.stem] = pa.ipc.open_file(file).read_all().to_pylist()
    return found


def digests(batch: Batch) -> dict[str, str]:
    return {p.name: sha256(p.read_bytes()).hexdigest() for p in batch.stage.iterdir()}


def test_an_archive_refined(tmp_path: Path, patient: PagePool) -> None:
    layout = Layout(tmp_path)
    warc = archived(layout)
    batch = refine(warc, RUN, layout, {"gb-post": source()}, patient)
    rows = staged(batch)
    asked = [row["url_requested"] for row in rows["captures"]]
    assert asked == [f"https://gb-post.test/{number}" for number in range(25)]
    assert len(rows["articles"]) == batch.counts["article"]
    assert {row["capture_id"] for row in rows["articles"]} == {
        row["capture_id"] for row in rows["captures"] if row["outcome"] == "article"
    }
    assert rows["captures"][8]["outcome"] not in ("article", "fetched")
    assert batch.counts["timed_out"] == 6
    assert sum(batch.counts.values()) == 25

    before = digests(batch)
    assert digests(refine(warc, RUN, layout, {"gb-post": source()}, patient)) == before


def polled(layout: Layout) -> Path:
    """The archive of a source whose page did not answer."""
    with ArchiveWriter(layout.raw, "gb-post", RUN) as archive:
        archive.write(page(1, Outcome.TIMED_OUT))
    assert archive.path
    return archive.path


def test_a_poll_without_pages_is_staged_in_one_file(tmp_path: Path, patient: PagePool) -> None:
    layout = Layout(tmp_path)
    batch = refine(polled(layout), RUN, layout, {"gb-post": source()}, patient)
    assert [(name, len(rows)) for name, rows in staged(batch).items()] == [("captures", 1)]
    assert not layout.prints.exists()
    commit = partition(layout, Run(RUN, (batch,)), lambda ids: {})
    assert commit
    assert commit.outcomes == {"gb-post": {"timed_out": 1}}


def test_nothing_is_left_staged_of_an_earlier_attempt(tmp_path: Path, patient: PagePool) -> None:
    layout = Layout(tmp_path)
    warc = archived(layout)
    batch = refine(warc, RUN, layout, {"gb-post": source()}, patient)
    assert "articles" in staged(batch)
    warc.unlink()
    refine(polled(layout), RUN, layout, {"gb-post": source()}, patient)
    assert [*staged(batch)] == ["captures"]


def test_what_a_source_strips_is_named_in_its_rows(tmp_path: Path, patient: PagePool) -> None:
    layout = Layout(tmp_path)
    paper = source(strip=("h1",))
    rows = staged(refine(archived(layout), RUN, layout, {"gb-post": paper}, patient))
    versions = {row["extractor_version"] for row in rows["articles"]}
    assert versions == {f"{EXTRACTOR_VERSION}{paper.overrides.version}"}
    told = [row["text"] for row in rows["stripped_blocks"] if row["rule"] == "source:strip"]
    assert len(told) == len(rows["articles"])
    assert "The board met for the 0th time" in told


def test_a_source_that_is_no_longer_configured_is_refined_all_the_same(
    tmp_path: Path, patient: PagePool
) -> None:
    layout = Layout(tmp_path)
    batch = refine(archived(layout), RUN, layout, {}, patient)
    assert batch.counts["article"] > 10
    assert Origin() == Origin(None, "UTC")


SECTION = {"outcome": "section_page", "detail": "31 linked headings, 40 words", "article_id": None}


def refused(batch: Batch) -> Batch:
    """The batch as rules staged it that took each of its articles for a section page."""
    path = batch.stage / "captures.arrow"
    rows = [row | SECTION if row["article_id"] else row for row in staged(batch)["captures"]]
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, CAPTURE_SCHEMA) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=CAPTURE_SCHEMA))
    (batch.stage / "articles.arrow").unlink()
    return batch


def test_pages_that_older_rules_rejected_come_back_when_articles_are_rebuilt(
    tmp_path: Path, patient: PagePool
) -> None:
    layout = Layout(tmp_path)
    warc = archived(layout)

    def refined(run_id: str) -> Run:
        batch = refine(warc, run_id, layout, {"gb-post": source()}, patient)
        return Run(run_id, (batch,), extractor_version=str(EXTRACTOR_VERSION))

    older = Run(RUN, tuple(map(refused, refined(RUN).batches)), extractor_version="1")
    before = partition(layout, older, lambda ids: {})
    assert before
    assert before.outcomes["gb-post"].keys() == {"section_page", "timed_out", "no_article"}
    assert before.paths(layout, "articles") == []

    (after,), _ = rebuild_articles(layout, lambda commit: refined(commit.run_id))
    known = dict(before.outcomes["gb-post"])
    known["article"] = known.pop("section_page")
    assert after.outcomes["gb-post"] == known
    rows = pa.concat_tables(map(pq.read_table, after.paths(layout, "articles"))).to_pylist()
    assert len(rows) == known["article"]
    assert {row["extractor_version"] for row in rows} == {str(EXTRACTOR_VERSION)}


def spell(page: bytes) -> tuple[float, float]:
    """When the work on a page began and ended."""
    began = time.monotonic()
    time.sleep(0.3)
    return began, time.monotonic()


def test_of_large_pages_one_is_extracted_at_a_time() -> None:
    with page_pool(Settings(workers=2)) as opened:
        both = [opened.submit(spell, bytes(pages.LARGE_PAGE_BYTES + 1)) for _ in range(2)]
        results = [one.result() for one in both]
    times = sorted(one for one in results if isinstance(one, tuple))
    assert len(times) == 2
    assert times[0][1] <= times[1][0]
