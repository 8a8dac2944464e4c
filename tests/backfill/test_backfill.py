"""Backfill: any WARC file into rows, each record with one end, whatever is wrong with it."""

import dataclasses
import gzip
import os
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import pytest

from tasks.archive.any_responses import PAGE_KINDS, read_response
from tasks.archive.any_warc_records import Record, read_records, record_starts
from tasks.archive.warc_files import WarcPath
from tasks.backfill import dry_run, shard_processes
from tasks.backfill.dask_cluster import Cluster
from tasks.backfill.dry_run import estimate
from tasks.backfill.refine_shard import DONE
from tasks.backfill.selection import SELECTIONS, Passed, Selection, SourceDomains
from tasks.backfill.shard_processes import BATCHES_A_PROCESS, ShardFailed, ShardPool, shard_pool
from tasks.backfill.shard_runs import Place, grouped, load_shards, refine_again, run_of
from tasks.backfill.shards import Done, Staged, find_warcs, open_warcs
from tasks.backfill.task import MB, Backfilled
from tasks.load.load_run import load
from tasks.locks.run_locks import new_run_id
from tasks.model import Damage, Outcome
from tasks.partition.partitions import Run
from tasks.settings import Limits, Settings
from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.verification import verify
from tests.bench.backfill import write as write_gold
from tests.support.build_warcs import (
    CODINGS,
    CRAWLED,
    Archived,
    brotlied,
    chunked,
    gzipped,
    news,
    page,
    url_of,
    write_warc,
)
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, source, tables
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

KINDS = (".warc", ".warc.gz", ".warc.zst")
HARBOUR = source("gb-harbour", domains=("paper0.co.uk",))
EVERYTHING = Selection()
LIMITS = Limits(max_bytes=200_000, page_seconds=5)


@pytest.fixture(scope="module")
def pool() -> Iterator[ShardPool]:
    with shard_pool(2) as opened:
        yield opened


def place(root: Path, selection: Selection = EVERYTHING, limits: Limits = LIMITS) -> Place:
    about = Settings(data=root / "data", limits=limits, workers=1)
    return Place(Layout(about.data), (HARBOUR,), TOPICS, about, selection)


def backfilled(
    at: Place, pool: ShardPool | Cluster, *warcs: WarcPath, size: int = 20_000, pages: int = 10_000
) -> list[Staged | ShardFailed]:
    """What the flow does, without Prefect."""
    shards = pool.shards(
        open_warcs(warcs), size, Done(at.layout, at.selection, SourceDomains(at.sources))
    )
    found = []
    for group in grouped(pool.refined(shards, at.job), pages):
        found += group
        load_shards(at, [one for one in group if isinstance(one, Staged)])
    publish(at.layout)
    return found


def staged(at: Place, pool: ShardPool, *warcs: WarcPath) -> list[Staged | ShardFailed]:
    """What becomes of the files' records; nothing is loaded."""
    done = Done(at.layout, at.selection, SourceDomains(at.sources))
    return list(pool.refined(pool.shards(open_warcs(warcs), 20_000, done), at.job))


def runs_of(at: Place, found: Iterable[Staged | ShardFailed]) -> list[Run]:
    """A run of each shard."""
    shards = [one for one in found if isinstance(one, Staged)]
    return [run_of([one], at.selection, new_run_id()) for one in shards]


def load_runs(at: Place, runs: Sequence[Run]) -> None:
    """Load them together, which no backfill does, but one after the other."""
    load(at.layout, at.topics, at.sources, runs)
    publish(at.layout)


def ask(at: Place, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(at.layout, sql).to_pylist()]


def records(path: Path) -> list[Record | Damage]:
    return list(read_records(path, 0, path.stat().st_size, 10_000_000, PAGE_KINDS))


def pages_of(path: Path) -> list[Record]:
    """The whole ones among the records of pages."""
    found = (one for one in records(path) if isinstance(one, Record))
    return [one for one in found if one.kind in PAGE_KINDS and one.is_whole]


def ends(found: list[Staged | ShardFailed]) -> tuple[Counter[str], Counter[str]]:
    """Captures by outcome, and records passed over by reason."""
    counts, passed = Counter[str](), Counter[str]()
    for one in found:
        assert isinstance(one, Staged), one
        counts.update(one.counts)
        passed.update(one.passed)
    return counts, passed


# Records


