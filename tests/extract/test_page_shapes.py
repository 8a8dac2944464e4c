"""What today's pages say of themselves: headline, date, text, and whether they list articles."""

import json
from typing import Any

import pytest

from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText
from tasks.text.dates import day_in_url

URL = "https://mail.example/?p=331"
HEADLINE = "Council votes to reopen the grain harbour"
STORY = [
    (
        "Wexmouth council voted on Tuesday night to reopen the old grain harbour, ending a dispute "
        "that has divided the town since the last ship left in 2022."
    ),
    (
        "The plan was carried by 21 votes to 19. Two members abstained, and the mayor, who has a "
        "casting vote, said she was relieved not to have needed it."
    ),
    (
        "Opponents said the figures did not add up. The dredging alone will cost £14m, and the "
        "port operator has so far offered to pay only a third of it."
    ),
    "A first ship, carrying barley from Denmark, could arrive in spring, the council said.",
]
MENU = "".join(
    f"<li><a href='/{name}'>{name.title()}</a></li>"
    for name in ("news", "politics", "business", "sport", "culture", "weather", "jobs", "letters")
)
FOOT = "".join(f"<a href='/{name}'>{name}</a>" for name in ("contact", "privacy", "terms", "about"))


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def extract(body: str, head: str = "", url: str = URL, menu: str = MENU) -> Extraction:
    html = f"<html lang=en><head>{head}</head><body><nav><ul>{menu}</ul></nav>{body}</body></html>"
    return extract_page(html.encode(), "text/html", url)


def article(body: str, head: str = "", url: str = URL) -> PageText:
    found = extract(body, head, url)
    assert found.page is not None, found.detail
    return found.page


def stated(**more: Any) -> str:
    thing = {"@type": "NewsArticle", "headline": HEADLINE, **more}
    return f"<script type='application/ld+json'>{json.dumps(thing)}</script>"


LOGOS = ["<h1><a href='/'>Wexmouth Mail</a></h1>", ""]


@pytest.mark.parametrize("logo", LOGOS)
def test_where_the_only_h1_leads_home_an_h2_is_the_headline(logo: str) -> None:
    title = f"<title>{HEADLINE} | Local News - Wexmouth Mail</title>"
    post = f"<h2>{HEADLINE}</h2><small>4 February 2031 by Marta Ellery</small>{paragraphs(STORY)}"
    found = article(f"{logo}<div class=post>{post}</div>", title)
    assert found.headline == HEADLINE
    assert str(found.published_at)[:10] == "2031-02-04"
    assert found.authors == ("Marta Ellery",)
    assert list(found.paragraphs) == STORY


def test_an_h1_of_the_article_s_own_wins_over_an_h2() -> None:
    other = "Harbour talks collapse again"
    title = f"<title>{other} | Wexmouth Mail</title>"
    body = f"<h1>{HEADLINE}</h1>{paragraphs(STORY)}<h2>{other}</h2>"
    assert article(body, title + stated()).headline == HEADLINE


def test_the_text_may_stand_in_a_second_object_of_the_same_headline() -> None:
    head = stated(datePublished="2031-02-04", url=URL) + stated(articleBody="\n".join(STORY))
    found = article(f"<h1>{HEADLINE}</h1><p>{STORY[0]}</p>", head)
    assert list(found.paragraphs) == STORY


def test_a_text_of_another_headline_is_not_read() -> None:
    other = stated(headline="Storm tears across northern islands", articleBody="\n".join(STORY))
    head = stated(datePublished="2031-02-04", url=URL) + other
    assert list(article(f"<h1>{HEADLINE}</h1><p>{STORY[0]}</p>", head).paragraphs) == STORY[:1]


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://wanbao.example/a/2031/0204/c88.html", "2031-02-04"),
        ("https://wanbao.example/gn/2031/02-04/88.shtml", "2031-02-04"),
        ("https://wanbao.example/gn/2031/0204.shtml", None),
        ("https://wanbao.example/2031/1388/88.shtml", None),
        ("https://wanbao.example/2031/0230/88.shtml", None),
    ],
)
def test_month_and_day_may_stand_together_in_an_address(url: str, day: str | None) -> None:
    found = day_in_url(url)
    assert (str(found) if found else None) == day


FLASH = "Prime Minister Aino Laakso has resigned after losing a vote in parliament. More follows."
COMMENT = (
    "<div class=r><span>reader</span><div>She lost the room months ago, says everyone.</div></div>"
)


def test_a_flash_that_states_headline_and_date_is_no_listing() -> None:
    head = stated(datePublished="2031-02-04T09:30:00Z")
    thread = f"<div class=thread><h3>4 comments</h3>{COMMENT * 4}</div>"
    body = f"<div class=post><h1>{HEADLINE}</h1><p>{FLASH}</p></div>{thread}<p>{FOOT}</p>"
    assert list(article(body, head).paragraphs) == [FLASH]
    # Neither the date nor a headline that is not printed is enough.
    assert extract(body).outcome is Outcome.SECTION_PAGE


