"""Recognise short lines by their wording: dates, bylines, credits of pictures, breadcrumbs."""

import re
from collections.abc import Sequence
from itertools import pairwise

from tasks.prompts.word_weights import fold, word_count
from tasks.text.calendar_names import MONTH_NUMBER

PARTS = re.compile(r"\s+[·|•–—/]\s+|\s*[|｜•]\s*|\n")
YEAR_OR_TIME = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|\b\d{1,2}[.:h時시点]\d{2}|\d{1,2}月\d{1,2}日"
)
WORD = re.compile(r"[^\W\d_]+")
NO_DATE = re.compile(r"[$€£¥#@%]")
NUMBER = re.compile(r"\d+")
BYLINE = re.compile(
    r"^(?i:(?:(?:eine?|an?|une?|un[ao]?)\s\w{4,20}\s)?"
    r"(?:by|von|par|por|di|da|av|af|door|from|(?:reported|written|posted) by|texto?|reportage))"
    r"(?:\s*:\s*|\s+)(?P<names>(?=[^\W\d_a-zß-öø-ÿ])\S.{1,80})$"
)
AND_WORDS = frozenset(["and", "&", "und", "et", "y", "e", "ed", "og", "och", "en", "i"])
# What else begins with a small letter in a byline: parts of names, where somebody works, and when.
_SMALL_WORDS = """
von van vom der den de del della di da dal do dos das du des la le les el al bin ibn ter ten zu zur
af av in at of the for with on im aus für mit bei à au pour avec para con em com per voor met för
med published updated posted contributing special staff own
reporter reporters correspondent correspondents editor editors writer writers journalist columnist
contributor producer presenter analyst
journaliste correspondant correspondante redacteur periodista redactor corresponsal giornalista
"""
SMALL_WORDS = AND_WORDS | frozenset(_SMALL_WORDS.split())
AFTER_NAMES = re.compile(r"[,;:(@\d]")
NAME = r"[々〆\u3040-\u30ff\u3400-\u9fff]{2,12}"
EAST_ASIAN_BYLINE = re.compile(
    rf"^[^\s、。「」]{{1,10}}(?:部|局|課|室|班|記者|特派員|編集委員|論説委員)[\s\u3000]+{NAME}"
    rf"(?:[\s\u3000、・]+{NAME}){{0,3}}$"
    rf"|^[^\s。、「」]{{1,12}}[＝=]{NAME}(?:[、・]{NAME}){{0,3}}$"
    rf"|^{NAME}(?:記者|特派員|編集委員)$"
    r"|^(?:记者|作者|編輯|文|取材|執筆|撰文|記者)\s*[:：／/]\s*\S{2,24}$"
    r"|^[\uac00-\ud7af]{2,5}\s?(?:기자|특파원)(?:\s|$)"
)
CREDITED = re.compile(
    r"^\W*(?:photos?|fotos?|bild(?:er)?|image|picture|video|illustration)\b", re.I
)
CREDIT = re.compile(
    r"©|\b(?:photo|foto|image|bild|picture|credit|crédit|getty|reuters|afp|shutterstock|dpa|"
    r"afp|epa|photograph)\b\W{0,3}(?:\w+\W{0,3}){0,4}$|^\W*(?:photo|foto|bild|image)\b|写真|©",
    re.I,
)
CRUMBS = re.compile(r"\s*[＞>»›/→]\s*")
# What stands between an author's name and a date: `Jane Roe - Thursday, May 16`.
BEFORE_DATE = re.compile(
    r"(?:[\s,;:·|⋅/(–—-]+|(?<=[\s,;:·|⋅/(–—-])(?:on|at|am|um|le|el|den|published|updated|posted"
    rf"|\w{{2,7}}(?:day|tag|dag)|mittwoch|sonnabend|{'|'.join(MONTH_NUMBER)})\.?)$",
    re.I,
)
DATED_BY = re.compile(r"\d.*?\b((?:by|von|par|por)\s+(?=[^\W\d_]).*)$", re.I)
NOT_A_NAME = re.compile(r"[\d@]")
# `Published 3 March at 14h52`, `September 16th, 9:27 am`: parts of numbers, no words.
IN_NUMBERS = re.compile(r"(?<=\d)(?:h|st|nd|rd|th)(?![^\W\d_])|(?<=\d)\s?[ap]m\b", re.I)
MAX_DATE_LINE_CHARS = 100
# Of `27 members voted yes.`, not of `Lesezeit: 3 Min.`
ENDS_SENTENCE = re.compile(r"[!?。]$|[^\W\d_](?<!\bmin)(?<!\bmins)(?<!\bstd)\.$", re.I)
TWO_DATES = 6  # Numbers of two dates with their times
MAX_COUNT_CHARS = 35  # as in `Reading time: 3 minutes`