@pytest.mark.parametrize("kind", KINDS)
def test_stretches_have_every_record_once(tmp_path: Path, kind: str) -> None:
    path = write_warc(tmp_path / f"a{kind}", news(3, 40))
    cuts = [*record_starts(path, 5_000), path.stat().st_size]
    assert len(cuts) > 5
    found = [
        record.offset
        for start, end in pairwise(cuts)
        for record in read_records(path, start, end, 10_000_000, PAGE_KINDS)
    ]
    assert found == [record.offset for record in records(path)]
    assert len(found) == 121


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [100, -20, 10**12])
def test_a_wrong_length_costs_its_own_record(tmp_path: Path, kind: str, wrong: int) -> None:
    pages = news(3, 4)
    pages[1] = dataclasses.replace(pages[1], length=wrong)
    path = write_warc(tmp_path / f"a{kind}", pages, requests=False)
    assert [record.get("warc-target-uri") for record in pages_of(path)] == [
        url_of(number % 3, number) for number in (0, 2, 3)
    ]


@pytest.mark.parametrize("kind", [".warc.gz", ".warc.zst"])
def test_a_broken_member_costs_its_own_record(tmp_path: Path, kind: str) -> None:
    path = write_warc(tmp_path / f"a{kind}", news(3, 4), requests=False)
    offsets = [record.offset for record in records(path)]
    data = bytearray(path.read_bytes())
    middle = (offsets[2] + offsets[3]) // 2
    data[middle : middle + 40] = b"\xff" * 40
    path.write_bytes(data)
    found = pages_of(path)
    assert [record.offset for record in found] == [offsets[1], *offsets[3:]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_anywhere_gives_what_is_before_the_cut(tmp_path: Path, kind: str) -> None:
    path = write_warc(tmp_path / f"a{kind}", news(3, 3), requests=False)
    data, whole = path.read_bytes(), pages_of(path)
    for at in range(0, len(data), 97):
        path.write_bytes(data[:at])
        found = pages_of(path)
        assert found == whole[: len(found)]
        assert sum(record.offset < at for record in whole) - len(found) in (0, 1)


def test_junk_between_records_is_passed(tmp_path: Path) -> None:
    one, two = (write_warc(tmp_path / f"{n}.warc.gz", news(1, 1, n)) for n in (1, 2))
    junk = b"\0" * 500 + gzip.compress(b"no record")
    both = tmp_path / "both.warc.gz"
    both.write_bytes(one.read_bytes() + junk + two.read_bytes())
    found = records(both)
    assert any(isinstance(record, Damage) for record in found)
    pages = [one for one in found if isinstance(one, Record) and one.kind == "response"]
    assert [one.get("warc-target-uri") for one in pages] == [url_of(0, 1), url_of(0, 2)]


def test_a_file_compressed_as_a_whole_is_refused_with_a_word_what_to_do(
    tmp_path: Path, pool: ShardPool
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(write_warc(tmp_path / "a.warc", news(1, 3)).read_bytes()))
    with pytest.raises(ConfigError, match="fastwarc recompress"):
        records(path)
    (failed,) = staged(place(tmp_path), pool, path)
    assert isinstance(failed, ShardFailed)
    assert "recompress" in failed.error


# Responses


def response(page: Archived, root: Path) -> Record:
    path = write_warc(root / "one.warc.gz", [page], requests=False)
    found = records(path)[-1]
    assert isinstance(found, Record)
    return found


@pytest.mark.parametrize("coded", CODINGS, ids=lambda coded: coded.__name__)
def test_a_body_comes_out_as_its_author_wrote_it(tmp_path: Path, coded: Any) -> None:
    headers, body = coded(page(0, 1))
    record = response(Archived(url_of(0, 1), body, headers=headers), tmp_path)
    content = read_response(record, 100_000)
    assert content.outcome is Outcome.FETCHED
    assert content.body == page(0, 1)


def cut_off(coded: Any) -> dict[str, Any]:
    headers, body = coded(page(0, 1))
    return {"headers": headers, "body": body[:-30]}


HOSTILE: dict[str, tuple[dict[str, Any], Outcome]] = {
    "archived in part, by length": (
        {"warc_headers": {"WARC-Truncated": "length"}},
        Outcome.TOO_LARGE,
    ),
    "by time": ({"warc_headers": {"WARC-Truncated": "time"}}, Outcome.TIMED_OUT),
    "disconnected": ({"warc_headers": {"WARC-Truncated": "x"}}, Outcome.BROKEN_RESPONSE),
    "a revisit": ({"kind": "revisit"}, Outcome.NOT_MODIFIED),
    "not modified": ({"status": "304 Not Modified"}, Outcome.NOT_MODIFIED),
    "a picture": ({"content_type": "image/png"}, Outcome.NOT_A_PAGE),
    "not found": ({"status": "404 Not Found"}, Outcome.NOT_FOUND),
    "forbidden": ({"status": "403 Forbidden"}, Outcome.DENIED),
    "too often": ({"status": "429 Too Many Requests"}, Outcome.RATE_LIMITED),
    "the server failed": ({"status": "503 Sorry"}, Outcome.SERVER_ERROR),
    "in part": ({"status": "206 Partial Content"}, Outcome.HTTP_ERROR),
    "no status": ({"status": "hello"}, Outcome.BROKEN_RESPONSE),
    "gzip cut off": (cut_off(gzipped), Outcome.BROKEN_RESPONSE),
    "brotli cut off": (cut_off(brotlied), Outcome.BROKEN_RESPONSE),
    "chunks cut off": (cut_off(chunked), Outcome.BROKEN_RESPONSE),
    "zstd, not asked for": (
        {"headers": {"Content-Encoding": "zstd"}, "body": b"\x28\xb5\x2f\xfd"},
        Outcome.BROKEN_RESPONSE,
    ),
    "a flood of headers": (
        {"headers": {f"X-{number}": "y" for number in range(500)}},
        Outcome.BROKEN_RESPONSE,
    ),
    "large": ({"body": b"<html>" + b"x" * 250_000}, Outcome.TOO_LARGE),
    "larger than any page": ({"body": os.urandom(400_000)}, Outcome.TOO_LARGE),
    "a bomb": (
        {"body": gzip.compress(b"x" * 9_000_000), "headers": {"Content-Encoding": "gzip"}},
        Outcome.TOO_LARGE,
    ),
    "empty": ({"body": b""}, Outcome.EMPTY_PAGE),
    "no text": ({"body": bytes(range(256)) * 40, "content_type": "text/html"}, Outcome.UNDECODABLE),
    "no article": ({"body": b"<html><p>Hello.</p></html>"}, Outcome.NO_ARTICLE),
    "a resource": ({"kind": "resource"}, Outcome.ARTICLE),
    "a wrong length": ({"length": 90}, Outcome.BROKEN_RESPONSE),
}


def hostile_pages() -> list[Archived]:
    """One for each of HOSTILE."""
    return [
        Archived(**{"url": url_of(number, number), "body": page(1, number), **about})
        for number, (about, _) in enumerate(HOSTILE.values(), start=1)
    ]


def captures_of_a_page() -> list[Archived]:
    """The page that was revised, the page, and the page once more."""
    first = Archived(url_of(0, 1), page(0, 1))
    again = dataclasses.replace(first, crawled=CRAWLED.replace(day=4))
    revised = Archived(url_of(0, 1), page(0, 1, "The ferry sank."), crawled=CRAWLED.replace(day=6))
    return [revised, first, again]


Odd = tuple[Place, list[Staged | ShardFailed]]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, pool: ShardPool) -> Odd:
    """A warehouse of the hostile pages and of several captures of a page, and their shards."""
    root = tmp_path_factory.mktemp("odd")
    warcs = [
        write_warc(root / "hostile.warc.gz", hostile_pages()),
        write_warc(root / "versions.warc.gz", captures_of_a_page()),
    ]
    at = place(root)
    return at, backfilled(at, pool, *warcs)


