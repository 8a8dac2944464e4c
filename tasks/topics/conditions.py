"""Which of the phrases in an article count, for topics that set conditions."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from tasks.text.folding import fold
from tasks.topics.field_text import HALVES, FieldText
from tasks.topics.topic import (
    CAPITAL_RULES,
    FORBIDS,
    IS_CONTEXT,
    Topic,
    folded_phrase,
    marks_of,
)


class _Place(NamedTuple):
    """A phrase in an article."""

    text: int  # the number of the text
    at: int  # and of the span in it
    start: int
    end: int
    role: int


class Conditions:
    """The topics that set conditions on their phrases."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = {
            topic.topic_id: topic
            for topic in topics
            if topic.all_of or topic.context_exclude or topic.sections_exclude
        }

    def apply(self, texts: Sequence[FieldText], section: str | None = None) -> None:
        """Remove from the texts of one article the phrases that do not count."""
        places: dict[str, list[_Place]] = defaultdict(list)
        for number, text in enumerate(texts):
            for index, (start, end, phrase) in enumerate(text.spans):
                if phrase.topic in self._topics:
                    places[phrase.topic].append(_Place(number, index, start, end, phrase.role))
        if not places:
            return
        kept = {
            place[:2]
            for topic_id, of_topic in places.items()
            for place in _counting_places(self._topics[topic_id], texts, of_topic, section)
        }
        for number, text in enumerate(texts):
            text.spans = [
                span
                for index, span in enumerate(text.spans)
                if span[2].topic not in self._topics or (number, index) in kept
            ]


def _counting_places(
    topic: Topic, texts: Sequence[FieldText], places: Sequence[_Place], section: str | None
) -> Iterator[_Place]:
    """The places of a topic's phrases that count."""
    if section and topic.sections_exclude and _is_in_excluded_section(topic, section):
        return
    if len({place.role for place in places if place.role >= 0}) < len(topic.all_of):
        return
    if topic.context_exclude:
        # Drop phrases in a sentence with a context phrase, except forbidding ones.
        sentences = [
            (place.text, texts[place.text].sentence(place.start, topic.rules)) for place in places
        ]
        paired = list(zip(places, sentences, strict=True))
        contexts = {sentence for place, sentence in paired if place.role == IS_CONTEXT}
        places = [
            place for place, sentence in paired if place.role == FORBIDS or sentence not in contexts
        ]
    if not topic.all_of:
        yield from places
        return
    by_scope: dict[tuple[int, int], list[_Place]] = defaultdict(list)
    for place in places:
        by_scope[_scope_key(topic, texts[place.text], place)].append(place)
    for in_scope in by_scope.values():
        roles = {place.role for place in in_scope}
        if len(roles - {FORBIDS}) < len(topic.all_of):
            continue
        if topic.within_words:
            yield from _within_words(topic, texts, in_scope)
        elif FORBIDS not in roles:
            yield from in_scope


def _scope_key(topic: Topic, text: FieldText, place: _Place) -> tuple[int, int]:
    """The key of the sentence, paragraph, text or article in which a place counts."""
    if topic.within == "sentence":
        return place.text, text.sentence(place.start, topic.rules)
    if topic.within == "paragraph":
        return place.text, text.paragraph(place.start)
    return (0 if topic.within == "article" else place.text), 0


def _is_in_excluded_section(topic: Topic, section: str) -> bool:
    marks = marks_of(topic) if topic.rules >= CAPITAL_RULES else "all"
    folded = fold(section, marks=marks).text.strip()
    names = (
        (folded_phrase(name, marks=marks), name.endswith("*")) for name in topic.sections_exclude
    )
    return any(folded == one or (is_open and folded.startswith(one)) for one, is_open in names)


class _WordRange(NamedTuple):
    """A phrase, with the number of half words before it and up to its end."""

    first: int
    stop: int
    place: _Place


def _within_words(
    topic: Topic, texts: Sequence[FieldText], places: Sequence[_Place]
) -> Iterator[_Place]:
    """The places of a text that have a phrase of each other group within `within_words` words.

    Phrases that satisfy this do not count if a stretch of so many words holds all of them and a
    phrase of `none_of`.
    """
    width = HALVES * (topic.within_words or 0)
    phrases = [
        _WordRange(*texts[place.text].half_word_span(place.start, place.end), place)
        for place in places
    ]
    fitting = sorted(
        (phrase for phrase in phrases if phrase.stop - phrase.first <= width), key=itemgetter(0, 1)
    )
    hits = [phrase for phrase in fitting if phrase.place.role != FORBIDS]
    forbidding = [phrase for phrase in fitting if phrase.place.role == FORBIDS]
    starts, forbidding_starts = [hit.first for hit in hits], [phrase.first for phrase in forbidding]
    counting: set[_Place] = set()
    for leftmost in hits:
        first, limit = leftmost.first, leftmost.first + width
        after = bisect_left(forbidding_starts, first)
        if any(
            phrase.stop <= limit
            for phrase in forbidding[after : bisect_left(forbidding_starts, limit)]
        ):
            continue
        # A forbidding phrase to the left bars all hits that end within `width` of its start.
        nearest = forbidding_starts[after - 1] + width if after else -1
        around = hits[bisect_left(starts, first) : bisect_right(starts, limit)]
        others = [
            hit for hit in around if hit.place.role != leftmost.place.role and hit.stop <= limit
        ]
        if len({hit.place.role for hit in others}) < len(topic.all_of) - 1:
            continue
        ends = {hit.place.role for hit in others if hit.stop > nearest}
        if leftmost.stop > nearest:
            counting.update([leftmost.place, *(hit.place for hit in others)])
        elif ends:
            counting.add(leftmost.place)
            # Hits that end beyond `nearest`, or are paired with a hit of another group that does.
            counting.update(
                hit.place for hit in others if hit.stop > nearest or ends - {hit.place.role}
            )
    yield from counting
