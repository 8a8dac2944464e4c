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
BROKEN: dict[str, Callable[[int], str]] = {
    "many siblings": lambda size: "<i></i>" * (size // 5),
    "many attributes": lambda size: f"<p {' '.join(f'a{at}=b' for at in range(size // 50))}>x",
    "a huge attribute": lambda size: f'<p class="{"paywall " * (size // 8)}">x',
    "a class each": lambda size: "".join(f'<p class="c{n}">x y {n}' for n in range(size // 42)),
    "wrong nesting": lambda size: fill("<b><p>x</b></i><i><a>", size),
    "nulls": lambda size: fill("<p>a\0b", size),
    "an endless comment": lambda size: f"<!--{fill('- -', size)}",
    "an unclosed script": lambda size: f"<script>{fill('a = 1; ', size)}",
    "endless JSON-LD": lambda size: f'<script type="application/ld+json">{"[" * size}',
    "deep JSON-LD": lambda size: LD_JSON + '[{"a":' * (size // 6) + "</script>",
    "much JSON-LD": lambda size: fill(f'{LD_JSON}"x"}}]}}</script>', size),
    "entities": lambda size: fill("&amp;&lt;&notanentity;&#x41;&#8203;", size),
    "headings": lambda size: fill("<h1>Ferry sails again</h1>", size),
    "metas": lambda size: "".join(f"<meta name=d{n} content=x>" for n in range(size // 12)),
    "dates": lambda size: fill('<time datetime="2031-03-02">2 March 2031</time>', size),
    "bylines": lambda size: fill("<p class=byline>By Ada Quay</p>", size),
    "forms": lambda size: fill("<form><input><button>Sign up</button></form>", size),
    "noscripts": lambda size: fill(f"<noscript><p>{SENTENCE}</p></noscript>", size),
    "foreign trees": lambda size: fill("<svg><p><math><mi>", size),
    "hidden parts": lambda size: fill('<div hidden style="display:none">x y</div>', size),
    "articles": lambda size: fill(f"<article><h2>x</h2><p>{SENTENCE}</p></article>", size),
}
"""Of a size in bytes, or about so many."""
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
