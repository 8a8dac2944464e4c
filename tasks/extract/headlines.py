"""Choose the headline among a page's titles."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote, urlsplit

# How much each place counts when they differ and the printed headline is not confirmed, found on 53
# pages whose gold is often og:title.
WEIGHTS = {"jsonld": 1.0, "h1": 1.0, "og": 1.5, "twitter": 0.6, "title": -0.2}
# The vote of the words in the page's address: it decides between near ties.
ADDRESS_VOTE = 0.15
MIN_ADDRESS_WORDS = 3  # of an address that describes its article
CLEANEST_FIRST = ("jsonld", "og", "twitter", "title", "h1")
SEPARATOR = re.compile(
    r"\s+[-–—|·•»«/:]+\s+|\s*[|｜ㅣ│¦]\s*|\s*--+\s*|\s+::\s+|(?<=\S)[-–—](?=\S[^-–—]{0,30}$)"
)
# Every separator contains one of these: searching for a sign alone is quicker.
SIGN = re.compile(r"[-–—|·•»«/:｜ㅣ│¦]")
TAG = re.compile(r"<[/a-zA-Z][^<>]{0,200}>")
# Markup escaped twice: `Python, SQL &#x26; AI`.
ENTITY = re.compile(r"&(?:#\w{1,7}|[a-zA-Z]{2,8});")
WORD = re.compile(r"[^\W_]{2,}")
LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i"})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
MIN_HEADLINE_CHARS = 8
MAX_HEADLINE_CHARS = 500
CUT_CHARS = 110  # Characters to which sites cut JSON-LD's headline, as search engines ask
CONFIRMED_WEIGHT = 9.0  # More than all places together


@lru_cache(maxsize=512)
def letters(text: str) -> str:
    """The letters and digits of a text, lower case: what two spellings of it share."""
    return re.sub(r"[\W_]+", "", text).lower()


def choose_headline(
    titles: Mapping[str, str],
    names: frozenset[str] = frozenset(),
    address: frozenset[str] = frozenset(),
) -> str | None:
    """The headline that most places agree on, without the site's name.

    Args:
        titles: by place: jsonld, h1, og, twitter, title.
        names: folded names of the site: og:site_name, JSON-LD publisher, the host.
        address: as `words_of_address` has them.
    """
    plain = {}
    for place, text in titles.items():
        text = ENTITY.sub(lambda entity: html.unescape(entity[0]), text[:MAX_HEADLINE_CHARS])
        plain[place] = TAG.sub("", text).strip()
    whole = {place: _unbroken(text, plain.values()) for place, text in plain.items()}
    cut = {
        place: _without_name(text, [t for p, t in whole.items() if p != place], names)
        for place, text in whole.items()
    }
    votes: dict[str, float] = {}
    for place, text in cut.items():
        votes[letters(text)] = votes.get(letters(text), 0.0) + WEIGHTS.get(place, 0.0)
    # What is printed over the article, and confirmed, is no teaser for social networks.
    printed, confirming = letters(cut.get("h1", "")), cut.get("jsonld", cut.get("title", ""))
    if printed == letters(confirming):
        votes[printed] = CONFIRMED_WEIGHT
    usable = {key: vote for key, vote in votes.items() if key and key not in names}
    if not usable:
        return None
    spelled = {
        letters(cut[place]): cut[place] for place in reversed(CLEANEST_FIRST) if place in cut
    }
    keys = [key for key in spelled if key in usable]
    if address and len(keys) > 1:
        shared = {key: len(address & _words(spelled[key])) for key in keys}
        most = max(shared.values())
        for key in keys if min(shared.values()) < most else ():
            usable[key] += ADDRESS_VOTE if shared[key] == most else 0.0
    return spelled[max(usable, key=lambda key: usable[key])]


def owners_in_title(title: str, notice: str) -> frozenset[str]:
    """The folded first or last part of a title that the page's copyright notice names, if any."""
    cuts, notice_letters = _separators(title), letters(notice)
    parts = (title[: cuts[0][0]], title[cuts[-1][1] :]) if cuts else ()
    keys = map(letters, parts)
    return frozenset(key for key in keys if len(key) > 3 and key in notice_letters)


