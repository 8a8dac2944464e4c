"""The dates printed around a headline that are the article's own, the nearest first.

A date farther away is more often that of another article, of a comment or of the day: an article
without a date of its own is better dated by its URL or its feed, or not at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from tasks.extract.date_labels import CHANGED, CHANGED_NAME, LABEL, PUBLISHED, is_incomplete
from tasks.prompts.word_weights import word_count
from tasks.text.html_tree import one_line

YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d{5})")
DIGIT = re.compile(r"\d")
# In the names of elements that hold the date.
MARKED = re.compile(r"date|time|publi|datum|fecha|tarih|byline|meta", re.I)
_OTHER_TAGS = """
script style noscript template svg nav aside figure figcaption form select button blockquote iframe
"""
OTHER_TAGS = frozenset(_OTHER_TAGS.split())
OTHERS = re.compile(
    r"caption|comments?[-_]?(?:list|area|section|box)?\b|related|recommend|sidebar|masthead|weather"
    r"|\btoday\b|today'?s?[-_]?date|current[-_]?date|datemodified",
    re.I,
)
_INLINE = "a abbr b cite em font i label small span strong sub sup time u"
INLINE = frozenset(_INLINE.split())
SHORT_PARTS = re.compile(
    r"[\d\W年月日時分년월일]+|uhr\b|[^\W\d_]{3,9}(?=\W+\d{1,2}\W+\d{4}|\W+\d{4})", re.I
)
BARE = 60  # Characters of a line that holds next to nothing but a date
LONGEST = 160  # Characters of an element whose name says that it holds the date
FEW_LETTERS = 8  # Most letters beside the date in what follows a label
LETTERS = 12  # Most letters of a line that is a date without its year
LEVELS = 4  # Elements around a line whose names are checked against MARKED
# Of 684 real pages with a date in their metadata, 417 print one no farther from the headline: 396
# the same, most others that of a change.
BELOW = 80
ABOVE = 12
UNDER = 15  # Words below the headline within which a date is hardly another article's
MOST = 2  # Different dates farther below: published, and changed without saying so
BESIDE = 12  # Most characters beside the label in a line that labels the next one
ABOVE_LEVELS = 2
STEPS = 3000
LINKED, TEASER = 4, 400  # Words of a link to another article; characters of a whole teaser
DEPTH = 20  # Most elements around a text that are checked
NODES = 100  # Of an element that is short
SENTENCE = re.compile(r"[^\W\d_]{4,}[.!?。]\W*\Z")


# A label that begins the line, or that a colon follows.
LABELLED = re.compile(
    rf"\A\W*(?:first\s|originally\s|date\s)?(?:{PUBLISHED.pattern})"
    rf"|(?:{PUBLISHED.pattern})[^\W\d]*\s?[:：]",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed date, and how many words stand between it and the headline."""

    text: str
    words: float
    is_above: bool = False


@dataclass(slots=True)
class _Line:
    block: LexborNode
    words_before: float
    parts: list[str] = field(default_factory=list)
    has_time: bool = False  # Whether a time element states its date

    @property
    def text(self) -> str:
        return one_line(" ".join(self.parts))


def printed_dates(heading: LexborNode) -> list[Printed]:
    """The dates around the heading, those below it first."""
    below = list(_dates(_lines_from(_after(heading), BELOW)))
    if any(found is None for found in below):
        # Dates after an incomplete one of the article's, such as "2 hours ago", are of others.
        return [found for found in below[: below.index(None)] if found]
    found = [date for date in below if date]
    if len({date.text for date in found if date.words > UNDER}) > MOST:
        # They are in a list of other articles that follows a short one.
        found = [date for date in found if date.words <= UNDER]
    for date in () if found else _above(heading):
        found.append(Printed(date.text, date.words, is_above=True))
    return found


def is_of_the_article(node: LexborNode, heading: LexborNode | None) -> bool:
    """Whether no element around this one, up to those around the headline too, is foreign."""
    shared = set[int]()
    while heading is not None:
        shared.add(heading.mem_id)
        heading = heading.parent
    at: LexborNode | None = node
    for _ in range(DEPTH):
        if at is None or at.mem_id in shared:
            return True
        if _is_foreign(at):
            return False
        at = at.parent
    return True


def _above(heading: LexborNode) -> Iterator[Printed]:
    node: LexborNode | None = heading
    words = 0.0
    for _ in range(ABOVE_LEVELS):
        if node is None or node.tag == "body":
            return
        sibling = node.prev
        while sibling is not None and words <= ABOVE:
            # A header or list of links above the headline's own block is the site's.
            if sibling.tag not in ("header", "nav", "ul"):
                lines = list(_lines_from(sibling, ABOVE - words + 1, within=sibling))
                count = sum(word_count(line.text) for line in lines)
                if words + count <= ABOVE:
                    yield from filter(None, _dates(iter(lines)))
                words += count
            sibling = sibling.prev
        node = node.parent


