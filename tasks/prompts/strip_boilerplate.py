"""Strip texts that recur on the pages of one site: furniture, in any language.

Recurrence counts only against a text that the model doubts: publishers repeat background paragraphs
word for word, and the versions of one story share most of their text. On 201 pages of 46 publishers
it changed 15 pages and lost no paragraph.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

from tasks.prompts.draft import Draft, Role
from tasks.prompts.page_hints import Site
from tasks.prompts.text_rules import find_rule

MAX_TEXT_CHARS = 2000  # that are compared
MIN_LETTERS = 2
# Shares of a site's pages: the least for a doubtful label, and for anything else.
MIN_LABEL_SHARE, MIN_SHARE = 1 / 3, 1 / 2
MIN_PAGES = 5  # on which a label that the model is sure of has to recur
MAX_DOUBTFUL_SCORE = 0.75  # A sentence with this score or more stays, wherever else it stands
MAX_RECURRING_SHARE = 0.25  # If more of a page's text recurs, it is a version of another page
WRITTEN = ("good", "ends_sentence", "heading")  # Columns of sentences and headings
NO_LETTER = re.compile(r"[\W\d_]+")
ASCII = {code: chr(code).lower() if chr(code).isalpha() else None for code in range(128)}


def text_hash(text: str) -> int:
    """A hash that ignores numbers, case and punctuation; 0 for texts of hardly a letter.

    `Noch 2 Artikel` and `noch 3 Artikel!` have the same hash.
    """
    text = text[:MAX_TEXT_CHARS]
    letters = text.translate(ASCII) if text.isascii() else NO_LETTER.sub("", text).lower()
    return exact_hash(letters.encode()) if len(letters) >= MIN_LETTERS else 0


def exact_hash(data: bytes) -> int:
    """A 64-bit hash that is the same in every process."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def strip_recurring(draft: Draft, site: Site, language: str | None) -> None:
    """Strip what recurs on the site's pages: doubtful texts, and labels that most pages have."""
    kept = [at for at, role in draft.roles.items() if role in (Role.BODY, Role.CAPTION)]
    hashes = {at: text_hash(draft.text(at)) for at in kept} if site.counts else {}
    found = {at: site.counts[text] for at, text in hashes.items() if text in site.counts}
    if _size(draft, found) > MAX_RECURRING_SHARE * _size(draft, kept):
        return
    columns = draft.columns
    for at, count in found.items():
        share, is_doubtful = count / site.pages, bool(draft.score[at] < MAX_DOUBTFUL_SCORE)
        if is_doubtful:
            is_furniture = share >= (MIN_SHARE if columns["good"][at] else MIN_LABEL_SHARE)
        else:
            # A label like `Read more in our app`, in any language: no sentence, heading or line
            # with a number. Authors repeat questions, the headings of a briefing ("Ukraine"), and
            # lines that differ only by their numbers ("Gold: $4,198 an ounce").
            is_written = any(name in columns and columns[name][at] > 0 for name in WRITTEN)
            is_frequent = count >= MIN_PAGES and share >= MIN_SHARE
            is_furniture = is_frequent and not (is_written or any(map(str.isdigit, draft.text(at))))
        if is_furniture:
            rule = find_rule(draft.text(at), language)
            draft.strip(at, rule.kind if rule else "furniture", "site:recurring")


def _size(draft: Draft, blocks: Iterable[int]) -> int:
    return sum(len(draft.text(at)) for at in blocks)
