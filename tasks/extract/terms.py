"""What a page says about who may read it and what may be done with it."""

import re

from tasks.extract.jsonld import first_text
from tasks.extract.page import Page, text_of

TIERS = {
    "free": "free",
    "metered": "metered",
    "locked": "paywalled",
    "premium": "paywalled",
    "paid": "paywalled",
    "registration": "metered",
}
NOAI = re.compile(r"\bno(?:image)?ai\b", re.I)
NOTICE = re.compile(r"(?:©|&copy;|\(c\)\s|\bcopyright\b).{2,160}", re.I)


def stated_access(page: Page) -> str:
    """free, metered, paywalled, or unknown when the page does not say."""
    tier = page.first("article:content_tier", "content_tier", "og:article:content_tier") or ""
    if tier.lower() in TIERS:
        return TIERS[tier.lower()]
    article = page.structured.article
    parts = article.get("hasPart")
    members = parts if isinstance(parts, list) else [parts]
    things = [article, page.structured.page, *(m for m in members if isinstance(m, dict))]
    said = [truth for t in things if (truth := _truth(t.get("isAccessibleForFree"))) is not None]
    if not said:
        return "unknown"
    return "free" if all(said) else "paywalled"


def find_notice(page: Page) -> str | None:
    """The copyright notice."""
    holder = first_text(page.structured.resolve(page.stated("copyrightHolder")))
    stated = first_text(page.stated("copyrightNotice"))
    notice = stated or page.first("copyright", "dcterms.rights", "dc.rights", "rights")
    if notice or holder:
        year = page.stated("copyrightYear")
        return notice or " ".join(["©", *([str(year)] if year else []), str(holder)])
    for node in page.tree.css("footer, #footer, .footer, .copyright")[-4:]:
        if found := NOTICE.search(text_of(node)[-3000:]):
            return found[0].strip()
    return None


def find_reservation(page: Page) -> str | None:
    """What the page says against text and data mining, as it says it."""
    said = [f"{n}={page.meta[n]}" for n in ("tdm-reservation", "tdm-policy") if page.meta.get(n)]
    robots = NOAI.search(page.meta.get("robots", ""))
    return "; ".join([*said, *([robots[0].lower()] if robots else [])]) or None


def _truth(value: object) -> bool | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool):
        return value
    said = str(value).rpartition("/")[2].strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(said)
