"""Chooses a page's headline among what the page calls itself."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WEIGHTS = {"jsonld": 1.0, "h1": 1.0, "og": 1.5, "twitter": 0.6, "title": -0.2}
"""How much each place counts when they differ, found on 53 pages where they do: og:title and
twitter:title together are the headline more often than JSON-LD and h1 together."""
CLEANEST = ("jsonld", "og", "twitter", "title", "h1")
SEPARATOR = re.compile(
    r"\s+[-–—|·•»«/:]+\s+|\s*[|｜ㅣ│¦]\s*|\s*--+\s*|\s+::\s+|(?<=\S)[-–—](?=\S[^-–—]{0,30}$)"
)
TAG = re.compile(r"<[/a-zA-Z][^<>]{0,200}>")
SHORTEST = 8
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Titles:
    """What a page calls itself, by place, and what its paper is called."""

    candidates: Mapping[str, str]
    """jsonld, h1, og, twitter, title: those that the page has."""
    names: frozenset[str] = frozenset()
    """Letters of the paper's names: og:site_name, JSON-LD publisher, the host."""


def letters(text: str) -> str:
    """The letters and digits of a text, lower case: what two spellings of it share."""
    return re.sub(r"[\W_]+", "", text).lower()


def choose_headline(titles: Titles) -> str | None:
    """The headline most places agree on, without the paper's name around it."""
    plain = {
        place: TAG.sub("", text[:LONGEST]).strip() for place, text in titles.candidates.items()
    }
    whole = {p: text for p, text in plain.items() if not _ends_at_quote(text, plain.values())}
    cut = {
        place: _without_name(text, [t for p, t in whole.items() if p != place], titles.names)
        for place, text in whole.items()
    }
    votes: dict[str, float] = {}
    for place, text in cut.items():
        votes[letters(text)] = votes.get(letters(text), 0.0) + WEIGHTS.get(place, 0.0)
    usable = {key: vote for key, vote in votes.items() if key and key not in titles.names}
    if not usable:
        return None
    best = max(usable, key=lambda key: usable[key])
    return next(cut[place] for place in CLEANEST if place in cut and letters(cut[place]) == best)


def _ends_at_quote(text: str, others: Iterable[str]) -> bool:
    """Whether a text breaks off where another goes on with a quote: `content="He said "no""`."""
    return any(other.startswith((f'{text}"', f'{text} "')) for other in others)


def main_heading(headings: Sequence[str], others: Iterable[str]) -> str | None:
    """The page's own h1: the one that its other titles hold, else the first."""
    known = [letters(other) for other in others]
    for heading in headings:
        key = letters(heading)
        if len(key) > SHORTEST and any(key in other or other in key for other in known if other):
            return heading
    return next((h for h in headings if letters(h)), None)


def _without_name(text: str, others: list[str], names: frozenset[str]) -> str:
    """The text without parts at its ends that are the paper's name or that nobody else has."""
    spelled = [letters(other) for other in others]
    cuts = [(m.start(), m.end()) for m in SEPARATOR.finditer(text)]
    for start, end in cuts:
        head, tail = text[:start], text[end:]
        if letters(head) in spelled and len(letters(head)) > SHORTEST:
            return head
        if letters(tail) in spelled and letters(head) in names:
            return tail
    return _without_ends(text, cuts, names)


def _without_ends(text: str, cuts: list[tuple[int, int]], names: frozenset[str]) -> str:
    whole = text
    while cuts and len(letters(text[: cuts[-1][0]])) > SHORTEST:
        start, end = cuts[-1]
        if not _is_name(letters(text[end:]), names) and not _is_section(text, whole, start, end):
            break
        text = text[: cuts.pop()[0]]
    if cuts and _is_name(letters(text[: cuts[0][0]]), names):
        text = text[cuts[0][1] :]
    return text


def _is_section(text: str, whole: str, start: int, end: int) -> bool:
    """Whether the last part is the section in `Headline | Section | Paper`."""
    return text != whole and "|" in text[start:end] and len(text[end:].split()) <= 3


def _is_name(part: str, names: frozenset[str]) -> bool:
    return bool(part) and (part in names or any(len(n) > 4 and part.startswith(n) for n in names))
