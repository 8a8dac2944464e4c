"""What recurs over a paper's pages, in a language without rules: counted, remembered, stripped."""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.archive.write import ArchiveWriter
from tasks.load.load_run import load
from tasks.model import Attempt, Batch, CaptureKind, Outcome, StrippedBlock
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.prompts.draft import Draft, Role
from tasks.prompts.page_hints import Site
from tasks.prompts.split_into_blocks import split_lines
from tasks.prompts.strip_boilerplate import strip_recurring, text_hash
from tasks.prompts.text_statistics import sign_columns
from tasks.refine.refine_archive import refine
from tasks.refine.site_boilerplate import (
    ENOUGH_PAGES,
    MAX_PAGES,
    MAX_TEXTS,
    BoilerplateCache,
    PageFingerprint,
    find_recurring,
    fingerprint,
    select_fingerprints,
)
from tasks.sources.source import BlockOverrides
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, files, source
from warehouse.layers.layout import Layout
from warehouse.read.query import query

STEMS = ["talo", "meri", "lauta", "kunta", "satama", "silta", "torni", "routa", "vene", "laiva"]
ENDINGS = ["ssa", "sta", "an", "lla", "lta", "lle", "ksi", "na", "tta", "in", "en"]
TEASER = "Lue lisää sovelluksestamme"
BACKGROUND = (
    "Satamalautakunta perustettiin keväällä silloin, kun vanha silta oli routinut, ja sen jälkeen"
    " kunta on kokoontunut torstaisin myllyn nurkalla."
)


def words(number: int, count: int) -> str:
    chance = random.Random(number)
    drawn = (chance.choice(STEMS) + chance.choice(ENDINGS) for _ in range(count))
    return " ".join(drawn).capitalize()


def story(number: int, paragraphs: int = 7) -> list[str]:
    return [f"{words(100 * number + at, 20)}." for at in range(paragraphs)]


def page(number: int, paragraphs: Sequence[str]) -> str:
    title, text = words(number, 6), "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        f'<html lang="fi"><head><title>{title}</title></head><body><nav><a href="/">Etusivu</a>'
        f'</nav><main><article><h1>{title}</h1><div class="teksti">{text}</div></article></main>'
        "<footer><p>Kaikki oikeudet pidätetään</p></footer></body></html>"
    )


def with_teaser(paragraphs: Sequence[str]) -> list[str]:
    return [*paragraphs[:3], TEASER, *paragraphs[3:]]


LIVE = [words(7000, 5), *story(70, 6)]
"""What the four versions of one live story share, a heading among it."""
STORIES = {
    **{number: with_teaser(story(number)) for number in (1, 2, 3, 4)},
    **{number: with_teaser([*story(number), BACKGROUND]) for number in (5, 6, 7, 8)},
    **{number: [*story(number, 2), *LIVE] for number in (11, 12, 13, 14)},
}
CLEAN = {
    number: [each for each in paragraphs if each != TEASER]
    for number, paragraphs in STORIES.items()
}


def bodies(rows: Iterable[dict[str, Any]]) -> dict[int, list[str]]:
    return {int(row["url_canonical"].rpartition("/")[2]): row["body"].split("\n\n") for row in rows}


# Counting


def seen(number: int, *texts: int, headline: int = 0) -> PageFingerprint:
    return PageFingerprint(number, headline or number, sorted(texts))


def test_texts_differ_by_their_letters_alone() -> None:
    assert text_hash("Noch 2 Artikel frei!") == text_hash("noch 13 ARTIKEL – frei")
    assert text_hash("Noch 2 Artikel") != text_hash("Noch 2 Artikeln")
    assert text_hash("続きを読む") == text_hash("続きを、読む") != text_hash("続きを読")
    assert [text_hash(text) for text in ("", "12:30", "* * *", "A 1")] == [0, 0, 0, 0]
    assert text_hash("Lue lisää") == 5137910950440447102


def test_a_text_recurs_from_three_pages_and_a_third_of_them_on() -> None:
    prints = [seen(number, 1, 2 if number < 3 else 3) for number in range(1, 6)]
    assert find_recurring([prints]) == Site(5, {1: 5, 3: 3})
    many = [seen(number, 4 if number < 9 else 5) for number in range(1, 31)]
    assert find_recurring([many]) == Site(30, {5: 22})


