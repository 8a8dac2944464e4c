"""Read an article from its page's JSON-LD where the page shows only the beginning of it."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

from tasks.model import Cleaned, StrippedBlock
from tasks.prompts.split_into_blocks import split_tree
from tasks.prompts.word_weights import fold
from tasks.text.html_tree import parse_html
from tasks.text.sentence_split import word_count

# A page that shows more characters, or a larger share, is read as it is: there `articleBody` may
# hold the text twice, or include teasers and captions.
MAX_SHOWN_CHARS, MAX_SHOWN_SHARE = 1500, 0.6
BLOCK = re.compile(r"<(?:p|br|div|h\d|li)\b", re.I)
INLINE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|em|figure|font|i|iframe|img|ins|mark|q|s|script|small|span|strong"
    r"|sub|sup|time|u)(?:\s[^<>]*)?/?>",
    re.I,
)
# WordPress replaces its shortcodes with markup only on the page.
SHORTCODE = re.compile(
    r"\[(caption|gallery|embed|audio|video|playlist)\b[^\]]*\](?:.*?\[/\1\])?", re.I | re.S
)


def stated_lines(shown: Cleaned, body: str | None) -> list[str]:
    """The lines of an `articleBody`, text or markup, that has far more than the page shows."""
    size = sum(map(len, shown.paragraphs))
    if not body or size >= min(MAX_SHOWN_CHARS, MAX_SHOWN_SHARE * len(body)):
        return []
    if not _is_markup(body):
        body = html.unescape(body)
    body = SHORTCODE.sub("", body)
    if _is_markup(body):
        if not BLOCK.search(body):  # a line is a paragraph
            body = "".join(f"<p>{line}</p>" for line in body.splitlines())
        lines = [block.text for block in split_tree(parse_html(body)).blocks]
    else:
        lines = body.splitlines()
    return lines if size < MAX_SHOWN_SHARE * sum(map(len, lines)) else []


def _is_markup(body: str) -> bool:
    return BLOCK.search(body) is not None or INLINE.search(body) is not None


def join_stated(shown: Cleaned, stated: Cleaned, texts: Sequence[str]) -> Cleaned:
    """The page's article with the paragraphs of the stated text.

    Args:
        shown: what the page shows.
        stated: the stated text, cleaned as lines that begin with the headline.
        texts: the page's blocks; positions in the stated text are counted on from them.
    """
    lead = stated.standfirst if stated.standfirst != shown.standfirst else None
    paragraphs = (*([lead] if lead else []), *stated.paragraphs)
    if sum(map(len, paragraphs)) <= sum(map(len, shown.paragraphs)):
        return shown
    known = fold("\n".join(paragraphs))
    places = {text: at for at, text in enumerate(texts)}
    gone = [text for text in shown.paragraphs if fold(text) not in known]
    stripped = [StrippedBlock(t, "furniture", "jsonld:body", places.get(t, 0), True) for t in gone]
    later = (replace(block, position=block.position + len(texts)) for block in stated.stripped)
    return replace(
        shown,
        paragraphs=paragraphs,
        captions=tuple(dict.fromkeys([*shown.captions, *stated.captions])),
        byline=shown.byline or stated.byline,
        stripped=(
            *sorted([*shown.stripped, *stripped], key=lambda block: block.position),
            *later,
        ),
        # All of it is prose: the page itself states it as the body of an article.
        prose_words=sum(map(word_count, paragraphs)),
    )