def is_date_line(text: str, *, is_exact: bool = False) -> bool:
    """Whether a line is little more than a date: `Updated 3 March 2026, 10:20`.

    If `is_exact`, with day, month and year, or nothing else: not `Crimea, 2014–2022`.
    """
    if len(text) > MAX_DATE_LINE_CHARS or NO_DATE.search(text) or not YEAR_OR_TIME.search(text):
        return False
    numbers, words = len(NUMBER.findall(text)), WORD.findall(IN_NUMBERS.sub(" ", text))
    # Two dates take more words: `Publié le 3 mars 2026 à 08:01, mis à jour le 4 mars à 09:06`.
    is_pair = numbers >= TWO_DATES and "://" not in text and max(map(len, words), default=0) <= 12
    if is_exact and numbers < 3 and not all(word.lower() in MONTH_NUMBER for word in words):
        return False
    return numbers >= 2 and len(words) <= (1.5 * numbers if is_pair else numbers + 1)


def is_count(text: str) -> bool:
    """Whether a line is a number and what it counts: `3 min read`, `12 comments`."""
    if len(text) > MAX_COUNT_CHARS or len(NUMBER.findall(text)) != 1 or ENDS_SENTENCE.search(text):
        return False
    words = WORD.findall(text)
    is_named = max(map(len, words), default=0) >= 3
    return is_named and word_count(text) <= 5 and not NO_DATE.search(text)


def find_byline(text: str, authors: Sequence[str]) -> str | None:
    """The part of a line that names the authors; None if there is none."""
    if len(text) > 2 * MAX_DATE_LINE_CHARS or text[-1:] in "!?:：":
        return None
    known = [folded for author in authors if len(folded := fold(author)) > 3]
    # `4 March 2031 by Jane Roe`
    after = DATED_BY.search(text)
    is_dated = after is not None and is_date_line(text[: after.start(1)])
    parts = PARTS.split(after[1] if after and is_dated else text)
    byline = next((part for part in parts if _names_author(part, known)), None)
    if byline is None or not (is_dated or NOT_A_NAME.search(byline)):
        return byline
    text = _names_alone(byline, authors)
    return text if len(text.split()) > 1 else byline


def _names_alone(text: str, authors: Sequence[str]) -> str:
    """A byline without dates, handles and addresses around the names."""
    if after := DATED_BY.search(text):
        text = after[1]
    folded = text.casefold()
    if places := [
        (folded.find(name), len(name)) for name in map(str.casefold, authors) if name in folded
    ]:
        start, end = min(places)[0], max(start + size for start, size in places)
        # `10:20, 4 March 2031 Jane Roe`
        return text[start if NOT_A_NAME.search(text[:start]) else 0 : end].strip()
    if at := NOT_A_NAME.search(text):
        cut = at.start()
        # The first part of `jane.roe@herald.example` goes, too.
        name = text[:cut].rpartition(" ")[0] if "." in text[cut:].split()[0] else text[:cut]
        text = _without_day(name if at[0] == "@" else text[:cut])
    return text.strip()


def _without_day(text: str) -> str:
    """A text up to a date, without what leads over to the date."""
    while (shorter := BEFORE_DATE.sub("", text)) != text:
        text = shorter
    return text


def _names_author(part: str, known: list[str]) -> bool:
    if not part or len(part) > MAX_DATE_LINE_CHARS or CREDITED.match(part):
        return False
    own, words = fold(part), part.split()
    named = [name for name in known if name in own]
    if named and len(own) - sum(map(len, named)) <= 30 and len(words) <= 14:
        return part[-1] not in ".!?。" or len(own) == len(named[0])
    if len(words) <= 12 and part[-1] not in ".!?" and (byline := BYLINE.match(part)):
        # `By` and names: neither `Von Rom bis Kiew` nor `Par Lyon et par Nice`.
        names = _without_day(AFTER_NAMES.split(byline["names"])[0]).split()
        by = words[0].casefold()
        is_repeated = any(one in AND_WORDS and other == by for one, other in pairwise(names))
        if not is_repeated and all(not n[0].islower() or n in SMALL_WORDS for n in names):
            return True
    return len(part) <= 30 and EAST_ASIAN_BYLINE.match(part) is not None


def last_crumb(text: str) -> str | None:
    """The last place of a breadcrumb trail, such as `Sport` in `Home > Sport`."""
    crumbs = [crumb for crumb in CRUMBS.split(text.strip("＞>»›/→ ")) if crumb]
    is_trail = 2 <= len(crumbs) <= 5 and all(len(crumb) <= 30 for crumb in crumbs)
    return crumbs[-1] if is_trail else None


def looks_credited(text: str) -> bool:
    """Whether a line ends in, or opens with, the credit of a picture."""
    return len(text) < 500 and CREDIT.search(text[-80:]) is not None and text[-1] not in '.!?"”'
