"""The topics: `topics.toml` checked and read."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, model_validator

from tasks.settings import matching
from tasks.sources.source import Text
from tasks.text.diacritics import Marks
from tasks.text.folding import fold
from tasks.text.toml_reader import ConfigError, read_entries
from tasks.topics.languages import LANGUAGES, languages_of, primary, unknown_language
from warehouse.layers.definitions import Topic

__all__ = ["ConfigError", "Topic", "TopicEntry", "load_topics"]

# Version of the matching rules, raised when the same definition would count differently; then run
# `python -m tests.upgrade.fingerprints`. A topic keeps the version by which it was first counted
# until its definition changes, or `presswatch recount`, so that no series changes unasked. 2:
# kickers are counted; Arabic and Hebrew marks that newspapers leave out are ignored; the vowel
# signs of Indic scripts are parts of words. 3: a Turkish İ is a capital i. 4: Hebrew ״ and ׳ are
# quotes; subscripts are digits (CO₂). 5: sentences go on after ordinals and more abbreviations; an
# @handle ends before kana; km² is not km³.
RULES = 5
_SPELLING_RULES = 2  # The first version that ignores some marks
CAPITAL_RULES = 3  # The first version by which İ equals i
_TYPED_RULES = 4  # The first version by which signs equal what is typed for them
# The first version by which sentences go on after the ordinals and abbreviations of all languages
SENTENCE_RULES = 5
HANDLE_RULES = 5  # The first version by which no @handle holds kana
RAISED_RULES = 5  # The first version by which km² is not km³
_MAX_WORDS = 100
# Roles of phrases; the role of any other phrase is the number of its group.
EXCLUDES, FORBIDS, IS_CONTEXT = -1, -2, -3


def phrases_of(topic: Topic) -> Iterator[tuple[str, int]]:
    """All phrases of a topic, each with the number of its group, or EXCLUDES and so on."""
    for group, phrases in enumerate(topic.all_of or (topic.aliases,)):
        yield from ((phrase, group) for phrase in phrases)
    for role, phrases in (
        (EXCLUDES, topic.exclude),
        (FORBIDS, topic.none_of),
        (IS_CONTEXT, topic.context_exclude),
    ):
        yield from ((phrase, role) for phrase in phrases)


def marks_of(topic: Topic) -> Marks:
    """The marks of letters that matter to a topic."""
    is_typed = topic.rules >= _TYPED_RULES
    if topic.fold_diacritics:  # never set in topics with version 1 of the rules
        return "bare" if is_typed else "none"
    if is_typed:
        return "typed"
    if topic.rules >= CAPITAL_RULES:
        return "undotted"
    return "written" if topic.rules >= _SPELLING_RULES else "all"


def folded_phrase(phrase: str, *, keep_case: bool = False, marks: Marks = "all") -> str:
    """A phrase as it is searched for: folded, without `*` at its beginning and end."""
    bare = phrase.removeprefix("*").removesuffix("*")
    return fold(bare, keep_case=keep_case, marks=marks).text.strip()


def comparison_key(phrase: str, *, keep_case: bool, fold_diacritics: bool) -> str:
    """What no two phrases of a topic may share."""
    marks: Marks = "none" if fold_diacritics else "all"
    return fold(phrase, keep_case=keep_case, marks=marks).text.strip()


def _phrase(value: str) -> str:
    if not folded_phrase(value, marks="bare"):
        raise ValueError(f"must not be empty, got {value!r}")
    if "*" in value[1:-1]:
        raise ValueError(f"may hold * only as its first or last character, got {value!r}")
    return value


def _section(value: str) -> str:
    if value.startswith("*"):
        raise ValueError(f"may hold * only as its last character, got {value!r}")
    return _phrase(value)


def _at_least_one(value: tuple[object, ...]) -> tuple[object, ...]:
    if not value:
        raise ValueError("must hold at least one phrase")
    return value


def _scope(value: object) -> object:
    """A part of an article by its name, or a distance in words."""
    if value is None or value in ("sentence", "paragraph", "article"):
        return value
    words = value.get("words") if isinstance(value, dict) and len(value) == 1 else None
    if type(words) is int and 2 <= words <= _MAX_WORDS:
        return words
    raise ValueError(
        'must be "sentence", "paragraph", "article" or { words = N } with N from 2 to'
        f" {_MAX_WORDS}, got {value!r}"
    )


def _languages(value: object) -> object:
    """The codes as articles have them, sorted; `all` as it is."""
    if value is None or value == "all":
        return value
    if not isinstance(value, tuple) or not value:
        raise ValueError(f'must be a list of codes like ["en", "zh"], or "all", got {value!r}')
    for code in value:
        if code not in LANGUAGES:
            raise ValueError(unknown_language(code))
    return tuple(sorted(set(map(primary, value))))


Languages = Annotated[tuple[str, ...] | Literal["all"] | None, PlainValidator(_languages)]
Scope = Annotated[str | int | None, PlainValidator(_scope)]
Phrases = tuple[Annotated[str, AfterValidator(_phrase)], ...]
Group = Annotated[Phrases, AfterValidator(_at_least_one)]


class TopicEntry(BaseModel):
    """An entry of `topics.toml`, with all its checks."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, matching(r"[a-z0-9][a-z0-9-]*", "of a-z 0-9 -, like g20")]
    name: Text
    aliases: Group = ()
    all_of: Annotated[tuple[Group, ...], AfterValidator(_at_least_one)] = ()
    within: Scope = None
    none_of: Phrases = ()
    exclude: Phrases = ()
    context_exclude: Phrases = ()
    sections_exclude: tuple[Annotated[str, AfterValidator(_section)], ...] = ()
    case_sensitive: bool = False
    fold_diacritics: bool = False
    languages: Languages = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.aliases and self.all_of:
            raise ValueError("all_of: not with aliases; keep one of them, or make two topics")
        if not (self.aliases or self.all_of):
            raise ValueError("aliases: missing; give aliases, or all_of for phrases together")
        if self.all_of and self.within is None:
            raise ValueError('within: missing; all_of needs it, "sentence" for one')
        for key in ("none_of", "within"):
            if self.aliases and getattr(self, key):
                raise ValueError(f"{key}: goes with all_of; beside aliases use context_exclude")
        return self

    @model_validator(mode="after")
    def _no_phrase_twice(self) -> Self:
        first: dict[str, str] = {}
        phrases = [("aliases", phrase) for phrase in self.aliases]
        phrases += [("all_of", phrase) for group in self.all_of for phrase in group]
        for key in ("exclude", "none_of", "context_exclude"):
            phrases += [(key, phrase) for phrase in getattr(self, key)]
        for key, phrase in phrases:
            folded = comparison_key(
                phrase, keep_case=self.case_sensitive, fold_diacritics=self.fold_diacritics
            )
            if folded in first:
                raise ValueError(f"{key}: {phrase!r} repeats {first[folded]!r} once folded")
            first[folded] = phrase
        return self

    def topic(self) -> Topic:
        """The topic that the entry defines, not yet numbered."""
        definition: dict[str, Any] = {
            "rules": 1,  # as the first version wrote it
            "aliases": sorted(self.aliases),
            "exclude": sorted(self.exclude),
            "case_sensitive": self.case_sensitive,
        }
        # Keys of later versions are hashed only if they are given, so that existing definitions
        # keep their hashes.
        later = {
            "fold_diacritics": self.fold_diacritics,
            "all_of": sorted(sorted(group) for group in self.all_of),
            "none_of": sorted(self.none_of),
            "within": self.within,
            "context_exclude": sorted(self.context_exclude),
            "sections_exclude": sorted(self.sections_exclude),
            "languages": self.languages,
        }
        definition |= {key: value for key, value in later.items() if value}
        text = json.dumps(definition, ensure_ascii=True, sort_keys=True)
        inferred = self.languages or languages_of(self.all_of or [self.aliases])
        return Topic(
            **self.model_dump(exclude={"id", "within", "languages"}),
            topic_id=self.id,
            within="words" if isinstance(self.within, int) else self.within,
            within_words=self.within if isinstance(self.within, int) else None,
            languages=None if inferred == "all" else inferred,
            definition_hash=hashlib.sha256(text.encode()).hexdigest(),
            rules=RULES,
        )


def load_topics(path: Path) -> tuple[Topic, ...]:
    """Read `topics.toml`; ConfigError has one line per problem, with file, entry and key."""
    return tuple(entry.topic() for entry in read_entries(path, "topic", TopicEntry))
