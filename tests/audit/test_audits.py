"""Samples and verdicts in a real folder: drawn, judged, kept over whatever happens to the rest."""

import csv
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.audit.judging import Judging, newest
from tasks.audit.publishing import publish_audits
from tasks.audit.sampling import draw_sample
from tasks.audit.spreadsheet import export_csv, import_csv
from tasks.load.load_run import load
from tasks.topics.topic import TopicEntry
from tasks.upkeep.backup import back_up
from tests.support.daily_news import NOW, ingest, run_id
from tests.support.publishing import check_snapshot, publish
from tests.support.staged_pages import HARVEST, SOURCES, SUMMIT, TOPICS, Page, listing, prose, stage
from warehouse.layers.audits import Audit, Sample, audit_files, read_audit, read_audits
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.questions.audits import audited, corrected
from warehouse.read.query import QueryError, snapshot, snapshot_records

pytestmark = pytest.mark.slow

AT = datetime(2026, 4, 1, tzinfo=UTC)
AUDITS = ("audits", "audit_articles", "audit_mentions", "audit_verdicts", "audit_files")


@pytest.fixture
def sample(layout: Layout) -> Sample:
    return draw_sample(layout, "harvest", 8, 7, AT)


def rows(layout: Layout, table: str) -> list[dict[str, Any]]:
    return snapshot_records(layout, f"FROM {table} ORDER BY ALL")


def kept(layout: Layout) -> dict[str, list[dict[str, Any]]]:
    return {table: rows(layout, table) for table in AUDITS}


def judge(layout: Layout, sample: Sample, answers: str, reader: str = "ann") -> None:
    """Answers by their first letters, in the order of the sample."""
    judging = Judging(layout, sample.audit_id, reader)
    full = {"y": "yes", "n": "no", "u": "unsure"}
    for letter in answers:
        article = judging.next_article()
        assert article
        judging.record_verdict(article.article_id, full[letter])  # type: ignore[arg-type]


def test_a_sample_stands_for_the_articles_of_the_topic(layout: Layout, sample: Sample) -> None:
    [counted] = snapshot_records(
        layout,
        "SELECT sum(articles_with_mention)::INTEGER AS hits, sum(articles)::INTEGER AS articles"
        " FROM topic_daily WHERE topic_id = 'harvest'",
    )
    assert (sample.population, sample.counted) == (counted["hits"], counted["articles"])
    assert sum(article.weight for article in sample.articles) == pytest.approx(counted["hits"])
    assert {article.source_id for article in sample.articles} == {"gb-post", "de-blatt"}
    assert all("harvest" in hit.matched_text for one in sample.articles for hit in one.hits)
    assert all(one.mentions == len(one.hits) == 1 for one in sample.articles)
    again = draw_sample(layout, "harvest", 8, 7, AT)
    assert again.articles == sample.articles
    assert again.audit_id != sample.audit_id
    with pytest.raises(QueryError, match="no topic 'nothing'; there are: harvest, summit"):
        draw_sample(layout, "nothing", 8, 7, AT)


def near_page(number: int) -> Page:
    """Every third article is of the summit; every fourth is like it, without an alias."""
    told, about = f"{prose(number)} {number}", {"section": "sport"}
    headline = f"Nothing of note {number}"
    if number % 3 == 0:
        told, about = f"{told}. The G20 met.", {"section": "world"}
        headline = "Ministers at the table"
    elif number % 4 == 0:
        headline = f"Ministers stay away {number}"
    elif number % 5 == 0:
        about = {"section": "world"}
    return Page(f"near-{number}", told, number % 4, 100.0 + number, headline=headline, about=about)


def with_near_misses(folder: Path) -> Layout:
    """Articles of which a third mentions the summit, and others are like those."""
    layout = Layout(folder)
    pages = [listing(hour=24.0 * day) for day in range(5)]
    run = stage(layout, run_id(1), [*pages, *map(near_page, range(60))])
    load(layout, TOPICS, SOURCES, [run], now=NOW)
    publish(layout)
    return layout


