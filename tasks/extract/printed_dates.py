"""Find the publication date that is printed near the headline, as in a byline.

htmldate is not used as a fallback: where this finds nothing, it gave 57 right days, 11 off by one
and 11 wrong. A wrong date is worse than none, since undated articles stay out of time series.
"""

import re

from selectolax.lexbor import LexborNode

MARKED = (
    "time, [itemprop*=date i], [class*=date i], [class*=time i], [class*=publi i],"
    " [class*=datum i], [class*=fecha i], [class*=tarih i], [class*=byline i], [class*=meta i],"
    " [id*=date i]"
)
UPDATED = re.compile(
    r"updat|modif|edited|last review|aktualisi|geändert|mis à jour|màj|actualiz|aggiorna|atualiz"
    r"|bijgewerkt|uppdat|oppdat|opdater|güncel|обновл|оновл|更新|수정",
    re.I,
)
PLAIN = "p, span, div, li, small, em, td"
BARE = 60
SHORT_PARTS = re.compile(
    r"[\d\W年月日時分년월일]+|uhr\b|[^\W\d_]{3,9}(?=\W+\d{1,2}\W+\d{4}|\W+\d{4})", re.I
)
LEVELS = 6
LONGEST = 160
YEAR = re.compile(r"(?:19|20)\d\d")
MOST = 6


def dates_near(heading: LexborNode) -> list[str]:
    """Texts that may hold the date, from the smallest element around the heading that has any."""
    node: LexborNode | None = heading
    for _ in range(LEVELS):
        node = node.parent if node is not None else None
        if node is None or node.tag in ("body", "html"):
            return []
        marked = [stamp for mark in node.css(MARKED)[:40] if (stamp := _stamp(mark))]
        found = marked or [stamp for mark in node.css(PLAIN)[:60] if (stamp := _bare_date(mark))]
        if found:
            return found if len(set(found)) <= MOST else []
    return []


def _bare_date(node: LexborNode) -> str | None:
    """The text of an element that holds next to nothing but a date."""
    text = node.text(separator=" ")
    if not YEAR.search(text):
        return None
    text = " ".join(text.split())
    is_bare = len(text) <= BARE and len(SHORT_PARTS.sub("", text)) < len(text) * 0.5
    return text if is_bare else None


def _stamp(node: LexborNode) -> str | None:
    if node.parent is not None and node.parent.tag in ("figure", "figcaption"):
        return None
    said = node.attributes
    text = said.get("datetime") or said.get("content") or " ".join(node.text(separator=" ").split())
    if len(text) > LONGEST or not YEAR.search(text):
        return None
    around = " ".join(filter(None, (said.get("class"), said.get("itemprop"), said.get("id"))))
    if UPDATED.search(around):
        return None
    published = UPDATED.split(text, maxsplit=1)[0]
    return published if YEAR.search(published) else None