def test_each_hostile_record_ends_in_its_outcome(odd: Odd) -> None:
    at, found = odd
    pages = hostile_pages()
    others = f"WHERE url_requested <> '{url_of(0, 1)}'"
    assert dict(ask(at, f"SELECT url_requested, outcome FROM captures {others}")) == {
        page.url: str(outcome) for page, (_, outcome) in zip(pages, HOSTILE.values(), strict=True)
    }
    counts, passed = ends([one for one in found if one.shard.url.endswith("/hostile.warc.gz")])
    assert sum(counts.values()) == len(pages)
    assert passed[Passed.OTHER_RECORD] == 1 + 2 * sum(page.kind == "response" for page in pages)


PASSED = {
    "dns:www.paper0.co.uk": Passed.NO_WEB_ADDRESS,
    "https://www.paper0.co.uk/": Passed.NO_ARTICLE_URL,
    "https://www.paper0.co.uk/robots.txt": Passed.NO_ARTICLE_URL,
    "https://www.paper0.co.uk/tag/ferries": Passed.NO_ARTICLE_URL,
}


def test_records_that_are_passed_over_are_counted(tmp_path: Path, pool: ShardPool) -> None:
    moved = Archived(url_of(0, 8), b"", "301 Moved", headers={"Location": "/"})
    ancient = Archived(url_of(0, 9), page(0, 9), crawled=datetime(1970, 1, 2, tzinfo=UTC))
    ahead = Archived(url_of(0, 9), page(0, 9), crawled=datetime(2199, 1, 2, tzinfo=UTC))
    pages = [*(Archived(url, page(0, 1)) for url in PASSED), moved, ancient, ahead, *news(1, 2)]
    found = staged(place(tmp_path), pool, write_warc(tmp_path / "a.warc", pages))
    counts, passed = ends(found)
    assert passed == {
        Passed.OTHER_RECORD: 1 + 2 * len(pages),
        Passed.NO_WEB_ADDRESS: 1,
        Passed.NO_ARTICLE_URL: 3,
        Passed.REDIRECT: 1,
        Passed.NO_DATE: 2,
    }
    assert counts == {"article": 2}


