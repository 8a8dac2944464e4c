"""The dates printed around a headline that are the article's own, the nearest first.

A date farther away is more often that of another article, of a comment or of the day: an article
without a date of its own is better dated by its URL or its feed, or not at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from tasks.extract.date_labels import CHANGED, LABEL, PUBLISHED, is_incomplete
from tasks.extract.heading_lines import (
    DATE_ELEMENT_NAME,
    MAX_DATE_CHARS,
    YEAR,
    Line,
    is_short,
    lines_from,
    name_of,
    next_node,
)
from tasks.prompts.word_weights import word_count

DIGIT = re.compile(r"\d")
SHORT_PARTS = re.compile(
    r"[\d\W年月日時分년월일]+|uhr\b|[^\W\d_]{3,9}(?=\W+\d{1,2}\W+\d{4}|\W+\d{4})", re.I
)
MAX_DATE_LINE_CHARS = 60  # of a line that holds next to nothing but a date
MAX_BYLINE_CHARS = 90  # of a line with the author, the date and the time
DATE_AND_TIME = re.compile(
    r"(?:19|20)\d\d\W{1,3}(?:(?:at|um|à|a las|kl|ore|o)\W+)?\d{1,2}[:.h]\d\d"
)
PERIOD = re.compile(r"(?<![ap]\.m)\.\Z", re.I)
MAX_REST_LETTERS = 8  # beside the date, in what follows a label
MAX_LETTERS = 12  # of a line that is a date without its year
MAX_LEVELS_UP = 4  # Elements around a line whose names are checked against DATE_ELEMENT_NAME
# Of 698 real pages with a date in their metadata, 473 print one no farther from the headline: 447
# of the same day or the next, most others that of a change. A date that is labelled as that of a
# change is not taken: on 11 of 36 news pages without another one it was another day.
MAX_WORDS_BELOW = 80
MAX_WORDS_ABOVE = 12
CLOSE_WORDS = 15  # A date so close is hardly another article's
MAX_DATES = 2  # Published, and changed without saying so
MAX_REST_CHARS = 12  # beside the label, in a line that labels the next one
LEVELS_ABOVE = 2
SENTENCE = re.compile(r"[^\W\d_]{4,}[.!?。]\W*\Z")


# A label that begins the line, or that a colon follows.
LABELLED = re.compile(
    rf"(?:\A|[|•·–—])\W*(?:first\s|originally\s|date\s)?(?:{PUBLISHED.pattern})"
    rf"|(?:{PUBLISHED.pattern})[^\W\d]*\s?[:：]",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed date, and how many words stand between it and the headline."""

    text: str
    words: float
    is_above: bool = False


def printed_dates(heading: LexborNode) -> list[Printed]:
    """The dates around the heading, those below it first."""
    below = list(_dates(lines_from(next_node(heading), MAX_WORDS_BELOW)))
    if any(found is None for found in below):
        # Dates after an incomplete one of the article's, such as "2 hours ago", are of others.
        return [found for found in below[: below.index(None)] if found]
    found = [date for date in below if date]
    if len({date.text for date in found if date.words > CLOSE_WORDS}) > MAX_DATES:
        # They are in a list of other articles that follows a short one.
        found = [date for date in found if date.words <= CLOSE_WORDS]
    for date in () if found else _dates_above(heading):
        found.append(Printed(date.text, date.words, is_above=True))
    return found


def _dates_above(heading: LexborNode) -> Iterator[Printed]:
    node: LexborNode | None = heading
    words = 0.0
    for _ in range(LEVELS_ABOVE):
        if node is None or node.tag == "body":
            return
        sibling = node.prev
        while sibling is not None and words <= MAX_WORDS_ABOVE:
            # A header or list of links above the headline's own block is the site's.
            if sibling.tag not in ("header", "nav", "ul"):
                lines = list(lines_from(sibling, MAX_WORDS_ABOVE - words + 1, within=sibling))
                count = sum(word_count(line.text) for line in lines)
                if words + count <= MAX_WORDS_ABOVE:
                    yield from filter(None, _dates(iter(lines)))
                words += count
            sibling = sibling.prev
        node = node.parent


def _dates(lines: Iterator[Line]) -> Iterator[Printed | None]:
    """The dates of publication in the lines; None for one that is not complete."""
    above = ""  # The line before, when it may be a label
    for line in lines:
        text = line.text
        if YEAR.search(text):
            if _holds_a_date(line, text):
                for part in _of_publication(text, above):
                    yield Printed(part, line.words_before)
        elif is_incomplete(text) and not CHANGED.search(above):
            # A day or an hour, but not in a sentence like `Sales start on 3 May`.
            is_short = sum(map(str.isalpha, text)) <= MAX_LETTERS
            if is_short or LABELLED.search(text) or _is_marked(line):
                yield None
        label = LABEL.search(text) if len(text) <= MAX_DATE_CHARS else None
        is_label = label and len(text) - len(label[0]) <= MAX_REST_CHARS and not DIGIT.search(text)
        above = text if is_label else ""


def _holds_a_date(line: Line, text: str) -> bool:
    """Whether the line is a date with little else, or labels its date."""
    if len(text) > MAX_DATE_CHARS or (SENTENCE.search(text) and not LABEL.search(text)):
        return False
    if len(text) <= MAX_DATE_LINE_CHARS and len(SHORT_PARTS.sub("", text)) < len(text) * 0.5:
        return True
    if line.has_time or LABELLED.search(text):
        return True
    # `By Ada Byron 6 June 2013, 17:16` right under the headline
    is_byline = line.words_before <= CLOSE_WORDS and len(text) <= MAX_BYLINE_CHARS
    if is_byline and DATE_AND_TIME.search(text) and not PERIOD.search(text):
        return True
    *_, rest = LABEL.split(text)
    if rest != text and YEAR.search(rest) and len(SHORT_PARTS.sub("", rest)) <= MAX_REST_LETTERS:
        return True
    return _is_marked(line)


def _is_marked(line: Line) -> bool:
    at: LexborNode | None = line.block
    for _ in range(MAX_LEVELS_UP):
        if at is None or at.tag == "body":
            return False
        if (at.tag == "time" or DATE_ELEMENT_NAME.search(name_of(at))) and is_short(
            at, MAX_DATE_CHARS
        ):
            return True
        at = at.parent
    return False


def _of_publication(text: str, above: str) -> list[str]:
    """The parts of a line that hold the date of publication, labelled ones first."""
    labels = list(LABEL.finditer(text))
    starts = [0, *(label.end() for label in labels)]
    ends = [*(label.start() for label in labels), len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    first = LABEL.search(above)
    names: list[re.Match[str] | None] = [first, *labels]
    if labels and YEAR.search(parts[0]) and not DIGIT.search(parts[-1]):
        # The labels follow their dates, as in Japan: `2026年3月20日 更新`.
        parts, names = parts[:-1], list(labels)
    dated = [(name, part) for name, part in zip(names, parts, strict=True) if YEAR.search(part)]
    kept = [(name, part) for name, part in dated if not (name and name["changed"])]
    return [part.strip(" :") for _, part in sorted(kept, key=lambda pair: pair[0] is None)]
