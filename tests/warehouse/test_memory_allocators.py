"""What a process keeps: of freed memory, of DuckDB's pages, of what was worked out before."""

import ctypes
import functools
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

import tasks
from tasks.load.load_run import load
from tasks.prompts.word_weights import MAX_CACHE_ENTRIES, Lexicon, TextScores
from tests.support.daily_news import DailyNews, stage_day
from tests.support.staged_pages import HARVEST, SOURCES, TOPICS
from warehouse.build import mart_refresh, writer_file
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

FREED = """
import re, warehouse
from pathlib import Path
from warehouse.memory_allocators import release_memory

def held():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
blocks = [b"x" * 60_000 for _ in range(1_700)]
blocks = blocks[-1:]  # what lies before it stays with the heap
full = held()
release_memory()
print(full - held())
"""

FREED_BY_DUCKDB = """
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from warehouse.layers.layout import Layout
from warehouse.build.writer_file import opened_writer
def held():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
with TemporaryDirectory() as name, opened_writer(Layout(Path(name))) as con:
    con.execute("SELECT count(DISTINCT hash(range)) FROM range(3_000_000)").fetchall()
    con.execute("SELECT hash(range) FROM range(3_000_000) ORDER BY 1 OFFSET 2_999_999").fetchall()
    print(held())
"""


def say(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module", ["warehouse.layers.parquet_schemas", "warehouse.build.loader", "flows.backfill"]
)
def test_pyarrow_allocates_from_the_c_library(module: str) -> None:
    code = f"import {module}, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    assert say(code) == "system"


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc")
def test_what_was_freed_goes_back_to_the_system() -> None:
    assert int(say(FREED)) > 80


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc")
def test_what_duckdb_freed_goes_back_to_the_system() -> None:
    assert int(say(FREED_BY_DUCKDB)) < 110


def test_a_loads_temporary_tables_are_gone_before_its_file_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections, held = [], []
    connect = duckdb.connect

    def noted(**given: Any) -> duckdb.DuckDBPyConnection:
        connections.append(connect(**given))
        return connections[0].cursor()

    monkeypatch.setattr(duckdb, "connect", noted)
    with writer_file.opened_writer(Layout(tmp_path)) as con:
        con.execute("CREATE TEMP TABLE numbers AS SELECT hash(range) AS n FROM range(1_000_000)")
        held.append(temporary_bytes(con))
    held.append(temporary_bytes(connections[0]))
    assert held[0] > 8_000_000 > held[1]


def temporary_bytes(con: duckdb.DuckDBPyConnection) -> int:
    asked = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
    return int(con.execute(asked).fetchall()[0][0])


def test_duckdb_has_more_memory_where_a_load_reaches_into_all_history(
    news: DailyNews, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def noted(con: duckdb.DuckDBPyConnection) -> None:
        limits.append(con.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
        raise InterruptedError

    kept = news(1)
    monkeypatch.setattr(mart_refresh, "refresh", noted)
    for layout, topics in ((news(0, "new"), TOPICS), (kept, TOPICS), (kept, (HARVEST,))):
        with pytest.raises(InterruptedError):
            load(layout, topics, SOURCES, [stage_day(layout, 1)])
    assert limits == ["1.8 GiB", "488.2 MiB", "1.8 GiB"]


def test_what_is_remembered_of_texts_is_bounded() -> None:
    lexicon = Lexicon({}, {}, {}, {})
    for number in range(3 * MAX_CACHE_ENTRIES):
        lexicon.cache_scores(str(number), TextScores(0, 0, frozenset()))
        lexicon.name_scores([f"box-{number}"])
        assert (
            max(len(lexicon.text_scores), len(lexicon.key_scores), len(lexicon.name_parts))
            <= MAX_CACHE_ENTRIES
        )


def test_no_cache_grows_with_the_pages_seen() -> None:
    modules = pkgutil.walk_packages(tasks.__path__, "tasks.")
    caches = [
        each
        for module in modules
        for each in vars(importlib.import_module(module.name)).values()
        if isinstance(each, functools._lru_cache_wrapper) and each.__module__.startswith("tasks.")
    ]
    endless = {each.__qualname__ for each in caches if each.cache_parameters()["maxsize"] is None}
    models = {"read_model", "load_article_model"}
    constant = models | {"_adapter", "odd_characters", "_kinds", "_table", "_version"}
    constant |= {"_languages_of_phrase", "_zones_by_country"}  # of topics, of the zone database
    assert endless <= constant, "of what comes from pages, keep no end of it"
