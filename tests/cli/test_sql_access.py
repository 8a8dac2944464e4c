"""What `presswatch sql` may not do: write, read other files, act on the terminal that shows it."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tests.support.daily_news import DailyNews
from tests.support.serving import ROOT
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow
HOSTILE = (
    "SELECT 'a' || chr(27) || '[2Jb' || chr(155) || 'c' || chr(8238) || 'd' || chr(13) AS \"t\""
)


@pytest.fixture(scope="module")
def layout(news: DailyNews) -> Layout:
    return news(2)


def sql(layout: Layout, *words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["sql", *map(str, words), "--data", str(layout.root)])
    return done.exit_code, done.stdout, done.stderr


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize(
    "text",
    [
        "COPY (SELECT 1) TO '{articles}/x.parquet'",
        "COPY (SELECT 1) TO '{tmp}/x.csv'",
        "COPY (PIVOT (SELECT 1 AS a, 2 AS k) ON k USING sum(a)) TO '{articles}/x.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{articles}/x.csv'",
        "/* EXPLAIN */ EXPLAIN (ANALYZE) /* */ copy (SELECT 'ü') TO '{articles}/x.csv'",
        "SELECT 1; COPY (SELECT 1) TO '{articles}/x.csv'",
        "PREPARE p AS COPY (SELECT 1) TO '{articles}/x.csv'; EXECUTE p",
        "EXPORT DATABASE '{tmp}/all'",
        "ATTACH '{tmp}/other.duckdb' AS other",
        "ATTACH '{articles}/other.duckdb' AS other (READ_WRITE)",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true; SELECT * FROM read_text('/etc/passwd')",
        "SET temp_directory = '{tmp}'",
        "PRAGMA enable_profiling = 'json'",
        "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'a')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{articles}/../../../../../../../../etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "FROM '/etc/passwd.csv'",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/a.parquet')",
        "SELECT * FROM read_json('{root}/definitions.json')",
        "DELETE FROM articles",
    ],
)
def test_nothing_is_written_and_nothing_else_is_read(
    layout: Layout, tmp_path: Path, text: str
) -> None:
    before = files(layout.root) | files(tmp_path)
    given = text.format(articles=layout.articles, root=layout.root, tmp=tmp_path)
    status, out, err = sql(layout, given)
    assert (status, out, err.count("\n")) == (1, "", 1), err
    assert files(layout.root) | files(tmp_path) == before


def test_what_analysts_write_is_answered(layout: Layout) -> None:
    (count,) = query(layout, "SELECT count(*) AS n FROM article_texts").to_pylist()
    assert sql(layout, "SELECT count(body) FROM article_texts", "--csv")[1].split()[1] == str(
        count["n"]
    )
    for text in (
        "PIVOT (SELECT 'copy' AS k, 1 AS a) ON k USING sum(a)",
        "EXPLAIN ANALYZE SELECT count(*) FROM articles",
        "SUMMARIZE topics",
        "DESCRIBE mentions",
        "SHOW TABLES",
        "SET VARIABLE topic = 'g20'; SELECT getvariable('topic')",
        "CREATE TEMP TABLE t AS SELECT 1 AS n; FROM t",
    ):
        assert sql(layout, text)[0] == 0, text


@pytest.mark.parametrize("name", ["moved", "a [new] place"])
def test_texts_are_answered_after_the_data_folder_was_moved(
    layout: Layout, tmp_path: Path, name: str
) -> None:
    moved = Layout(tmp_path / name)
    shutil.copytree(layout.root, moved.root, symlinks=True)
    away = layout.root.rename(layout.root.with_name("away"))
    try:
        asked = "SELECT count(body) > 0 AS has_texts FROM article_texts"
        assert sql(moved, asked, "--csv") == (0, "has_texts\ntrue\n", "")
    finally:
        away.rename(layout.root)


@pytest.mark.parametrize("form", ["--csv", "--json", "--ndjson"])
def test_an_answer_is_written_to_a_named_file(layout: Layout, tmp_path: Path, form: str) -> None:
    asked = ("SELECT 'a,b' AS t, 1 AS n", form)
    want = sql(layout, *asked)[1]
    assert sql(layout, *asked, "--out", tmp_path / "answer") == (0, "", "")
    assert (tmp_path / "answer").read_text(encoding="utf-8") == want
    status, _, err = sql(layout, *asked, "--out", tmp_path / "no" / "answer")
    assert (status, err.count("\n")) == (1, 1)


def test_a_parquet_file_that_is_there_is_replaced(layout: Layout, tmp_path: Path) -> None:
    for number in (1, 2):
        assert sql(layout, f"SELECT {number} AS n", "--parquet", tmp_path / "n.parquet")[0] == 0
    assert query(layout, f"FROM '{tmp_path}/n.parquet'").to_pylist() == [{"n": 2}]
    assert [file.name for file in tmp_path.iterdir()] == ["n.parquet"]
    files = ("--parquet", tmp_path / "m.parquet", "--out", tmp_path / "m.txt")
    status, _, err = sql(layout, "SELECT 1 AS n", *files)
    assert (status, err.count("\n"), len([*tmp_path.iterdir()])) == (2, 1, 1)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_line_break_prints_off_a_terminal(layout: Layout, rows: int) -> None:
    status, out, _ = sql(layout, f"SELECT 'a' || chr(10) || 'b' AS t FROM range({rows})")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert out.count("b") == rows


@pytest.mark.parametrize("form", [(), ("--csv",), ("--json",), ("--ndjson",)])
def test_a_terminal_is_sent_no_control_characters(layout: Layout, form: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "flows", "sql", HOSTILE, *form, "--data", str(layout.root)]
    shown = on_a_terminal(command, {"NO_COLOR": "1", "TERM": "dumb"})
    assert "bcd" in shown
    assert not {char for char in shown if not char.isprintable()} - {"\r", "\n"}


def on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What a command writes to its terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            command, stdout=theirs, stderr=theirs, cwd=ROOT, env=os.environ | environment
        )
        os.close(theirs)
        read: Callable[[], bytes] = lambda: terminal.read(65536)  # noqa: E731
        shown = b""
        try:
            while data := read():
                shown += data
        except OSError:  # EIO: the other end is closed
            pass
        assert process.wait(60) == 0
    return shown.decode()


def test_several_queries_say_whose_answer_is_shown(layout: Layout) -> None:
    status, out, err = sql(layout, "SELECT 1 AS first; SELECT 2 AS second", "--csv")
    assert (status, out) == (0, "second\n2\n")
    assert err == "2 queries: the answer is that of the last\n"
    assert sql(layout, "SET VARIABLE a = 3; SELECT getvariable('a')", "--csv")[2] == ""
