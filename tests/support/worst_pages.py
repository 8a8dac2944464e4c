"""Pages and texts made to take long: the tests see that each ends, the benchmark how soon."""

from collections.abc import Callable, Iterator
from html import escape

from tasks.settings import Limits

LIMITS = Limits()
SIZE = 500_000
"""Bytes of most pages."""
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
SENTENCE = "The harbour board met on Monday to hear how the sanctions change the trade. "
LD_JSON = '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": '


def fill(text: str, size: int) -> str:
    """The text again and again, to so many bytes of UTF-8."""
    return text * (size // len(text.encode()))


def page_of(body: str) -> bytes:
    """A page with a headline and this body."""
    title = "Ferry sails again for the spring"
    return f'<html lang="en"><title>{title}</title><h1>{title}</h1>{body}'.encode()


LARGE = {
    "one text": SENTENCE,
    "links": '<a href="/story">Mayor opens the winter market</a> ',
    "tiny paragraphs": "<p>x y</p>",
    "breaks": "<br>",
    "nested tables": "<table><tr><td>x",
    "one word": "a",
    "text without spaces": "湾の渡し船は春に再び運航を始めると市長が述べた",
    "prompts": "<p>Subscribe now</p>",
}
"""What pages of the largest size are filled with."""
DEEP = ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<a href=x>", "<p><b>x", "<blockquote>"]
"""What pages are nested of, many thousands deep."""
BROKEN: dict[str, Callable[[], str]] = {
    "many siblings": lambda: "<i></i>" * 100_000,
    "many attributes": lambda: f"<p {' '.join(f'a{at}=b' for at in range(10_000))}>x",
    "a huge attribute": lambda: f'<p class="{"paywall " * (SIZE // 8)}">x',
    "a class each": lambda: "".join(f'<p class="c{at}">x y {at}' for at in range(12_000)),
    "wrong nesting": lambda: fill("<b><p>x</b></i><i><a>", SIZE),
    "nulls": lambda: fill("<p>a\0b", SIZE),
    "an endless comment": lambda: f"<!--{fill('- -', SIZE)}",
    "an unclosed script": lambda: f"<script>{fill('a = 1; ', SIZE)}",
    "endless JSON-LD": lambda: f'<script type="application/ld+json">{"[" * SIZE}',
    "deep JSON-LD": lambda: LD_JSON + '[{"a":' * (SIZE // 6) + "</script>",
    "much JSON-LD": lambda: fill(f'{LD_JSON}"x"}}]}}</script>', SIZE),
    "entities": lambda: fill("&amp;&lt;&notanentity;&#x41;&#8203;", SIZE),
    "headings": lambda: fill("<h1>Ferry sails again</h1>", SIZE),
    "metas": lambda: "".join(f"<meta name=d{at} content=x>" for at in range(40_000)),
    "dates": lambda: fill('<time datetime="2031-03-02">2 March 2031</time>', SIZE),
    "bylines": lambda: fill("<p class=byline>By Ada Quay</p>", SIZE),
    "forms": lambda: fill("<form><input><button>Sign up</button></form>", SIZE),
    "noscripts": lambda: fill(f"<noscript><p>{SENTENCE}</p></noscript>", SIZE),
    "foreign trees": lambda: fill("<svg><p><math><mi>", SIZE),
    "hidden parts": lambda: fill('<div hidden style="display:none">x y</div>', SIZE),
    "articles": lambda: fill(f"<article><h2>x</h2><p>{SENTENCE}</p></article>", SIZE),
}
FILLS = ["a", "a ", "A. ", "1", "1,", "1:", "Jan 1 ", " ", "\u00a0", "\u200b", "!?.,;:", "(", "[",
         "{{", "[[", "${", "<%", "%A", "©", "€", "…", "-", " — ", "'", '"', "/", "@", ".", "|",
         "By ", "AP ", "The ", "Photo: ", "$1 ", "渡", "渡 ", "Abo ", "Subscribe "]  # fmt: skip
"""Texts that patterns could choke on when they come again and again."""
SLOW_PROLOGS = ["<??>", "<!---->", "<!-- ", "<?", "<!DOCTYPE", "<"]
"""What a listing begins with 200,000 times."""


def slow_titles() -> str:
    """Entries of a feed whose titles take long to clean."""
    title = "&lt;a" * 5000
    return "".join(f"<item><link>/{n}</link><title>{title}</title></item>" for n in range(90))


def large(body: str, size: int = LIMITS.max_bytes) -> bytes:
    """A page of the largest size that is fetched, or of another."""
    return page_of(fill(body, size))


def deep(tags: str, times: int = 100_000) -> bytes:
    """A page whose tags are never closed."""
    return page_of(tags * times + "deep")


def repeated(text: str, longest: int, size: int = SIZE) -> Iterator[tuple[bytes, str]]:
    """Pages of the text again and again, with their content type; `longest` is a block's size."""
    run, line = fill(text, size // 2), fill(text, longest)
    yield page_of(fill(f"<p>{escape(line)}</p>", size)), HTML
    yield page_of(f"<p>{escape(run)}"), HTML
    yield f"<title>{escape(run)}</title><h1>x</h1>".encode(), HTML
    yield run.encode(), TEXT
    yield fill(f"{fill(text, 60)}\n", size // 2).encode(), TEXT
