"""Learned weights of words and of class names, and how a text or a name is scored by them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

# First and last characters of scripts that are counted by characters.
UNSPACED = (
    *((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF)),  # Kana, Han, Hangul
    *((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai to Tibetan, Burmese, Khmer
)
CJK = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in UNSPACED)}]")
TOKEN = re.compile(r"[^\W\d_]+|\d+")
NUMBER = re.compile(b"0+")
# Letters in lower case, digits as `0`, all else as spaces.
ASCII_WORDS = bytes(
    ord(chr(code).lower()) if chr(code).isalpha() else ord("0" if chr(code).isdigit() else " ")
    for code in range(128)
).ljust(256)
ASCII_LOWER = bytes(range(256)).lower()
ASCII_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
SIGNS = re.compile(r"[\W_]+")
MAX_CACHED_CHARS = 200  # of a text: menus, footers and teasers recur on a site's pages
MAX_CACHE_ENTRIES = 8_000  # of each cache: 10 MB of texts
MIN_LETTERS = 4  # of a word that can say what a text is about
KEY_PART = re.compile(r"[a-z]{2,}")
STEM_LETTERS = 5  # Letters that stand for all longer words that begin with them: `subsc*`
MAX_ADDRESS_CHARS = 200  # of a link that are read

Weights = tuple[float, float]  # Log-odds for article text and for a prompt


class TextScores(NamedTuple):
    """The scores of a text by its words, without its surroundings."""

    article: float  # Sum of the article weights of its words, scaled by length
    prompt: float  # The same for prompts
    topic_words: frozenset[str]  # The words that can say what it is about


@dataclass(frozen=True)
class Lexicon:
    """Learned weights of words and of class names."""

    article: dict[str, float]  # Words and pairs of words: log-odds of standing in an article
    prompt: dict[str, float]  # The same for prompts, and of stems
    keys: dict[str, float]  # Parts of class names and ids: log-odds of holding article text
    targets: dict[str, float]  # Parts of link addresses: log-odds of standing in a prompt
    # Caches: the scores of texts and of elements' names, and the known parts of each name.
    text_scores: dict[str, TextScores] = field(default_factory=dict, compare=False, repr=False)
    key_scores: dict[str, float] = field(default_factory=dict, compare=False, repr=False)
    name_parts: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)
    target_scores: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def weights(self) -> dict[str, Weights]:
        """Both weights of each word and pair."""
        known = self.article.keys() | self.prompt.keys()
        return {gram: (self.article.get(gram, 0.0), self.prompt.get(gram, 0.0)) for gram in known}

    @cached_property
    def pair_weights(self) -> dict[str, dict[str, Weights]]:
        """Both weights of each pair, by first and second word."""
        found: dict[str, dict[str, Weights]] = {}
        for gram, weights in self.weights.items():
            first, _, second = gram.partition(" ")
            if second:
                found.setdefault(first, {})[second] = weights
        return found

    @cached_property
    def stem_weights(self) -> dict[str, Weights]:
        """Both weights of each stem."""
        return {gram[:-1]: weights for gram, weights in self.weights.items() if gram[-1] == "*"}

    @cached_property
    def key_openers(self) -> frozenset[str]:
        """The first parts of the pairs in names."""
        return frozenset(part.partition("-")[0] for part in self.keys if "-" in part)

    def score_text(self, text: str) -> TextScores:
        """The scores of a text; those of short texts are cached."""
        if (cached := self.text_scores.get(text)) is not None:
            return cached
        words, known = tokens(text), self.weights
        after, stems = self.pair_weights.get, self.stem_weights
        found = [known[word] for word in words if word in known]
        found += [
            stems[word[:STEM_LETTERS]]
            for word in words
            if len(word) > STEM_LETTERS and word[:STEM_LETTERS] in stems
        ]
        for word, next_word in pairwise(words):
            seconds = after(word)
            if seconds and next_word in seconds:
                found.append(seconds[next_word])
        if words and (first := known.get("^" + words[0])):
            found.append(first)
        # The square root: a long text has more words that count, and each of them says less.
        scale = 1 / (len(words) + 2) ** 0.5
        article, prompt = sum([a for a, _ in found]), sum([p for _, p in found])
        scores = TextScores(article * scale, prompt * scale, topic_words(words))
        if len(text) <= MAX_CACHED_CHARS:
            self.cache_scores(text, scores)
        return scores

    def cache_scores(self, text: str, scores: TextScores) -> None:
        """Cache the scores of a text; empty the cache when it is full."""
        if len(self.text_scores) >= MAX_CACHE_ENTRIES:
            self.text_scores.clear()
        self.text_scores[text] = scores

    def score_target(self, address: str) -> float:
        """The score of a link's address: the sum of the weights of its parts, scaled by number."""
        if (cached := self.target_scores.get(address)) is None:
            parts = target_parts(address)
            known = sorted(part for part in parts if part in self.targets)
            cached = sum([self.targets[part] for part in known]) / (len(parts) + 2) ** 0.5
            if len(self.target_scores) >= MAX_CACHE_ENTRIES:
                self.target_scores.clear()
            self.target_scores[address] = cached
        return cached

    def name_scores(self, keys: Iterable[str]) -> list[float]:
        """For each key, the sum of the weights of the parts of its class names and ids."""
        cached, parts_of, scores = self.key_scores, self.name_parts, []
        for key in keys:
            if key not in cached:
                found = set[str]()
                for name in key.split():
                    if name not in parts_of:
                        if len(parts_of) >= MAX_CACHE_ENTRIES:
                            parts_of.clear()
                        parts = KEY_PART.findall(name)
                        pairs = [f"{a}-{b}" for a, b in pairwise(parts) if a in self.key_openers]
                        parts_of[name] = [part for part in (*parts, *pairs) if part in self.keys]
                    found.update(parts_of[name])
                if len(cached) >= MAX_CACHE_ENTRIES:
                    cached.clear()
                cached[key] = sum([self.keys[part] for part in sorted(found)], 0.0)
            scores.append(cached[key])
        return scores


