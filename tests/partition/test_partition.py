"""Staged rows into Parquet files and commits."""

import random
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.model import Outcome
from tasks.partition import partitions as step
from tasks.partition.partitions import Run, partition
from tasks.partition.versions import KnownVersions, Text, judge_versions
from tasks.text.urls import fold_url
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.support.staged_pages import START, Page, files, listing, prose, stage
from warehouse.build.checks_runner import CheckFailed
from warehouse.layers import commits, leftovers
from warehouse.layers.commits import Commit, read_commit
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import sweep
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA

RUN = "20260302T060000Z-aaaaaa"
NEXT = "20260303T060000Z-bbbbbb"


def nothing(ids: Collection[UUID]) -> Mapping[UUID, KnownVersions]:
    return {}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def rows(layout: Layout, run_id: str, layer: str = "articles") -> list[dict[str, Any]]:
    commit = read_commit(layout.commits, run_id)
    assert commit
    tables = [pq.ParquetFile(path).read() for path in commit.paths(layout, layer)]
    return [row for table in tables for row in table.to_pylist()]


MIXED = [
    listing(),
    Page("one", stripped=["Sign up for our letter", "Only today"]),
    Page("two", day=1),
    Page("three", day=None),
    Page("four", outcome="section_page"),
    Page("fünf", source_id="de-blatt"),
]


def test_one_file_a_run_and_day(layout: Layout) -> None:
    commit = partition(layout, stage(layout, RUN, MIXED), nothing)

    assert commit
    places = sorted(path.rpartition("/")[0] for path in files(layout))
    assert places == [
        "articles/published_date=2026-03-02",
        "articles/published_date=2026-03-03",
        "articles/published_date=__HIVE_DEFAULT_PARTITION__",
        "captures",
        "commits",
        "stripped_blocks",
    ]
    assert sum(file.rows for file in commit.files if file.layer == "articles") == 4
    assert commit.outcomes == {
        "de-blatt": {"article": 1},
        "gb-post": {"article": 3, "listed": 1, "section_page": 1},
    }
    assert commit == read_commit(layout.commits, RUN)


def test_names_carry_the_digest_that_the_commit_names(layout: Layout) -> None:
    commit = partition(layout, stage(layout, RUN, MIXED), nothing)

    assert commit
    on_disk = files(layout)
    for file in commit.files:
        assert file.path.endswith(f"/{RUN}.{file.sha256[:12]}.parquet")
        assert on_disk[file.path] == file.sha256
        assert (layout.root / file.path).stat().st_size == file.bytes


def test_duckdb_reads_the_layer_with_its_types(layout: Layout) -> None:
    partition(layout, stage(layout, RUN, MIXED), nothing)

    con = duckdb.connect()
    found = con.execute(
        "SELECT article_id, published_date, minhash_bands, rights.notice FROM read_parquet("
        f"'{layout.articles}/*/*.parquet', hive_partitioning = true,"
        " hive_types = {'published_date': DATE}) ORDER BY published_date NULLS LAST"
    )
    assert [str(column[1]) for column in found.description or ()] == [
        "UUID",
        "DATE",
        "UINTEGER[]",
        "VARCHAR",
    ]
    days = [row[1] and row[1].isoformat() for row in found.fetchall()]
    assert days == ["2026-03-02", "2026-03-02", "2026-03-03", None]


def test_the_day_is_in_the_folder_only_and_bodies_are_stored_plainly(layout: Layout) -> None:
    partition(layout, stage(layout, RUN, MIXED), nothing)

    path = next(layout.articles.rglob("*.parquet"))
    file = pq.ParquetFile(path)
    assert set(file.schema_arrow.names) == set(ARTICLE_SCHEMA.names) - {"published_date"}
    group = file.metadata.row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert columns["body"].compression == "ZSTD"
    assert columns["body"].statistics is None
    assert not columns["body"].has_dictionary_page
    assert columns["source_id"].has_dictionary_page
    assert columns["authors.list.element"].has_dictionary_page


def test_equal_rows_give_equal_bytes_in_any_order(tmp_path: Path) -> None:
    pages = [*MIXED, *(Page(f"p{n}", prose(n), n % 5, hour=n / 7) for n in range(60))]
    shuffled = random.Random(7).sample(pages, len(pages))
    one, other = Layout(tmp_path / "one"), Layout(tmp_path / "other")
    partition(one, stage(one, RUN, pages), nothing)
    backwards = stage(other, RUN, shuffled)
    partition(other, replace(backwards, batches=backwards.batches[::-1]), nothing)

    assert files(one) == files(other)


