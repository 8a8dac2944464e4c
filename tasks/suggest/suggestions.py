"""Aliases that a topic may lack: found in a sample of its articles, counted over all articles."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb
import pyarrow as pa

from tasks.suggest.keyness import Keyness, Sampled, distinguishing
from tasks.suggest.phrases import document, phrase_text
from tasks.topics.mentions import Hit, Matcher, mentions_in
from tasks.topics.topic import TopicEntry, folded_phrase, phrases_of
from warehouse.layers.definitions import Topic, read_definitions
from warehouse.layers.layout import Layout
from warehouse.questions.topic_samples import (
    all_texts,
    by_language,
    choose_articles,
    sample_texts,
    sampled_texts,
)
from warehouse.read.query import QueryError, snapshot

MAX_SAMPLED = 1_500  # of a topic's articles in a language
# Articles of the same source for each of them: with all others as background the names of the
# papers that write most about a topic were ranked first.
OTHERS_PER_ARTICLE = 3
MIN_SAMPLED = 5  # articles of the topic in a language, for any suggestion in it
WEIGHED_PER_SUGGESTION = 3  # phrases counted for each suggestion to show: many would add no article


@dataclass(frozen=True, slots=True)
class AddedArticle:
    """One article that an alias would add."""

    published_date: date
    headline: str
    url: str
    context: str


@dataclass(slots=True)
class Suggestion:
    """A phrase that may be an alias, and its effect."""

    phrase: str
    log_odds: float
    low: float  # lower end of the 99.9 % interval of the log-odds
    in_topic: int = 0  # articles of the topic that contain it
    adds: int = 0  # articles that contain it and do not count yet
    sample: AddedArticle | None = None  # the newest article that it adds
    spellings: Counter[str] = field(default_factory=Counter, repr=False)


@dataclass(slots=True)
class LanguageSuggestions:
    """The suggestions in one language."""

    language: str
    articles: int
    in_topic: int
    suggestions: list[Suggestion] = field(default_factory=list)


def suggest(
    layout: Layout, topic_id: str, *, language: str = "", limit: int = 20, days: int = 365
) -> list[LanguageSuggestions]:
    """Suggestions by language, in descending order of the topic's articles.

    Only the last `days` days with articles are read, or all if `days` is 0. QueryError for a topic
    that is not counted, or a language without articles.
    """
    with snapshot(layout) as con:
        topic = counted_topic(layout, topic_id)
        languages = _given_languages(topic)
        files = choose_articles(con, layout, topic_id, days, languages)
        found = [
            LanguageSuggestions(**row)
            for row in by_language(con)
            if language in ("", row["language"])
        ]
        if not found:
            counted = "" if languages is None else " that the topic counts"
            raise QueryError(f"there are no articles{counted} in the language {language!r}")
        sample_texts(con, files, MAX_SAMPLED, OTHERS_PER_ARTICLE)
        for group in found:
            ranked = _ranked(con, topic, group.language)[: limit * WEIGHED_PER_SUGGESTION]
            group.suggestions = [
                Suggestion(phrase_text(k.phrase), k.log_odds, k.low) for k in ranked
            ]
        _count_suggestions(con, files, topic, found)
    for group in found:
        adding = [suggestion for suggestion in group.suggestions if suggestion.adds]
        group.suggestions = adding[:limit]
        for suggestion in group.suggestions:
            # The most frequent spelling, in place of the folded phrase.
            suggestion.phrase = suggestion.spellings.most_common(1)[0][0]
    return found


def counted_topic(layout: Layout, topic_id: str) -> Topic:
    """The current version of a topic; QueryError if it is not counted."""
    known = {each.topic_id: each for each in read_definitions(layout).topics if not each.valid_to}
    if topic_id not in known:
        raise QueryError(f"no topic {topic_id!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return known[topic_id]


def _given_languages(topic: Topic) -> tuple[str, ...] | None:
    """The languages that topics.toml gives a topic; None if they follow from its aliases.

    An alias in another script would then add its languages.
    """
    keys = TopicEntry.model_fields.keys() - {"id", "within", "languages"}
    same = TopicEntry(
        id=topic.topic_id,
        within=topic.within_words or topic.within,
        **{key: value for key in keys if (value := getattr(topic, key))},
    )
    return None if same.topic().definition_hash == topic.definition_hash else topic.languages


def _ranked(con: duckdb.DuckDBPyConnection, topic: Topic, language: str) -> list[Keyness]:
    # A recurring paragraph counts once, and for the other articles first: a notice is not typical.
    seen: set[int] = set()
    phrases = tuple(phrase for phrase, role in phrases_of(topic) if role >= 0)
    matcher = Matcher([_topic_of_phrases(topic, phrases, topic.exclude)])
    groups: dict[bool, list[Sampled]] = {True: [], False: []}
    for batch in sampled_texts(con, language):
        for row in batch.to_pylist():
            body = (row["body"] or "").removeprefix(row["dateline"] or "").split("\n\n")
            paragraphs = (row["headline"], row["standfirst"], *body, *(row["captions"] or ()))
            texts = [text for text in paragraphs if text and hash(text) not in seen]
            seen.update(map(hash, texts))
            if row["counts"]:
                texts = [_without_mentions(matcher, text) for text in texts]
            words = document(texts, keep_case=topic.case_sensitive)
            groups[row["counts"]].append(Sampled(row["source_id"], words))
    if len(groups[True]) < MIN_SAMPLED or not groups[False]:
        return []
    rows = con.sql("SELECT name FROM sources WHERE name IS NOT NULL").fetchall()
    runs = [run for (name,) in rows for run in document([name], keep_case=False)]
    # Also names without their first word: Harbour Post for The Harbour Post.
    names = frozenset(runs) | {run[1:] for run in runs if len(run) > 2}
    return distinguishing(groups[True], groups[False], names)


def _without_mentions(matcher: Matcher, text: str) -> str:
    """The text with each mention replaced by a character that interrupts phrases."""
    kept, end = "", 0
    for hit in matcher.find(text):
        kept += f"{text[end : hit.char_start]}|"
        end = hit.char_end
    return kept + text[end:]


def _count_suggestions(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[str],
    topic: Topic,
    found: Sequence[LanguageSuggestions],
) -> None:
    """Match the phrases like aliases over all articles, and count the articles that they add."""
    by_id = {
        f"{group.language} {number}": suggestion
        for group in found
        for number, suggestion in enumerate(group.suggestions)
    }
    if not by_id:
        return
    topics = []
    keep_case = topic.case_sensitive
    excluded = [(phrase, folded_phrase(phrase, keep_case=keep_case)) for phrase in topic.exclude]
    for name, suggestion in by_id.items():
        # Each phrase is a topic of its own, with the topic's exclusions that can touch the phrase.
        phrase = folded_phrase(suggestion.phrase, keep_case=keep_case)
        around = tuple(original for original, folded in excluded if _can_touch(phrase, folded))
        own = replace(
            _topic_of_phrases(topic, (suggestion.phrase,), around),
            topic_id=name,
            context_exclude=topic.context_exclude,
            sections_exclude=topic.sections_exclude,
        )
        topics.append(own)
    for batch in all_texts(con, files):
        _count_batch(batch, topics, by_id)


def _can_touch(one: str, other: str) -> bool:
    """Whether two phrases can overlap in a text."""
    return (
        one in other
        or other in one
        or any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in range(1, len(one)))
    )


def _topic_of_phrases(topic: Topic, phrases: tuple[str, ...], exclude: tuple[str, ...]) -> Topic:
    """A topic with these phrases as aliases, matched by the rules of `topic`."""
    return Topic(
        topic_id=topic.topic_id,
        name=topic.name,
        aliases=phrases,
        exclude=exclude,
        case_sensitive=topic.case_sensitive,
        fold_diacritics=topic.fold_diacritics,
        rules=topic.rules,
        definition_hash="",
    )


def _count_batch(
    batch: pa.RecordBatch, topics: Sequence[Topic], by_id: dict[str, Suggestion]
) -> None:
    languages, counts, days, headlines, urls = (
        batch.column(name) for name in ("language", "counts", "published_date", "headline", "url")
    )
    first_of: dict[int, dict[str, Hit]] = defaultdict(dict)
    for row, hits in mentions_in(batch, topics):
        for hit in hits:
            first_of[row].setdefault(hit.topic_id, hit)
    for row, first in first_of.items():
        language = languages[row].as_py()
        for topic_id, hit in first.items():
            if topic_id.rpartition(" ")[0] != language:
                continue
            suggestion = by_id[topic_id]
            suggestion.spellings[" ".join(hit.matched_text.split())] += 1
            if counts[row].as_py():
                suggestion.in_topic += 1
                continue
            suggestion.adds += 1
            day = days[row].as_py()
            if suggestion.sample is None or day > suggestion.sample.published_date:
                context = f"{hit.context_left}[{hit.matched_text}]{hit.context_right}"
                text = " ".join(context.split())
                suggestion.sample = AddedArticle(
                    day, headlines[row].as_py() or "", urls[row].as_py(), text
                )
