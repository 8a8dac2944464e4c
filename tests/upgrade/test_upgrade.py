"""Data folders of earlier versions, checked in with their answers, under the code of today."""

import json
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from flows.desk.snapshots import Snapshots
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.upgrade.answers import Answers, Installation, Relation
from tests.upgrade.site import read_site, serving
from warehouse.build.schema_version import is_earlier_snapshot
from warehouse.layers.findings import LayersBroken
from warehouse.layers.layout import Layout
from warehouse.read import known_urls
from warehouse.read.query import QueryError

HERE = Path(__file__).parent
VERSIONS = sorted(path.parent.name for path in HERE.glob("*/answers.json"))
ALIAS = '    "ministers",\n'
"""What make.py added to a topic, in the folder's topics.toml."""

MOVING = {
    # The time of the last run.
    "sources": {"last_attempt_at"},
    "source_health": {"last_run_at", "last_success_at"},
    "source_polls": {"last_asked_at", "last_run_at", "last_success_at"},
    "pages": {"article_at", "entry_at", "last_attempt_at"},
    # A period that had not ended has more days by now.
    "topic_weekly": {"days_observed", "days_partial", "days_missing"},
    "topic_monthly": {"days_observed", "days_partial", "days_missing"},
}
"""Columns that an ingest with nothing new changes in rows that were there."""

GROWING = {
    # Rows of the run.
    *("captures", "files", "ledger", "loads", "polls", "rejections", "runs", "listing_reaches"),
    # Days since the last run.
    *("coverage", "coverage_gaps", "topic_daily", "topic_weekly", "topic_monthly"),
    # Today's vintage.
    *("attention_index", "index_notes"),
    # A later version may know more of them.
    "outcomes",
}
"""Relations to which an ingest with nothing new adds rows."""

OF_A_LOAD = {"loads"}
"""A row a load; a rebuild, which a changed schema brings about too, begins anew."""
REPLACED = {"attention_index_latest", "article_files", *OF_A_LOAD}
"""Today's vintage, the number of files, and loads: after an ingest they are not what they were."""
PROSE = {"detail", "failure_detail", "last_failure_detail"}
"""Messages for people; archives that are read again have them in the words of today."""
OF_FILES = {"files", "article_files"}
"""Names and number of Parquet files, which a rebuild and compaction change."""
OF_AN_EXTRACTOR = {name: {"prompt_chars_removed"} for name in ("articles", "article_versions")}
"""What follows from which of the stripped blocks a later extractor counts as prompts."""
OF_TOPIC_VERSIONS = {"topics", "topic_changes", "mentions"}
"""Each recount has a new version of the topic."""
_PAPER = "de-allerbruecker-tageblatt"
OF_A_DAY = {
    "pages": (
        {"article_id": "7ac8e14e-14a5-57de-86b6-34cacae64d43"},
        {"day": "2026-11-03"},
    ),
    "coverage": (
        {"source_id": _PAPER, "day": "2026-11-03"},
        {"discovered": 2, "fetched": 2, "reasons": ["pages_lost", "articles_undated"]},
    ),
    "coverage_gaps": (
        {"source_id": _PAPER, "first_day": "2026-11-03"},
        {"reasons": ["articles_undated", "pages_lost"]},
    ),
}
"""Rows, and what they say since the page of an undated article belongs to a day."""


@pytest.fixture(scope="module", autouse=True)
def first_answers_believed() -> Iterator[None]:
    """As in 0.1: a page that was not there is asked for again, which would add rows of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(known_urls, "MAX_TRIES", 1)
        yield


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Path:
    """The folder below tests/upgrade of one version."""
    return HERE / str(request.param)


@pytest.fixture(scope="module")
def pinned(version: Path) -> Answers:
    """What the version itself answered."""
    answers: Answers = json.loads((version / "answers.json").read_text(encoding="utf-8"))
    return answers


@pytest.fixture(scope="module")
def opened(version: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The data folder as the version left it; only read."""
    root = tmp_path_factory.mktemp("opened")
    with tarfile.open(version / "folder.tar.xz") as tar:
        tar.extractall(root, filter="data")
    return Installation(root)


