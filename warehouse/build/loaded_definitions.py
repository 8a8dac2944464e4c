"""Topics, sources and the rule of spikes in the loader's file, and the effects of changed topics.

The effects, the counts of the old and of the new version, are kept as JSON beside the layers: the
Parquet files do not show which articles existed when the definition changed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date, datetime
from typing import Any

from warehouse.build.loader import Connection, insert
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.definitions import Definitions, SourceDefinition, Topic, read_definitions
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.read.query import records
from warehouse.read.source_health import BreakerRule


def definitions_differ(con: Connection, definitions: Definitions) -> bool:
    """Whether definitions of topics or sources have changed since the last load."""
    definitions = _with_unique_names(definitions)
    topics = records(con, "SELECT * FROM topics ORDER BY topic_id, topic_version")
    if [_topic_row(topic) for topic in definitions.topics] != topics:
        return True
    names = ", ".join(SourceDefinition.__slots__)
    stored = set(con.execute(f"SELECT {names} FROM sources").fetchall())  # noqa: S608
    return not stored.issuperset(map(astuple, definitions.sources))


def other_topics(con: Connection, layout: Layout) -> bool:
    """Whether the file has a version of a topic that the stored definitions lack."""
    named = "SELECT topic_id, topic_version, definition_hash FROM topics"
    kept = {
        (topic.topic_id, topic.topic_version, topic.definition_hash)
        for topic in read_definitions(layout).topics
    }
    return not kept.issuperset(con.execute(named).fetchall())


def other_changes(con: Connection, layout: Layout) -> bool:
    """Whether the file has a topic change that is not recorded."""
    changes = con.execute("SELECT DISTINCT topic_id, new_version FROM topic_changes").fetchall()
    return not recorded_changes(layout).issuperset(changes)


def _topic_row(topic: Topic) -> dict[str, Any]:
    return {name: _as_lists(value) for name, value in asdict(topic).items()}


def _as_lists(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """Tuples as lists, as DuckDB gives them."""
    return [*map(_as_lists, value)] if isinstance(value, tuple) else value


def set_definitions(con: Connection, definitions: Definitions) -> None:
    """Replace the topics, and fill `source_definitions` for the mart of sources."""
    definitions = _with_unique_names(definitions)
    con.execute("DELETE FROM topics")
    insert(con, "topics", [_topic_row(topic) for topic in definitions.topics])
    insert(con, "source_definitions", [*map(asdict, definitions.sources)])


def _with_unique_names(definitions: Definitions) -> Definitions:
    """Names that no other topic or source has, since tables and charts show and group by these.

    There is a La Nación in Argentina and one in Costa Rica: both get their ids in brackets. Of
    topics those versions are compared that are counted.
    """
    topics, sources = definitions.topics, definitions.sources
    of_topics = Counter(topic.name for topic in topics if topic.valid_to is None)
    of_sources = Counter(source.name for source in sources)
    return Definitions(
        tuple(
            replace(topic, name=f"{topic.name} ({topic.topic_id})")
            if topic.valid_to is None and of_topics[topic.name] > 1
            else topic
            for topic in topics
        ),
        tuple(
            replace(source, name=f"{source.name} ({source.source_id})")
            if of_sources[source.name] > 1
            else source
            for source in sources
        ),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of marts; None keeps the value of the last load, or else the default."""

    false_alarms: float | None = None  # of spikes, per topic and year
    balance: str | None = None  # which groups of sources weigh alike, if any


KEPT_RULES = Rules()


def set_rules(con: Connection, rules: Rules) -> bool:
    """Set the rules; return whether one has changed. Marts read changes from `changed_<rule>`."""
    spikes = _set_rule(con, "spike_rule", rules.false_alarms, 1.0)
    return _set_rule(con, "balance_rule", rules.balance, "none") or spikes


def _set_rule(con: Connection, table: str, value: float | str | None, usual: float | str) -> bool:
    kept = con.execute(f"FROM {table}").fetchall()
    if value is None:
        ((value,),) = kept or [(usual,)]
    is_changed = kept != [(value,)]
    con.execute(f"CREATE OR REPLACE TEMP TABLE changed_{table} AS FROM {table} LIMIT 0")
    if is_changed:
        con.execute(f"DELETE FROM {table}")  # noqa: S608
        con.execute(f"INSERT INTO {table} VALUES (?)", [value])  # noqa: S608
        con.execute(f"INSERT INTO changed_{table} FROM {table}")
    return is_changed


