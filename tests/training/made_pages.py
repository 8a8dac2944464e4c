"""Made pages for training: listings of many kinds, and articles in the same frames.

The words are those of `texts/`. Both kinds share frames, class names and metadata, so that only
what stands on a page tells them apart.
"""

import json
import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

TEXTS = Path(__file__).with_name("texts")
_SECTIONS = "news world politics business culture sport science local opinion climate"
_NAMES = "card teaser item story entry tile block list-item post node"
_MONTHS = "January March May July September November"
SECTIONS, NAMES, MONTHS = _SECTIONS.split(), _NAMES.split(), _MONTHS.split()


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page as bytes, its URL, and whether it is an article."""

    url: str
    html: bytes
    is_article: bool


class _Writer:
    """One page: its language's texts and the dice that choose what stands where."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.language = self.dice.choice(sorted(TEXTS.glob("*.toml"))).stem
        data = tomllib.loads((TEXTS / f"{self.language}.toml").read_text(encoding="utf-8"))
        self.sentences = [row["text"] for row in data["sentence"]]
        self.paragraphs = [text for row in data["article"] for text in row["paragraphs"]]
        self.dice.shuffle(self.sentences)
        self.dice.shuffle(self.paragraphs)
        self.section = self.dice.choice(SECTIONS)
        self.name = self.dice.choice(NAMES)
        self.level = self.dice.choice("2334")
        self.host = f"https://www.made{seed}.example"
        self.used = 0

    def sentence(self) -> str:
        self.used += 1
        return escape(self.sentences[self.used % len(self.sentences)])

    def title(self) -> str:
        words = self.sentence().rstrip(".。!?”」").split()
        return " ".join(words[: self.dice.randint(6, 12)])[:90]

    def words(self, sentences: int) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def some(self, chance: float, text: str) -> str:
        return text if self.dice.random() < chance else ""

    def date(self) -> str:
        day, month = self.dice.randint(1, 28), self.dice.randint(1, 12)
        forms = (f"{day}.{month}.2026", f"2026-{month:02}-{day:02}", f"{day} {MONTHS[month % 6]}")
        return f"<time>{forms[self.dice.randrange(3)]}</time>"

    def link(self) -> str:
        slug = "-".join(self.dice.choices(SECTIONS, k=self.dice.randint(2, 6)))
        return f"/{self.section}/{slug}-{self.dice.randint(1, 99999)}"

    def card(self, sentences: int) -> str:
        """A teaser: picture, linked heading, summary, date, in one of several structures."""
        link, title = self.link(), self.title()
        picture = self.some(0.6, f"<a href='{link}'><img src='p.jpg' alt=''></a>")
        kicker = self.some(0.3, f"<span class='kicker'>{self.section}</span>")
        heading = self.dice.choice(
            (
                f"<h{self.level}><a href='{link}'>{title}</a></h{self.level}>",
                f"<a href='{link}'><h{self.level}>{title}</h{self.level}></a>",
                f"<div class='{self.name}-title'><a href='{link}'>{title}</a></div>",
            )
        )
        summary = f"<p>{self.words(sentences)}</p>" if sentences else ""
        more = self.some(0.2, f"<a href='{link}'>{self.dice.choice(['More', '…', '>>'])}</a>")
        date = self.some(0.5, f"<div class='meta'>{self.date()}</div>")
        return picture + kicker + heading + summary + more + date

    def cards(self, count: int, sentences: int) -> str:
        tag = self.dice.choice(("article", "div", "li", "section"))
        state = self.dice.getstate()
        cards = []
        for _ in range(count):
            # The cards of a list are built alike: the same dice for each but its words.
            self.dice.setstate(state)
            cards.append(f"<{tag} class='{self.name}'>{self.card(sentences)}</{tag}>")
        around = "ul" if tag == "li" else "div"
        return f"<{around} class='{self.name}s'>{''.join(cards)}</{around}>"

    def section_front(self) -> str:
        intro = self.some(0.3, f"<p>{self.words(self.dice.randint(1, 3))}</p>")
        rows = "".join(
            self.cards(self.dice.randint(4, 14), self.dice.choice((0, 1, 2, 3)))
            for _ in range(self.dice.randint(1, 3))
        )
        return f"<h1>{self.section.title()}</h1>{intro}{rows}"

    def front_page(self) -> str:
        parts = [self.some(0.5, "<h1>The Made Courier</h1>"), self.cards(1, 3)]
        for name in self.dice.sample(SECTIONS, self.dice.randint(3, 7)):
            size = self.dice.randint(3, 8)
            parts.append(f"<h2>{name}</h2>{self.cards(size, self.dice.choice((0, 0, 1, 2)))}")
        return "".join(parts)

    def topic(self) -> str:
        text = "".join(f"<p>{self.words(3)}</p>" for _ in range(self.dice.randint(0, 2)))
        cards = self.cards(self.dice.randint(6, 24), self.dice.choice((0, 1, 2)))
        pages = "".join(f"<a href='?page={at}'>{at}</a> " for at in range(1, 9))
        return f"<h1>#{self.title()[:20]}</h1>{text}{cards}<div class='pages'>{pages}</div>"

    def search(self) -> str:
        form = "<form><input name='q'><button>Search</button></form>"
        return f"{form}<p>1–20 / {self.dice.randint(30, 900)}</p>{self.cards(20, 2)}"

    def author(self) -> str:
        life = f"<div class='bio'><p>{self.words(self.dice.randint(1, 4))}</p></div>"
        return f"<h1>Ann Made</h1>{life}{self.cards(self.dice.randint(8, 20), 1)}"

    def gallery(self) -> str:
        figures = "".join(
            f"<figure><a href='{self.link()}'><img src='{at}.jpg'></a>"
            f"<figcaption>{self.sentence()}</figcaption></figure>"
            for at in range(self.dice.randint(8, 20))
        )
        return f"<h1>{self.title()}</h1><p>{self.sentence()}</p><div>{figures}</div>"

    def blog(self) -> str:
        posts = "".join(
            f"<article class='post'><h2><a href='{self.link()}'>{self.title()}</a></h2>"
            + self.date()
            + "".join(f"<p>{self.paragraph()}</p>" for _ in range(self.dice.randint(1, 3)))
            + f"<a class='more' href='{self.link()}'>{self.title()[:12]} …</a></article>"
            for _ in range(self.dice.randint(4, 10))
        )
        return f"{self.some(0.5, '<h1>Blog</h1>')}{posts}"

    def paragraph(self) -> str:
        self.used += 1
        return escape(self.paragraphs[self.used % len(self.paragraphs)])

    def article(self) -> str:
        size = self.dice.choice((1, 2, 3, 4, 5, 6, 8, 10, 12, 14))
        lead = self.some(0.5, f"<p class='lead'>{self.sentence()}</p>")
        line = self.some(0.5, f"<div class='byline'>Ann Made {self.date()}</div>")
        text = [f"<p>{self.paragraph()}</p>" for _ in range(size)]
        text.insert(size // 2, self.some(0.3, f"<h2>{self.title()}</h2>"))
        more = self.cards(self.dice.randint(3, 12), 0)
        rail = self.some(0.7, f"<aside><h3>More</h3>{more}</aside>")
        below = self.some(0.6, self.cards(self.dice.randint(3, 10), self.dice.choice((0, 0, 1))))
        story = f"<h1>{self.title()}</h1>{lead}{line}<div class='text'>{''.join(text)}</div>"
        return f"<article>{story}</article>{rail}{below}"

    def framed(self, body: str, url: str, *, is_article: bool) -> MadePage:
        """The page around: head, navigation and footer."""
        kinds = ("article", "article", "website", "") if is_article else ("website", "", "article")
        weights = (3, 3, 2, 1) if is_article else (6, 5, 1)
        (kind,) = self.dice.choices(kinds, weights)
        head = f"<meta property='og:type' content='{kind}'>" if kind else ""
        types = ("NewsArticle", "WebPage", "") if is_article else ("CollectionPage", "WebPage", "")
        thing: dict[str, object] = {"@type": self.dice.choice(types)}
        if is_article and self.dice.random() < 0.6:
            thing["datePublished"] = "2026-05-02T08:00:00Z"
        if thing["@type"]:
            head += f"<script type='application/ld+json'>{json.dumps(thing)}</script>"
        menu = "".join(f"<li><a href='/{name}/'>{name}</a></li>" for name in SECTIONS)
        foot = "".join(f"<a href='/{name}'>{name}</a> " for name in ("about", "contact", "legal"))
        html = (
            f"<!doctype html><html lang='{self.language}'><head><title>{self.title()}</title>"
            f"{head}</head><body><header><nav><ul>{menu}</ul></nav></header><main>{body}</main>"
            f"<footer>{foot}<p>© Made</p></footer></body></html>"
        )
        return MadePage(url, html.encode(), is_article)


LISTINGS: dict[str, Callable[[_Writer], str]] = {
    "/{section}/": _Writer.section_front,
    "/": _Writer.front_page,
    "/topic/{section}": _Writer.topic,
    "/search?q={section}": _Writer.search,
    "/author/ann-made": _Writer.author,
    "/gallery/{section}-in-pictures-2026": _Writer.gallery,
    "/blog": _Writer.blog,
}
"""By the form of their URL."""


def make_pages(count: int) -> Iterator[MadePage]:
    """Listings and articles in turn, each different; the same ones for the same count."""
    for seed in range(count):
        writer = _Writer(seed)
        if seed % 2:
            yield writer.framed(writer.article(), writer.host + writer.link(), is_article=True)
        else:
            form, write = list(LISTINGS.items())[seed // 2 % len(LISTINGS)]
            url = writer.host + form.format(section=writer.section)
            yield writer.framed(write(writer), url, is_article=False)