def target_parts(address: str) -> frozenset[str]:
    """The parts of a link's address: `/abo?ref=artikel` has `abo`, `ref` and `artikel`."""
    return frozenset(KEY_PART.findall(address[:MAX_ADDRESS_CHARS].lower()))


def tokens(text: str) -> list[str]:
    """The words of a text's beginning, lower case; any number is `0`.

    In scripts without spaces, pairs of characters stand for words.
    """
    if text.isascii():
        plain = text[:400].encode().translate(ASCII_WORDS)
        if b"0" in plain:
            plain = NUMBER.sub(b" 0 ", plain)
        return plain.decode().split()[:60]
    words = TOKEN.findall(text[:400].lower())
    if not CJK.search(text[:400]):
        return ["0" if word[0].isdigit() else word for word in words[:60]]
    found: list[str] = []
    for word in words:
        if word.isascii() or not CJK.search(word):
            found.append("0" if word[0].isdigit() else word)
        else:
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    return found[:60]


def topic_words(words: list[str]) -> frozenset[str]:
    """The words that can say what a text is about: long ones, and pairs of characters."""
    return frozenset([word for word in words if len(word) >= MIN_LETTERS or word > "\u3040"])


def fold(text: str | None) -> str:
    """Letters and digits only, lower case: how texts are compared."""
    if not text:
        return ""
    if text.isascii():
        return text.encode().translate(ASCII_LOWER, ASCII_SIGNS).decode()
    return SIGNS.sub("", text).lower()


def word_count(text: str) -> float:
    """Number of words; in scripts without spaces, half the number of characters."""
    if text.isascii():
        return float(len(text.split()))
    return len(text.split()) + len(CJK.findall(text)) / 2