# Selection


def test_pages_belong_to_papers_or_to_their_domain() -> None:
    papers = SourceDomains(
        [
            source("gb-post", feeds=("https://feeds.post.co.uk/rss",)),
            source("gb-one", feeds=("https://shared.com/one",)),
            source("gb-two", feeds=("https://shared.com/two",)),
            source("gb-sport", feeds=("https://x.net/f",), domains=("sport.post.co.uk",)),
        ]
    )
    found = {
        url: papers.source_of(url)[0]
        for url in (
            "https://www.post.co.uk/a",
            "https://sport.post.co.uk/a",
            "https://shared.com/a",
            "https://x.net/a",
            "https://www.news.example.com.au:8080/a",
            "http://10.0.0.1/a",
        )
    }
    assert list(found.values()) == [
        "gb-post",
        "gb-sport",
        "archive-shared.com",
        "archive-x.net",
        "archive-example.com.au",
        "archive-10.0.0.1",
    ]


@pytest.mark.parametrize(
    ("selection", "articles", "passed"),
    [
        (Selection(domains=("paper1.co.uk",)), 3, {Passed.OTHER_DOMAIN: 6}),
        (Selection(domains=("aper1.co.uk",)), 0, {Passed.OTHER_DOMAIN: 9}),
        (Selection(only_known=True), 3, {Passed.UNKNOWN_PAPER: 6}),
        (Selection(since=date(2024, 5, 2)), 6, {Passed.OTHER_DAY: 3}),
        (Selection(until=date(2024, 5, 1)), 3, {Passed.OTHER_DAY: 6}),
        (Selection(since=date(2024, 5, 3)), 3, {Passed.OTHER_DAY: 6}),
        (Selection(since=date(2024, 5, 4)), 0, {Passed.OTHER_DAY: 9}),
        (Selection(languages=("en",)), 9, {}),
        (Selection(languages=("en-gb",)), 9, {}),
        (Selection(languages=("de", "fr")), 0, {Passed.OTHER_LANGUAGE: 9}),
    ],
)
def test_filters(
    tmp_path: Path, pool: ShardPool, selection: Selection, articles: int, passed: dict[str, int]
) -> None:
    at = place(tmp_path, selection)
    found = staged(at, pool, write_warc(tmp_path / "a.warc.gz", news(3, 9)))
    counts, over = ends(found)
    assert counts["article"] == articles
    del over[Passed.OTHER_RECORD]
    assert over == passed


