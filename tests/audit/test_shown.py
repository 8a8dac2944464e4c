"""What an audit found stands beside every share of its topic."""

import re
import shutil
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from pyarrow import parquet
from rich.console import Console
from starlette.testclient import TestClient

from flows.cli.audit_results import results_view
from flows.desk.app import create_app
from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.audit.publishing import publish_audits
from tasks.audit.sampling import draw_sample
from tasks.load.load_run import load
from tasks.report.figures import read_figures
from tasks.report.page import render, summary_of_topics
from tasks.report.topic_table import daily_report
from tasks.settings import Settings
from tests.audit.test_audits import AT, judge
from tests.support.daily_news import NOW
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import HARVEST, SOURCES, SUMMIT
from warehouse.layers.layout import Layout
from warehouse.questions.audits import (
    audited,
    precision_by,
    precision_by_alias,
    precision_by_mention,
)
from warehouse.questions.wrong_articles import exclusion_candidates
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

GUIDE = (Path(__file__).parents[2] / "warehouse" / "README.md").read_text(encoding="utf-8")


def judge_all(layout: Layout) -> None:
    sample = draw_sample(layout, "harvest", 20, 1, AT)
    first = [article.article_id for article in sample.articles if article.source_id == "gb-post"]
    answers = ["y"] * 12
    numbers = {article.article_id: at for at, article in enumerate(sample.articles)}
    answers[numbers[first[0]]], answers[numbers[first[1]]] = "n", "u"
    judge(layout, sample, "".join(answers))
    assert publish_audits(layout)