def test_nothing_staged_writes_nothing(layout: Layout) -> None:
    assert partition(layout, stage(layout, RUN, []), nothing) is None
    assert partition(layout, Run(RUN, ()), nothing) is None
    assert files(layout) == {}


def test_a_page_seen_again_in_the_run(layout: Layout) -> None:
    again = [
        Page("one", "First text.", stripped=["old prompt"]),
        Page("one", "First text.", hour=2, stripped=["same prompt"]),
        Page("one", "Second text.", hour=3, stripped=["new prompt"]),
    ]
    partition(layout, stage(layout, RUN, again), nothing)

    articles = [(row["version_no"], row["body"]) for row in rows(layout, RUN)]
    assert articles == [(1, "First text."), (2, "Second text.")]
    assert {row["first_seen_at"] for row in rows(layout, RUN)} == {again[0].fetched_at}
    captures = [(row["outcome"], row["version_no"]) for row in rows(layout, RUN, "captures")]
    assert captures == [("article", 1), ("unchanged", 1), ("revised", 2)]
    blocks = [(row["version_no"], row["text"]) for row in rows(layout, RUN, "stripped_blocks")]
    assert blocks == [(1, "old prompt"), (2, "new prompt")]


def test_only_unchanged_pages_leave_captures_alone(layout: Layout) -> None:
    page = Page("one", hour=30)
    run = stage(layout, RUN, [replace(page, hour=1)])
    partition(layout, run, nothing)
    body_sha256 = str(rows(layout, RUN)[0]["body_sha256"])
    first = replace(page, hour=1).fetched_at
    known = {page.article_id: KnownVersions(first, [Text(first, 1, body_sha256, True)])}
    commit = partition(layout, stage(layout, NEXT, [page]), lambda ids: known, sequence=2)

    assert commit
    assert [file.layer for file in commit.files] == ["captures"]
    assert [counts["unchanged"] for counts in commit.outcomes.values()] == [1]
    assert known[page.article_id].texts == [Text(first, 1, body_sha256, True)]


def test_stage_that_contradicts_itself_is_refused(layout: Layout) -> None:
    run = stage(layout, RUN, [Page("one")])
    folder = run.batches[0].stage
    with pa.OSFile(str(folder / "articles.arrow"), "wb") as out:
        pa.ipc.new_file(out, ARTICLE_SCHEMA).close()

    with pytest.raises(ValueError, match="does not match"):
        partition(layout, run, nothing)
    assert files(layout) == {}


def test_url_keys_hold_every_folded_url_of_a_page(layout: Layout) -> None:
    run = stage(
        layout, RUN, [listing(), Page("one", about={"url_canonical": "https://gb-post.test/x"})]
    )
    partition(layout, run, nothing)

    keys = {row["kind"]: row["url_keys"] for row in rows(layout, RUN, "captures")}
    assert keys["listing"] == []
    assert keys["page"] == sorted(
        [fold_url("https://gb-post.test/one"), fold_url("https://gb-post.test/x")]
    )


def known_of(*texts: tuple[int, str]) -> dict[UUID, KnownVersions]:
    page = Page("one")
    found = [
        Text(START + timedelta(hours=hour), number, text, is_dated=True)
        for number, (hour, text) in enumerate(texts, 1)
    ]
    return {page.article_id: KnownVersions(min(found).fetched_at, found)}