def _lines_from(
    node: LexborNode | None, most: float, within: LexborNode | None = None
) -> Iterator[_Line]:
    """The lines of text from a node on, in the order of the page, until there are `most` words."""
    line: _Line | None = None
    words = 0.0
    for _ in range(STEPS):
        if node is None or words > most:
            break
        text, is_whole = _text_at(node)
        if text.strip():
            block = _block(node)
            if line is None or line.block.mem_id != block.mem_id:
                if line:
                    yield line
                line = _Line(block, words)
            line.parts.append(text)
            line.has_time |= node.tag == "time"
            words += word_count(text)
        node = _after(node, within) if is_whole else node.child or _after(node, within)
    if line:
        yield line


def _text_at(node: LexborNode) -> tuple[str, bool]:
    """The text that a node adds to its line, and whether its children are skipped."""
    if node.tag == "-text":
        return node.text(deep=False) or "", True
    if _is_foreign(node):
        return "", True
    if node.tag == "time" and YEAR.search(node.attributes.get("datetime") or ""):
        return _of_time(node), True
    return _label_in_name(node), False


def _after(node: LexborNode, within: LexborNode | None = None) -> LexborNode | None:
    """The node that follows this one and its descendants."""
    at: LexborNode | None = node
    # The parser's own comparison is of the nodes' HTML: slow, and equal for two alike nodes.
    end = within.mem_id if within else None
    while at is not None and at.mem_id != end and at.tag != "body":
        if at.next is not None:
            return at.next
        at = at.parent
    return None


def _is_short(node: LexborNode, most: int) -> bool:
    """Whether an element's text has no more than `most` characters."""
    at, size = node.child, 0
    for _ in range(NODES):
        if at is None:
            return True
        if at.tag == "-text":
            size += len((at.text(deep=False) or "").strip()) + 1
        if size > most:
            return False
        at = at.child or _after(at, node)
    return False


def _block(node: LexborNode) -> LexborNode:
    """The innermost element around a node that begins a line of its own."""
    at = node.parent or node
    for _ in range(DEPTH):
        if at.tag not in INLINE or at.parent is None:
            break
        at = at.parent
    return at


def _name(node: LexborNode) -> str:
    return " ".join(filter(None, map(node.attributes.get, ("class", "itemprop", "id"))))


def _label_in_name(node: LexborNode) -> str:
    """A label of a change in an element's name; none if it names publication too (WordPress)."""
    name = _name(node)
    found = CHANGED_NAME.search(name)
    if found is None or PUBLISHED.search(name):
        return ""
    return found[0] if _is_short(node, LONGEST) else ""


def _is_foreign(node: LexborNode) -> bool:
    """Whether the content of an element is not the article's, or not text."""
    name = _name(node)
    if node.tag == "aside" and MARKED.search(name):
        return not _is_short(node, LONGEST)
    if node.tag in OTHER_TAGS or (OTHERS.search(name) and "byline" not in name):
        return True
    if node.tag not in ("li", "article"):
        return False
    # A teaser: little besides the link to another article.
    is_short = _is_short(node, TEASER)
    return is_short and any(word_count(link.text()) >= LINKED for link in node.css("a")[:5])


def _of_time(node: LexborNode) -> str:
    """The label in or on a time element, and its date."""
    label = LABEL.search(node.text(separator=" ")[:LONGEST])
    name = label[0] if label else _label_in_name(node)
    return f"{name} {node.attributes['datetime']}"


def _dates(lines: Iterator[_Line]) -> Iterator[Printed | None]:
    """The dates of publication in the lines; None for one that is not complete."""
    above = ""  # The line before, when it may be a label
    for line in lines:
        text = line.text
        if YEAR.search(text):
            if _holds_a_date(line, text):
                for part in _of_publication(text, above):
                    yield Printed(part, line.words_before)
        elif is_incomplete(text) and not CHANGED.search(above) and _stands_alone(line, text):
            yield None
        label = LABEL.search(text) if len(text) <= LONGEST else None
        is_label = label and len(text) - len(label[0]) <= BESIDE and not DIGIT.search(text)
        above = text if is_label else ""


def _holds_a_date(line: _Line, text: str) -> bool:
    """Whether the line is a date with little else, or labels its date."""
    if len(text) > LONGEST or (SENTENCE.search(text) and not LABEL.search(text)):
        return False
    if len(text) <= BARE and len(SHORT_PARTS.sub("", text)) < len(text) * 0.5:
        return True
    if line.has_time or LABELLED.search(text):
        return True
    *_, rest = LABEL.split(text)
    if rest != text and YEAR.search(rest) and len(SHORT_PARTS.sub("", rest)) <= FEW_LETTERS:
        return True
    return _is_marked(line)


def _stands_alone(line: _Line, text: str) -> bool:
    """Whether a line with a day or an hour is not a sentence like `Sales start on 3 May`."""
    return sum(map(str.isalpha, text)) <= LETTERS or bool(LABELLED.search(text)) or _is_marked(line)


def _is_marked(line: _Line) -> bool:
    at: LexborNode | None = line.block
    for _ in range(LEVELS):
        if at is None or at.tag == "body":
            return False
        if (at.tag == "time" or MARKED.search(_name(at))) and _is_short(at, LONGEST):
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
