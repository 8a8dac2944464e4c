"""The topics: `topics.toml` checked and read."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, model_validator

from tasks.settings import matching
from tasks.sources.source import Text
from tasks.text.folding import fold
from tasks.text.toml_reader import ConfigError, read_entries
from tasks.topics.languages import LANGUAGES, languages_of
from warehouse.layers.definitions import Topic

__all__ = ["ConfigError", "Topic", "TopicEntry", "load_topics"]

# Version of the matching rules. Raised when the same definition would count otherwise: all topics
# are then counted again.
RULES = 1


def folded_phrase(phrase: str, *, keep_case: bool = False) -> str:
    """A phrase as it is looked for: folded, without the `*` at its end."""
    return fold(phrase.removesuffix("*"), keep_case=keep_case).text.strip()


def _phrase(value: str) -> str:
    if not folded_phrase(value):
        raise ValueError(f"must not be empty, got {value!r}")
    if "*" in value[:-1]:
        raise ValueError(f"may hold * only as its last character, got {value!r}")
    return value


def _at_least_one(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("must hold at least one alias")
    return value


def _languages(value: object) -> object:
    """The codes as articles have them, sorted; `all` as it is."""
    if value is None or value == "all":
        return value
    if not isinstance(value, tuple) or not value:
        raise ValueError(f'must be a list of codes like ["en", "zh"], or "all", got {value!r}')
    for code in value:
        if code not in LANGUAGES:
            raise ValueError(f"unknown language {code!r}, write codes like en, zh or sr")
    return tuple(sorted({"no" if code in ("nb", "nn") else code for code in value}))


Languages = Annotated[tuple[str, ...] | Literal["all"] | None, PlainValidator(_languages)]
Phrases = tuple[Annotated[str, AfterValidator(_phrase)], ...]


class TopicEntry(BaseModel):
    """An entry of `topics.toml`, with every check that one must pass."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, matching(r"[a-z0-9][a-z0-9-]*", "of a-z 0-9 -, like g20")]
    name: Text
    aliases: Annotated[Phrases, AfterValidator(_at_least_one)]
    exclude: Phrases = ()
    case_sensitive: bool = False
    languages: Languages = None

    @model_validator(mode="after")
    def _no_phrase_twice(self) -> Self:
        first: dict[str, str] = {}
        phrases = [*(("aliases", p) for p in self.aliases), *(("exclude", p) for p in self.exclude)]
        for key, phrase in phrases:
            folded = fold(phrase, keep_case=self.case_sensitive).text.strip()
            if folded in first:
                raise ValueError(f"{key}: {phrase!r} repeats {first[folded]!r} once folded")
            first[folded] = phrase
        return self

    def topic(self) -> Topic:
        """The topic that it defines, not yet numbered."""
        definition: dict[str, Any] = {
            "rules": RULES,
            "aliases": sorted(self.aliases),
            "exclude": sorted(self.exclude),
            "case_sensitive": self.case_sensitive,
        }
        # Keys that came later count only where they are given: the definitions of earlier versions
        # keep their hashes.
        if self.languages is not None:
            definition["languages"] = self.languages
        text = json.dumps(definition, ensure_ascii=True, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        fields = self.model_dump(exclude={"id", "languages"})
        inferred = self.languages or languages_of([self.aliases])
        languages = None if inferred == "all" else inferred
        return Topic(topic_id=self.id, definition_hash=digest, languages=languages, **fields)


def load_topics(path: Path) -> tuple[Topic, ...]:
    """Read `topics.toml`; ConfigError has a line a problem, naming file, entry and key."""
    return tuple(entry.topic() for entry in read_entries(path, "topic", TopicEntry))
