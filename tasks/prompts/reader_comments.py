"""Find readers' comments, by the names of elements and by the headings over them."""

import re
from functools import lru_cache

from tasks.prompts.page import Page
from tasks.prompts.tree_arrays import Column
from tasks.prompts.word_weights import MAX_CACHE_ENTRIES

COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|comment-?(?:list|content|body|section|area|text)s?|"
    r"disqus\w*|kommentare?|commentaires?|comentarios|livefyre\w*|respond|user-?comments?)(?:$|[\s_-])"
)
NOT_COMMENTS = re.compile(r"comments?-(?:open|closed|off|enabled)|no-comments?|has-comments?")
# The whole of a heading over comments: `38 comments`, `Kommentare (4)`, `Join the conversation`. A
# single `Kommentar` is a journalist's.
_PLURAL = (
    "comments|kommentare[rn]?|commentaires|comentarios|comentários|commenti|komentarze|reacties"
    "|yorumlar|комментарии|коментарі|التعليقات|コメント(?:一覧)?|评论|評論|网友评论|댓글"
)
_COUNTED = (
    "comments?|kommentare?r?|commentaires?|comentarios?|comentários?|comment[oi]|komentarz[ey]?"
    "|reacties?|yorum|комментари[йяев]+|коментар[ії]?в?|تعليقات?"
)
TITLE = re.compile(
    rf"(?:reader |user |all |show |view |leser|alle )?(?:{_PLURAL})(?:\s?[(:·]?\s?\d[\d.,]*\)?)?"
    rf"|\d[\d.,]*\s(?:{_COUNTED}|{_PLURAL})|\w+ (?:responses|replies|comments) (?:to|on) .*"
    r"|(?:join|start) the (?:conversation|discussion)|leave a (?:comment|reply)",
    re.I,
)
MAX_TITLE_CHARS = 80
MIN_ARTICLE_CHARS = 400  # of running text, for a part of the page to be an article
MIN_THREAD_ELEMENTS = 3  # Elements named for comments that are a thread, nested or side by side
MAX_TITLE_WORDS = 3  # of one over nothing that is kept: not `Mayor comments on the bridge`
MIN_BLOCKS = 4  # of a part that a heading over comments opens


def reader_comments(page: Page, headline: int, kept: Column) -> set[int]:
    """Blocks of readers' comments, as long as an article is left outside."""
    return _named_comments(page, headline, kept) | _titled_comments(page, headline, kept)


def _named_comments(page: Page, headline: int, kept: Column) -> set[int]:
    """Blocks inside elements named for comments."""
    inside: set[int] = set()
    named = 0
    for element in page.elements:
        if _holds_comments(element.key) and not element.start <= headline < element.end:
            inside.update(range(element.start, element.end))
            named += 1
    # Sites name whole article pages for comments: an article has to be left outside, a short one
    # where the names are those of a thread.
    outside = kept.sum() - sum(float(kept[at]) for at in inside)
    is_left = outside >= MIN_ARTICLE_CHARS or (outside > 0 and named >= MIN_THREAD_ELEMENTS)
    return inside if is_left else set()


@lru_cache(maxsize=MAX_CACHE_ENTRIES)
def _holds_comments(key: str) -> bool:
    """Whether the name of an element is that of readers' comments."""
    return bool(COMMENTS.search(key) and not NOT_COMMENTS.search(key))


def heads_nothing(page: Page, last: int) -> bool:
    """Whether the last line that is kept of a page heads comments, which are not."""
    text, more = page.blocks[last].text, last + 1 < len(page.blocks)
    return more and not page.is_text and len(text.split()) <= MAX_TITLE_WORDS and _is_title(text)


def _is_title(text: str) -> bool:
    return len(text) <= MAX_TITLE_CHARS and TITLE.fullmatch(text.strip(" :?!")) is not None


def _titled_comments(page: Page, headline: int, kept: Column) -> set[int]:
    """Blocks of the part after the article that a heading over comments opens."""
    if headline < 0:
        return set()
    for at in range(headline + 1, len(page.blocks)):
        if not _is_title(page.blocks[at].text):
            continue
        # A link to the comments opens nothing.
        around = page.ancestors(page.blocks[at].element)
        end = max(
            (page.elements[up].end for up in around if page.elements[up].start == at), default=at
        )
        # A count of comments over an article opens an element with the article in it.
        before = kept[headline:at].sum()
        is_after = before > 0 and kept[:at].sum() > kept[end:].sum()
        is_after &= before >= min(MIN_ARTICLE_CHARS, kept[at:end].sum())
        if end - at >= MIN_BLOCKS and is_after:
            return set(range(at, end))
    return set()
