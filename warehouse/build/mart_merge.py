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
# For the SELECTs of marts and their touched keys.
MACROS = r"""
CREATE OR REPLACE TEMP MACRO utc_day(moment) AS make_timestamp(epoch_us(moment))::DATE;
CREATE OR REPLACE TEMP MACRO utc_time(moment) AS make_timestamp(epoch_us(moment));
CREATE OR REPLACE TEMP MACRO day_of(moment, zone) AS utc_day(moment);
CREATE OR REPLACE TEMP MACRO day_of_local(moment, zone) AS timezone(zone, moment)::DATE;
CREATE OR REPLACE TEMP MACRO start_of(day, zone) AS timezone('UTC', day::TIMESTAMP);
-- If clocks go back to midnight, DuckDB takes the second of the two midnights: the day began before
-- that, by the reading of the clock just before it.
CREATE OR REPLACE TEMP MACRO start_of_local(day, zone) AS
    timezone(zone, day::TIMESTAMP) - greatest(INTERVAL 0 HOUR,
        timezone(zone, timezone(zone, day::TIMESTAMP) - INTERVAL 1 MICROSECOND)
            + INTERVAL 1 MICROSECOND - day::TIMESTAMP);
CREATE OR REPLACE TEMP MACRO hour_of_week(hour) AS (isodow(hour) - 1) * 24 + hour(hour);
CREATE OR REPLACE TEMP MACRO hours_between(first, last) AS
    generate_series(date_trunc('hour', first), last, INTERVAL 1 HOUR);
CREATE OR REPLACE TEMP MACRO overlap_hours(from_1, until_1, from_2, until_2) AS
    greatest(0, epoch(least(until_1, until_2)) - epoch(greatest(from_1, from_2))) / 3600;
-- A time of day: 10:20, 10.20 (no part of 17.05.2024), T1020, 10h, 10 Uhr, 10時, 8 pm,
-- 20240517102030 or seconds since 1970; no offset such as +09:00.
CREATE OR REPLACE TEMP MACRO precision_of(moment, raw) AS
    CASE WHEN moment IS NULL THEN NULL
         WHEN epoch_us(moment) % 86_400_000_000 = 0 AND NOT coalesce(regexp_matches(raw,
              '(?i)(^|[^\d+-])\d{1,2}\s?[:：]\s?\d\d|(^|[^\d.])\d{1,2}\.\d\d($|[^\d.])|\dT\d\d'
              || '|\d\s?([時时시点]|uhr\b|h\b|h\d|[ap]\.?\s?m\b)|\d{12}|^\d{9,10}$'), false)
             THEN 'day'
         WHEN epoch_us(moment) % 60_000_000 <> 0 OR coalesce(regexp_matches(raw,
              '(?i)\d\s?[:：]\s?\d\d\s?[:：]\s?\d\d|T\d{6}|[秒초]|\d{13}|^\d{9,10}$'), false)
             THEN 'second'
         ELSE 'minute' END;
CREATE OR REPLACE TEMP MACRO local_date(moment, raw, zone) AS
    if(precision_of(moment, raw) = 'day', utc_day(moment), day_of_local(moment, zone));
-- At least 70 % of the shingles of the shorter text are in the other, and they are not too unlike.
CREATE OR REPLACE TEMP MACRO is_nearly_same(jaccard, shingles, other_shingles) AS
    jaccard >= 0.3 AND jaccard / (1 + jaccard) * (shingles + other_shingles)
        >= 0.7 * least(shingles, other_shingles);
CREATE OR REPLACE TEMP MACRO common_hours(from_1, until_1, from_2, until_2, from_3, until_3) AS
    overlap_hours(greatest(from_1, from_2), least(until_1, until_2), from_3, until_3);
CREATE OR REPLACE TEMP MACRO lost_within(lost_by_day, gap_from, gap_until, begins_at, ends_at) AS
    list_sum([
        lost.entries * coalesce(
            common_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                         start_of(lost.day + 1, 'UTC'), begins_at, ends_at)
            / nullif(overlap_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                                   start_of(lost.day + 1, 'UTC')), 0), 1)
        FOR lost IN lost_by_day
        IF start_of(lost.day, 'UTC') = begins_at
        OR common_hours(gap_from, gap_until, start_of(lost.day, 'UTC'),
                        start_of(lost.day + 1, 'UTC'), begins_at, ends_at) > 0
    ]);
CREATE OR REPLACE TEMP MACRO smoothed_rate(entries, hours, usual_rate) AS
    (entries + 2) * usual_rate / (hours * usual_rate + 2);
CREATE OR REPLACE TEMP MACRO days_between(first, last) AS
    generate_series(first, last, INTERVAL 1 DAY)::DATE[];
"""


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
