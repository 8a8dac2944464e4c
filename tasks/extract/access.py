"""Judges whether an article is free, and whether all of it was delivered."""

from tasks.model import Cleaned, StrippedBlock
from tasks.text import word_count

WALLS = frozenset({"paywall", "metering", "registration", "trial_offer"})
SHORTEST_WALL = 28
"""Characters."""
SHORT_WORDS = 150
ELLIPSES = ("…", "...", "[…]", "[...]", ". . .")


def judge_access(stated: str, cleaned: Cleaned) -> str:
    """free, metered, paywalled or unknown: what the page states, else what its prompts say."""
    if stated != "unknown":
        return stated
    walls = [block for block in cleaned.stripped if _is_wall(block)]
    if any(block.kind == "metering" for block in walls):
        return "metered"
    return "paywalled" if walls and _is_cut(cleaned) else "unknown"


def is_truncated(access: str, cleaned: Cleaned) -> bool:
    """Whether the page holds only the beginning of its article.

    Args:
        access: as `judge_access` has it.
        cleaned: the article, and what was taken out of it.
    """
    if access not in ("paywalled", "metered"):
        return False
    return _is_cut(cleaned) or (access == "paywalled" and _is_short(cleaned))


def _is_wall(block: StrippedBlock) -> bool:
    """Whether a prompt speaks of access to articles: a bare `Log in` stands on every page."""
    return block.kind in WALLS and len(block.text) >= SHORTEST_WALL


def _is_cut(cleaned: Cleaned) -> bool:
    last = cleaned.paragraphs[-1].rstrip("\"'”»“ ") if cleaned.paragraphs else ""
    return not last or last.endswith(ELLIPSES)


def _is_short(cleaned: Cleaned) -> bool:
    return sum(map(word_count, cleaned.paragraphs)) < SHORT_WORDS