@pytest.mark.parametrize(
    ("known", "hour", "text", "expected"),
    [
        ({}, 5, "a", (Outcome.ARTICLE, 1, 5)),
        (known_of((1, "a")), 5, "a", (Outcome.UNCHANGED, 1, 1)),
        (known_of((1, "a")), 5, "b", (Outcome.REVISED, 2, 1)),
        (known_of((1, "a"), (3, "b")), 5, "a", (Outcome.REVISED, 3, 1)),
        (known_of((1, "a"), (9, "b")), 5, "a", (Outcome.UNCHANGED, 1, 1)),
        (known_of((1, "a"), (9, "b")), 5, "c", (Outcome.REVISED, 3, 1)),
        (known_of((1, "a"), (9, "b")), 5, "b", (Outcome.UNCHANGED, 2, 1)),
        (known_of((1, "a"), (8, "c"), (9, "b")), 5, "b", (Outcome.REVISED, 4, 1)),
        (known_of((8, "a")), 5, "a", (Outcome.UNCHANGED, 1, 8)),
        (known_of((8, "a")), 5, "b", (Outcome.REVISED, 2, 5)),
    ],
    ids=[
        "new",
        "same",
        "other",
        "back-again",
        "older-same",
        "older-other",
        "older-same-as-next",
        "older-same-as-a-later-one",
        "oldest-same",
        "oldest",
    ],
)
def test_verdicts(
    known: dict[UUID, KnownVersions], hour: int, text: str, expected: tuple[Outcome, int, int]
) -> None:
    page = Page("one", hour=hour)
    row: dict[str, Any] = {
        "fetched_at": page.fetched_at,
        "article_id": page.article_id,
        "capture_id": page.capture_id(RUN),
        "source_id": page.source_id,
        "body_sha256": text,
        "page_sha256": None,
        "published_at": page.published_at,
        "is_truncated": False,
    }
    schema = pa.schema([ARTICLE_SCHEMA.field(name) for name in row])
    _, verdicts = judge_versions(pa.Table.from_pylist([row], schema=schema), known)

    outcome, number, first_seen = expected
    assert verdicts[row["capture_id"]] == (outcome, number, START + timedelta(hours=first_seen))


@pytest.mark.parametrize(
    ("days", "outcomes", "dated"),
    [
        ((None, 0), ["article", "revised"], 1),
        ((0, None), ["article", "unchanged"], 1),
        ((None, None), ["article", "unchanged"], 0),
        ((0, 1), ["article", "unchanged"], 1),
    ],
    ids=["date-found", "date-missing", "never-dated", "other-date"],
)
def test_an_undated_article_gets_its_date_with_the_first_capture_that_has_one(
    layout: Layout, days: tuple[int | None, int | None], outcomes: list[str], dated: int
) -> None:
    pages = [Page("one", day=day, hour=hour) for hour, day in enumerate(days, 1)]
    partition(layout, stage(layout, RUN, pages), nothing)

    assert [row["outcome"] for row in rows(layout, RUN, "captures")] == outcomes
    dates = [row["published_at"] for row in rows(layout, RUN)]
    assert len([date for date in dates if date]) == dated


@pytest.mark.parametrize(
    ("cut", "outcomes"),
    [
        ((False, True, False), ["article", "unchanged", "revised"]),
        ((True, True, False), ["article", "revised", "revised"]),
    ],
    ids=["whole-first", "cut-first"],
)
def test_a_text_that_comes_cut_is_no_version_of_a_whole_one(
    layout: Layout, cut: tuple[bool, ...], outcomes: list[str]
) -> None:
    pages = [
        Page("one", f"As of hour {hour}.", hour=hour, is_truncated=is_cut)
        for hour, is_cut in enumerate(cut, 1)
    ]
    known: dict[UUID, KnownVersions] = {}
    partition(layout, stage(layout, RUN, pages[:1]), nothing)
    for row in rows(layout, RUN):
        text = Text(row["fetched_at"], 1, row["body_sha256"], True, not row["is_truncated"])
        known[row["article_id"]] = KnownVersions(row["first_seen_at"], [text])
    partition(layout, stage(layout, NEXT, pages[1:]), lambda ids: known, sequence=2)
    captures = rows(layout, RUN, "captures") + rows(layout, NEXT, "captures")
    assert [row["outcome"] for row in captures] == outcomes


@pytest.mark.parametrize(
    ("shown", "new", "outcome"),
    [
        (("long", None), ("short", "long"), Outcome.UNCHANGED),
        (("short", "long"), ("long", None), Outcome.UNCHANGED),
        (("short", "long"), ("shorter", "long"), Outcome.UNCHANGED),
        (("short", "long"), ("short", "longer"), Outcome.UNCHANGED),
        (("short", "long"), ("other", "longer"), Outcome.REVISED),
    ],
    ids=["learnt", "forgotten", "learnt-more", "other-furniture", "other-text"],
)
def test_what_is_learnt_of_the_site_is_no_change_of_the_text(
    layout: Layout,
    shown: tuple[str, str | None],
    new: tuple[str, str | None],
    outcome: Outcome,
) -> None:
    page = Page("one", about=dict(zip(("body_sha256", "page_sha256"), new, strict=True)))
    first = page.fetched_at - timedelta(minutes=5)
    text = Text(first, 1, shown[0], is_dated=True, page_sha256=shown[1])
    known = {page.article_id: KnownVersions(first, [text])}
    commit = partition(layout, stage(layout, RUN, [page]), lambda ids: known)
    assert commit
    assert [counts[outcome] for counts in commit.outcomes.values()] == [1]


