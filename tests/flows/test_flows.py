"""The whole way: the sample newsroom, served on loopback, into tables that answer."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, StateType
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from flows.cli.app import app
from flows.ingest import ingest
from flows.rebuild import rebuild
from flows.recount import recount
from flows.repair import repair
from tasks.locks.run_locks import begun_runs
from tasks.settings import ConfigError
from tests.support.sample_newsroom import (
    DEPLOYMENTS,
    EXPECTED,
    PAPERS,
    PORT,
    TOPICS,
    Newsroom,
    Place,
)
from tests.support.serving import Files, wait_for
from tests.support.staged_pages import files, tables
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import read_batches
from warehouse.read.query import query

FIELDS = (
    *("kicker", "headline", "standfirst", "byline", "authors", "section", "captions"),
    *("published_at", "published_source", "language", "access", "is_truncated"),
)


@pytest.fixture(scope="module")
def place(newsroom: Newsroom, prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The newsroom ingested once."""
    place = Place(tmp_path_factory.mktemp("place"))
    assert not place.ingest().failed
    return place


def url(paper: str, path: str) -> str:
    offset = EXPECTED["papers"][paper]["port_offset"]
    return f"http://127.0.0.1:{PORT + offset}{path}"


def is_drawn(state: State[Any], *edges: tuple[str, str]) -> None:
    """Wait until Prefect draws these edges of a run: from a task to one after it, or within it."""
    seen = list[set[tuple[str, str]]]()

    def drawn() -> bool:
        with get_client(sync_client=True) as client:
            path = f"/flow_runs/{state.state_details.flow_run_id}/graph-v2"
            nodes = dict(client._client.get(path).raise_for_status().json()["nodes"]).values()
        names = {node["id"]: node["label"] for node in nodes}
        found = {(names[b["id"]], node["label"]) for node in nodes for b in node["parents"]}
        found |= {
            (f"in {names[b['id']]}", node["label"]) for node in nodes for b in node["encapsulating"]
        }
        seen.append(found)
        # Prefect draws more: results that hold the same empty tuple as a later argument.
        return found >= set(edges)

    try:
        wait_for("all tasks are drawn", drawn)
    except AssertionError:
        pytest.fail(f"{seen[-1]} are drawn")


def task_states(state: State[Any]) -> dict[str, str]:
    """The messages of the task runs of a run that failed, by name."""
    run = state.state_details.flow_run_id
    assert run
    with get_client(sync_client=True) as client:
        its = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
        found = client.read_task_runs(flow_run_filter=its)
    failed = [one for one in found if one.state and one.state.is_failed()]
    return {one.name: one.state.message or "" for one in failed if one.state}


AFTER_LOAD = (("load", "publish"), ("publish", "report"))


def test_every_article_is_there_with_its_fields(place: Place) -> None:
    rows = {row["url_canonical"]: row for row in place.ask("FROM articles")}
    expected = {url(item["paper"], item["path"]): item for item in EXPECTED["articles"]}
    wrong: list[tuple[object, ...]] = []
    for address, item in expected.items():
        row = rows.get(address)
        if row is None:
            wrong.append((address, "absent"))
            continue
        row["published_at"] = row["published_at"] and row["published_at"].isoformat()
        wrong += [
            (address, field, row[field], item[field])
            for field in FIELDS
            if row[field] != item[field]
        ]
    assert wrong == []
    assert set(rows) == set(expected)


def test_the_run_left_its_metrics(place: Place) -> None:
    families = text_string_to_metric_families((place.layout.root / "metrics.prom").read_text())
    said = {one.name: one.samples for one in families}
    ended = [one.labels for one in said["presswatch_run_ended_timestamp_seconds"]]
    assert {"flow": "ingest", "state": "Completed"} in ended
    stages = [one.labels["stage"] for one in said["presswatch_run_stage_duration_seconds"]]
    assert {"collect", "refine", "load", "publish", "report"} <= set(stages)
    took = [one.value for one in said["presswatch_run_stage_duration_seconds"]]
    assert all(seconds > 0 for seconds in took)
    (whole,) = [
        one.value
        for one in said["presswatch_run_duration_seconds"]
        if one.labels["flow"] == "ingest"
    ]
    assert whole > max(took)
    sources = {one.labels["source"] for one in said["presswatch_source_articles"]}
    assert sources == {paper.id for paper in PAPERS}
    waiting = {one.labels["for"]: one.value for one in said["presswatch_waiting_runs"]}
    assert waiting == {"worker": 0, "source": 0}


