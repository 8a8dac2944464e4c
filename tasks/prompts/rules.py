"""Text rules as data: what a prompt says, one file a language, each rule with its examples."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from tasks.prompts.gate import Gate

FOLDER = Path(__file__).with_name("rules")
FILES = {
    "da": "nordic",
    "nb": "nordic",
    "nn": "nordic",
    "no": "nordic",
    "sv": "nordic",
    "uk": "ru",
    "be": "ru",
}
LONGEST = 2000
"""Characters of a text that a rule reads."""
MARK = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.S)
"""What a pattern is taken apart by; what is escaped or in brackets is no mark."""
DEEPER = {"(": 1, ")": -1}
APOSTROPHES = "’‘`´"
_PROMPT_KINDS = """
metering paywall registration newsletter trial_offer donation sponsored
app_promo cookie_adblock other
"""
PROMPT_KINDS = frozenset(_PROMPT_KINDS.split())


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that speaks for one kind of block, with the examples that test it."""

    name: str
    """File and name, such as `en/articles-left`."""
    kind: str
    pattern: str
    branches: tuple[re.Pattern[str], ...]
    """The alternatives of the pattern: each is tried where a text holds a word of its own."""
    max_words: int
    """A longer block is never taken for a prompt by this rule."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    is_sure: bool = False
    """Whether it is right even where everything else speaks for article text."""

    def hits(self, text: str, words: float) -> bool:
        """Whether the rule speaks for a block with this text."""
        return words <= self.max_words and any(branch.search(text) for branch in self.branches)


def find_rule(text: str, language: str | None) -> Rule | None:
    """The first rule that hits, sure ones first: the page's language, then English, then any."""
    if len(text) > LONGEST:
        return None
    return _find(text, _file_of(language or ""))


@lru_cache(maxsize=256)
def _file_of(language: str) -> str:
    code = language[:2].lower()
    return FILES.get(code, code)


@lru_cache(maxsize=8_000)
def _find(text: str, file: str) -> Rule | None:
    for sign in APOSTROPHES:
        text = text.replace(sign, "'")
    words = len(text.split()) if text.isascii() else max(len(text.split()), len(text) / 8)
    tried, gate, most = _rules_for(file)
    if words > most:
        return None
    found = (tried[at] for at in gate.open_to(text))
    return next((rule for rule, branch in found if _hits(rule, branch, text, words)), None)


def _hits(rule: Rule, branch: re.Pattern[str], text: str, words: float) -> bool:
    return words <= rule.max_words and branch.search(text) is not None


Branches: TypeAlias = tuple[tuple[Rule, re.Pattern[str]], ...]


@lru_cache(maxsize=64)
def _rules_for(file: str) -> tuple[Branches, Gate, int]:
    """Rules' branches as they are tried, what lets them be tried, and the rules' largest limit."""
    rules = [rule for name in dict.fromkeys((file, "en", "any")) for rule in load_rules(name)]
    rules.sort(key=lambda rule: not rule.is_sure)
    tried = tuple((rule, branch) for rule in rules for branch in rule.branches)
    return tried, Gate([branch for _, branch in tried]), max(r.max_words for r in rules)


@lru_cache(maxsize=64)
def load_rules(file: str) -> tuple[Rule, ...]:
    """The rules of one file; none when the language has no file."""
    path = FOLDER / f"{file}.toml"
    if not file.isalpha() or not path.exists():
        return ()
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    return tuple(_rule(file, table) for table in tables)


def _rule(file: str, table: dict[str, object]) -> Rule:
    pattern = str(table["pattern"])
    yes, no = (tuple(map(str, table[side])) for side in ("yes", "no"))  # type: ignore[call-overload]
    words = int(str(table.get("max_words", 40)))
    return Rule(
        f"{file}/{table['name']}",
        str(table["kind"]),
        pattern,
        tuple(re.compile(branch, re.IGNORECASE) for branch in branches_of(pattern)),
        words,
        yes,
        no,
        bool(table.get("sure")),
    )


def branches_of(pattern: str) -> list[str]:
    """The alternatives between which a pattern chooses at its top level."""
    depth, start, found = 0, 0, list[str]()
    for mark in MARK.finditer(pattern):
        depth += DEEPER.get(mark[0], 0)
        if mark[0] == "|" and not depth:
            found.append(pattern[start : mark.start()])
            start = mark.end()
    return [*found, pattern[start:]]