def test_a_story_told_under_one_headline_is_one_page() -> None:
    prints = [seen(number, 1, headline=9) for number in range(1, 6)]
    assert find_recurring([prints, [seen(7, 1), seen(8, 2)]]) == Site(3, {})


def test_of_a_url_the_newest_page_counts() -> None:
    newest, older = [seen(1, 1), seen(2, 1)], [seen(1, 1, 2, headline=5), seen(3, 1, 2)]
    assert find_recurring([newest, older]) == Site(3, {1: 3})


def test_no_file_is_asked_once_enough_pages_are_gathered() -> None:
    def older() -> Iterator[list[PageFingerprint]]:
        yield [seen(number, 1) for number in range(ENOUGH_PAGES)]
        raise AssertionError

    assert find_recurring(older()).pages == ENOUGH_PAGES


def test_what_is_kept_of_a_file_does_not_hang_on_its_order() -> None:
    prints = [seen(number % 900, number) for number in range(1000)]
    kept = select_fingerprints(prints)
    random.Random(1).shuffle(prints)
    assert select_fingerprints(prints) == kept
    assert len(kept) <= MAX_PAGES


def test_of_an_endless_page_not_all_is_remembered() -> None:
    blocks = [
        StrippedBlock(words(number, 6), "furniture", "dom:nav", number) for number in range(9000)
    ]
    kept = frozenset({1, 2, 3})
    made = fingerprint({"url_canonical": "https://a.test/1", "headline": "A"}, kept, blocks)
    assert len(made.texts) == MAX_TEXTS
    assert made.texts[:3] == [1, 2, 3]


# Stripping


def draft(*scores: float, good: Sequence[float], texts: Sequence[str] = ()) -> Draft:
    lines = [*texts, *(words(at, 12) for at in range(len(texts), len(scores)))]
    columns = {"good": np.array(good, np.float32), **sign_columns(lines)}
    score = np.array(scores, np.float32)
    made = Draft(split_lines(lines), columns, score, score)
    made.roles = dict.fromkeys(range(len(lines)), Role.BODY)
    return made


def gone(made: Draft, count: int, pages: int = 10) -> bool:
    strip_recurring(made, Site(pages, {text_hash(made.text(0)): count}), "fi")
    assert set(made.reasons) <= {0}
    return made.reasons == {0: ("furniture", "site:recurring")}


@pytest.mark.parametrize(
    ("score", "is_sentence", "count", "goes"),
    [
        (0.5, False, 4, True),
        (0.98, False, 4, False),
        (0.98, False, 5, True),
        (0.5, True, 4, False),
        (0.5, True, 5, True),
        (0.8, True, 10, False),
    ],
)
def test_the_surer_the_model_the_more_pages_speak_against_a_block(
    score: float, count: int, *, is_sentence: bool, goes: bool
) -> None:
    made = draft(score, *[0.98] * 9, good=[is_sentence, *[1] * 9], texts=[TEASER])
    assert gone(made, count) is goes


@pytest.mark.parametrize(
    "text", ["Gold: $4,198 an ounce", "Why did the talks fail?", "Russia denies the attack."]
)
def test_lines_that_authors_repeat_stay_where_the_model_is_sure_of_them(text: str) -> None:
    assert not gone(draft(*[0.98] * 10, good=[0, *[1] * 9], texts=[text]), 10)
    assert gone(draft(0.5, *[0.98] * 9, good=[0, *[1] * 9], texts=[text]), 10)


def test_the_headings_of_a_briefing_stay() -> None:
    made = draft(*[0.98] * 10, good=[0, *[1] * 9], texts=["Ukraine"])
    made.columns["heading"] = np.array([2, *[0] * 9], np.float32)
    assert not gone(made, 10)


def test_a_page_of_which_much_recurs_is_left_alone() -> None:
    made = draft(*[0.5] * 8, good=[0] * 8)
    counts = {text_hash(made.text(at)): 9 for at in range(4)}
    strip_recurring(made, Site(9, counts), "fi")
    assert made.reasons == {}