@pytest.fixture(scope="module")
def ingested(
    opened: Installation, prefect_api: str, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """After one more ingest, of a site with nothing new; only read."""
    place = Installation(tmp_path_factory.mktemp("ingested") / "copy")
    shutil.copytree(opened.root, place.root, symlinks=True)
    with serving(read_site(place.root / "same.json")):
        place.run("ingest")
    return place


@pytest.fixture(scope="module")
def before(ingested: Installation, pinned: Answers) -> dict[str, Relation]:
    """What `ingested` answers."""
    return ingested.relations(pinned["schema"])


@pytest.fixture
def place(ingested: Installation, tmp_path: Path) -> Installation:
    """A copy of `ingested` to change."""
    shutil.copytree(ingested.root, tmp_path / "copy", symlinks=True)
    return Installation(tmp_path / "copy")


def test_every_relation_and_row_is_there(opened: Installation, pinned: Answers) -> None:
    found = opened.relations(pinned["schema"])
    for name, expected in pinned["relations"].items():
        assert found[name] == expected, name


@pytest.mark.slow
def test_the_commands_print_the_same(opened: Installation, pinned: Answers) -> None:
    schema = opened.schema()
    for name, columns in pinned["schema"].items():
        assert set(columns) <= set(schema[name]), name
    found, expected = opened.commands(), pinned["commands"]
    for now, then in zip(found.pop("extract"), expected["extract"], strict=True):
        # As relations do, a page's record may have gained fields; a later extractor gives other
        # reasons for what it strips.
        assert {name: now[name] for name in then if name != "stripped"} == {
            name: then[name] for name in then if name != "stripped"
        }
        stripped, before = ({block["text"] for block in page["stripped"]} for page in (now, then))
        assert stripped == before
    health = found.pop("sources health"), expected["sources health"]
    # Tables have gained columns.
    tables = found.pop("report --table"), expected["report --table"]
    for line, before in (*zip(*health, strict=True), *zip(*tables, strict=True)):
        assert set(before.split()) <= set(line.split())
    # The report says of which days it is unknown how much was collected, and its seven days end
    # with the last that is over.
    report = [each for each in found.pop("report") if each != "unknown"]
    changed = [pair for pair in zip(expected["report"], report, strict=True) if len({*pair}) > 1]
    assert changed == [("40%", "44%"), ("20%", "22%"), ("30%", "33%")]
    for name in found:
        assert found[name] == expected[name], name


def test_the_desk_says_that_an_ingest_is_needed(opened: Installation) -> None:
    layout = Layout(opened.data)
    assert is_earlier_snapshot(layout)
    said = "earlier version of Presswatch: `presswatch ingest`"
    with pytest.raises(QueryError, match=said), Snapshots(layout).cursor():
        pass


def test_a_commit_that_was_lost_before_the_first_load_is_named(
    opened: Installation, tmp_path: Path
) -> None:
    """A snapshot of 0.1 has runs and no record of their commits."""
    shutil.copytree(opened.root, tmp_path / "copy", symlinks=True)
    layout = Layout(tmp_path / "copy" / opened.data.relative_to(opened.root))
    lost, *_ = sorted(layout.commits.glob("*.json"))
    lost.unlink()
    with pytest.raises(LayersBroken, match=lost.stem):
        rebuild_articles(layout, lambda commit: None)


def test_an_ingest_with_nothing_new_adds_its_own_rows_alone(
    before: dict[str, Relation], pinned: Answers
) -> None:
    for name in set(pinned["relations"]) - REPLACED:
        # A macro's answer may have gained columns, as relations do.
        gained = before[name]["types"].keys() - pinned["relations"][name]["types"].keys()
        told = with_days_of_undated(pinned["relations"][name], name)
        old, new = (rows_of(each, name, gained) for each in (told, before[name]))
        newest = max((json.loads(row)["as_of"] for row in old if "as_of" in row), default="")
        old = {row for row in old if newest in row}  # older vintages are thinned out
        assert old <= new, name
        assert name in GROWING or old == new, name


def test_an_ingest_finishes_the_run_that_was_killed(
    opened: Installation, ingested: Installation
) -> None:
    (killed,) = (path.name for path in opened.data.glob("stage/*"))
    for place, runs in ((opened, 0), (ingested, 1)):
        with place.connected() as con:
            rows = con.execute("SELECT articles FROM runs WHERE run_id = ?", [killed]).fetchall()
        assert rows == [(0,)] * runs


def test_an_ingest_without_a_run_to_finish_adds_what_is_new_and_fetches_no_page_twice(
    opened: Installation, before: dict[str, Relation], pinned: Answers, tmp_path: Path
) -> None:
    place = Installation(tmp_path / "copy")
    shutil.copytree(opened.root, place.root, symlinks=True)
    for path in place.data.glob("locks/*.run"):
        path.unlink()
    new = read_site(place.root / "new.json")
    with serving({**read_site(place.root / "same.json"), **new}):
        place.run("ingest")
    after = place.relations(pinned["schema"])
    (article,) = added(before, after, "articles")
    assert article["url_canonical"].removeprefix("http://127.0.0.1:") in new
    for name in ("article_versions", "article_texts", "text_sketches"):
        assert [row["article_id"] for row in added(before, after, name)] == [article["article_id"]]
    for name in ("mentions", "stripped_blocks"):
        found = {row["article_id"] for row in added(before, after, name)}
        assert article["article_id"] in found <= {article["article_id"], None}, name
    with place.connected() as con:
        fetched = con.execute(
            "SELECT count(*), count(DISTINCT url_requested) FROM captures"
            " WHERE kind = 'page' AND found_in <> 'recheck' AND outcome = 'article'"
        ).fetchall()
    assert fetched == [(fetched[0][1],) * 2]


def with_days_of_undated(relation: Relation, name: str) -> Relation:
    """What an earlier version answered, but for the rows of OF_A_DAY."""
    which, values = OF_A_DAY.get(name, ({}, {}))
    rows = [
        row | values if which and which.items() <= row.items() else row for row in relation["rows"]
    ]
    return relation | {"rows": rows}


def rows_of(relation: Relation, name: str, but: set[str] | None = None) -> set[str]:
    """Rows as JSON, without messages, the columns that an ingest moves, and those named."""
    left_out = PROSE | MOVING.get(name, set()) | (but or set())
    kept = ({key: row[key] for key in row if key not in left_out} for row in relation["rows"])
    return {json.dumps(row, sort_keys=True) for row in kept}


def added(
    before: dict[str, Relation], after: dict[str, Relation], name: str
) -> list[dict[str, Any]]:
    """Rows that came; none may have gone."""
    old, new = (rows_of(each[name], name) for each in (before, after))
    assert old <= new, name
    return [json.loads(row) for row in new - old]


def test_a_rebuilt_warehouse_has_the_same_rows(
    place: Installation, before: dict[str, Relation], pinned: Answers
) -> None:
    assert_same_after(place, before, pinned, "rebuild", "warehouse", but=OF_A_LOAD)


def test_rebuilt_articles_have_the_same_rows(
    place: Installation, before: dict[str, Relation], pinned: Answers
) -> None:
    assert_same_after(
        place,
        before,
        pinned,
        "rebuild",
        "articles",
        but={*OF_A_LOAD, *OF_FILES, "stripped_blocks"},
        columns=OF_AN_EXTRACTOR,
    )


def test_maintenance_changes_no_row(
    place: Installation, before: dict[str, Relation], pinned: Answers
) -> None:
    assert_same_after(place, before, pinned, "maintain", but={*OF_A_LOAD, *OF_FILES})


def assert_same_after(
    place: Installation,
    before: dict[str, Relation],
    pinned: Answers,
    *words: str,
    but: Iterable[str] = (),
    columns: Mapping[str, set[str]] = MappingProxyType({}),
) -> None:
    """Run a command that changes no answer but those of relations and columns that are named."""
    place.run(*words)
    after = place.relations(pinned["schema"])
    for name in set(before) - set(but):
        assert len(after[name]["rows"]) == len(before[name]["rows"]), name
        now, then = (rows_of(each[name], name, columns.get(name)) for each in (after, before))
        assert now == then, name


def test_a_topic_is_recounted_and_back(
    place: Installation, before: dict[str, Relation], pinned: Answers
) -> None:
    # By the rules of today, which count kickers: nothing else changes.
    place.run("recount")
    old = Counter(row["field"] for row in before["mentions"]["rows"])
    before = place.relations(pinned["schema"])
    new = Counter(row["field"] for row in before["mentions"]["rows"])
    assert {**new, "kicker": 0} == {**old, "kicker": 0}

    topics = place.root / "topics.toml"
    text = topics.read_text(encoding="utf-8")
    topics.write_text(text.replace(ALIAS, ""), encoding="utf-8")
    place.run("recount")
    names = ("mentions", "mention_contexts")
    without = place.relations({name: pinned["schema"][name] for name in names})
    assert without["mention_contexts"] != before["mention_contexts"]
    found = {row["alias"] for row in without["mentions"]["rows"]}
    assert {row["alias"] for row in before["mentions"]["rows"]} - found == {"ministers"}

    topics.write_text(text, encoding="utf-8")
    place.run("recount")
    back = place.relations(pinned["schema"])
    for name in set(before) - {*OF_A_LOAD, *OF_TOPIC_VERSIONS}:
        assert back[name] == before[name], name
    earlier, later = (
        {"rows": [row | {"topic_version": 0} for row in each["mentions"]["rows"]]}
        for each in (before, back)
    )
    assert rows_of(later, "mentions") == rows_of(earlier, "mentions")