@pytest.mark.parametrize(
    ("shown", "new", "outcome"),
    [
        ("archive-gb-post.test", "gb-post", Outcome.REVISED),
        ("gb-post", "archive-gb-post.test", Outcome.UNCHANGED),
        ("gb-post", "de-blatt", Outcome.UNCHANGED),
    ],
)
def test_a_source_takes_an_article_over_from_its_domain(
    layout: Layout, shown: str, new: str, outcome: Outcome
) -> None:
    page = Page("one", source_id=new, about={"body_sha256": "same"})
    first = page.fetched_at - timedelta(minutes=5)
    text = Text(first, 1, "same", is_dated=True, source_id=shown)
    known = {page.article_id: KnownVersions(first, [text])}
    commit = partition(layout, stage(layout, RUN, [page]), lambda ids: known)
    assert commit
    assert commit.outcomes == {new: {str(outcome): 1}}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from("abc")), min_size=1, max_size=12))
def test_versions_are_numbered_without_gaps_and_say_what_was_shown(
    seen: list[tuple[int, str]],
) -> None:
    known: dict[UUID, KnownVersions] = {}
    state = known.setdefault(
        Page("one").article_id, KnownVersions(START + timedelta(hours=seen[0][0]))
    )
    numbers = []
    for hour, text in seen:
        moment = START + timedelta(hours=hour)
        if not state.texts or state.versions_at(moment)[0].body_sha256 != text:
            numbers.append(state.add(Text(moment, 0, text, is_dated=True)))
        assert state.versions_at(moment)[0].body_sha256 == text
    assert numbers == list(range(1, len(numbers) + 1))
    assert state.texts == sorted(state.texts)
    assert state.first_seen_at <= min(text.fetched_at for text in state.texts)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from("abc")), min_size=1, max_size=12))
def test_no_version_repeats_the_one_before_it_in_any_order_of_loading(
    seen: list[tuple[int, str]],
) -> None:
    known: dict[UUID, KnownVersions] = {}
    for number, (hour, text) in enumerate(seen):
        page = Page("one", hour=hour, about={"body_sha256": text})
        row: dict[str, Any] = dict.fromkeys(ARTICLE_SCHEMA.names) | {
            "fetched_at": page.fetched_at,
            "article_id": page.article_id,
            "capture_id": page.capture_id(str(number)),
            "body_sha256": text,
        }
        _, verdicts = judge_versions(pa.Table.from_pylist([row], schema=ARTICLE_SCHEMA), known)
        verdict = verdicts[row["capture_id"]]
        state = known.setdefault(page.article_id, KnownVersions(page.fetched_at))
        if verdict.outcome is not Outcome.UNCHANGED:
            assert state.add(Text(page.fetched_at, 0, text, False)) == verdict.version_no
        texts = [each.body_sha256 for each in state.texts]
        assert all(one != other for one, other in pairwise(texts))
        [shown] = [each for each in state.texts if each.version_no == verdict.version_no]
        assert shown.body_sha256 == text