def test_a_morning_east_of_greenwich_is_of_the_day_that_its_page_states(
    tmp_path: Path, pool: ShardPool
) -> None:
    """At 16:30 UTC it is the next day in Tokyo, and a bare date is 00:00 UTC of that day."""
    captured = datetime(2024, 5, 2, 16, 30, tzinfo=UTC)
    address = "https://www.paper0.co.uk/harbour-board-meets-again.html"
    tomorrow = page(0, 1, day=3).replace(b"2024-05-03T06:00:00Z", b"2024-05-03")
    undated = page(0, 2).replace(b'content="2024-05-01T06:00:00Z"', b"")
    pages = [
        Archived(address, tomorrow, crawled=captured),
        Archived(url_of(0, 3), page(0, 3, day=2), crawled=captured),
        Archived(address.replace("again", "undated"), undated, crawled=captured),
    ]
    path = write_warc(tmp_path / "a.warc.gz", pages)
    halves = (Selection(until=date(2024, 5, 2)), Selection(since=date(2024, 5, 3)))
    found = [ends(staged(place(tmp_path, half), pool, path)) for half in halves]
    assert [counts["article"] for counts, _ in found] == [2, 1]
    assert [passed[Passed.OTHER_DAY] for _, passed in found] == [1, 2]
    later = Selection(since=date(2024, 5, 4))
    assert later.skip_reason(address, captured) is Passed.OTHER_DAY  # unread


def test_a_selection_is_kept_as_it_was() -> None:
    selection = Selection(("a.com",), date(2020, 1, 1), date(2021, 1, 1), ("en",), True, True)
    kept = SELECTIONS.dump_json(selection)
    assert SELECTIONS.validate_json(kept) == selection
    assert selection.key != Selection().key


# Whole backfills


def test_articles_say_where_they_lie_and_are_not_made_again_wherever_that_is(
    tmp_path: Path, pool: ShardPool
) -> None:
    at = place(tmp_path)
    path = write_warc(tmp_path / "a.warc.zst", news(3, 12))
    first = backfilled(at, pool, path, size=5_000)
    assert len(first) > 2
    assert ask(at, "SELECT source_id, count(*) FROM articles GROUP BY ALL ORDER BY ALL") == [
        ("archive-paper1.co.uk", 4),
        ("archive-paper2.co.uk", 4),
        ("gb-harbour", 4),
    ]
    for url, ref in ask(at, "SELECT url_final, raw_ref FROM articles"):
        name, _, offset = ref.rpartition("#")
        assert name == str(path)
        record = next(read_records(path, int(offset), int(offset) + 1, 10_000_000, PAGE_KINDS))
        assert isinstance(record, Record)
        assert record.get("warc-target-uri") == url
    columns = "attempts, pages, articles, rejected, flow"
    assert ask(at, f"SELECT {columns} FROM runs") == [(12, 12, 12, 0, "backfill")]

    before = tables(at.layout, leave_out=())
    moved = path.rename(tmp_path / "elsewhere.warc.zst")
    assert backfilled(at, pool, moved, size=5_000) == []
    assert tables(at.layout, leave_out=()) == before
    (finding,) = verify(at.layout).findings
    assert str(finding).endswith("point into it; put it, or a link to it, where it was")
    path.symlink_to(moved)
    assert not verify(at.layout).findings
    path.unlink()
    narrower = dataclasses.replace(at, selection=Selection(domains=("paper1.co.uk",)))
    (warc,) = open_warcs([moved])
    papers = SourceDomains(at.sources)
    assert Done(at.layout, at.selection, papers).bytes(warc) == warc.bytes
    assert Done(at.layout, narrower.selection, papers).bytes(warc) == 0
    counts, _ = ends(backfilled(narrower, pool, moved))
    assert counts == {"article": 4}
    assert ask(at, "SELECT count(*) FROM article_versions") == [(12,)]


def asked_for(at: Place, *sources: Source) -> Place:
    """The same backfill with other sources, as the flow asks for it."""
    owners = SourceDomains(sources).key(at.selection.domains)
    selection = dataclasses.replace(at.selection, owners=owners)
    return dataclasses.replace(at, sources=sources, selection=selection)