@pytest.fixture(scope="module")
def judged(kept_days: KeptFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder with verdicts."""
    layout = kept_days.restored()
    judge_all(layout)
    return shutil.copytree(layout.root, tmp_path_factory.mktemp("judged") / "data", symlinks=True)


@pytest.fixture
def layout(judged: Path, layout: Layout) -> Layout:
    """Twelve of twelve articles judged: ten yes, one no, one unsure."""
    shutil.rmtree(layout.root)
    shutil.copytree(judged, layout.root, symlinks=True)
    return layout


def printed(view: object) -> str:
    out = StringIO()
    Console(width=120, file=out).print(view)
    return out.getvalue()


def test_the_parts_of_a_precision(layout: Layout) -> None:
    with snapshot(layout) as con:
        found = audited(con, "harvest")
        assert audited(con, "summit") is None
        assert found
        # Five of gb-post judged, four of them right, stand for its six; all of de-blatt's six are.
        assert found.precision.share == pytest.approx((6 * 4 / 5 + 6) / 12)
        assert list(found.bounds) == pytest.approx([10 / 12, 11 / 12])
        by_source = precision_by(con, found.audit_id, "source_id")
        assert {name: share.share for name, share in by_source.items()} == {
            "de-blatt": 1.0,
            "gb-post": pytest.approx(0.8),
        }
        by_mention = precision_by_mention(con, found.audit_id)
        assert by_mention
        assert by_mention.share == pytest.approx(found.precision.share)
        assert precision_by_alias(con, found.audit_id).keys() == {"harvest"}
        [wrong] = exclusion_candidates(con, found.audit_id)["Aliases of wrong articles"]
        assert (wrong.text, wrong.wrong, wrong.right, wrong.judged) == ("harvest", 1.0, 10.0, 11)
        told = printed(results_view(con, "harvest"))
        assert str(found) in told
        assert "if all 1 unsure ones are wrong 0.83, if right 0.92" in told
        assert "not audited" in printed(results_view(con, "summit"))


def test_every_share_says_it(layout: Layout) -> None:
    with snapshot(layout) as con:
        words = str(audited(con, "harvest"))
    assert words.startswith("audited n = 11, precision .90 (")
    assert f"Harvest: {words}" in printed(daily_report(layout))
    assert "Summit: not audited" in printed(daily_report(layout))
    figures = read_figures(layout)
    page = render(figures, "")
    assert words in page
    assert "corrected share" in page
    assert "not audited" in page
    assert f"| {words} |" in summary_of_topics(figures)
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        for view in ("/", "/attention", "/audit"):
            text = client.get(view).text
            assert words in text, view
            assert "not audited" in text, view
        text = client.get("/attention").text
        assert f"Harvest (definition 1, {words})" in text
        assert text.count("corrected ") > 2
        assert "corrected " not in client.get("/attention?in=headline").text


def test_an_export_has_the_corrected_share(layout: Layout) -> None:
    names = ("corrected", "corrected_low", "corrected_high")
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        for name in ("attention", "parts"):
            address = f"/export/{name}.parquet?by=source&unit=month&topic=harvest&topic=summit"
            table = parquet.read_table(BytesIO(client.get(address).content))
            rows = table.to_pylist()
            assert {row["audit"][:7] for row in rows if row["topic_id"] == "harvest"} == {"audited"}
            for row in rows:
                ends = [row[each] for each in names]
                if row["topic_id"] == "summit":
                    assert (row["audit"], ends) == ("not audited", [None] * 3)
                else:
                    assert row["corrected"] == pytest.approx(0.9 * row["share"])
                    assert ends[1] < ends[0] < ends[2]
            assert b"audited n = 11" in table.schema.metadata[b"citation"]
        headlines = client.get("/export/attention.csv?in=headline&topic=harvest").text
        assert ",,," in headlines.splitlines()[1]
        mark = client.get("/attention?topic=harvest").text
        assert "&#34;corrected&#34;" in mark


@pytest.mark.parametrize("count", ["in=headline", "copies=no", "in=headline&copies=no"])
def test_every_way_of_counting_has_an_interval(layout: Layout, count: str) -> None:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        content = client.get(f"/export/attention.parquet?unit=month&topic=harvest&{count}").content
    for row in parquet.read_table(BytesIO(content)).to_pylist():
        assert row["articles"] == 0 or row["low"] <= row["share"] <= row["high"] > row["low"]


def test_a_query_reads_it(layout: Layout) -> None:
    with snapshot(layout) as con:
        rows = dict(con.execute("SELECT topic_id, audited FROM topic_audits").fetchall())
        assert rows == {"harvest": str(audited(con, "harvest")), "summit": "not audited"}
        queries = re.findall(r"```sql\n([^`]*FROM audit[^`]*)```", GUIDE)
        assert len(queries) == 2
        assert all(con.execute(sql).fetchall() for sql in queries)


def test_an_assistant_is_told(layout: Layout) -> None:
    tools = Tools(Snapshots(layout))
    answer = tools.series("harvest", unit="month")
    total = answer["total"]
    assert answer["audit"].startswith("audited n = 11")
    assert total["corrected_share"] == pytest.approx(0.9 * total["share"])
    low, high = total["corrected_interval_95"]
    assert low < total["corrected_share"] < high
    assert answer["rows"][0]["corrected_share"]
    other = tools.series("summit", unit="month")
    assert (other["audit"], other["total"]["corrected_share"]) == ("not audited", None)
    assert tools.series("harvest", headlines_only=True)["total"]["corrected_share"] is None
    told = {topic["id"]: topic["audit"] for topic in tools.topics()["topics"]}
    assert told["harvest"].startswith("audited n = 11")
    assert told["summit"] == "not audited"
    assert [row["audit"][:7] for row in tools.usual()["topics"]] == ["audited", "not aud"]


def test_an_audit_of_another_definition_says_so_and_corrects_nothing(layout: Layout) -> None:
    wider = replace(HARVEST, aliases=("harvest",), definition_hash="other")
    load(layout, (wider, SUMMIT), SOURCES, now=NOW)
    publish(layout)
    answer = Tools(Snapshots(layout)).series("harvest", unit="month")
    assert answer["audit"].endswith(", 1 unsure, of definition 1")
    assert answer["total"]["corrected_share"] is None
    with snapshot(layout) as con:
        found = audited(con, "harvest")
        assert found
        assert found.still
        # Both definitions find the same articles.
        assert found.still.share == pytest.approx(found.precision.share)
        assert "counted by today's definition" in printed(results_view(con, "harvest"))


def test_a_definition_that_was_changed_and_changed_back_is_the_audited_one(
    layout: Layout,
) -> None:
    words = Tools(Snapshots(layout)).series("harvest", unit="month")["audit"]
    wider = replace(HARVEST, aliases=("harvest",), definition_hash="other")
    for topic in (wider, HARVEST):
        load(layout, (topic, SUMMIT), SOURCES, now=NOW)
    publish(layout)
    answer = Tools(Snapshots(layout)).series("harvest", unit="month")
    assert answer["audit"] == words
    assert answer["total"]["corrected_share"] is not None
    with snapshot(layout) as con:
        [(version, told)] = con.sql(
            "SELECT topics.topic_version, audited FROM topic_audits JOIN topics USING (topic_id)"
            " WHERE topic_id = 'harvest' AND valid_to IS NULL"
        ).fetchall()
    assert version == 3
    assert told == words


def test_articles_in_languages_that_a_topic_has_left_out_are_not_counted_by_it(
    layout: Layout,
) -> None:
    """All are in English: mentions in other languages than the topic's stay, but do not count."""
    narrower = replace(HARVEST, languages=("de",), definition_hash="other")
    load(layout, (narrower, SUMMIT), SOURCES, now=NOW)
    publish(layout)
    with snapshot(layout) as con:
        found = audited(con, "harvest")
    assert found
    assert found.still is None