def test_rejections_are_named(place: Place) -> None:
    rows = place.ask("SELECT url_requested, outcome FROM captures WHERE kind = 'page'")
    got = {row["url_requested"]: row["outcome"] for row in rows}
    want = {url(item["paper"], item["path"]): item["outcome"] for item in EXPECTED["rejections"]}
    assert {address: got.get(address) for address in want} == want


def test_nothing_but_the_expected_is_rejected(place: Place) -> None:
    lost = place.ask("SELECT url_requested FROM rejections WHERE kind IN ('page', 'file')")
    want = {url(item["paper"], item["path"]) for item in EXPECTED["rejections"]}
    assert {row["url_requested"] for row in lost} == want


def test_what_goes_in_comes_out(place: Place) -> None:
    (run,) = place.ask("FROM runs")
    parts = ("robots", "listings", "listings_failed", "articles", "revised", "unchanged")
    assert run["attempts"] == sum(run[part] for part in parts) + run["rejected"]


def test_bodies_are_whole_and_without_furniture(place: Place) -> None:
    bodies = read_bodies(place.layout)
    assert {item["paper"] for item in EXPECTED["articles"]} == {paper.id for paper in PAPERS}
    for item in EXPECTED["articles"]:
        body = bodies[url(item["paper"], item["path"])]
        assert len(body.split("\n\n")) == item["paragraphs"], item["path"]


def read_bodies(layout: Layout) -> dict[str, str]:
    """The latest body of each article by its URL."""
    latest: dict[str, tuple[int, str]] = {}
    columns = ("url_canonical", "version_no", "body")
    for batch in read_batches(sorted(layout.articles.glob("*/*.parquet")), columns, 100):
        for row in batch.to_pylist():
            found = (row["version_no"], row["body"])
            latest[row["url_canonical"]] = max(latest.get(row["url_canonical"], (0, "")), found)
    return {address: body for address, (_, body) in latest.items()}


def test_mentions_by_field(place: Place) -> None:
    rows = place.ask(
        "SELECT url_canonical, topic_id, field, count(*)::INTEGER AS n"
        " FROM mentions JOIN articles USING (article_id, version_no) GROUP BY ALL"
    )
    got: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        topics = got.setdefault(row["url_canonical"], {})
        topics.setdefault(row["topic_id"], {})[row["field"]] = row["n"]
    want = {
        url(item["paper"], item["path"]): item["mentions"]
        for item in EXPECTED["articles"]
        if item["mentions"]
    }
    assert got == want


def test_daily_counts_equal_the_totals(place: Place) -> None:
    rows = place.ask(
        "SELECT source_id, topic_id, sum(articles_with_mention)::INTEGER AS articles,"
        " sum(mentions)::INTEGER AS mentions FROM topic_daily GROUP BY ALL"
    )
    got: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        counts = {"articles": row["articles"], "mentions": row["mentions"]}
        got.setdefault(row["source_id"], {})[row["topic_id"]] = counts
    # What the first listings named of days before those that they name as a whole is not counted.
    begun = {row["source_id"]: str(row["first_day"]) for row in place.ask("FROM source_calendars")}
    assert got == _dated_totals(begun)


def _dated_totals(begun: dict[str, str]) -> dict[str, dict[str, dict[str, int]]]:
    totals: dict[str, dict[str, dict[str, int]]] = {}
    for item in EXPECTED["articles"]:
        for topic, fields in item["mentions"].items():
            if item["published_at"] is None or item["published_at"] < begun[item["paper"]]:
                continue
            counts = totals.setdefault(item["paper"], {}).setdefault(
                topic, {"articles": 0, "mentions": 0}
            )
            counts["articles"] += 1
            counts["mentions"] += sum(fields.values())
    return totals


ALIASES = {
    "sanctions": r"\bsanctions\b|\bsanktion(?:s\w*|en)\b|制裁",
    "huawei": r"\bhuawei\b|華為(?:技術)?|华为|ファーウェイ",
    "g20": r"(?<![a-z0-9])g-?20(?![a-z0-9])|\bgroup of (?:20|twenty)\b|主要20(?:か|カ|ヵ)国・地域",
}


