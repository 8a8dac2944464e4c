"""The `presswatch` command: what it prints, and its exit status."""

import csv
import io
import json
import re
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from flows.cli.app import app
from tests.support.config_files import ONE_SOURCE
from tests.support.daily_news import DailyNews
from tests.support.sample_newsroom import TOPICS, Newsroom, Place
from warehouse.layers.layout import Layout
from warehouse.read.query import query

runner = CliRunner()
PAGE = "The harbour was open again.\n\n" + "Skippers said the ice had gone from the yards. " * 20


def command(*words: object) -> tuple[int, str, str]:
    done = runner.invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def layout(news: DailyNews) -> Layout:
    return news(1)


@pytest.mark.slow
def test_extract_prints_a_line_of_json_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    (tmp_path / "b.html").write_text(f"<h1>Ice</h1><p>{PAGE}</p>")
    status, out, _ = command("extract", tmp_path / "a.txt", tmp_path / "b.html")
    pages = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [Path(page["page"]).name for page in pages] == ["a.txt", "b.html"]
    assert all("Skippers said" in page["body"] for page in pages)


@pytest.mark.slow
def test_extract_writes_a_file_a_page(tmp_path: Path) -> None:
    (tmp_path / "ice.page.txt").write_text(PAGE)
    status, out, _ = command("extract", tmp_path / "ice.page.txt", "--out", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "ice.json").read_text())
    assert (status, out) == (0, "")
    assert record["rejection"] is None
    assert set(record) >= {"headline", "body", "captions", "stripped", "access", "is_truncated"}


