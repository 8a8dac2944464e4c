"""Text rules as data: wordings of prompts, a TOML file per language, each rule with examples."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).with_name("rules")
# Languages whose rules are in another one's file.
_OTHER = "bg bn bs cs el et fa fi he hr hu hy id lt lv mk ms ro sk sl sr sw ta th ur vi"
FILES = dict.fromkeys(("da", "nb", "nn", "no", "sv"), "nordic") | {"uk": "ru", "be": "ru"}
FILES |= dict.fromkeys(_OTHER.split(), "other")
MAX_TEXT_CHARS = 2000  # No rule reads a longer text
APOSTROPHES = "’‘`´"
QUOTATION_MARKS = frozenset('"“”„«»‹›‘’‚「」『』')
FIRST_LETTER = re.compile(r"\w")
_PROMPT_KINDS = (
    "metering paywall registration newsletter trial_offer donation sponsored app_promo"
    " cookie_adblock other"
)
PROMPT_KINDS = frozenset(_PROMPT_KINDS.split())
CERTAIN_KINDS = frozenset({"share", "furniture"})  # Labels such as `Share on Facebook`


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern for the texts of one kind of block, with the examples that test it."""

    name: str  # File and name, such as `en/articles-left`
    kind: str
    pattern: re.Pattern[str]
    max_words: int  # The rule does not apply to a longer block
    yes: tuple[str, ...]
    no: tuple[str, ...]
    is_sure: bool = False  # Whether no news sentence begins like this
    # Lower-case strings; every text that the pattern matches contains one of them.
    needs: tuple[str, ...] = ()

    def decides(self, text: str) -> bool:
        """Whether the wording alone decides: of a label, or if a sure rule matches from the start.

        Sentences that report or quote such words begin otherwise, or with a quotation mark.
        """
        if self.kind in CERTAIN_KINDS:
            return True
        found = self.pattern.search(_plain(text)) if self.is_sure else None
        signs = FIRST_LETTER.split(text, 1)[0]
        is_first = found is not None and found.start() <= len(signs)
        return is_first and QUOTATION_MARKS.isdisjoint(signs)


def find_rule(text: str, language: str | None) -> Rule | None:
    """The first rule that applies, sure ones first: the page's language, then English, then any."""
    if len(text) > MAX_TEXT_CHARS:
        return None
    code = (language or "")[:2].lower()
    return _matching_rule(text, FILES.get(code, code))


# Menus, footers and teasers recur on all pages of a site.
@lru_cache(maxsize=8_000)
def _matching_rule(text: str, file: str) -> Rule | None:
    text = _plain(text)
    # Chinese and Japanese have no spaces: eight characters count as a word.
    words = len(text.split()) if text.isascii() else max(len(text.split()), len(text) / 8)
    folded = text.casefold()
    for rule in _rules_for(file):
        # Most texts are articles. Looking for a needed word before trying a slow pattern takes
        # 1.3 ms a page, trying all patterns 4.2 ms.
        if (
            words <= rule.max_words
            and (not rule.needs or any(map(folded.__contains__, rule.needs)))
            and rule.pattern.search(text)
        ):
            return rule
    return None


def _plain(text: str) -> str:
    """A text as patterns are written: with one kind of apostrophe."""
    for sign in APOSTROPHES:
        text = text.replace(sign, "'")
    return text


@lru_cache(maxsize=64)
def _rules_for(file: str) -> list[Rule]:
    rules = [rule for name in dict.fromkeys((file, "en", "any")) for rule in load_rules(name)]
    return sorted(rules, key=lambda rule: not rule.is_sure)


@lru_cache(maxsize=64)
def load_rules(file: str) -> tuple[Rule, ...]:
    """The rules of one file; none when the language has no file."""
    path = FOLDER / f"{file}.toml"
    if not file.isalpha() or not path.exists():
        return ()
    return tuple(
        Rule(
            f"{file}/{table['name']}",
            table["kind"],
            re.compile(table["pattern"], re.IGNORECASE),
            table.get("max_words", 40),
            tuple(table["yes"]),
            tuple(table["no"]),
            table.get("sure", False),
            tuple(table.get("needs", ())),
        )
        for table in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]
    )
