"""Other articles, links to them, and copies of the text on an article's page."""

from dataclasses import replace

import pytest
from selectolax.lexbor import LexborHTMLParser

from tasks.prompts.reader_comments import heads_nothing
from tasks.prompts.split_into_blocks import split_tree
from tests.prompts.test_page_shapes import HEADLINE, HINTS, STORY, paragraphs, read
from tests.prompts.test_prompts import PARAGRAPHS, clean

OTHER = "Old bridge to close for two years"
LATER = {
    "an h2": "<h2>{}</h2>",
    "an h3 with a link": "<h3><a href=/bridge>{}</a></h3>",
    "a div named like the h1": "<div class=title>{}</div>",
}
DATED = "<div class=meta>Priya Nair · 12 November 2026</div>"
BYLINE = "<div class=meta>By Ada Quay</div>"


@pytest.mark.parametrize("heading", LATER)
@pytest.mark.parametrize("box", ["section", "div class='story-{}'", "div id={} class=story"])
@pytest.mark.parametrize("meta", [DATED, BYLINE])
def test_a_later_article_with_another_heading_goes(heading: str, box: str, meta: str) -> None:
    later = LATER[heading].format(OTHER) + meta + paragraphs(PARAGRAPHS)
    first = f"<h1 class=title>{{h}}</h1>{DATED}{paragraphs(STORY)}"
    parts = [
        f"<{box.format(at)}>{part}</{box.split()[0]}>" for at, part in enumerate((first, later))
    ]
    assert list(read("".join(parts)).paragraphs) == STORY


@pytest.mark.parametrize("meta", ["", "<p>May 2019</p>", DATED])
def test_a_chapter_in_a_box_like_the_first_stays(meta: str) -> None:
    own, chapter = "" if meta == DATED else DATED, f"<h2>{OTHER}</h2>{meta}"
    first = f"<section><h1>{{h}}</h1>{own}{paragraphs(STORY)}</section>"
    body = f"{first}<section>{chapter}{paragraphs(PARAGRAPHS)}</section>"
    assert [text for text in read(body).paragraphs if text in PARAGRAPHS] == PARAGRAPHS


SCREENS = [
    "<div class=wide>{0}</div><div class=narrow>{0}</div>",
    "<article>{0}</article><article>{0}</article>",
    "{0}<div id=print style='display:none'>{0}</div>",
    "<div class=wide>{0}</div><ul class=narrow>{1}</ul>",
]
SHORT = {
    "en": [
        "He paid.",
        "“Nobody asked,” she said.",
        *STORY,
        "It snowed.",
        "Nobody came.",
        STORY[0][:50],
    ],
    "ja": [
        "市は老朽化した橋を二年間閉鎖すると発表した。",
        "工事は来月始まる。",
        "市民からは不安の声が上がっている。",
        "「買い物に困る」と近くの商店主は話した。",
        "市長は謝罪した。",
        "渡し船は市の立つ日に限り倍の便数で運航される予定だ。",
        "費用の半分は県が負担する。",
    ],
}


@pytest.mark.parametrize("language", SHORT)
@pytest.mark.parametrize("layout", SCREENS)
def test_short_paragraphs_of_a_copy_are_kept_once_too(layout: str, language: str) -> None:
    texts = SHORT[language]
    items = "".join(f"<li><p>{text}</p></li>" for text in texts)
    title = {"en": OTHER, "ja": "老朽化した橋、二年間閉鎖へ"}[language]
    body = f"<h1>{{h}}</h1>{layout.format(paragraphs(texts), items)}"
    assert list(read(body, title, language).paragraphs) == texts


def test_a_short_answer_that_is_repeated_alone_stays() -> None:
    answers = [*STORY[:2], "Yes.", *STORY[2:4], "Yes.", *STORY[4:], "Yes."]
    boxes = "".join(f"<div class=qa><p>{text}</p></div>" for text in answers)
    assert list(read(f"<article><h1>{{h}}</h1>{boxes}</article>").paragraphs) == answers


def test_an_item_that_is_true_of_two_things_stays_with_both() -> None:
    fact = "It is cheap, but takes a year to be built."
    plans = [[fact, "Boats have room."], ["Nobody likes it.", fact]]
    lists = [
        f"<h3>Plan {at}</h3><ul>{''.join(f'<li>{x}</li>' for x in items)}</ul>"
        for at, items in enumerate(plans)
    ]
    body = f"<h1>{{h}}</h1><div>{paragraphs(STORY)}{''.join(lists)}{paragraphs(PARAGRAPHS)}</div>"
    assert list(read(body).paragraphs).count(fact) == 2