def set_breaker_rule(con: Connection, rule: BreakerRule) -> None:
    """Replace the rule of the loader's file."""
    con.execute("DELETE FROM breaker")
    con.execute(
        "INSERT INTO breaker VALUES (?, to_seconds(?::DOUBLE), to_seconds(?::DOUBLE))",
        [rule.opens_after, rule.first_pause.total_seconds(), rule.longest_pause.total_seconds()],
    )


def counted_topics(con: Connection) -> dict[str, int]:
    """Topics whose mentions are in the file, with the version of their definition."""
    rows = con.execute("SELECT topic_id, topic_version FROM topics WHERE valid_to IS NULL")
    return dict(rows.fetchall())


def drop_mentions(con: Connection, topic_ids: Iterable[str]) -> None:
    """Delete the mentions of topics that were removed or are about to be counted again."""
    con.execute("INSERT INTO recounted SELECT unnest(?::VARCHAR[])", [sorted(topic_ids)])
    con.execute("DELETE FROM mentions WHERE topic_id IN (FROM recounted)")


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A row of `topic_changes`."""

    topic_id: str
    old_version: int
    new_version: int
    period: date | None
    articles_before: int
    articles_after: int
    mentions_before: int
    mentions_after: int
    load_no: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class _Document:
    # Topics and their new versions, including those whose change had no effect and has no row.
    recorded: tuple[tuple[str, int], ...] = ()
    changes: tuple[TopicChange, ...] = ()


def begin_changes(con: Connection, layout: Layout) -> None:
    """Create the temporary tables of a load; read the recorded changes into a new loader's file."""
    con.execute("CREATE OR REPLACE TEMP TABLE mentions_before AS FROM mentions LIMIT 0")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE replaced_topics AS"
        " SELECT topic_id, old_version, new_version, load_no, changed_at FROM topic_changes LIMIT 0"
    )
    changes = _read_changes(layout).changes
    if changes and not con.execute("FROM topic_changes LIMIT 1").fetchall():
        insert(con, "topic_changes", list(map(asdict, changes)))


def recorded_changes(layout: Layout) -> set[tuple[str, int]]:
    """Topics and their new versions whose change was recorded, including those without effect."""
    return set(_read_changes(layout).recorded)


def replaced_topics(con: Connection, layout: Layout, definitions: Definitions) -> dict[str, int]:
    """Earlier versions of the topics whose version this load changes, by topic id."""
    counted, recorded = counted_topics(con), recorded_changes(layout)
    found = {}
    for topic_id, version in definitions.current_topics().items():
        old = counted.get(topic_id)
        # After a lost DuckDB file no topic is counted: then unrecorded changes are effective.
        if not counted and (topic_id, version) not in recorded:
            old = definitions.replaced(topic_id, version)
        if old and old != version:
            found[topic_id] = old
    return found


def note_replaced(
    con: Connection,
    definitions: Definitions,
    replaced: Mapping[str, int],  # old versions, by topic id
    load_no: int,
) -> None:
    """Copy the mentions of topics with a new version, before they are deleted."""
    versions = definitions.current_topics()
    for topic_id, old in replaced.items():
        new = definitions.version(topic_id, versions[topic_id])
        row = [topic_id, old, new.topic_version, load_no, new.valid_from]
        con.execute("INSERT INTO replaced_topics VALUES (?, ?, ?, ?, ?)", row)
    con.execute(
        "INSERT INTO mentions_before FROM mentions SEMI JOIN replaced_topics USING (topic_id)"
    )


def keep_changes(con: Connection, layout: Layout) -> None:
    """Record the changes of the load outside the warehouse.

    Call it before the load is committed: if the commit fails, the next load counts the same topics
    and records the changes again.
    """
    found = con.execute("SELECT topic_id, new_version FROM replaced_topics").fetchall()
    if not found:
        return
    recorded = recorded_changes(layout) | {*found}
    rows = records(con, "FROM topic_changes ORDER BY topic_id, new_version, period")
    write_changes(layout, recorded, (TopicChange(**row) for row in rows))


def write_changes(
    layout: Layout,
    recorded: Iterable[tuple[str, int]],  # topics and their new versions
    changes: Iterable[TopicChange],
) -> None:
    """Write the effects of topic changes, outside the warehouse."""
    document = _Document(tuple(sorted(recorded)), tuple(changes))
    write_whole(layout.topic_changes, encode(document))


def _read_changes(layout: Layout) -> _Document:
    path = layout.topic_changes
    return decode(_Document, path.read_bytes(), path) if path.exists() else _Document()