def test_near_misses_have_no_alias(tmp_path: Path) -> None:
    layout = with_near_misses(tmp_path)
    sample = draw_sample(layout, "summit", 12, 1, AT, "near_miss")
    assert sample.sections == ("world",)
    assert "ministers" in sample.words
    near = [number for number in range(60) if number % 3 and not (number % 4 and number % 5)]
    assert sample.population == len(near)
    assert sum(article.weight for article in sample.articles) == pytest.approx(len(near))
    assert len(sample.articles) == 12
    numbers = {int(article.url.rpartition("-")[2]) for article in sample.articles}
    assert numbers <= set(near)
    assert all(article.text for article in sample.articles)
    assert {article.section for article in sample.articles} <= {"world", "sport"}
    assert all("G20" not in article.text and not article.hits for article in sample.articles)

    # All twenty are right, and a fourth of the near misses are about it, too.
    judge(layout, draw_sample(layout, "summit", 40, 1, AT), "y" * 20)
    judge(layout, sample, "ynnn" * 3)
    publish_audits(layout)
    with snapshot(layout) as con:
        found = audited(con, "summit")
        assert found
        [weight] = con.execute(
            "SELECT sum(weight) FROM audit_articles WHERE verdict = 'yes' AND mentions = 0"
        ).fetchall()[0]
        assert (found.n, found.precision.share) == (20, 1.0)
        assert found.recall
        assert found.recall.share == pytest.approx(20 / (20 + weight), rel=0.1)
        assert "recall at most ." in str(found)
        better = corrected(found, {"share": 20 / 60, "low": 0.22, "high": 0.46})
        assert better
        assert better.share == pytest.approx((20 + weight) / 60, rel=0.1)
        assert better.low < 20 / 60 < better.share < better.high


# By language: a headline of the topic, one like it, and another.
HEADLINES = {
    "en": ("Sanctions against Pyongyang", "Embargo against Pyongyang", "Rain in the north"),
    "ko": ("북한 제재 강화", "북한의 금수 조치 강화", "북부에 비 박물관"),
    "hi": ("कोरिया पर नए प्रतिबंध", "कोरिया पर नई पाबंदी", "शहर में बारिश"),
    "th": ("สหรัฐคว่ำบาตรเกาหลีเหนือ", "สหรัฐลงโทษเกาหลีเหนือ", "ฝนตกวันนี้"),
}