def papers(folder: Path, lines: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(f"{ONE_SOURCE}{lines}\n")
    return path


def test_extract_uses_the_settings_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    sources = papers(tmp_path, 'strip = ["text:the harbour was open*"]')
    asked = ("extract", tmp_path / "a.txt", "--sources", sources, "--source")
    status, out, _ = command(*asked, "gb-post")
    assert status == 0
    assert [block["rule"] for block in json.loads(out)["stripped"]] == ["source:strip"]
    status, _, error = command(*asked, "gb-mail")
    assert (status, error) == (2, "no source 'gb-mail'; there are: gb-post\n")


@pytest.mark.parametrize("words", [("extract", "a.txt", "--source", "gb-post"), ("ingest",)])
def test_a_bad_selector_ends_the_command_before_anything_runs(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    sources = papers(tmp_path, 'keep = ["p", "div..rail"]')
    status, _, error = command(*words, "--sources", sources)
    want = (
        "source 1 (gb-post): keep[1]: must be a CSS selector or start with 'text:', got 'div..rail'"
    )
    assert (status, error) == (2, f"{sources}: {want}\n")


def test_extract_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    status, out, err = command("extract", tmp_path / "a.txt", tmp_path / "gone.html")
    assert (status, out, err) == (2, "", f"{tmp_path}/gone.html does not exist\n")
    assert command("extract", tmp_path)[::2] == (2, f"{tmp_path} is a folder, name its pages\n")


def test_extract_fails_for_a_file_that_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text(PAGE)
    (tmp_path / "b.txt").write_text(PAGE)
    status, out, _ = command("extract", tmp_path / "a.pdf", tmp_path / "b.txt")
    rejections = [json.loads(line)["rejection"] for line in out.splitlines()]
    assert status == 1
    assert rejections[0].startswith("unreadable_file: " + str(tmp_path))
    assert rejections[1] is None


def test_the_version() -> None:
    assert command("--version") == (0, f"presswatch {version('presswatch')}\n", "")


ANSWER = "SELECT 12 AS n, NULL AS x, 'a,b\nc' AS t, DATE '2026-03-02' AS d, 'nan'::DOUBLE AS f"


@pytest.mark.slow
def test_sql_prints_a_table(layout: Layout) -> None:
    status, out, _ = command(
        "sql", f"{ANSWER} UNION ALL SELECT 3000, 'x', '三', NULL, 1", *at(layout)
    )
    assert status == 0
    head, *rows, count = out.splitlines()
    assert head.split() == ["n", "x", "t", "d", "f"]
    assert rows[0].split() == ["12", "NULL", "a,b↵c", "2026-03-02", "nan"]
    assert rows[1].startswith("3000  x ")
    assert rows[0].startswith("  12  NULL ")
    assert count == "2 rows"


def at(layout: Layout) -> tuple[str, Path]:
    return "--data", layout.root


@pytest.mark.slow
def test_an_answer_without_rows_has_its_columns(layout: Layout) -> None:
    _, out, _ = command("sql", "SELECT * FROM topics LIMIT 0", *at(layout))
    assert out.split()[:2] == ["topic_id", "topic_version"]
    assert out.endswith("0 rows\n")
    assert command("sql", "SELECT 1 AS n LIMIT 0", *at(layout), "--csv")[1] == "n\n"
    assert json.loads(command("sql", "SELECT 1 AS n LIMIT 0", *at(layout), "--json")[1]) == []


@pytest.mark.slow
def test_sql_prints_what_programs_read(layout: Layout, tmp_path: Path) -> None:
    _, out, _ = command("sql", ANSWER, *at(layout), "--csv")
    assert [*csv.reader(io.StringIO(out))] == [
        ["n", "x", "t", "d", "f"],
        ["12", "", "a,b\nc", "2026-03-02", "nan"],
    ]
    row = {"n": 12, "x": None, "t": "a,b\nc", "d": "2026-03-02", "f": None}
    twice = f"{ANSWER} UNION ALL {ANSWER}"
    assert json.loads(command("sql", twice, *at(layout), "--json")[1]) == [row, row]
    _, out, _ = command("sql", twice, *at(layout), "--ndjson")
    assert [json.loads(line) for line in out.splitlines()] == [row, row]
    odd = """SELECT 'inf'::DOUBLE AS f, 1.5::DOUBLE AS f, [1, '-inf'::FLOAT, 'nan'] AS l,
        {'NaN': 'a "NaN" \\', 'd': ['nan'::DOUBLE]} AS s"""
    told = {"f": None, "f_1": 1.5, "l": [1, None, None], "s": {"NaN": 'a "NaN" \\', "d": [None]}}
    for form in ("--json", "--ndjson"):
        answer = json.loads(command("sql", odd, *at(layout), form)[1])
        assert answer == ([told] if form == "--json" else told)
    _, out, _ = command("sql", "FROM mentions", *at(layout), "--parquet", tmp_path / "m.parquet")
    assert out == ""
    kept = pq.read_table(tmp_path / "m.parquet")
    assert kept.num_rows == query(layout, "FROM mentions").num_rows > 0


@pytest.mark.slow
def test_sql_reads_a_file_or_standard_input(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "q.sql").write_text("-- how many\nSELECT 41 + 1 AS n;\n")
    assert "42" in command("sql", "--file", tmp_path / "q.sql", *at(layout))[1]
    done = runner.invoke(app, ["sql", "-", "--csv", *map(str, at(layout))], input="SELECT 7 AS n")
    assert done.stdout == "n\n7\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [(), ("SELECT 1", "--file", "x.sql"), ("--file", "gone.sql"), ("SELECT 1", "--csv", "--json")],
)
def test_wrong_usage_of_sql_is_reported_in_one_line(layout: Layout, words: tuple[str, ...]) -> None:
    status, out, err = command("sql", *words, *at(layout))
    assert (status, out, err.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_sql_is_read_only_and_says_what_is_wrong(layout: Layout) -> None:
    wrong = {
        "SELECT mention\nFROM mentions": 'Binder Error: Referenced column "mention" not found',
        "DROP TABLE articles": "DROP is refused: a query reads the warehouse and writes nothing",
        "SELECT\nFROM": "(line 2)",
        " -- $QUERY": "the query is empty",
        "SELEC 1": "Parser Error: syntax error at or near",
    }
    for text, message in wrong.items():
        status, out, err = command("sql", text, *at(layout))
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert message in err
    candidates = command("sql", "SELECT topic FROM mentions", *at(layout))[2]
    assert 'Candidate bindings: "topic_id"' in candidates


def screen(answer: str, layout: Layout, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """What a terminal of 60 columns shows."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    status, out, _ = command("sql", answer, *at(layout), *words)
    assert status == 0
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.splitlines()]


@pytest.mark.slow
def test_a_terminal_shows_no_more_than_it_can(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "SELECT n, repeat('word ', 40) AS text, n * 1000000 AS big FROM range(900) AS t (n)"
    lines = screen(long, layout, monkeypatch)
    assert len(lines) == 202
    assert {cell_len(line.rstrip()) for line in lines} <= set(range(61))
    assert "…" in lines[9]
    assert lines[9].rstrip().endswith("8000000")
    assert lines[-1] == "900 rows, 200 of them shown; --rows 0 shows all"
    assert len(screen(long, layout, monkeypatch, "--rows", "0")) == 902


@pytest.mark.slow
def test_a_terminal_shows_wide_rows_one_below_another(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = screen("FROM articles LIMIT 2", layout, monkeypatch)
    assert lines[0].startswith("row 1 ")
    assert any(line.split()[:1] == ["headline"] for line in lines)
    assert lines[-1] == "2 rows"
    plan = screen("EXPLAIN SELECT 1", layout, monkeypatch)
    assert sum("│" in line for line in plan) >= 1


@pytest.mark.slow
def test_schema_tells_what_there_is(layout: Layout, tmp_path: Path) -> None:
    status, out, _ = command("schema", *at(layout))
    assert status == 0
    assert "  topic_daily  " in out
    assert "  text_contexts(pattern)  macro" in out
    assert "Others" not in out
    status, out, _ = command("schema", "topic_daily", *at(layout))
    assert "articles_with_mention / articles; NULL without articles" in " ".join(out.split())
    before = {each["name"] for each in json.loads(command("schema", *at(layout), "--json")[1])}
    unborn = {
        each["name"]
        for each in json.loads(command("schema", "--data", tmp_path / "no", "--json")[1])
    }
    assert before == unborn >= {"articles", "article_texts", "text_contexts"}
    status, _, err = command("schema", "nothing", *at(layout))
    assert status == 2
    assert err.startswith("no relation 'nothing'; there are: topic_daily, ")


def test_sql_before_the_first_load(tmp_path: Path) -> None:
    status, _, err = command("sql", "SELECT 1", "--data", tmp_path)
    assert status == 1
    assert "run `presswatch ingest` first" in err


@pytest.mark.slow
def test_report_writes_a_page_or_shows_tables(layout: Layout, tmp_path: Path) -> None:
    status, out, _ = command("report", *at(layout))
    assert (status, out) == (0, f"{layout.report}\n")
    page = layout.report.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert len(page) < 3_000_000
    out_file = tmp_path / "pages" / "today.html"
    assert command("report", *at(layout), "--out", out_file)[1] == f"{out_file}\n"
    assert out_file.exists()
    _, out, _ = command("report", "--table", *at(layout))
    assert str(layout.current) in out.replace("\n", "")
    assert "mentions" in out
    assert re.search(r" \d+% +\d+–\d+ *\n", out)  # a share with its interval


def test_a_wrong_configuration_is_reported_before_anything_runs(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nid = "gb-x"\nnam = "X"\n')
    status, out, err = command("ingest", "--sources", sources, "--data", tmp_path / "data")
    assert (status, out) == (2, "")
    assert f"{sources}" in err
    assert "nam" in err
    assert not (tmp_path / "data").exists()


def test_an_unknown_source_is_wrong_usage(tmp_path: Path) -> None:
    status, _, err = command("ingest", "--only", "gb-nobody", "--data", tmp_path / "data")
    assert status == 2
    assert err.startswith("no source 'gb-nobody'; there are: ")


def test_sources_check_tries_each_listing(
    newsroom: Newsroom,
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    status, out, _ = command("sources", "check", "--sources", place.sources, "--topics", TOPICS)
    lines = out.replace("\n", " ")
    assert status == 0, out
    assert "FAIL" not in lines
    for kind in ("feed", "sitemap", "section"):
        assert kind in lines


@pytest.mark.slow
def test_sources_check_of_a_dead_host(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "xx-gone"\nname = "Gone"\nlanguage = "en"\ntimezone = "UTC"\n'
        'feeds = ["http://127.0.0.1:1/feed"]\nallow_private_hosts = true\n'
    )
    status, out, _ = command("sources", "check", "--sources", sources, "--topics", TOPICS)
    assert status == 1
    assert "http://127.0.0.1:1/feed" in out.replace("\n", "")
