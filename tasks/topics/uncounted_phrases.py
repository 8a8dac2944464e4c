"""Phrases that count nothing as they are written, such as web addresses."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from unicodedata import category

from tasks.text.folding import fold
from tasks.topics.alias_matcher import AliasMatcher
from tasks.topics.topic import EXCLUDES, Topic, marks_of, phrases_of

WHY = "web addresses, mail addresses, @handles and lone accents are not counted"


def uncounted_phrases(topics: Iterable[Topic]) -> Iterator[str]:
    """A line for each phrase that counts nothing, with its topic."""
    for topic in topics:
        for phrase in uncounted_in(topic):
            yield f"topic {topic.topic_id}: {phrase!r} counts nothing as it is written: {WHY}"


def uncounted_in(topic: Topic) -> Iterator[str]:
    """The phrases of a topic that are not found in a text of their own."""
    for phrase, role in phrases_of(topic):
        if role != EXCLUDES and not _is_found(phrase, topic):
            yield phrase


def _is_found(phrase: str, topic: Topic) -> bool:
    # Not refused where topics.toml is read, since it would stop an installation that has one; and
    # a domain is found where it is printed in capitals.
    text = phrase.removeprefix("*").removesuffix("*")
    if all(category(sign)[0] == "M" for sign in text.strip()):
        return False
    if text.isalnum():  # most phrases; a matcher takes a while to make
        return True
    keep_case, marks = topic.case_sensitive, marks_of(topic)
    alone = replace(topic, aliases=(phrase,), all_of=(), none_of=(), context_exclude=(), exclude=())
    matcher = AliasMatcher([alone], keep_case=keep_case, marks=marks)
    folded = fold(text, keep_case=keep_case, marks=marks)
    return bool(matcher.mentions(folded, matcher.find_occurrences(folded)))