def test_an_independent_count_of_the_bodies_agrees(place: Place) -> None:
    got = place.ask(
        "SELECT url_canonical, topic_id, count(*)::INTEGER AS n FROM mentions"
        " JOIN articles USING (article_id, version_no) WHERE field = 'body' GROUP BY ALL"
    )
    counted = {(row["url_canonical"], row["topic_id"]): row["n"] for row in got}
    for address, body in read_bodies(place.layout).items():
        folded = body.casefold().replace("\u00ad", "").replace("（ファーウェイ）", "")
        for topic, pattern in ALIASES.items():
            assert counted.get((address, topic), 0) == len(re.findall(pattern, folded)), address


def test_the_revised_article_has_two_versions(place: Place) -> None:
    (earlier,) = EXPECTED["earlier_versions"]
    versions = place.ask(
        "SELECT version_no, headline FROM article_versions"
        f" WHERE url_canonical = '{url(earlier['paper'], earlier['path'])}' ORDER BY version_no"
    )
    assert len(versions) == 2
    assert versions[0]["headline"] == earlier["headline"]


def test_with_no_source_due_a_scheduled_run_opens_nothing_and_one_by_hand_changes_nothing(
    place: Place,
) -> None:
    place.ingest()  # the first after the newsroom's listings were read in full
    loads = place.ask("FROM loads")
    state = ingest(due_only=True, **place.files, return_state=True)
    assert (state.type, state.name) == (StateType.COMPLETED, "NothingDue")
    said = r"no source is due; next: [a-z-]+ at (\d+ \w+ )?\d\d:\d\d UTC"
    assert re.fullmatch(said, state.message or "")
    given = ["--sources", str(place.sources), "--topics", str(TOPICS), "--data", str(place.data)]
    shown = CliRunner().invoke(app, ["ingest", "--due", *given])
    assert (shown.exit_code, bool(re.fullmatch(said, shown.output.strip()))) == (0, True)
    assert place.ask("FROM loads") == loads

    # That listings were read is news; how far into today they were is in coverage.
    reads = ("listing_reads", "coverage", "coverage_local", "poll_intervals")
    before, kept = _lasting(place, *reads), _article_files(place)
    state = ingest(**place.files, return_state=True)
    done = state.result()
    assert {source.source_id for source in done.sources} == {paper.id for paper in PAPERS}
    assert (done.loaded.articles, done.loaded.revised) == (0, 0)
    assert _lasting(place, *reads) == before
    assert _article_files(place) == kept
    before_load = [(f"collect {paper.id}", "load") for paper in PAPERS]
    is_drawn(state, *before_load, ("refine", "load"), *AFTER_LOAD)


def _article_files(place: Place) -> dict[str, str]:
    return {name: digest for name, digest in files(place.layout).items() if "articles/" in name}


def _lasting(place: Place, *others: str) -> dict[str, list[str]]:
    """All that is known, the ledger of the runs that looked, and other tables, aside."""
    left_out = ("loads", "runs", "commits", "captures", "pages", "polls", "files", "sources")
    return tables(place.layout, left_out + others)


def _saved_pages(place: Place, folder: Path, files: str) -> Files:
    """The parameters of an installation in this folder whose source is the saved pages there."""
    sources = folder / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "gb-saved"\nname = "Saved"\nlanguage = "en"\n'
        f'timezone = "UTC"\nfiles = ["{files}"]\n'
    )
    return {**place.files, "sources_file": str(sources), "data": str(folder / "data")}


