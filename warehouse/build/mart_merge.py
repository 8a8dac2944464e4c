"""The incremental merge of all marts: rows of touched keys are deleted and selected again.

A mart is a file with one SELECT, or one that creates a view, which needs no merge. Comments at the
head of a SELECT define how it is merged:

    Key:         columns that identify a row, or a group of rows
    Touched by:  keys that a load may change: a query without its SELECT; several are united
    Compared:    other columns whose changes matter to the marts that read this one
    Reads:       marts from which the SELECT's arrays are computed, if the SELECT names none

The SELECT reads the keys from `touched`; the rows it returns replace all rows of these keys. If a
later mart or step reads `changed_<mart>`, that has the removed and added rows, with their key and
compared columns. `added_<relation>` has the rows that the load adds, for relations that only grow;
`run_<relation>` also has rows of the load's runs from earlier loads.
"""

# ruff: noqa: S608 - the names are those of files

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

import duckdb

from warehouse.build.sql_files import read_marts, read_sql

Connection = duckdb.DuckDBPyConnection
# Relations to which a load only adds rows.
ADDED = ("article_versions", "captures", "stripped_blocks", "files")
# Relations by run: a load replaces all rows of its runs.
RUN_RELATIONS = ("runs", "polls", "listing_reads")


@dataclass(frozen=True, slots=True)
class Mart:
    """A mart's SELECT, and how to merge it."""

    name: str
    query: str
    key: str
    columns: str  # the key and the compared columns
    touched_by: tuple[str, ...]
    reads: frozenset[str]  # relations that have to be merged before it
    keeps_changes: bool  # in `changed_<name>`, which something reads


@cache
def marts() -> dict[str, Mart]:
    """All marts, each after those that it reads."""
    texts = read_marts()
    reading = "".join([*texts.values(), *read_sql("steps").values()])
    changes = set(re.findall(r"\bchanged_(\w+)", reading))
    found = {}
    for name, text in texts.items():
        head = re.match(r"(--.*\n)*", text)
        lines = head[0].replace("\n--    ", "").splitlines() if head else []
        pairs = [line.removeprefix("-- ").partition(": ")[::2] for line in lines]
        fields = dict(pairs)
        touched_by = tuple(select for field, select in pairs if field == "Touched by")
        reads = relations_read(text) | set(fields.get("Reads", "").split(", "))
        named = {re.sub("^(changed|added)_", "", relation) for relation in reads}
        columns = ", ".join(fields[field] for field in ("Key", "Compared") if field in fields)
        found[name] = Mart(
            name, text, fields["Key"], columns, touched_by, frozenset(named), name in changes
        )
    earlier = {name: sorted((mart.reads & found.keys()) - {name}) for name, mart in found.items()}
    return {name: found[name] for name in TopologicalSorter(earlier).static_order()}


def relations_read(sql: str) -> set[str]:
    """The names that follow FROM and JOIN in a query."""
    return set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", sql))


def note_last_rows(con: Connection) -> None:
    """Record the last row of each relation in ADDED, before the load adds rows."""
    last = " UNION ALL ".join(
        f"SELECT '{name}' AS name, coalesce(max(rowid), -1) AS row_id FROM {name}" for name in ADDED
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE last_rows AS {last}")


def view_added(con: Connection) -> None:
    """Create the views of the rows that the load adds, and of all rows of its runs."""
    run_ids = con.execute("SELECT DISTINCT run_id FROM new_runs ORDER BY run_id").fetchall()
    # As constants, which DuckDB compares with statistics of row groups; a join reads all run ids.
    listed = ", ".join(f"'{run_id}'" for (run_id,) in run_ids) or "NULL"
    where = f"WHERE run_id IN ({listed})"
    for name in RUN_RELATIONS:
        con.execute(f"CREATE OR REPLACE TEMP VIEW added_{name} AS FROM {name} {where}")
    for name, last in con.execute("FROM last_rows").fetchall():
        con.execute(f"CREATE OR REPLACE TEMP VIEW run_{name} AS FROM {name} {where}")
        # By rowid: otherwise each part of a run would merge the marts for all earlier parts again.
        new = f"FROM {name} {where} AND rowid > {last}"
        con.execute(f"CREATE OR REPLACE TEMP VIEW added_{name} AS {new}")


def find_touched(con: Connection, mart: Mart) -> bool:
    """Find the mart's touched keys, after the marts it reads are merged; whether there are any."""
    keys = f"keys_of_{mart.name}"
    union = " UNION ".join(f"(SELECT {select})" for select in mart.touched_by)
    rows = f"SELECT * FROM ({union}) AS keys({mart.key})"
    ((count,),) = con.execute(f"CREATE OR REPLACE TEMP TABLE {keys} AS {rows}").fetchall()
    con.execute(f"CREATE OR REPLACE TEMP VIEW touched AS FROM {keys}")
    if mart.keeps_changes:
        nothing = f"SELECT {mart.columns} FROM {mart.name} LIMIT 0"
        con.execute(f"CREATE OR REPLACE TEMP TABLE changed_{mart.name} AS {nothing}")
    return bool(count)


def replace_touched(con: Connection, mart: Mart) -> None:
    """Replace the mart's rows of touched keys."""
    name = mart.name
    rows = f"FROM {name} SEMI JOIN touched USING ({mart.key})"
    # Rows are deleted by rowid: for a join DuckDB 2.0 reads every column of every row, 0.3 s of CPU
    # for a million versions.
    row_ids = f"SELECT {name}.rowid {rows}"
    if mart.keeps_changes:
        before = f"SELECT {name}.rowid AS row_id, {mart.columns} {rows}"
        con.execute(f"CREATE OR REPLACE TEMP TABLE rows_before AS {before}")
        row_ids = "SELECT row_id FROM rows_before"
        ((last,),) = con.execute(f"SELECT coalesce(max(rowid), -1) FROM {name}").fetchall()
    con.execute(f"DELETE FROM {name} WHERE rowid IN ({row_ids})")
    con.execute(f"INSERT INTO {name} BY NAME\n{mart.query}")
    if mart.keeps_changes:
        before = f"SELECT {mart.columns} FROM rows_before"
        after = f"SELECT {mart.columns} FROM {name} WHERE rowid > {last}"
        con.execute(
            f"INSERT INTO changed_{name}"
            f" ({after} EXCEPT {before}) UNION ALL ({before} EXCEPT {after})"
        )