def test_near_misses_are_found_in_scripts_with_short_words_or_no_spaces(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    aliases = ("sanctions", "제재", "प्रतिबंध", "คว่ำบาตร")
    topic = TopicEntry(id="sanctions", name="Sanctions", aliases=aliases).topic()
    pages = [
        Page(
            f"{language}-{kind}-{number}",
            f"{prose(number)} {language}",
            headline=f"{headline} {number}",
            about={"language": language},
        )
        for language, headlines in HEADLINES.items()
        for kind, headline in enumerate(headlines)
        for number in range(20)
    ]
    run = stage(layout, run_id(1), [listing(), *pages])
    load(layout, [topic], SOURCES, [run], now=NOW)
    publish(layout)
    sample = draw_sample(layout, "sanctions", 80, 1, AT, "near_miss")
    found = Counter(article.url.rpartition("-")[0][-4:] for article in sample.articles)
    assert found == {f"{language}-1": 20 for language in HEADLINES}


def test_verdicts_are_loaded_and_outlast_everything(
    layout: Layout, sample: Sample, tmp_path: Path
) -> None:
    judge(layout, sample, "yyynyyyu")
    judge(layout, sample, "yyny", "bob")
    assert Judging(layout, sample.audit_id, "ann").next_article() is None
    assert publish_audits(layout)
    assert publish_audits(layout) is None, "nothing is new"
    [audit] = rows(layout, "audits")
    # Bob agrees on two of three of Ann's first, and not on the last two of his.
    assert (audit["yes"], audit["no"], audit["unsure"], audit["judged"]) == (5, 0, 3, 8)
    assert (audit["readers"], audit["topic_version"]) == (["ann", "bob"], 1)
    assert audit["kappa"] == pytest.approx(-1 / 3)
    before = kept(layout)
    assert len(before["audit_verdicts"]) == 12
    check_snapshot(layout)

    wider = replace(HARVEST, aliases=("harvest",), definition_hash="other")
    ingest(layout, 6, (wider, SUMMIT))
    assert kept(layout) == before, "more articles, a revised one, a recount"

    copy = Layout(tmp_path / "copy")
    back_up(layout, copy.root)
    load(copy, (wider, SUMMIT), SOURCES, now=NOW)
    publish(copy)
    assert kept(copy) == before, "a rebuild from a backup, which has no warehouse"
    # What the original loses, a later backup does not take from the copy.
    shutil.rmtree(layout.audits)
    back_up(layout, copy.root)
    assert audit_files(copy) == {row["path"] for row in before["audit_files"]}


def test_a_load_takes_verdicts_along(layout: Layout, sample: Sample) -> None:
    judge(layout, sample, "y")
    assert load(layout, TOPICS, SOURCES, now=NOW).load_no
    assert load(layout, TOPICS, SOURCES, now=NOW).load_no is None
    publish(layout)
    [audit] = rows(layout, "audits")
    assert audit["yes"] == 1


def test_what_was_said_last_counts(layout: Layout, sample: Sample) -> None:
    judging = Judging(layout, sample.audit_id, "ann")
    first, second = sample.articles[:2]
    judging.record_verdict(first.article_id, "yes", [0])
    judging.record_verdict(first.article_id, "no")
    judging.record_verdict(second.article_id, "unsure")
    assert judging.take_back() == second
    assert judging.next_article() == second
    assert [each.answer for each in judging.verdicts().values()] == ["no"]
    assert judging.take_back() == first
    assert judging.take_back() is None
    assert judging.next_article() == first
    with pytest.raises(QueryError, match="has no article 'other'"):
        judging.record_verdict("other", "yes")
    with pytest.raises(QueryError, match="has no mention 2: it has 1"):
        judging.record_verdict(first.article_id, "yes", [1])
    said = read_audit(layout, sample.audit_id).verdicts
    assert [each.answer for _, each in said] == ["yes", "no", "unsure", "withdrawn", "withdrawn"]


def test_a_kill_amid_a_write_leaves_what_was_there(
    layout: Layout, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(layout, sample, "y")
    before = read_audits(layout)

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.layers.atomic_write.os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            judge(layout, sample, "n")
    assert list(layout.audits.rglob("*.half")), "the kill came amid the write"
    assert read_audits(layout) == before
    judge(layout, sample, "n")
    assert len(Judging(layout, sample.audit_id, "ann").verdicts()) == 2


def test_damage_is_named(layout: Layout, sample: Sample) -> None:
    judge(layout, sample, "y")
    publish_audits(layout)
    path = layout.audits / sample.audit_id / "sample.json"
    path.write_bytes(path.read_bytes().replace(b'"weight": 1', b'"weight": 7'))
    with pytest.raises(DocumentError, match=r"sample.json is damaged.*repair"):
        read_audits(layout)


def only(layout: Layout) -> Audit:
    audit = newest(layout, "harvest", "precision")
    assert audit
    return audit


def test_csv_there_and_back(layout: Layout, sample: Sample, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    judge(layout, sample, "n")
    assert export_csv([only(layout)], "ann", path) == 8
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["verdict"] for line in lines] == ["no", *[""] * 7]
    assert all("[harvest]" in line["mentions"] for line in lines)
    answers = ["no", "YES", "u", "?", "yes", "y", "", "no"]
    for line, answer in zip(lines, answers, strict=True):
        line["verdict"] = answer
    lines[4]["false_mentions"] = "1"
    other = tmp_path / "from a spreadsheet.csv"
    with other.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictWriter(file, [*reversed(lines[0])], delimiter=";")
        rows.writeheader()
        rows.writerows(lines)
    done = import_csv(layout, [only(layout)], other, "ann")
    assert (done.taken, done.unchanged, done.empty, done.problems) == (6, 1, 1, [])
    verdicts = Judging(layout, sample.audit_id, "ann").verdicts()
    said = [verdicts.get(line["article_id"]) for line in lines]
    assert [each and each.answer for each in said] == [
        *("no", "yes", "unsure", "unsure", "yes", "yes"),
        *(None, "no"),
    ]
    assert said[4]
    assert said[4].false_hits == (0,)
    again = import_csv(layout, [only(layout)], other, "ann")
    assert (again.taken, again.unchanged) == (0, 7)


def test_bad_rows_are_named_and_the_others_count(
    layout: Layout, sample: Sample, tmp_path: Path
) -> None:
    path = tmp_path / "audit.csv"
    ids = [article.article_id for article in sample.articles]
    audit = sample.audit_id
    lines = [
        "audit_id,article_id,verdict,false_mentions,reader",
        f"{audit},{ids[0]},yes,,",
        f"{audit},{ids[1]},maybe,,",
        f'{audit},{ids[2]},"no\n",,bob',
        f"{audit},nothing,no,,",
        f"other,{ids[3]},no,,",
        f"{audit},{ids[0]},no,,",
        f"{audit},{ids[4]},yes,3,",
        ",,,,",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    done = import_csv(layout, [only(layout)], path, "ann")
    assert done.problems == [
        f"{path}:3: verdict: must be yes, no or unsure, got 'maybe'",
        f"{path}:6: article_id: the sample has no article 'nothing'",
        f"{path}:7: audit_id: no sample 'other' of this topic",
        f"{path}:8: article_id: {ids[0]} stands in an earlier line as well",
        f"{path}:9: false_mentions: there is no mention '3'; there are 1",
    ]
    assert done.taken == 2
    assert only(layout).readers == ("ann", "bob")
    path.write_text("article_id,answer\n", encoding="utf-8")
    with pytest.raises(QueryError, match=r"audit.csv:1: no column 'audit_id'"):
        import_csv(layout, [only(layout)], path, "ann")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(QueryError, match="cannot be read"):
        import_csv(layout, [only(layout)], path, "ann")


def test_a_headline_is_no_formula(layout: Layout, sample: Sample, tmp_path: Path) -> None:
    first = replace(sample.articles[0], headline="=HYPERLINK(1)")
    audit = Audit(replace(sample, articles=(first,)), ())
    export_csv([audit], "ann", tmp_path / "audit.csv")
    text = (tmp_path / "audit.csv").read_text(encoding="utf-8-sig")
    assert ",'=HYPERLINK(1)," in text


@pytest.mark.parametrize("reader", ["@ann", "-ann", "=ann", "'@ann"])
def test_a_reader_is_the_same_after_an_export(
    layout: Layout, sample: Sample, tmp_path: Path, reader: str
) -> None:
    """A reader of whom the export made another one would void the audit: two that disagree."""
    path = tmp_path / "audit.csv"
    judging = Judging(layout, sample.audit_id, reader)
    for article in sample.articles:
        judging.record_verdict(article.article_id, "yes")
    export_csv([only(layout)], reader, path)
    path.write_text(path.read_text("utf-8-sig").replace(",yes,", ",no,"), "utf-8-sig")
    done = import_csv(layout, [only(layout)], path, "bob")
    assert (done.taken, done.problems) == (8, [])
    assert only(layout).readers == (reader,)