LINKS = {
    "/2026/10/market": "Mayor opens the winter market in snow",
    "https://www.example.org/2026/10/ferry": "Why is the ferry late again?",
    "/2026/10/bus.html?from=text#top": "Last bus leaves an hour earlier from May",
}
LABELS = {"none": "", "a heading": "<h3>More on it</h3>", "bold": "<p><b>More on it:</b></p>"}


def related(links: dict[str, str], mark: str = "") -> str:
    return "".join(f"<p>{mark}<a href='{url}'>{text}</a></p>" for url, text in links.items())


def read_at_herald(part: str) -> list[str]:
    body = f"<h1>{{h}}</h1><div>{paragraphs(STORY[:3])}{part}{paragraphs(STORY[3:])}</div>"
    html = f"<body><main>{body}</main></body>".replace("{h}", HEADLINE)
    hints = replace(HINTS, address="https://example.org/2026/10/trust")
    return list(clean(html, hints).paragraphs)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("mark", ["", "• ", "→ "])
def test_headlines_that_are_paragraphs_and_links_go_with_their_label(label: str, mark: str) -> None:
    assert read_at_herald(LABELS[label] + related(LINKS, mark)) == STORY


CITED = {
    "sources elsewhere": {
        f"https://{site}.example/report": f"Report of {site} on the lost letters of the trust"
        for site in ("cases", "health", "audit")
    },
    "documents": {
        f"/wp-content/{name}.pdf": f"The {name} of the inquiry into the lost letters"
        for name in ("report", "annex")
    },
    "parts of the page": {
        f"https://example.org/2026/10/trust#{at}": f"What the trust did in part {at}"
        for at in range(3)
    },
    "people": {f"/people/{name}": f"{name} Forde" for name in ("Alan", "Mary", "Jane")},
    "no address": {f"http://[{at}": f"What the trust did with letter {at}" for at in range(3)},
    "one page": {"/letter": "Read the letter of the families in full"},
    "sentences": {
        f"/{at}": f"The letter of the families was read on day {at} of the inquiry."
        for at in (1, 2)
    },
}


@pytest.mark.parametrize("cited", CITED)
def test_what_an_author_cites_in_paragraphs_of_its_own_stays(cited: str) -> None:
    found = read_at_herald(related(CITED[cited]))
    assert found == [*STORY[:3], *CITED[cited].values(), *STORY[3:]]


PREFERRED = "<a href='https://www.google.com/preferences/source?q=example.org'>{}</a>"


@pytest.mark.parametrize(
    "line", ["<p>{}</p>", "<p><b>{}</b></p>", "<p>★ Quick: {}</p>", "<div>{}</div>"]
)
@pytest.mark.parametrize("order", ["Bizi Google'da tercih edilen kaynak yapın", "Google优先来源"])
def test_an_order_to_prefer_the_paper_on_google_goes_in_every_language(
    line: str, order: str
) -> None:
    assert read_at_herald(line.format(PREFERRED.format(order))) == STORY


def test_news_of_preferred_sources_stays() -> None:
    news = "Since May readers name {} themselves, and the trust hopes to be among them, it said."
    text = news.format("the papers that Google shows")
    part = news.format(PREFERRED.format("the papers that Google shows"))
    assert read_at_herald(f"<p>{part}</p>") == [*STORY[:3], text, *STORY[3:]]


def thread(heading: str) -> str:
    said = ["Well said!", "+1", "haha yes", "So it is"]
    items = "".join(
        f"<div class=item><b>Ole{at}</b><p>{text}</p><button>Reply</button></div>"
        for at, text in enumerate(said)
    )
    body = f"<div>{paragraphs(STORY)}{heading}<div class=thread>{items}</div></div>"
    return f"<article><h1>{{h}}</h1>{body}</article>"


@pytest.mark.parametrize(
    "heading", ["Kommentare (4)", "4 Yorumlar", "评论", "Komentarze · 4", "评论: 4"]
)
def test_a_heading_of_comments_goes_with_them(heading: str) -> None:
    assert list(read(thread(f"<h3>{heading}</h3>")).paragraphs) == STORY


@pytest.mark.parametrize("heading", ["The mayor comments on the bridge", "Ein Kommentar"])
def test_another_heading_stays_over_what_is_gone(heading: str) -> None:
    page = split_tree(LexborHTMLParser(thread(f"<h3>{heading}</h3>").replace("{h}", HEADLINE)))
    at = [block.text for block in page.blocks].index(heading)
    assert not heads_nothing(page, at)