def test_undated_saved_files_are_named_and_leave_no_trace_the_second_time(
    place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "The harbour was open again. " * 40
    (tmp_path / "no date.html").write_text(f"<html><h1>Port reopens</h1><p>{text}</html>")
    (tmp_path / "dated.html").write_text(
        '<html><meta property="article:published_time" content="2026-03-02T10:00:00Z">'
        f"<h1>Ferry returns</h1><p>The ferry came back to town. {text}</html>"
    )
    parameters = _saved_pages(place, tmp_path, "*.html")
    caplog.set_level(logging.INFO, "flows")
    assert ingest(**parameters).loaded.articles == 2
    undated = "1 saved file has no publication date and counts on no day: no date.html;"
    assert undated in caplog.text
    assert "gb-saved: 2 articles\n" in caplog.text + "\n"
    layout = Layout(tmp_path / "data")
    before = tables(layout, ()), files(layout), layout.current.parent.readlink()
    ingest(**parameters)
    assert (tables(layout, ()), files(layout), layout.current.parent.readlink()) == before


def test_the_warehouse_comes_back_from_parquet_and_its_report_with_it(place: Place) -> None:
    before = tables(place.layout)
    place.layout.report.unlink()
    rebuilt: Any = rebuild(**place.files, return_state=True)
    assert rebuilt.message == f"warehouse rebuilt: {place.layout.current}"
    assert tables(place.layout) == before
    assert place.layout.report.exists()


def test_the_articles_come_back_from_the_raw_archive_and_say_what_changed(place: Place) -> None:
    """An earlier version had not found the G20 in one article."""
    before, kept = tables(place.layout), files(place.layout)
    sql = "SELECT article_id FROM mentions WHERE topic_id = 'g20' GROUP BY ALL ORDER BY ALL"
    articles = place.ask(sql)
    with duckdb.connect(str(place.layout.current.resolve())) as con:
        con.execute("DELETE FROM mentions WHERE article_id = ?", [articles[0]["article_id"]])
    for file in place.layout.articles.glob("*/*.parquet"):
        file.unlink()
    rebuilt: Any = rebuild(layer="articles", **place.files, return_state=True)
    assert tables(place.layout) == before
    assert files(place.layout) == kept
    lines = rebuilt.message.splitlines()
    assert lines[0] == f"articles rebuilt: {place.layout.current}"
    [total] = place.ask("SELECT count(*) AS n FROM articles")
    assert f"all articles: {total['n']} before, {total['n']} now (same)" in lines
    now = len(articles)
    assert f"g20: {now - 1} before, {now} now (1 gained, 0 lost)" in lines
    is_drawn(rebuilt, ("rebuild articles", "refine without commit"), *AFTER_LOAD)


def test_parquet_and_its_commits_come_back_from_the_raw_archive(place: Place) -> None:
    before = _lasting(place)
    for folder in (place.layout.articles, place.layout.captures, place.layout.stripped_blocks):
        folder.rename(folder.with_suffix(".gone"))
    place.layout.commits.rename(place.layout.commits.with_suffix(".gone"))
    rebuilt: Any = rebuild(layer="articles", **place.files, return_state=True)
    assert _lasting(place) == before
    again = "refine without commit"
    is_drawn(rebuilt, ("rebuild articles", again), (again, "load"), *AFTER_LOAD)


def test_a_repair_is_a_task_with_its_loads_in_it(place: Place) -> None:
    snapshot = place.layout.current.resolve()
    snapshot.write_bytes(b"no database")
    repaired: Any = repair(**place.files, return_state=True)
    assert repaired.is_completed()
    within = (("in repair", "load"), ("in repair", "publish"))
    is_drawn(repaired, *within, ("load", "publish"), ("repair", "report"))


def test_a_rebuild_that_fails_is_the_failure_of_its_task(place: Place) -> None:
    for commit in place.layout.commits.glob("*.json"):
        commit.write_text("{}")
    failed: Any = rebuild(layer="articles", **place.files, return_state=True)
    assert failed.is_failed()
    wait_for("the task has failed", lambda: list(task_states(failed)) == ["rebuild articles"])


def test_a_recount_without_a_change_writes_nothing_but_the_report(place: Place) -> None:
    before = tables(place.layout, ())
    place.layout.report.write_text("of an earlier time")
    recount(**place.files)
    assert tables(place.layout, ()) == before
    assert "<!doctype html>" in place.layout.report.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [("recount",), ("rebuild", "articles"), ("repair",)])
def test_without_data_it_says_so_and_makes_no_folder(
    place: Place, tmp_path: Path, command: tuple[str, ...]
) -> None:
    files = ["--sources", str(place.sources), "--topics", str(TOPICS)]
    done = CliRunner().invoke(app, [*command, *files, "--data", str(tmp_path / "data")])
    assert done.exit_code == 1
    assert done.stderr == f"{tmp_path / 'data'} has no data yet: run `presswatch ingest` first\n"
    assert not (tmp_path / "data").exists()


def test_an_unknown_source_is_one_clear_error(place: Place) -> None:
    with pytest.raises(ConfigError, match="no source 'gb-nobody'; there are: gb-portwick"):
        place.ingest(only=["gb-nobody"])


