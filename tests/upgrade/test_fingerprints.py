"""The declared versions stand for what the code does."""

import json

import duckdb
import pytest

from tasks.topics import mentions
from tests.upgrade.fingerprints import (
    DECLARED,
    RECORD,
    Parts,
    difference,
    digest,
    matching_parts,
    table_parts,
    without_comments,
)
from warehouse.build import loader
from warehouse.build.sql_files import read_sql

NAME = "SCHEMA_VERSION"
KNOWN: dict[str, Parts] = {"7": {"columns of a": "0", "marts/b": "1"}}
SQL = """-- Grain: a day.
INSERT INTO daily  /* all
   of it */ SELECT '--  no comment', "a  b" FROM news;
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", DECLARED)
def test_what_a_version_stands_for_is_what_was_recorded(name: str) -> None:
    _, declared, take = DECLARED[name]
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))[name]
    assert not difference(name, declared(), take(), recorded)


def test_a_difference_is_named_with_its_remedy() -> None:
    same, other = KNOWN["7"], {"columns of a": "9", "marts/c": "1"}
    assert difference(NAME, 7, same, KNOWN) == ""
    said = difference(NAME, 7, other, KNOWN)
    assert "still 7, but these changed: columns of a, marts/b, marts/c." in said
    assert (
        "Raise SCHEMA_VERSION in warehouse.build.schema_version and run"
        " `python -m tests.upgrade.fingerprints`" in said
    )
    assert "8 is not recorded yet: run" in difference(NAME, 8, other, KNOWN)
    assert "must never fall" in difference(NAME, 6, same, KNOWN)


def test_a_rule_that_counts_otherwise_changes_what_rules_stand_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (recorded,) = json.loads(RECORD.read_text(encoding="utf-8"))["RULES"].values()
    monkeypatch.delitem(mentions._COLUMNS, "caption")
    now = matching_parts()
    changed = {name.partition(" ")[0] for name in now if now[name] != recorded[name]}
    assert changed == {"words", "marks", "folded", "excluded", "article"}


@pytest.fixture(scope="module")
def made() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    loader.make_relations(con)
    return con


def test_a_reworded_comment_leaves_the_tables_as_they_are(made: duckdb.DuckDBPyConnection) -> None:
    before = table_parts(made)
    made.execute("COMMENT ON TABLE captures IS 'told otherwise'")
    made.execute("COMMENT ON COLUMN captures.outcome IS 'told otherwise'")
    assert table_parts(made) == before


@pytest.mark.slow
def test_a_changed_column_is_another_table(made: duckdb.DuckDBPyConnection) -> None:
    made.execute("DROP VIEW IF EXISTS ledger")
    for change in (
        "ADD COLUMN another VARCHAR",
        "ALTER outcome SET NOT NULL",
        "ALTER seconds TYPE FLOAT",
    ):
        before = table_parts(made)
        made.execute(f"ALTER TABLE captures {change}")
        after = table_parts(made)
        assert [name for name in after if after[name] != before[name]] == ["columns of captures"]


def test_comments_and_blanks_are_no_sql() -> None:
    line = """INSERT INTO daily SELECT '--  no comment', "a  b" FROM news;"""
    assert without_comments(SQL) == without_comments(SQL.replace("a day", "one")) == line
    for name, sql in read_sql("marts").items():
        assert without_comments(f"-- {name}\n{sql}") == without_comments(sql)


def test_numbers_are_alike_to_nine_digits_and_sets_in_any_order() -> None:
    assert digest([0.1 + 0.2, {"b", "a"}]) == digest([0.3, {"a", "b"}])
    assert digest([0.3001]) != digest([0.3])
