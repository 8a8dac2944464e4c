"""Which rules can hit a text at all: those of which it holds a word, found in a single pass."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import ahocorasick_rs

Literals = frozenset[str]
ALIKE: dict[int, str | None] = {
    ord(letter): other for letter, other in zip("ıſµςϐϑ", "isμσβθ", strict=True)
} | {0x307: None}
INNER = {op.SUBPATTERN: 3, op.ASSERT: 1, op.ATOMIC_GROUP: 0}
REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})


def plain(text: str) -> str:
    """The text as it is compared: lower case, with one letter for those that `re` takes as one."""
    return text.lower() if text.isascii() else text.lower().translate(ALIKE)


class Gate:
    """Says which of some patterns are worth a try on a text."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        wanted = [_needed_by(pattern) for pattern in patterns]
        self.always = [at for at, literals in enumerate(wanted) if not literals]
        owners: dict[str, set[int]] = {}
        for at, literals in enumerate(wanted):
            for literal in literals or ():
                owners.setdefault(literal, set()).add(at)
        self.owners = list(owners.values())
        # The automaton that is larger reads twice as fast.
        kind = ahocorasick_rs.Implementation.DFA
        self.finder = ahocorasick_rs.AhoCorasick(list(owners), implementation=kind)

    def open_to(self, text: str) -> list[int]:
        """Numbers of the patterns that may hit a text, in order."""
        found = self.finder.find_matches_as_indexes(plain(text), overlapping=True)
        if not found:
            return self.always
        owners = self.owners
        return sorted(set(self.always).union(*[owners[at] for at in {match[0] for match in found}]))


@cache
def _needed_by(pattern: re.Pattern[str]) -> Literals | None:
    """What `_needed` says of a pattern; most are in the gates of several languages."""
    return _needed(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))


def _needed(parts: Iterable[Any]) -> Literals | None:
    """Texts of which every match holds at least one; None when there are none."""
    best: Literals | None = None
    run = ""
    for kind, value in [*parts, (op.AT, None)]:
        if kind is op.LITERAL:
            run += plain(chr(value))
            continue
        for found in (frozenset({run}) if run else None, _needed_of(kind, value)):
            best = _better(best, found)
        run = ""
    return best


def _needed_of(kind: Any, value: Any) -> Literals | None:  # noqa: ANN401 (re's own parse tree)
    if kind in INNER:
        inner = value if kind is op.ATOMIC_GROUP else value[INNER[kind]]
        return _needed(inner)
    if kind in REPEATS:
        return _needed(value[2]) if value[0] else None
    if kind is op.BRANCH:
        found = [_needed(branch) for branch in value[1]]
        known = [literals for literals in found if literals]
        return frozenset().union(*known) if len(known) == len(found) else None
    if kind is op.IN and len(value) <= 8 and all(k is op.LITERAL for k, _ in value):
        return frozenset(plain(chr(character)) for _, character in value)
    return None


def _better(one: Literals | None, other: Literals | None) -> Literals | None:
    """The one that lets fewer texts through: longer, then fewer."""
    known = [literals for literals in (one, other) if literals]
    return max(known, key=lambda x: (min(map(len, x)), -len(x))) if known else None