def _unbroken(text: str, others: Iterable[str]) -> str:
    """The text, or the shortest of the others that continues it where it was cut."""

    # Cut at a quote, `content="He said "no""`, or within a word where JSON-LD is cut to 110
    # characters.
    def is_rest(other: str) -> bool:
        rest = other[len(text) :]
        is_within_word = len(text) == CUT_CHARS and rest[:1].replace("_", "a").isalnum()
        return other.startswith(text) and (rest.startswith(('"', ' "')) or is_within_word)

    return min(filter(is_rest, others), key=len, default=text)


def words_of_address(url: str) -> frozenset[str]:
    """The words in the part of a URL's path that has most; empty if it has few."""
    try:
        parts = unquote(urlsplit(url).path).lower().removesuffix(".html").split("/")
    except ValueError:
        return frozenset()
    found = (frozenset(w for w in WORD.findall(part) if not w.isdigit()) for part in parts)
    most = max(found, key=len, default=frozenset())
    return most if len(most) >= MIN_ADDRESS_WORDS else frozenset()


def _words(text: str) -> set[str]:
    """The words of a text as addresses spell them: `Übergewicht` is ubergewicht or uebergewicht."""
    text = unicodedata.normalize("NFC", text.lower())
    spellings = (text.translate(LETTERS), text.translate(UMLAUTS).translate(LETTERS))
    found = set[str]()
    for spelling in spellings:
        parts = unicodedata.normalize("NFKD", spelling)
        found.update(WORD.findall("".join(c for c in parts if not unicodedata.combining(c))))
    return found


def is_section_name(heading: str, title: str) -> bool:
    """Whether a heading shares no word with the page's title: the section's or the blog's name."""
    stated = _words(title)
    return len(stated) >= MIN_ADDRESS_WORDS and not _words(heading) & stated


def main_heading(headings: Sequence[str], others: Iterable[str]) -> str | None:
    """The page's own h1: the one that another title repeats, else holds, else the first."""
    known = [letters(other) for other in others]
    long = [(heading, letters(heading)) for heading in headings]
    long = [(heading, key) for heading, key in long if len(key) > MIN_HEADLINE_CHARS]
    for heading, key in long:
        if key in known:
            return heading
    fitting = [
        h for h, key in long if any(key in other or other in key for other in known if other)
    ]
    if fitting:  # the longest: the title may hold the site's name, which is an h1 too
        return max(fitting, key=len)
    return next((h for h in headings if letters(h)), None)


def _without_name(text: str, others: list[str], names: frozenset[str]) -> str:
    """The text without leading or trailing parts that are the site's name or in no other title."""
    spelled = [letters(other) for other in others]
    cuts = list(_separators(text))
    for start, end in cuts:
        head, tail = text[:start], text[end:]
        if letters(head) in spelled and len(letters(head)) > MIN_HEADLINE_CHARS:
            return head
        if letters(tail) in spelled and letters(head) in names:
            return tail
    whole = text
    for at, (start, end) in enumerate(cuts):
        if letters(text[end:]) in names and len(letters(text[:start])) > MIN_HEADLINE_CHARS:
            text, cuts = text[:start], cuts[:at]
            break
    while cuts and len(letters(text[: cuts[-1][0]])) > MIN_HEADLINE_CHARS:
        start, end = cuts[-1]
        # The last part that is left is the section in `Headline | Section | Paper`.
        is_section = text != whole and "|" in text[start:end] and len(text[end:].split()) <= 3
        if not _is_name(letters(text[end:]), names) and not is_section:
            break
        text = text[: cuts.pop()[0]]
    if cuts and _is_name(letters(text[: cuts[0][0]]), names):
        text = text[cuts[0][1] :]
    return text


@lru_cache(maxsize=64)
def _separators(text: str) -> tuple[tuple[int, int], ...]:
    """Where each separator starts and ends."""
    if not SIGN.search(text):
        return ()
    return tuple((found.start(), found.end()) for found in SEPARATOR.finditer(text))


def _is_name(part: str, names: frozenset[str]) -> bool:
    return bool(part) and (part in names or any(len(n) > 4 and part.startswith(n) for n in names))
