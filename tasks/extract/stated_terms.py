"""What a page states about access, about its length and pages, copyright and text mining."""

import re

from tasks.extract.jsonld import first_text
from tasks.extract.metadata_elements import Page, text_of
from tasks.text.page_numbers import is_next_page, shows_all_pages

TIERS = {
    "free": "free",
    "non-premium": "free",
    "metered": "metered",
    "registration": "metered",
    "locked": "paywalled",
    "premium": "paywalled",
    "paid": "paywalled",
}
# `article:content_tier`, `cXenseParse:abc-articletype`, `outbrain:article_access_status`.
TIER_NAME = re.compile(r"(?:content_?tier|article_?type|access_?status)$")
# `isPremium`, `k5a:paid`, `cXenseParse:recs-ispaidcontent`; not `adv:premium`, which is about
# advertisements.
PAID_NAME = re.compile(r"(?:is_?premium|is_?paid(?:content)?|[:_-]paid|-premium)$")
WORDS = re.compile(r"[0-9]{1,6}")
NOAI = re.compile(r"\bno(?:image)?ai\b", re.I)
NOTICE = re.compile(r"(?:©|&copy;|\(c\)\s|\bcopyright\b).{2,160}", re.I)


def stated_access(page: Page) -> str:
    """free, metered, paywalled, or unknown when the page does not say."""
    tiers = [TIERS.get(text.lower()) for text in _metas(page, TIER_NAME)]
    tier = next(filter(None, tiers), None)
    about = page.structured.about
    parts = [thing.get("hasPart") for thing in about]
    members = [m for part in parts for m in (part if isinstance(part, list) else [part])]
    things = [*about, *(member for member in members if isinstance(member, dict))]
    values = [_bool(thing.get("isAccessibleForFree")) for thing in things]
    known = [value for value in values if value is not None]
    if known and (tier is None or (tier != "metered" and all(known))):
        return "free" if all(known) else "paywalled"
    if tier:
        return tier
    paid = [truth for text in _metas(page, PAID_NAME) if (truth := _bool(text)) is not None]
    return ("paywalled" if any(paid) else "free") if paid else "unknown"


def stated_words(page: Page) -> int:
    """How many words JSON-LD says the article has; 0 when it does not say."""
    count = str(page.structured.stated("wordCount")).strip()
    return int(count) if WORDS.fullmatch(count) else 0


def is_one_of_pages(page: Page) -> bool:
    """Whether a link says that the article goes on on another page, or began on one."""
    # Page numbers decide: WordPress and others link the next post by `rel=next`, too. Of 40 gold
    # news pages with such links one is marked, rightly. Buttons without `rel` are not seen.
    if shows_all_pages(page.url):
        return False
    own = [url for url in (page.url, page.declared) if url]
    return any(is_next_page(url, at) for url in page.page_links("next") for at in own) or any(
        is_next_page(at, url) for url in page.page_links("prev") for at in own
    )


def _metas(page: Page, name: re.Pattern[str]) -> list[str]:
    return [text for key, text in page.meta.items() if name.search(key)]


def find_notice(page: Page) -> str | None:
    """The copyright notice."""
    holder = first_text(page.structured.resolve(page.structured.stated("copyrightHolder")))
    stated = first_text(page.structured.stated("copyrightNotice"))
    notice = stated or page.first("copyright", "dcterms.rights", "dc.rights", "rights")
    if notice or holder:
        year = page.structured.stated("copyrightYear")
        return notice or " ".join(["©", *([str(year)] if year else []), str(holder)])
    for node in page.footers[-4:]:
        text = text_of(node)
        for script in filter(None, map(text_of, node.css("script, style"))):
            text = text.replace(script, " ")
        if found := NOTICE.search(text[-3000:]):
            return found[0].strip()
    return None


def find_reservation(page: Page) -> str | None:
    """The page's reservation against text and data mining, in its own words."""
    terms = [f"{n}={page.meta[n]}" for n in ("tdm-reservation", "tdm-policy") if page.meta.get(n)]
    robots = NOAI.search(page.meta.get("robots", ""))
    return "; ".join([*terms, *([robots[0].lower()] if robots else [])]) or None


def _bool(value: object) -> bool | None:
    if isinstance(value, list):
        value = value[0] if value else None
    word = str(value).rpartition("/")[2].strip().lower()
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(word)
