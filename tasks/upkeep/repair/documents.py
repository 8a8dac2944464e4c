"""Repairs definitions, effects of topic changes, vintages, audits, the list of removed archives."""

from contextlib import suppress
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from pydantic import TypeAdapter

from tasks.upkeep.repair.databases import copies, opened_copy, records_of
from tasks.upkeep.repair.quarantine import move_away
from tasks.upkeep.repair.report import Repaired
from warehouse.build.index_vintages import write_vintage
from warehouse.build.loaded_definitions import TopicChange, write_changes
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.audits import SAMPLE
from warehouse.layers.commits import warc_name
from warehouse.layers.definitions import Definitions, SourceDefinition, Topic, read_definitions
from warehouse.layers.documents import encode
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import DAMAGED, archive_files, write_removed
from warehouse.store.objects import SCHEME

FROM_WAREHOUSE = "made again from the warehouse"


def restore_definitions(layout: Layout, done: Repaired) -> None:
    """Restore the definitions with which the warehouse was loaded."""
    topics = records_of(layout, "FROM topics ORDER BY topic_id, topic_version")
    names = {field.name for field in fields(SourceDefinition)}
    sources = records_of(
        layout, "FROM sources WHERE is_watched AND language IS NOT NULL ORDER BY source_id"
    )
    if not (topics or sources):
        move_away(layout, layout.definitions)
        done.add_lost(layout.definitions, "no warehouse knows it: versions of topics begin anew")
        return
    # Read like JSON, so that lists become tuples; rows of earlier versions have fewer columns.
    known = Definitions(
        TypeAdapter(tuple[Topic, ...]).validate_python(topics),
        tuple(
            SourceDefinition(**{name: row[name] for name in names & row.keys()}) for row in sources
        ),
    )
    write_whole(layout.definitions, encode(known))
    done.add_repaired(layout.definitions, FROM_WAREHOUSE)


def restore_changes(layout: Layout, done: Repaired) -> None:
    """Restore the effects of changed topics; the definitions must be whole."""
    if not copies(layout):
        move_away(layout, layout.topic_changes)
        done.add_lost(
            layout.topic_changes, "no warehouse knows it: effects of changed topics are lost"
        )
        return
    definitions = read_definitions(layout)
    # Changes without effect have no row, but the load that counted a version has recorded it.
    recorded = {
        (topic.topic_id, topic.topic_version)
        for topic in definitions.topics
        if definitions.replaced(topic.topic_id, topic.topic_version)
    }
    rows = records_of(layout, "FROM topic_changes ORDER BY topic_id, new_version, period")
    write_changes(layout, recorded, [TopicChange(**row) for row in rows])
    done.add_repaired(layout.topic_changes, FROM_WAREHOUSE)


def restore_vintage(layout: Layout, path: Path, done: Repaired) -> None:
    """Restore a day's vintage of the index, with its notes."""
    day = date.fromisoformat(path.stem.removeprefix("as_of="))
    for copy in copies(layout):
        with suppress(duckdb.Error), opened_copy(copy) as con:
            if write_vintage(con, layout, path.parent.name, day):
                done.add_repaired(path, FROM_WAREHOUSE)
                return
    move_away(layout, path)
    done.add_lost(path, "quarantined; no warehouse has the index as of that day")


def restore_audit_file(layout: Layout, path: Path, done: Repaired) -> None:
    """Restore a sample or verdicts of an audit; an audit is unreadable without its sample."""
    name = path.relative_to(layout.root).as_posix()
    rows = records_of(layout, "SELECT content FROM audit_files WHERE path = ?", [name])
    if rows:
        write_whole(path, rows[0]["content"].encode())
        done.add_repaired(path, FROM_WAREHOUSE)
        return
    lost = [path]
    if path.name == SAMPLE:
        lost += sorted(path.parent.glob("[!.]*.json"))
    for each in dict.fromkeys(lost):
        move_away(layout, each)
        done.add_lost(each, "quarantined; no warehouse knows what was judged")


def restore_removed(layout: Layout, done: Repaired) -> None:
    """Restore the list of removed archive files: those that rows name and that are gone."""
    named = {
        name
        for row in records_of(layout, "SELECT DISTINCT unnest(warcs) AS name FROM runs")
        if not (name := row["name"]).startswith(("/", SCHEME))
    }
    here = {warc_name(layout, layout.raw / name) for name in archive_files(layout)}
    why = f"{DAMAGED}it was gone when the list was made again"
    gone = {"bytes": 0, "removed_at": datetime.now(UTC).isoformat(), "why": why}
    write_removed(layout, dict.fromkeys(sorted(named - here), gone))
    done.add_repaired(layout.removed, "made again from the archive files that are not there")
