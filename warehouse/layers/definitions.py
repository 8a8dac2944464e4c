"""The history of the definitions of topics and sources, which no layer contains.

Kept as JSON beside the layers, so that a warehouse rebuilt from Parquet has the same topic
versions as the one that was lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout

# Prefix of source ids of domains without an entry in sources.toml, which cannot have it.
ARCHIVE = "archive-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One thing to count, in one version of its definition."""

    topic_id: str
    topic_version: int = 0  # 0 until `update_definitions` gives it a number
    name: str
    aliases: tuple[str, ...]  # phrases that count; `*` before or after one: the rest of the word
    exclude: tuple[str, ...] = ()  # phrases in which an alias does not count; `*` as in aliases
    case_sensitive: bool = False
    fold_diacritics: bool = False
    # Of a topic without aliases: groups of phrases, of which a stretch of text must contain one
    # each, and phrases that it must not contain.
    all_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()
    within: str | None = None  # the stretch: sentence, paragraph, article, words; None with aliases
    within_words: int | None = None
    context_exclude: tuple[str, ...] = ()  # phrases in whose sentences nothing counts
    sections_exclude: tuple[str, ...] = ()  # sections in whose articles nothing counts
    # Codes of the languages of the articles among which it is counted, sorted; None for all.
    languages: tuple[str, ...] | None = None
    # Hash of all fields that decide what counts: another hash is another version of the topic.
    definition_hash: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    # Version of the matching rules by which it is counted, until it changes or is recounted.
    rules: int = 1


@dataclass(frozen=True, slots=True)
class SourceDefinition:
    """One source as it is, or was last, configured."""

    source_id: str
    name: str
    country: str
    language: str
    timezone: str
    expected_low: int | None
    expected_high: int | None
    is_configured: bool = True
    kind: str | None = None  # such as business; None if it is not in sources.toml
    collection: str | None = None  # name of the collection that it was selected from


@dataclass(frozen=True, slots=True)
class Definitions:
    """All versions of all topics, and all sources, that this installation has ever had."""

    topics: tuple[Topic, ...] = ()
    sources: tuple[SourceDefinition, ...] = ()

    def current_topics(self) -> dict[str, int]:
        """Topics that are counted, with their version."""
        return {
            topic.topic_id: topic.topic_version for topic in self.topics if topic.valid_to is None
        }

    def version(self, topic_id: str, number: int) -> Topic:
        """One version of a topic."""
        return next(
            topic
            for topic in self.topics
            if (topic.topic_id, topic.topic_version) == (topic_id, number)
        )

    def replaced(self, topic_id: str, number: int) -> int | None:
        """The version that this one directly replaced; None for a new topic or one added again."""
        if number == 1:
            return None
        before, now = self.version(topic_id, number - 1), self.version(topic_id, number)
        return number - 1 if before.valid_to == now.valid_from else None


def update_definitions(
    layout: Layout,
    topics: Iterable[Topic],
    sources: Iterable[SourceDefinition],
    now: datetime,
    *,
    latest_rules: bool = False,
) -> Definitions:
    """Update the stored definitions to the configured ones, and write them when they change.

    A topic with another `definition_hash` gets the next version; with `latest_rules` so does a
    topic that is counted by earlier rules. A replaced or removed version is kept, with `valid_to`.
    A removed source is kept, marked as not configured.
    """
    kept = read_definitions(layout)
    by_id = {source.source_id: replace(source, is_configured=False) for source in kept.sources}
    by_id |= {source.source_id: source for source in sources}
    changed = {topic.topic_id: topic for topic in topics}
    versions = []
    last_version: dict[str, int] = {}
    for topic in kept.topics:
        topic_id, version = topic.topic_id, topic.topic_version
        last_version[topic_id] = max(version, last_version.get(topic_id, 0))
        new = changed.get(topic_id)
        if topic.valid_to:
            versions.append(topic)
        elif (
            new is None
            or new.definition_hash != topic.definition_hash
            or (latest_rules and new.rules != topic.rules)
        ):
            versions.append(replace(topic, valid_to=now))
        else:
            # A topic's name, for example, may change without a new version. The languages that are
            # inferred for it stay, as its rules do; before 0.2.0 none were.
            del changed[topic_id]
            known = replace(new, topic_version=version, valid_from=topic.valid_from)
            languages = topic.languages or new.languages
            versions.append(replace(known, rules=topic.rules, languages=languages))
    versions += (
        replace(topic, topic_version=last_version.get(topic.topic_id, 0) + 1, valid_from=now)
        for topic in changed.values()
    )
    versions.sort(key=lambda topic: (topic.topic_id, topic.topic_version))
    updated = Definitions(tuple(versions), tuple(by_id[name] for name in sorted(by_id)))
    if updated != kept:
        write_whole(layout.definitions, encode(updated))
    return updated


def read_definitions(layout: Layout) -> Definitions:
    """The stored definitions; empty ones before the first run."""
    path = layout.definitions
    return decode(Definitions, path.read_bytes(), path) if path.exists() else Definitions()
