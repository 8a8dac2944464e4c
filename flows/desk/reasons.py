"""Why a block of a page was stripped, in plain words."""

# By kind, as in stripped_blocks.
KINDS = {
    "metering": "counts free articles",
    "paywall": "asks to pay or log in",
    "registration": "asks to register",
    "newsletter": "offers a newsletter",
    "trial_offer": "offers a subscription",
    "donation": "asks for money",
    "sponsored": "is advertising or paid for",
    "app_promo": "offers an app",
    "cookie_adblock": "is about cookies or ad blockers",
    "other": "is no part of the article",
    "related": "leads to other articles",
    "share": "offers to share or follow",
    "furniture": "belongs to the page, not to its article",
}
# By the layer that decided: the first part of a rule's name, up to the colon (tasks/prompts).
DECIDED = {
    "text": "by its wording",
    "model": "by the scores of its text and place",
    "dom": "by the page's markup",
    "head": "a date, count, label or credit at the article's head",
    "end": "it follows the article",
    "jsonld": "the article's text in the page's data lacks it",
    "size": "the page is too long to read all of it",
    "site": "it recurs on the source's pages",
    "source": "by the strip of the source in sources.toml",
}


def reason(kind: str, rule: str) -> str:
    """The reason in words, such as: offers a newsletter (by its wording)."""
    layer = rule.partition(":")[0]
    return f"{KINDS.get(kind, kind)} ({DECIDED.get(layer, layer)})"
