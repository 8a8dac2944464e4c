"""Words to search for: phrases separated by commas, AND, NOT; also as an entry of topics.toml."""

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from tasks.text.folding import fold
from tasks.text.sentence_split import UNSPACED
from tasks.topics.topic import TopicEntry, folded_phrase
from tasks.topics.uncounted_phrases import WHY, uncounted_in
from warehouse.read.query import QueryError

MAX_PHRASES = 50
WITHIN = {
    "sentence": "one sentence",
    "paragraph": "one paragraph",
    "10": "10 words",
    "25": "25 words",
    "article": "one article",
}
"""The stretches of text that phrases joined by AND may be required to share, with their names."""

# Operators only as whole words in capitals: in lower case, these words are searched for.
_OPERATOR = re.compile(r"(?:^|(?<=\s))(AND\s+NOT|AND|NOT|OR)(?=\s|$)")
_QUOTES = '"“”„«»「」『』'
_BETWEEN_QUOTES = re.compile(f"[{_QUOTES}] .*[{_QUOTES}]")
_UNSPACED = re.compile(f"[{UNSPACED}\uac00-\ud7ff]")


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of text matches with a phrase of each group of `all_of`, and none of `none_of`."""

    all_of: tuple[tuple[str, ...], ...]
    none_of: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether any of its phrases alone is enough."""
        return len(self.all_of) == 1 and not self.none_of

    @property
    def phrases(self) -> tuple[str, ...]:
        """All phrases."""
        return tuple(phrase for group in (*self.all_of, self.none_of) for phrase in group)

    @property
    def line(self) -> str:
        """The words as one line for the search field."""
        wanted = " AND ".join(", ".join(group) for group in self.all_of)
        return f"{wanted} NOT {', '.join(self.none_of)}" if self.none_of else wanted

    def entry(self, topic_id: str, within: str) -> TopicEntry:
        """As an entry of topics.toml; its languages follow from the scripts of its phrases."""
        name = " and ".join(group[0].strip("*") for group in self.all_of)
        if self.is_plain:
            return TopicEntry(id=topic_id, name=name, aliases=self.all_of[0])
        stretch: Any = {"words": int(within)} if within.isdecimal() else within
        groups: dict[str, Any] = {"all_of": self.all_of, "none_of": self.none_of}
        return TopicEntry(id=topic_id, name=name, **groups, within=stretch)


@lru_cache(maxsize=64)
def words_of(text: str) -> Words:
    """The words of a query; QueryError explains an invalid one in a sentence."""
    first, *rest = _OPERATOR.split(text)
    groups, excluded = [first], list[str]()
    for operator, part in zip(rest[::2], rest[1::2], strict=True):
        if operator == "AND":
            groups.append(part)
        elif operator == "OR":
            (excluded or groups)[-1] += f",{part}"
        else:
            excluded.append(part)
    all_of = tuple(map(_phrases, groups))
    if rest and not all([*all_of, *map(_phrases, excluded)]):
        raise QueryError("AND, OR and NOT need a word or a phrase on both sides.")
    if not all_of[0]:
        raise QueryError("Give a word or a phrase, or several with commas between them.")
    words = Words(all_of, _phrases(",".join(excluded)))
    _check(words)
    return words


def _check(words: Words) -> None:
    """Raise QueryError for phrases that no topic could have, or that would count nothing."""
    if len(words.phrases) > MAX_PHRASES:
        raise QueryError(f"These are {len(words.phrases)} phrases; {MAX_PHRASES} are the most.")
    try:
        topic = words.entry("search", "sentence").topic()
    except ValidationError as error:
        why = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise QueryError(f"A phrase {why}.") from None
    for phrase in words.phrases:
        if len(folded_phrase(phrase)) < 2 and not _UNSPACED.match(phrase):
            raise QueryError(f"{phrase!r} is too short: a word needs two letters or more.")
    for phrase in uncounted_in(topic):
        raise QueryError(
            f"{phrase!r} cannot be counted as it is typed: {WHY}. As a regular expression it is"
            " found."
        )


def as_toml(words: Words, within: str, known: Sequence[str]) -> str:
    """Lines for topics.toml, under an id that no known topic has."""
    plain = unicodedata.normalize("NFKD", folded_phrase(words.all_of[0][0]))
    letters = plain.encode("ascii", "ignore").decode()
    topic_id = stem = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-") or "search"
    number = 1
    while topic_id in known:
        number += 1
        topic_id = f"{stem}-{number}"
    entry = words.entry(topic_id, within)
    values: dict[str, Any] = {"id": entry.id, "name": entry.name}
    if words.is_plain:
        values["aliases"] = entry.aliases
    else:
        values |= {"all_of": words.all_of, "none_of": words.none_of, "within": within}
    # A string or an array of JSON is one of TOML.
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value
    ]
    if within.isdecimal() and not words.is_plain:
        lines[-1] = f"within = {{ words = {within} }}"
    return "\n".join(["[[topic]]", *lines])


def _phrases(text: str) -> tuple[str, ...]:
    """The phrases, each once: two that are the same once folded are one alias."""
    found: dict[str, str] = {}
    for part in re.split(r"[,，、\n]", text):
        # Search engines need quotation marks around a phrase; here every part is a phrase.
        phrase = " ".join(part.split()).strip(f"{_QUOTES} ")
        # Quotation marks within words count as letters, as in Hebrew abbreviations.
        if _BETWEEN_QUOTES.search(phrase):
            raise QueryError(
                f"Quotation marks are around a phrase, not within it, as in {phrase!r}; AND, OR,"
                " NOT and commas stand between phrases."
            )
        found.setdefault(fold(phrase).text.strip(), phrase)
    return tuple(phrase for phrase in found.values() if phrase)