def test_leftovers_of_a_crash_are_swept_and_written_again(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stage(layout, RUN, MIXED)
    with monkeypatch.context() as crash:
        crash.setattr(step, "write_commit", lambda folder, commit: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            partition(layout, run, nothing)
    half = layout.articles / "published_date=2026-03-02" / f".{RUN}.half"
    half.write_bytes(b"half a file")
    other = layout.captures / f"{NEXT}.000000000000.parquet"
    other.write_bytes(b"of a run that nobody marked")

    removed = sweep(layout)
    assert half in removed
    assert list(files(layout)) == [other.relative_to(layout.root).as_posix()]
    assert partition(layout, run, nothing)
    assert sweep(layout) == []
    assert len(files(layout)) == 7


def test_a_crash_after_the_commit_keeps_it(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as crash:
        crash.setattr(step, "mark_done", lambda folder, run_id: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            partition(layout, stage(layout, RUN, MIXED), nothing)

    assert sweep(layout) == []
    commit = read_commit(layout.commits, RUN)
    assert commit
    assert set(files(layout)) == {f"commits/{RUN}.json"} | {file.path for file in commit.files}


def two_runs(layout: Layout) -> dict[str, Run]:
    first = stage(layout, RUN, [Page("one", "Text."), Page("two", "Other.")])
    second = stage(layout, NEXT, [Page("one", "Text with a prompt.", hour=30)])
    commit = partition(layout, first, nothing)
    assert commit
    texts = {}
    for row in rows(layout, RUN):
        text = Text(row["fetched_at"], 1, row["body_sha256"], True)
        texts[row["article_id"]] = KnownVersions(row["first_seen_at"], [text])
    partition(layout, second, lambda ids: texts, sequence=2)
    return {RUN: first, NEXT: second}


def test_the_layer_made_again_from_the_same_pages_is_the_same(layout: Layout) -> None:
    runs = two_runs(layout)
    before = files(layout)
    rebuild_articles(layout, lambda commit: runs.get(commit.id))

    assert files(layout) == before
    assert not list(layout.root.glob("commits.*"))


def test_a_better_cleaning_rule_replaces_files_and_versions(layout: Layout) -> None:
    runs = two_runs(layout)
    before = files(layout)
    cleaner = runs | {NEXT: stage(layout, NEXT, [Page("one", "Text.", hour=30)])}
    rebuild_articles(layout, lambda commit: cleaner.get(commit.id))

    after = files(layout)
    gone = [path for path in before if path not in after]
    assert any(path.startswith("articles/") and NEXT in path for path in gone)
    assert rows(layout, NEXT) == []
    assert [row["outcome"] for row in rows(layout, NEXT, "captures")] == ["unchanged"]


def test_a_run_whose_archive_is_gone_keeps_its_files(layout: Layout) -> None:
    runs = two_runs(layout)
    before = files(layout)
    rebuild_articles(layout, lambda commit: None if commit.id == RUN else runs[commit.id])

    assert files(layout) == before


def test_a_run_of_which_one_archive_is_gone_keeps_its_files(layout: Layout) -> None:
    both = [Page("one"), Page("two", source_id="de-blatt")]
    run = stage(layout, RUN, both)
    partition(layout, run, nothing)
    before = files(layout)
    left = Run(RUN, run.batches[:1], started_at=START, extractor_version="1")
    rebuild_articles(layout, lambda commit: left)

    assert files(layout) == before


def test_old_files_that_no_longer_fit_keep_the_layer_as_it_was(layout: Layout) -> None:
    two_runs(layout)
    before = files(layout)
    rejected = stage(layout, RUN, [Page("one", outcome="no_article"), Page("two")])
    with pytest.raises(CheckFailed, match="article_versions_numbered"):
        rebuild_articles(layout, lambda commit: {RUN: rejected}.get(commit.id))
    sweep(layout)
    assert files(layout) == before


def test_a_rebuild_that_stops_half_way_changes_nothing(layout: Layout) -> None:
    two_runs(layout)
    before = files(layout)
    other = stage(layout, RUN, [Page("one", "Cleaner text."), Page("two", "Other.")])

    def stopping(commit: Commit) -> Run:
        if commit.id == NEXT:
            raise KeyboardInterrupt
        return other

    with pytest.raises(KeyboardInterrupt):
        rebuild_articles(layout, stopping)
    assert files(layout) != before
    sweep(layout)
    assert files(layout) == before
    assert not list(layout.root.glob("commits.*"))


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_a_swap_that_is_interrupted_is_finished(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    runs = two_runs(layout)
    pages = [Page("one", "Cleaner text."), Page("two", "Other.")]
    cleaner = runs | {RUN: stage(layout, RUN, pages)}
    left = [renames]
    rename = Path.rename

    def counted(self: Path, target: Path) -> Path:
        if self.name.startswith("commits"):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
        return rename(self, target)

    named_files = commits.named_files

    def named_but_old(folder: Path) -> set[str]:
        return named_files(folder) if folder == layout.commits else {str(1 / 0)}

    with monkeypatch.context() as crash:
        crash.setattr(Path, "rename", counted)
        crash.setattr(leftovers, "named_files", named_but_old)
        with pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
            rebuild_articles(layout, lambda commit: cleaner.get(commit.id))
    sweep(layout)

    assert [row["body"] for row in rows(layout, RUN)] == ["Cleaner text.", "Other."]
    named = {
        file.path
        for run_id in (RUN, NEXT)
        if (commit := read_commit(layout.commits, run_id))
        for file in commit.files
    }
    assert set(files(layout)) == named | {f"commits/{RUN}.json", f"commits/{NEXT}.json"}