def test_headings_and_safe_blocks_stay() -> None:
    made = draft(*[0.5] * 10, good=[0] * 10, texts=[TEASER])
    made.roles[0] = Role.KICKER
    assert not gone(made, 10)
    made.roles[0], made.protected = Role.BODY, frozenset({0})
    assert not gone(made, 10)


# Refining


def archived(layout: Layout, run_id: str, numbers: Iterable[int]) -> Path:
    at = datetime(2026, 3, 2, 6, tzinfo=UTC)
    with ArchiveWriter(layout.raw, "fi-sanomat", run_id) as archive:
        for number in numbers:
            url, html = f"https://fi-sanomat.test/{number}", page(number, STORIES[number]).encode()
            archive.write(
                Attempt(
                    *(CaptureKind.PAGE, url, url, Outcome.FETCHED, at, 0.1, "", 200, "text/html"),
                    payload=html,
                )
            )
    assert archive.path
    return archive.path


def archived_poll(layout: Layout, run_id: str) -> Path:
    """An archive of a feed that had not changed."""
    at, url = datetime(2026, 3, 2, 6, tzinfo=UTC), "https://fi-sanomat.test/feed"
    with ArchiveWriter(layout.raw, "fi-sanomat", run_id) as archive:
        archive.write(Attempt(CaptureKind.LISTING, url, url, Outcome.NOT_MODIFIED, at, 0.1))
    assert archive.path
    return archive.path


def refined(layout: Layout, warc: Path, pool: PagePool, **settings: Any) -> Batch:
    papers = {"fi-sanomat": source("fi-sanomat", **settings)}
    return refine(warc, warc.name.partition(".")[0], layout, papers, pool)


def staged(batch: Batch, table: str) -> list[dict[str, Any]]:
    with pa.memory_map(str(batch.stage / f"{table}.arrow")) as file:
        rows: list[dict[str, Any]] = pa.ipc.open_file(file).read_all().to_pylist()
        return rows


def run_id(number: int) -> str:
    return f"202603{number:02}T060000Z-aaaaaa"


@pytest.mark.slow
def test_furniture_goes_and_what_the_paper_wrote_stays(tmp_path: Path, pool: PagePool) -> None:
    layout = Layout(tmp_path)
    batch = refined(layout, archived(layout, run_id(1), STORIES), pool)
    assert bodies(staged(batch, "articles")) == CLEAN
    rows = staged(batch, "stripped_blocks")
    found = [row["text"] for row in rows if row["rule"] == "site:recurring"]
    assert found == [TEASER] * 8


@pytest.mark.slow
def test_the_order_of_an_archive_files_pages_does_not_matter(
    tmp_path: Path, pool: PagePool
) -> None:
    found = []
    for name, numbers in (("a", sorted(STORIES)), ("b", sorted(STORIES, reverse=True))):
        layout = Layout(tmp_path / name)
        rows = staged(refined(layout, archived(layout, run_id(1), numbers), pool), "articles")
        found.append(
            sorted((row["url_canonical"], row["body"], row["shingles"] or 0) for row in rows)
        )
    assert found[0] == found[1]


@pytest.mark.slow
def test_one_page_is_judged_by_the_pages_of_earlier_runs(tmp_path: Path, pool: PagePool) -> None:
    layout = Layout(tmp_path)
    alone = archived(layout, run_id(3), [1])
    assert bodies(staged(refined(layout, alone, pool), "articles")) == {1: STORIES[1]}
    archived(layout, run_id(1), [2, 3, 4])
    later = archived(layout, run_id(2), [5, 6])  # of an earlier run, but begun last
    rows = staged(refined(layout, later, pool), "articles")
    assert bodies(rows) == {5: CLEAN[5], 6: CLEAN[6]}
    assert bodies(staged(refined(layout, alone, pool), "articles")) == {1: STORIES[1]}


@pytest.mark.slow
def test_an_archive_file_in_the_place_of_another_gives_nothing(
    tmp_path: Path, pool: PagePool
) -> None:
    layout = Layout(tmp_path)
    warc = archived(layout, run_id(1), STORIES)
    moved = warc.rename(warc.with_name(f"{run_id(9)}.warc.gz"))
    batch = refined(layout, moved, pool)
    assert batch.counts == {}
    reasons = {each.reason for each in batch.damage}
    assert reasons == {f"a capture of {moved.parent.name}/{run_id(1)}"}


