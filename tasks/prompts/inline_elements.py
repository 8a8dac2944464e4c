"""Tell which elements of a page are part of a line of text, and which are blocks."""

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.text.sentence_split import END_SIGNS

_SKIPPED = """script style noscript template svg math iframe object embed head select option
datalist textarea canvas audio video map frameset"""
SKIPPED = frozenset(_SKIPPED.split())
EMBEDDED = frozenset({"iframe", "object", "embed", "canvas", "audio", "video"})
_INLINE = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark nobr
q rb rp rt ruby s samp small span strike strong sub sup time tt u var wbr img
picture source br
"""
INLINE = frozenset(_INLINE.split())
_BLOCK = """
address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt
fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu
nav ol p pre search section summary table tbody td tfoot th thead tr ul
"""
BLOCK = frozenset(_BLOCK.split())
# Without content they show nothing. Advertisements are put into an empty `ins`.
SILENT = INLINE - {"ins", "img", "picture"} | {"input", "link", "meta"}
ENDS = frozenset(END_SIGNS + "”’»)]")
BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.I)
STYLED = "[hidden], [style]"
INLINE_STYLE = re.compile(r"display\s*:\s*inline\b(?!-)", re.I)
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
MIN_ANCHORED_CHARS = 60  # A button has less text
# `Huawei<sup>1</sup>` is Huawei¹, not a word with a 1 at its end; so m² and 10⁶ keep their sense.
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Beside a text they are no part of it, unless it goes on after them.
FORM_PARTS = frozenset({"button", "label", "output"})
MAX_INNER_NODES = 30  # of an element that is a word or a few of a sentence


def styled_elements(tree: LexborHTMLParser) -> tuple[frozenset[int], frozenset[int]]:
    """The elements, by `mem_id`, that are hidden, and those whose style says `inline`."""
    hidden, inline = set[int](), set[int]()
    for node in tree.css(STYLED):
        attributes = node.attributes
        is_hidden = attributes.get("hidden", "until-found") != "until-found"
        style = attributes.get("style") or ""
        if is_hidden or HIDDEN_STYLE.search(style):
            hidden.add(node.mem_id)
        elif INLINE_STYLE.search(style):
            inline.add(node.mem_id)
    return frozenset(hidden), frozenset(inline)


def is_part_of_line(node: LexborNode, tag: str, *, has_text: bool) -> bool:
    """Whether an element that need not be a block, such as one unknown to HTML, is none.

    It is part of a line if text stands beside it and it holds no block-level element. `has_text`
    says whether the line before it has text.
    """
    after = _next_text(node)
    if tag in FORM_PARTS:
        # `<p><button>Listen</button> Posted by the editor` is no sentence.
        is_in_paragraph = node.parent is not None and node.parent.tag == "p"
        begins = after[:1] and not after[0].isupper() and is_in_paragraph
        is_beside = after if has_text else begins
    else:
        is_beside = has_text or after or _leads_to_inline(node)
    if not is_beside:
        return False
    inner = [each.tag for each in islice(node.traverse(include_text=True), MAX_INNER_NODES + 1)]
    return len(inner) <= MAX_INNER_NODES and BLOCK.isdisjoint(inner[1:])


def is_glued(before: str, after: str) -> bool:
    """Whether two texts with an image or the like between them need a space: `end.` and `Next`."""
    return after[:1].isalnum() and (before[-1:].isalnum() or before[-1:] in ENDS)


def is_link(node: LexborNode) -> bool:
    """Whether an `a` is a link rather than a mark on the page itself.

    Marks are an anchor without address around a text, and the sign of a footnote or of a permanent
    link, `<a href="#note-1">1</a>`. Contents, buttons and menus are links, wherever they lead.
    """
    target = node.attributes.get("href")
    if target is None:
        return len(node.text()) < MIN_ANCHORED_CHARS
    return target[:1] != "#" or len(target) == 1 or any(map(str.isalpha, node.text()))


def text_of(node: LexborNode) -> str:
    """The text of a text node, raised digits as such."""
    text = node.text_content or ""
    if text.strip().isdecimal() and node.parent is not None:
        around = node.parent, node.parent.parent  # `<sup><a href="#note-1">1</a></sup>`
        if any(each is not None and each.tag == "sup" for each in around):
            return text.translate(RAISED)
    return text


def _next_text(node: LexborNode) -> str:
    """The text directly after an element."""
    after = node.next
    while after is not None and after.tag == "-comment":
        after = after.next
    if after is None or after.tag != "-text":
        return ""
    return (after.text_content or "").strip()


def _leads_to_inline(node: LexborNode) -> bool:
    """Whether an inline element with content comes next: `<x-firm>Huawei</x-firm> <b>said</b>`."""
    after = node.next
    while after is not None and after.tag in ("-text", "-comment"):
        after = after.next
    return after is not None and after.tag in INLINE and after.first_child is not None
