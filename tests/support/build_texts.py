"""Made text by the gigabyte: words of Zipf's frequencies in four scripts, topics named in some."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.topics.topic import Topic, TopicEntry

Array = np.ndarray[Any, np.dtype[Any]]

SYLLABLES = {
    "en": "ba ce di fo gu ha in jo ka le mi no or pa qui ra se ti un ver wa ex yo th st ing er",
    "de": "ba sch di fö gü ha in jo ka le mi nä or pa qu ra ße ti un ver wa ex zu ch st ung er",
    "fr": "ba cé di fo gu ha in jo ka lè mi no or pa qui rà se ti un ver ça ex yo eau st tion er",
    "ja": "海 山 川 橋 港 町 祭 市 会 議 予 算 駅 道 雨 秋 春 校 本 館 の に を は が と で も",
}
GLUE = {"en": " ", "de": " ", "fr": " ", "ja": ""}
MARKS = {"en": "’", "de": "–", "fr": "«", "ja": "、"}
WORDS = 20_000
SENTENCES = 20_000
RANK = 200
"""Of a word that stands in one article in four, among the words by frequency."""
NAMING = 200
"""Sentences of each topic and language that name the topic."""

_NAMES = (
    "sanctions huawei g20 nato tariffs inflation semiconductors opec lithium wildfire drought "
    "measles bitcoin hydrogen ceasefire migration telescope fentanyl arctic quantum"
)
SHARES = np.geomspace(0.08, 0.001, 20)
"""Of the articles that name each topic, from the first to the last."""


def _topic(name: str) -> Topic:
    title = name.capitalize()
    aliases = (title, f"{name} talks", f"{name}-related", f"{name}ist*", f"{title}問題")
    return TopicEntry(
        id=name,
        name=title,
        aliases=aliases,
        exclude=(f"mock {name}",),
        case_sensitive=name == "g20",
    ).topic()


TOPICS = tuple(_topic(name) for name in _NAMES.split())


@dataclass(frozen=True)
class Pool:
    """The sentences of all languages, then those that name topics; each with the gap behind it."""

    texts: pa.Array
    words: Array
    """Words of each sentence."""

    def bodies(self, chosen: Array, counts: Array) -> tuple[pa.Array, Array]:
        """Texts of `counts` sentences each, and their numbers of words."""
        ends = np.concatenate([[0], np.cumsum(counts)])
        lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), self.texts.take(chosen))
        texts = pc.utf8_trim_whitespace(pc.binary_join(lists, ""))
        return texts, np.add.reduceat(self.words[chosen], ends[:-1])

    def lines(self, chosen: Array) -> pa.Array:
        """A sentence each."""
        return pc.utf8_trim_whitespace(self.texts.take(chosen))


LANGUAGES = tuple(SYLLABLES)


def sentences_in(language: Array, dice: np.random.Generator) -> Array:
    """Sentences of the languages, given as their numbers."""
    return np.asarray(language * SENTENCES + dice.integers(0, SENTENCES, len(language)))


def naming(topic: int, language: Array, dice: np.random.Generator) -> Array:
    """Sentences of the languages that name a topic."""
    first = SENTENCES * len(LANGUAGES) + topic * NAMING * len(LANGUAGES)
    return np.asarray(first + language * NAMING + dice.integers(0, NAMING, len(language)))


@cache
def pool(seed: int = 7) -> Pool:
    """The sentences, the same for the same seed."""
    dice = np.random.default_rng(seed)
    found = [_sentences(language, SENTENCES, dice) for language in LANGUAGES]
    for topic in TOPICS:
        found += [_sentences(language, NAMING, dice, topic.aliases) for language in LANGUAGES]
    texts = [text for sentences in found for text, _ in sentences]
    words = [count for sentences in found for _, count in sentences]
    return Pool(pa.array(texts), np.array(words, np.int32))


@cache
def _vocabulary(language: str) -> tuple[Array, Array]:
    """Words, and the chance of each: Zipf's law as Mandelbrot has it."""
    dice = np.random.default_rng(len(language) + ord(language[0]))
    parts = SYLLABLES[language].split()
    words = {"".join(dice.choice(parts, size)) for size in dice.integers(1, 5, WORDS)}
    chances = 1 / (np.arange(len(words)) + 2.7)
    return np.array(sorted(words, key=lambda word: (len(word), word))), chances / chances.sum()


def frequent_words(languages: Sequence[str] = ("en", "de", "fr")) -> tuple[str, ...]:
    """A word of each language that stands in about one article in four."""
    return tuple(str(_vocabulary(language)[0][RANK]) for language in languages)


def _sentences(
    language: str, count: int, dice: np.random.Generator, aliases: Sequence[str] = ()
) -> list[tuple[str, int]]:
    words, chances = _vocabulary(language)
    sizes = dice.integers(6, 27, count)
    drawn = iter(dice.choice(words, int(sizes.sum()), p=chances).tolist())
    return [
        _sentence(language, [next(drawn) for _ in range(size)], dice, aliases) for size in sizes
    ]


def _sentence(
    language: str, words: list[str], dice: np.random.Generator, aliases: Sequence[str]
) -> tuple[str, int]:
    if dice.random() < 0.1:
        words[1] += MARKS[language]
    if aliases:
        alias = str(dice.choice(aliases)).replace("*", "s")
        words[int(dice.integers(0, len(words)))] = alias
    text = GLUE[language].join(words)
    gap = "\n\n" if dice.random() < 0.3 else GLUE[language]
    end = "。" if language == "ja" else "."
    return text[0].upper() + text[1:] + end + gap, len(words)