@pytest.mark.slow
def test_the_cache_decides_nothing(tmp_path: Path, pool: PagePool) -> None:
    layout = Layout(tmp_path)
    warcs = [archived(layout, run_id(number), [2 * number, 2 * number - 1]) for number in (1, 2, 3)]
    first = [staged(refined(layout, warc, pool), "articles") for warc in warcs]
    assert bodies(first[2]) == {5: CLEAN[5], 6: CLEAN[6]}
    kept = {path.name: path.read_bytes() for path in layout.prints.rglob("*.arrow")}
    assert len(kept) == 3
    gone, cut, _ = sorted(layout.prints.rglob("*.arrow"))
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:100])
    again = [staged(refined(layout, warc, pool), "articles") for warc in reversed(warcs)]
    assert again[::-1] == first
    files = (path for path in layout.prints.rglob("*") if path.is_file())
    assert {path.name: path.read_bytes() for path in files} == kept


@pytest.mark.slow
def test_polls_without_pages_are_looked_at_once(tmp_path: Path, pool: PagePool) -> None:
    layout = Layout(tmp_path)
    polls = [archived_poll(layout, run_id(number)) for number in (1, 2)]
    for warc in polls:
        refined(layout, warc, pool)
    assert not layout.prints.exists()
    refined(layout, archived(layout, run_id(3), STORIES), pool)
    kept = sorted(path.stem for path in layout.prints.rglob("*.arrow"))
    assert kept == [run_id(number) for number in (1, 2, 3)]


@pytest.mark.slow
def test_other_settings_make_other_prints(
    tmp_path: Path, pool: PagePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path)
    warcs = [archived(layout, run_id(number), [number]) for number in (1, 2)]
    refined(layout, warcs[0], pool)
    refined(layout, warcs[1], pool)
    made: list[Path] = []

    def noted(_: BoilerplateCache, warc: Path, kept: Iterable[PageFingerprint]) -> None:
        made.append(warc)

    monkeypatch.setattr(BoilerplateCache, "keep", noted)
    refined(layout, warcs[1], pool)
    assert made == [warcs[1]]
    rows = staged(refined(layout, warcs[1], pool, strip=("p.rail",)), "articles")
    assert made == [warcs[1], warcs[1], warcs[0]]
    assert rows[0]["extractor_version"].partition("+")[2] == BlockOverrides(("p.rail",)).version[1:]


@pytest.mark.slow
def test_a_damaged_archive_tells_nothing(tmp_path: Path, pool: PagePool) -> None:
    layout = Layout(tmp_path)
    broken = archived(layout, run_id(1), [1, 2, 3])
    broken.write_bytes(broken.read_bytes()[:1500] + bytes(99) + broken.read_bytes()[1599:])
    broken.with_name(f"{run_id(2)}.warc.gz").write_bytes(b"no archive")
    warc = archived(layout, run_id(4), [4])
    assert bodies(staged(refined(layout, warc, pool), "articles")) == {4: STORIES[4]}


# The whole way


@pytest.mark.slow
def test_articles_made_again_have_the_same_files(tmp_path: Path, pool: PagePool) -> None:
    layout, papers = Layout(tmp_path), (source("fi-sanomat"),)
    parts = ((1, 2, 5, 6), (3, 4, 7, 8, 11, 12, 13, 14))
    warcs = {
        run_id(number): archived(layout, run_id(number), part)
        for number, part in enumerate(parts, 1)
    }

    def run(run_id: str) -> Run:
        return Run(run_id, (refined(layout, warcs[run_id], pool),))

    load(layout, TOPICS, papers, [run(each) for each in warcs])
    publish(layout)
    kept = files(layout)
    recurring = "SELECT text FROM stripped_blocks WHERE rule = 'site:recurring'"
    texts = [row["text"] for row in query(layout, recurring).to_pylist()]
    assert texts == [TEASER] * 4, "four pages are too few, eight of twelve are not"
    for path in layout.prints.rglob("*.arrow"):
        path.unlink()
    rebuild_articles(layout, lambda commit: run(commit.run_id))
    assert files(layout) == kept