def test_no_failing_source_or_report_and_no_damaged_archive_stops_an_ingest(
    newsroom: Newsroom, prefect_api: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path)
    with place.sources.open("a", encoding="utf-8") as sources:
        sources.write(
            '\n[[source]]\nid = "xx-gone"\nname = "Gone"\nlanguage = "en"\ntimezone = "UTC"\n'
            'feeds = ["http://127.0.0.1:1/feed"]\nallow_private_hosts = true\n'
        )
    place.layout.report.mkdir(parents=True)
    (place.layout.report / "in the way").touch()
    # Of a run that was killed, one of a source that is not configured any more.
    run_id = "20260101T000000Z-00000a"
    for name, content in (("gb-portwick-courier", b"no archive"), ("xx-left", b"")):
        path = place.layout.raw / name / f"{run_id}.warc.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    place.layout.locks.mkdir(parents=True)
    (place.layout.locks / f"{run_id}.run").touch()

    done = place.ingest(only=["gb-portwick-courier", "xx-gone"])
    assert [source.source_id for source in done.failed] == ["xx-gone"]
    expected = [one for one in EXPECTED["articles"] if one["paper"] == "gb-portwick-courier"]
    assert done.loaded.articles == len(place.ask("FROM articles")) == len(expected)
    assert "report_failed: " in caplog.text
    assert not place.ingest(only=["gb-portwick-courier"]).failed
    assert list(begun_runs(place.layout)) == []


def test_pages_that_could_not_be_refined_are_refined_by_the_next_run(
    place: Place, tmp_path: Path
) -> None:
    saved = tmp_path / "page.txt"
    saved.write_text("Port reopens\n\n" + "The harbour was open again. " * 40)
    parameters = _saved_pages(place, tmp_path, "*.txt")
    in_the_way = Layout(tmp_path / "data").prints / "gb-saved"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    failed: Any = ingest(**parameters, return_state=True)
    assert failed.is_failed()
    why = "no source could be refined (gb-saved); "
    wait_for("refining has failed", lambda: task_states(failed).get("refine", "").startswith(why))
    saved.unlink()
    ingest(**parameters)  # which cannot refine them either
    in_the_way.unlink()
    done: Any = ingest(**parameters, return_state=True)
    is_drawn(done, ("collect gb-saved", "load"), ("refine", "load"), ("load", "publish"))
    assert query(Layout(tmp_path / "data"), "FROM articles").num_rows == 1
    assert list(begun_runs(Layout(tmp_path / "data"))) == []


ROOT = Path(__file__).parents[2]
GUIDES = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "warehouse/README.md"))
QUESTIONS = (DEPLOYMENTS / "questions.sql").read_text(encoding="utf-8")
ASKED = QUESTIONS.split("\n\n")[1:]


@pytest.mark.parametrize(
    "sql",
    [sql for sql in re.findall(r"```sql\n(.*?)```", GUIDES, re.DOTALL) if "FROM audit" not in sql],
)
def test_the_queries_of_the_guides_answer(place: Place, sql: str) -> None:
    assert place.ask(sql)


def test_there_are_ten_questions() -> None:
    assert [block.split(".")[0] for block in ASKED] == [f"-- {number}" for number in range(1, 11)]


@pytest.mark.parametrize("block", ASKED)
def test_each_question_is_answered(place: Place, block: str) -> None:
    question, *lines = block.splitlines()
    assert question.endswith("?")
    assert sum(len(line) for line in lines if line.startswith("--")) > 60
    assert place.ask(block)


def test_a_page_that_was_turned_down_is_looked_at_by_its_raw_ref(place: Place) -> None:
    (row,) = place.ask("SELECT raw_ref, detail FROM rejections WHERE outcome = 'section_page'")
    asked = ["extract", row["raw_ref"], "--data", str(place.data)]
    shown = json.loads(CliRunner().invoke(app, asked).stdout)
    assert shown["rejection"] == f"section_page: {row['detail']}"
    nowhere = CliRunner().invoke(app, ["extract", f"{row['raw_ref']}9", "--data", str(place.data)])
    assert json.loads(nowhere.stdout)["rejection"].startswith("unreadable_file: ")


def test_an_ingest_leaves_the_report(place: Place) -> None:
    page = place.layout.report.read_text(encoding="utf-8")
    assert all(paper.name in page for paper in PAPERS)


def test_the_syndicated_copy_is_seen(place: Place) -> None:
    (pair,) = EXPECTED["syndicated"]
    rows = place.ask(
        "SELECT copy.url_canonical AS copy, first.url_canonical AS first FROM articles copy"
        " JOIN articles first ON first.article_id = copy.duplicate_of"
    )
    assert [{row["copy"], row["first"]} for row in rows] == [
        {url("gb-portwick-courier", pair[0]), url("de-allerbruecker-tageblatt", pair[1])}
    ]