def test_a_source_that_was_added_gets_its_pages_when_they_are_backfilled_again(
    tmp_path: Path, pool: ShardPool
) -> None:
    """And what has none of its pages is not read again."""
    cases = [
        (EVERYTHING, 1),
        (Selection(domains=("paper1.co.uk",)), 1),
        (Selection(only_known=True), 2),
    ]
    post = source("gb-post")
    papers = [source(f"gb-paper{n}", domains=(f"paper{n}.co.uk",)) for n in range(4)]
    ours = [[Archived(url_of(n, m), page(n, m)) for m in range(4)] for n in range(4)]
    warcs = [
        (
            write_warc(tmp_path / f"ours{n}.warc.gz", ours[n]),
            write_warc(tmp_path / f"other{n}.warc.gz", [Archived(url_of(n + 5, 9), page(n, 9))]),
        )
        for n in range(len(cases))
    ]
    # The last paper takes its articles over by later captures of them.
    first = write_warc(tmp_path / "first.warc.gz", ours[3])
    later = [dataclasses.replace(one, crawled=CRAWLED.replace(day=9)) for one in ours[3]]
    by_later = write_warc(tmp_path / "later.warc.gz", later)

    places = [place(tmp_path, selection) for selection, _ in cases]
    before = [asked_for(at, post) for at in places]
    runs = runs_of(before[0], staged(before[0], pool, first))
    for at, archives in zip(before, warcs, strict=True):
        found = staged(at, pool, *archives)
        assert len(found) == 2
        runs += runs_of(at, found)
    load_runs(before[0], runs)

    after = [asked_for(at, post, *papers) for at in places]
    runs = runs_of(after[0], staged(after[0], pool, by_later))
    for at, archives, (_, shards) in zip(after, warcs, cases, strict=True):
        found = staged(at, pool, *archives)
        assert len(found) == shards
        runs += runs_of(at, found)
    load_runs(after[0], runs)
    owned = "SELECT source_id, versions, count(*) FROM articles"
    owned += " WHERE source_id LIKE 'gb-%' GROUP BY ALL ORDER BY ALL"
    expected = [(f"gb-paper{n}", 2, 4) for n in range(2)]
    # Who takes known papers only had none of its pages before.
    expected += [("gb-paper2", 1, 4), ("gb-paper3", 2, 4)]
    assert ask(after[0], owned) == expected
    assert ask(after[0], "SELECT DISTINCT state FROM coverage") == [("partial",)]
    assert [backfilled(at, pool, *each) for at, each in zip(after, warcs, strict=True)] == [[]] * 3
    by_later.unlink()  # versions by which a source took articles over may stay
    again(after[0], pool)
    found_again = ask(after[0], owned)
    assert [(name, articles) for name, _, articles in found_again] == [
        (paper.id, 4) for paper in papers
    ]
    assert found_again[3] == ("gb-paper3", 2, 4)


def test_captures_of_one_page_are_its_versions(odd: Odd) -> None:
    at, _ = odd
    of_it = f"WHERE url_requested = '{url_of(0, 1)}'"
    assert ask(at, f"SELECT outcome FROM captures {of_it} ORDER BY attempted_at") == [
        ("article",),
        ("unchanged",),
        ("revised",),
    ]
    assert ask(at, f"SELECT version_no, fetched_at FROM article_versions {of_it} ORDER BY 1") == [
        (1, CRAWLED),
        (2, CRAWLED.replace(day=6)),
    ]


def test_a_shard_without_pages_is_done_too(tmp_path: Path, pool: ShardPool) -> None:
    at = place(tmp_path, Selection(domains=("nobody.org",)))
    path = write_warc(tmp_path / "a.warc.gz", news(3, 6))
    assert len(backfilled(at, pool, path)) == 1
    assert backfilled(at, pool, path) == []


def test_a_shard_that_an_earlier_version_staged_is_staged_again(
    tmp_path: Path, pool: ShardPool
) -> None:
    at, path = place(tmp_path), write_warc(tmp_path / "a.warc.gz", news(3, 6))
    (first,) = staged(at, pool, path)
    assert isinstance(first, Staged)
    (first.folder / DONE).write_text('{"counts": {}, "passed": {}, "seconds": {}}')
    again = [one for _ in range(2) for one in staged(at, pool, path)]
    assert [isinstance(one, Staged) and one.counts for one in again] == [first.counts] * 2
    assert again[0] == again[1]  # with the seconds of the one time that it was staged


def test_groups_are_cut_by_pages(tmp_path: Path, pool: ShardPool) -> None:
    path = write_warc(tmp_path / "a.warc.gz", news(3, 24))
    shards = pool.shards(open_warcs([path]), 2_000)
    groups = grouped(pool.refined(shards, place(tmp_path).job), 8)
    pages = [sum(one.pages for one in group if isinstance(one, Staged)) for group in groups]
    assert sum(pages) == 24
    assert len(pages) > 1
    assert all(8 <= count < 12 for count in pages[:-1])


