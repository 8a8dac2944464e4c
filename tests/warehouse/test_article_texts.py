"""The texts of articles in SQL: found from anywhere, complete, and only what was committed."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.load.load_run import load
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

RUN = "20260302T060000Z-00000{}"
BODY = "One grain deal, two Grain\ndeals; 三个grain粮食。\n\nIt's " + "the end. " * 20 + "grain"
FIRST = [
    Page("a", BODY, day=0),
    Page("undated", "No day for the harvest.", day=None),
    Page("revised", "As it was first told.", day=1),
]


def ingest(layout: Layout, number: int, pages: list[Page]) -> None:
    load(layout, TOPICS, SOURCES, [stage(layout, RUN.format(number), pages)] if pages else [])
    publish(layout)


def ingest_twice(layout: Layout) -> None:
    ingest(layout, 1, FIRST)
    ingest(layout, 2, [Page("revised", "As it was told later.", day=1, hour=9)])


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    """Two loads, below a folder whose name has what means something in SQL and in patterns."""
    return KeptFolder(tmp_path_factory.mktemp("it's [da*ta]"), ingest_twice)


@pytest.fixture
def layout(loaded: KeptFolder) -> Layout:
    return loaded.restored()


def ask(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


def bodies(layout: Layout) -> set[str]:
    return {body for (body,) in ask(layout, "SELECT body FROM article_texts")}


NOW = {BODY, "No day for the harvest.", "As it was told later."}


def test_each_article_has_its_latest_text(layout: Layout) -> None:
    assert bodies(layout) == NOW
    rows = ask(layout, "SELECT version_no, body FROM article_version_texts ORDER BY ALL")
    assert {body for _, body in rows} == NOW | {"As it was first told."}
    assert [number for number, _ in rows] == [1, 1, 1, 2]
    joined = "article_texts JOIN articles USING (article_id) WHERE body_chars = len(body)"
    assert ask(layout, f"SELECT count(*) FROM {joined}") == [(3,)]


def test_a_day_and_no_day_are_found_by_date(layout: Layout) -> None:
    dated = "SELECT count(*) FROM article_texts WHERE published_date = DATE '2026-03-03'"
    undated = "SELECT body FROM article_texts WHERE published_date IS NULL"
    assert ask(layout, dated) == [(1,)]
    assert ask(layout, undated) == [("No day for the harvest.",)]


def test_a_client_in_another_folder_reads_them(layout: Layout, tmp_path: Path) -> None:
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True);"
        "print(con.sql('SELECT count(body) FROM article_texts').fetchall())"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-c", code, str(layout.current)]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout == "[(3,)]\n"


def test_files_that_no_commit_names_do_not_count(layout: Layout) -> None:
    (path, *_) = sorted(layout.articles.glob("*/*.parquet"))
    loose = path.with_name("20260302T060000Z-00000f.0123456789ab.parquet")
    shutil.copy(path, loose)
    assert bodies(layout) == NOW
    assert ask(layout, "SELECT count(*) FROM article_texts") == [(3,)]


def test_after_a_move_the_error_names_the_old_place_and_a_load_mends_it(
    layout: Layout, tmp_path: Path
) -> None:
    moved = Layout(tmp_path / "moved")
    layout.root.rename(moved.root)
    with duckdb.connect(str(moved.current), read_only=True) as con:
        with pytest.raises(duckdb.IOException, match="No files found"):
            con.execute("FROM article_texts")
        con.execute(f"SET VARIABLE presswatch_data = '{moved.root}'")
        assert con.execute("SELECT count(body) FROM article_texts").fetchall() == [(3,)]
    ingest(moved, 3, [])
    assert bodies(moved) == NOW
    before = moved.current.resolve()
    ingest(moved, 3, [])
    assert moved.current.resolve() == before


def test_without_any_article_the_views_are_empty(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    ingest(layout, 1, [Page("gone", outcome="not_found")])
    assert bodies(layout) == set()
    assert ask(layout, "FROM text_contexts('harvest')") == []


def test_words_are_found_with_what_stands_around_them(layout: Layout) -> None:
    rows = ask(
        layout,
        "SELECT hit_no, char_start, context_left, matched_text, context_right"
        " FROM text_contexts('(?i)(g)rain') ORDER BY hit_no",
    )
    assert [row[3] for row in rows] == ["grain", "Grain", "grain", "grain"]
    for number, (hit_no, start, left, matched, right) in enumerate(rows, start=1):
        end = start + len(matched)
        assert hit_no == number
        assert (left, matched, right) == (
            BODY[max(0, start - 60) : start],
            BODY[start:end],
            BODY[end : end + 60],
        )
    assert {len(left) for _, _, left, _, _ in rows} >= {4, 60}