TEASERS = "".join(
    f"<div class=item><a href='/news/{at}'><h3>{text.split(',')[0]}</h3></a><p>{text}</p></div>"
    for at, text in enumerate(STORY + STORY[:2])
)


def test_a_listing_may_have_few_links() -> None:
    found = extract(f"<h1>Search results for “harbour”</h1>{TEASERS}", menu="")
    assert found.outcome is Outcome.SECTION_PAGE
    assert article(f"<h1>{HEADLINE}</h1>{paragraphs(STORY)}<p>{FOOT}</p>").paragraphs


LIVE = {
    "json-ld": (stated(**{"@type": "LiveBlogPosting"}), "<main>"),
    "microdata": ("", "<main itemscope itemtype='https://schema.org/LiveBlogPosting'>"),
    "none": ("", "<main>"),
}


@pytest.mark.parametrize("markup", LIVE)
def test_the_entries_of_a_live_blog_are_its_own_articles(markup: str) -> None:
    entries = [
        "The mayor has left the chamber. Talks go on without her until ten o'clock tonight.",
        "Ministers will answer questions on sanctions in parliament at noon on Tuesday.",
        "A second port says that it has found a buyer for its cranes and has told the union.",
    ]
    block = "<article class=block><header><h2>Entry</h2></header><p>{}</p></article>"
    head, opening = LIVE[markup]
    own = f"<article><h1>{HEADLINE}</h1>{paragraphs(STORY)}</article>"
    found = article(f"{opening}{own}{''.join(map(block.format, entries))}</main>", head)
    assert [text for text in found.paragraphs if text in entries] == (
        [] if markup == "none" else entries
    )


def test_short_entries_of_a_live_blog_that_json_ld_states_stay_beside_a_prompt() -> None:
    entries = [
        "The harbour is closed. Two ferries wait outside.",
        "Police ask drivers to avoid the coast road.",
        "Schools in Wexmouth stay closed on Tuesday.",
        "The union says its members are safe.",
        "Sign up for a place in a shelter at the town hall, the mayor says.",
        "More than 400 homes have no power tonight.",
    ]
    updates = [{"@type": "BlogPosting", "articleBody": text} for text in entries]
    head = stated(**{"@type": "LiveBlogPosting", "liveBlogUpdate": updates})
    blocks = "".join(
        f"<div class=entry id=entry-{88123 + at}><h3><time>1{at}:10</time> {text[:20]}</h3>"
        f"<p>{text}</p></div>"
        for at, text in enumerate(entries)
    )
    box = (
        "<div class=subscribe-box><p>Subscribe to our newsletter to keep reading.</p>"
        "<button>Subscribe</button></div>"
    )
    found = article(f"<article><h1>{HEADLINE}</h1>{blocks}{box}</article>", head)
    assert [text for text in found.paragraphs if text in entries] == entries
    assert not any("newsletter" in text for text in found.paragraphs)


NOTICES = {
    "This article has been removed": "This article was removed for legal reasons.",
    "Article removed": "The story did not meet our editorial standards, and we took it down.",
    "Legal removal": "Due to a legal complaint this article has been removed from our website.",
    "Beitrag entfernt": "Dieser Beitrag wurde von der Redaktion nach einer Beschwerde gelöscht.",
    "Depublikation": "Der Inhalt, den Sie aufgerufen haben, ist nicht mehr verfügbar. Er war alt.",
    "Article supprimé": "Cet article a été supprimé. Il n'est plus disponible sur notre site web.",
    "Artículo retirado": "Este artículo ha sido retirado por orden de un juez de Murcia en 2030.",
    "削除された記事": "この記事は削除されました。ご迷惑をおかけして申し訳ありません。",
}


@pytest.mark.parametrize("title", NOTICES)
def test_a_notice_that_an_article_was_removed_is_no_article(title: str) -> None:
    body = f"<article><h1>{title}</h1><p>{NOTICES[title]}</p></article>"
    head = "<meta property=og:type content=article>" + stated(headline=title)
    assert extract(body, head, "https://mail.example/2031/02/x").outcome is Outcome.SOFT_404


@pytest.mark.parametrize(
    "text",
    [
        "The report was withdrawn by the ministry on Monday after an error was found in a table.",
        "The constitutional article was removed by a vote of 212 to 190 late on Tuesday evening.",
        "Die Seite des Rathauses ist seit dem Angriff vom Montag nicht mehr verfügbar, sagte sie.",
        "The page that described the plan was deleted from the ministry's website on Friday night.",
    ],
)
def test_a_flash_about_a_removal_is_an_article(text: str) -> None:
    body = f"<article><h1>{HEADLINE}</h1><p>{text}</p></article>"
    assert extract(body, stated(datePublished="2031-02-04")).outcome is Outcome.ARTICLE