def test_a_process_is_replaced_before_its_heap_has_grown() -> None:
    with shard_pool(1) as alone:
        ids = [alone.workers.submit(os.getpid).result() for _ in range(2 * BATCHES_A_PROCESS)]
    assert list(Counter(ids).values()) == [BATCHES_A_PROCESS] * 2


def test_small_files_are_handed_out_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new process for every three files of a few pages took most of the time."""
    warcs = [write_warc(tmp_path / f"{n}.warc.gz", news(3, 1, first=n)) for n in range(35)]
    large = write_warc(tmp_path / "large.warc.gz", news(3, 15, first=35))
    monkeypatch.setattr(shard_processes, "BATCH_BYTES", large.stat().st_size - 1)
    at, handed = place(tmp_path), []
    with shard_pool(1) as alone:
        submit = alone.workers.submit

        def noted(work: "partial[Any]") -> Any:
            handed.append([job.shard.path for job in work.args[0]])
            return submit(work)

        monkeypatch.setattr(alone.workers, "submit", noted)
        shards = alone.shards(open_warcs([*warcs[:30], large, *warcs[30:]]), 10**9)
        found = list(alone.refined(shards, at.job))
    assert [one.shard.path for one in found] == [*warcs[:30], large, *warcs[30:]]
    assert list(chain(*handed)) == [*warcs[:30], large, *warcs[30:]]
    assert [large] in handed
    assert len(handed) < 12
    counts, _ = ends(found)
    assert counts == {"article": 50}


def test_a_backfill_without_work_has_no_time_left() -> None:
    begun_at = time.monotonic() - 90
    nothing = Backfilled(files=1, bytes=0, bytes_before=7 * MB, begun_at=begun_at)
    assert nothing.pace().endswith(" 0:00:00 left")
    half = Backfilled(files=1, bytes=2 * MB, bytes_before=0, begun_at=begun_at, bytes_done=MB)
    assert half.pace().endswith(" 0:01:30 left")


def test_an_estimate_keeps_nothing(tmp_path: Path, pool: ShardPool) -> None:
    at = place(tmp_path)
    path = write_warc(tmp_path / "a.warc.gz", news(3, 9))
    (warc,) = open_warcs([path])
    guess = estimate(at, [warc], 3 * warc.bytes, pool)
    assert guess.articles == 27
    assert guess.passed[Passed.OTHER_RECORD] == 3 * 19
    assert guess.cpu_seconds > 0
    assert guess.parquet_bytes > 0
    assert not any(at.layout.stage.rglob("*.arrow"))
    assert not at.layout.commits.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_an_estimate_has_the_first_record_of_a_file(
    tmp_path: Path, pool: ShardPool, kind: str
) -> None:
    path = write_warc(tmp_path / f"a{kind}", news(1, 1))
    only_page = tmp_path / f"only_page{kind}"
    only_page.write_bytes(path.read_bytes()[records(path)[2].offset :])
    warcs = open_warcs([only_page])
    guess = estimate(place(tmp_path), warcs, warcs[0].bytes, pool)
    assert guess.articles == 1
    assert guess.passed == {Passed.OTHER_RECORD: 1}


@pytest.mark.parametrize("stretch", [3_000, dry_run.SAMPLE_BYTES])
def test_an_estimate_from_all_bytes_is_what_is_there(
    tmp_path: Path, pool: ShardPool, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    """Of small files many are looked at, of large ones parts; each record once."""
    at = place(tmp_path)
    days = [write_warc(tmp_path / f"{day}.warc.gz", news(3, 2, first=2 * day)) for day in range(6)]
    large = write_warc(tmp_path / "large.warc.gz", news(3, 24, first=12))
    warcs = open_warcs([*days[:3], large, *days[3:]])
    total = sum(warc.bytes for warc in warcs)
    assert total > 5 * 3_000
    monkeypatch.setattr(dry_run, "SAMPLE_BYTES", stretch)
    monkeypatch.setattr(dry_run, "SAMPLE_COUNT", 1_000)
    guess = estimate(at, warcs, total, pool)
    assert guess.sampled == total
    assert guess.articles == 6 * 2 + 24
    assert guess.passed == {Passed.OTHER_RECORD: 6 * 5 + 49}


def test_an_estimate_tells_what_could_not_be_read(tmp_path: Path, pool: ShardPool) -> None:
    whole = write_warc(tmp_path / "a.warc.gz", news(3, 12))
    broken = tmp_path / "b.warc.gz"
    broken.write_bytes(gzip.compress(gzip.decompress(whole.read_bytes())))
    warcs = open_warcs([whole, broken])
    guess = estimate(place(tmp_path), warcs, 2 * warcs[0].bytes, pool)
    assert [one.shard.url for one in guess.failed] == [str(broken)]
    assert "not compressed record by record" in guess.failed[0].error
    assert guess.articles == 24


def test_warcs_are_found_by_path_folder_and_glob(tmp_path: Path) -> None:
    paths = [write_warc(tmp_path / "deep" / f"a{kind}", news(1, 1)) for kind in KINDS]
    (tmp_path / "deep" / "notes.txt").write_text("none")
    expected = sorted(paths)
    assert find_warcs([str(tmp_path)]) == expected
    assert find_warcs([str(tmp_path / "*" / "*.warc*"), str(paths[0])]) == expected
    assert find_warcs([str(tmp_path / "*" / "*")]) == expected
    other_name = tmp_path / "CC[1]-MAIN"
    other_name.write_bytes(paths[0].read_bytes())
    assert find_warcs([str(other_name)]) == [other_name]
    with pytest.raises(ConfigError, match="nowhere"):
        find_warcs([str(tmp_path / "nowhere*.gz"), str(paths[0])])


def test_a_wacz_has_to_be_unzipped(tmp_path: Path) -> None:
    warc = write_warc(tmp_path / "data.warc.gz", news(1, 1))
    packed = tmp_path / "crawls" / "crawl.wacz"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as file:
        file.write(warc, "archive/data.warc.gz")
    for named in (packed, packed.parent, packed.parent / "*"):
        with pytest.raises(ConfigError, match=r": unzip the \.wacz .* name its folder archive"):
            find_warcs([str(named)])
    with pytest.raises(ConfigError, match="no WARC file there"):
        find_warcs([str(tmp_path / "none.wacz")])


# Rebuilding


def versions(at: Place) -> dict[str, list[str]]:
    return tables(at.layout, leave_out=("loads", "files", "runs"))


def again(at: Place, pool: ShardPool) -> None:
    """What the flow `rebuild articles` does."""
    rebuild_articles(at.layout, lambda commit: refine_again(at, commit, pool))
    load(at.layout, at.topics, at.sources)
    publish(at.layout)


def test_backfilled_articles_are_made_again_from_the_archives_that_are_left(
    tmp_path: Path, pool: ShardPool, caplog: pytest.LogCaptureFixture
) -> None:
    at = place(tmp_path, Selection(domains=("paper0.co.uk", "paper1.co.uk")))
    left, gone, other = (
        write_warc(tmp_path / f"{name}.warc.gz", news(3, 6, first))
        for name, first in (("left", 0), ("gone", 6), ("other", 12))
    )
    load_runs(at, runs_of(at, staged(at, pool, left, gone, other)))
    assert ask(at, "SELECT attempts FROM runs") == [(4,)] * 3  # a run each
    before = versions(at)
    gone.unlink()
    write_warc(other, news(3, 5))
    again(dataclasses.replace(at, selection=EVERYTHING), pool)
    assert versions(at) == before
    for path, stays in ((left, False), (gone, True), (other, True)):
        assert (f"stays as it is: {path} is not there as it was" in caplog.text) is stays

    paper = source("gb-harbour", strip=("h1",), domains=("paper0.co.uk",))
    again(dataclasses.replace(at, sources=(paper,)), pool)
    rows = ask(at, "SELECT source_id, raw_ref FROM articles WHERE extractor_version LIKE '%+%'")
    assert {(source_id, ref.partition("#")[0]) for source_id, ref in rows} == {
        ("gb-harbour", str(left))
    }


def test_gold_pages_in_common_crawls_shape(shared: Path, tmp_path: Path, pool: ShardPool) -> None:
    at = place(tmp_path, limits=Limits())
    path = write_gold(tmp_path / "gold.warc.gz", 20, 1)
    counts, passed = ends(staged(at, pool, path))
    assert sum(counts.values()) == 20
    assert passed == {Passed.OTHER_RECORD: 40}
    # All 20 are articles as they are; with their words in another order, four do not read like one.
    assert counts["article"] >= 15, counts
