"""A DuckDB of an earlier line, as users have it, reads what this one published."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tasks.load.load_run import load
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, listing, stage
from warehouse.build.sql_files import read_relations
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CLIENT = Path(os.environ.get("PRESSWATCH_OLD_CLIENT", ROOT / ".venv/old-client/bin/python"))
QUESTIONS = (ROOT / "deployments" / "questions.sql").read_text(encoding="utf-8")
GUIDES = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "warehouse/README.md"))
ASKING = """
import json, sys, duckdb

con = duckdb.connect(sys.argv[1], read_only=True)
con.execute("SET TimeZone = 'UTC'")
answers = []
for query in json.load(sys.stdin):
    try:
        # As text: fetching a time with a zone would want the package pytz.
        text = f"SELECT COLUMNS(*)::VARCHAR FROM ({query.strip().rstrip(';')})"
        answers.append(len(con.execute(text).fetchall()))
    except duckdb.Error as error:
        answers.append(str(error))
print(json.dumps([duckdb.__version__, answers]))
"""
PAGES = [
    listing(),
    Page("a", "The harvest and the G20 meet at the harbour. " * 9, 0, stripped=["Join us"]),
    Page("b", "The G20 came, and Huawei with a grain deal.", 0, source_id="de-blatt"),
]


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("old") / "data")
    load(layout, TOPICS, SOURCES, [stage(layout, "20260302T060000Z-00000a", PAGES)])
    publish(layout)
    return layout


def ask(layout: Layout, queries: list[str]) -> list[Any]:
    """What the old client answers: a number of rows, or its error."""
    if not CLIENT.exists():
        pytest.skip(f"needs an older DuckDB in {CLIENT}: make test installs it")
    command = [str(CLIENT), "-c", ASKING, str(layout.current)]
    done = subprocess.run(
        command,
        input=json.dumps(queries),
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    version, answers = json.loads(done.stdout)
    assert version.startswith("1.")
    assert len(answers) == len(queries)
    return list(answers)


def test_it_reads_every_relation(layout: Layout) -> None:
    names = list(read_relations())
    found = dict(zip(names, ask(layout, [f"FROM {name}" for name in names]), strict=True))
    assert {name: answer for name, answer in found.items() if isinstance(answer, str)} == {}
    assert found["article_texts"] == found["articles"] == 2


def test_it_finds_words_in_texts(layout: Layout) -> None:
    assert ask(layout, ["FROM text_contexts('(?i)the harbour')"]) == [9]


def test_it_answers_the_questions_and_the_guides(layout: Layout) -> None:
    queries = QUESTIONS.split("\n\n")[1:] + re.findall(r"```sql\n(.*?)```", GUIDES, re.DOTALL)
    answers = ask(layout, queries)
    assert [answer for answer in answers if isinstance(answer, str)] == []
