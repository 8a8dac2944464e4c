"""The access verdict: free, metered or paywalled, and whether all of the article was delivered."""

import re

from tasks.model import Cleaned, StrippedBlock
from tasks.text.sentence_split import END_SIGNS, word_count

WALLS = frozenset({"paywall", "metering", "registration", "trial_offer"})
MIN_WALL_CHARS = 24
# Names of counters in a metering template: `{{articlesLeft}}`, but not `{{firstName}}`.
COUNTER_PLACEHOLDER = re.compile(
    r"articles?|stor(?:y|ies)|artikel|art[ií]culo|articol|left\b|remain|記事|文章|기사", re.I
)
MAX_EXCERPT_WORDS = 150
# Words are missing if the page states more than this many times those delivered: whole pages state
# up to 1.3 times as many.
MIN_STATED_RATIO = 1.5
ELLIPSES = ("…", "...", "[…]", "[...]", ". . .")
SENTENCE_END = re.compile(rf"[{END_SIGNS}:;][\"'”’»«“)\]）」』】\s]*$")
MAX_BLOCKS_BEHIND = 5  # the article's last one that may be its wall
# Wording of walls, but not of invitations to a newsletter or a channel.
READ_ON = re.compile(
    r"(?:continue|keep|start) reading|read (?:on|the (?:full|whole|rest|entire))"
    r"|full (?:access|article|story)|(?:to|for) (?:\w+\W+){0,3}subscribers\b|subscribers?[- ]only"
    r"|weiter ?(?:zu )?lesen|(?:für|nur) (?:\w+[- ])?abonnent|lire la suite|poursuivre (?:la|votre)"
    r" lecture|réservée?s? aux abonn|seguir leyendo|sigue leyendo|(?:para|a) suscriptores"
    r"|continu(?:a|are) a leggere|(?:per|agli) abbonati|verder ?lezen|lees verder|voor abonnees"
    r"|continue lendo|para assinantes|läs (?:vidare|mer med)|les videre|czytaj dalej|devamını oku"
    r"|читать дальше|続きを読む|続きは|この記事は(?:有料|会員)",
    re.I,
)
# How much is missing: `Il vous reste 57.09% de cet article à lire`, `残り1,234文字`.
REST_LEFT = re.compile(
    r"\d ?%.{0,12}\b(?:of (?:this|the) (?:article|story)|de (?:cet|l'|este|l’)\W*art\w*"
    r"|des (?:artikels|textes|beitrags)|di questo articolo|van dit artikel)"
    r"|残り\W{0,2}[\d,]+\s?(?:文字|字)",
    re.I,
)


def judge_access(stated: str, cleaned: Cleaned) -> str:
    """free, metered, paywalled or unknown: what the page states, else what its prompts say."""
    if stated != "unknown":
        return stated
    walls = [block for block in cleaned.stripped if _is_wall(block)]
    if any(block.kind == "metering" for block in walls):
        return "metered"
    # A wall is also shown on free pages: the text has to break off, or the wall to follow it.
    is_walled = (walls and _breaks_off(cleaned)) or _stands_before_wall(cleaned)
    return "paywalled" if is_walled else "unknown"


def is_truncated(
    access: str, cleaned: Cleaned, stated_words: int = 0, *, is_one_of_pages: bool = False
) -> bool:
    """Whether the page holds only a part of its article.

    Args:
        access: as `judge_access` returns it.
        cleaned: the article, and what was taken out of it.
        stated_words: how many words the page says its article has; 0 when it does not.
        is_one_of_pages: whether the page says that its article has others.
    """
    if is_one_of_pages:
        return True
    if access not in ("paywalled", "metered"):
        return False
    words = sum(map(word_count, cleaned.paragraphs))
    return (
        _breaks_off(cleaned)
        or (access == "paywalled" and words < MAX_EXCERPT_WORDS)
        or stated_words > MIN_STATED_RATIO * words
        or any(REST_LEFT.search(block.text) for block in _next_blocks(cleaned))
        or (_stands_before_wall(cleaned) and not SENTENCE_END.search(cleaned.paragraphs[-1]))
    )


def _is_wall(block: StrippedBlock) -> bool:
    """Whether a prompt is about access to the article: every page has a bare `Log in`."""
    # A template that a script fills in.
    if block.rule == "text:any/placeholder" and not COUNTER_PLACEHOLDER.search(block.text):
        return False
    return block.kind in WALLS and len(block.text) >= MIN_WALL_CHARS


def _breaks_off(cleaned: Cleaned) -> bool:
    last = cleaned.paragraphs[-1].rstrip("\"'”’»“ ") if cleaned.paragraphs else ""
    return not last or last.endswith(ELLIPSES)


def _stands_before_wall(cleaned: Cleaned) -> bool:
    return any(_is_wall(b) and READ_ON.search(b.text) for b in _next_blocks(cleaned))


def _next_blocks(cleaned: Cleaned) -> list[StrippedBlock]:
    """The first blocks after the last one that was kept."""
    found: list[StrippedBlock] = []
    for block in sorted(cleaned.stripped, key=lambda block: -block.position):
        if block.in_article or (found and block.position < found[-1].position - 1):
            break
        found.append(block)
    return found[: -MAX_BLOCKS_BEHIND - 1 : -1]
