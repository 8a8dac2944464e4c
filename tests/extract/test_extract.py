import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.extract import extract_page
from tasks.extract.access import is_truncated, judge_access
from tasks.extract.datelines import find_dateline
from tasks.model import Cleaned, Extraction, Outcome, StrippedBlock
from tasks.text.charsets import decode
from tasks.text.html_tree import parse_html

URL = "https://mill.example/local/2024/05/17/mill-turns-again"
HEADLINE = "Mill turns again after ten years"
PARAGRAPHS = [
    (
        "QUILLFORD -- The water wheel of the old mill turned on Friday for the first time since "
        "the flood ten years ago, and several hundred people stood on the bridge to watch it."
    ),
    (
        "The council had opened the gate at nine in the morning. The miller, who is seventy, "
        "ground the first sack of grain before noon and gave the flour to the school nearby."
    ),
    (
        "Repairs cost 410,000 pounds, half of which was raised by readers of the parish paper who "
        "bought shares in the wheel, and the rest came from the county's fund for old works."
    ),
    (
        "From June the mill will be open on two days a week, the council said in its statement, "
        "and a new footpath along the mill race is to be finished before the end of the summer."
    ),
]


def article_html(*, head: str = "", body: str | None = None, lang: str = "en") -> str:
    text = body if body is not None else "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    return (
        f"<!doctype html><html lang='{lang}'><head><title>{HEADLINE} - The Mill Courier</title>"
        f"<meta property='og:type' content='article'>{head}</head><body>"
        "<nav><a href='/'>Home</a> <a href='/local'>Local</a></nav>"
        f"<main><article><h1>{HEADLINE}</h1>{text}</article></main>"
        "<footer><p>© 2024 Mill Press</p></footer></body></html>"
    )


def extract(html: str | bytes, content_type: str = "text/html", url: str = URL) -> Extraction:
    payload = html if isinstance(html, bytes) else html.encode()
    return extract_page(payload, content_type, url, timezone="Europe/London")


def test_an_article_is_read() -> None:
    found = extract(article_html())
    assert found.outcome is Outcome.ARTICLE
    assert found.page is not None
    assert found.page.headline == HEADLINE
    assert list(found.page.paragraphs) == PARAGRAPHS
    assert (found.page.dateline, found.page.language) == ("QUILLFORD", "en")
    assert (found.page.published_source, found.page.is_truncated) == ("url", False)
    assert found.page.published_has_time is False


def test_a_page_saved_as_text_is_read() -> None:
    text = "\n\n".join([HEADLINE, *PARAGRAPHS])
    found = extract(text, "text/plain", "file:///saved/mill.txt")
    assert found.page is not None
    assert list(found.page.paragraphs)[-3:] == PARAGRAPHS[1:]
    assert extract(article_html(), "text/plain").page is not None


JAPANESE = "市場は午前中に上昇し、港の倉庫では新しい荷が並んだ。町の人々は橋の上から水車を見た。"
GERMAN = "Für die Müller war es ein schöner Tag – „endlich“, sagte der Älteste, „läuft es wieder“."


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        (JAPANESE, "shift_jis", "text/html; charset=Shift_JIS"),
        (JAPANESE, "shift_jis", "text/html; charset=utf-8"),
        (JAPANESE, "shift_jis", "text/html; charset=ISO-8859-1"),
        (JAPANESE, "euc_jp", "text/html"),
        (JAPANESE, "iso2022_jp", "text/html; charset=iso-2022-jp"),
        (JAPANESE, "utf-8", "text/html; charset=iso-8859-1"),
        (JAPANESE, "utf-8-sig", "text/html; charset=shift_jis"),
        (JAPANESE, "utf-16", "text/html"),
        (JAPANESE, "utf-16-le", ""),
        (GERMAN, "cp1252", "text/html; charset=iso-8859-1"),
        (GERMAN, "cp1252", "text/html; charset=utf-8"),
        (GERMAN, "cp1252", ""),
        (GERMAN, "utf-8", "text/html; charset=us-ascii"),
        (GERMAN, "utf-8", "text/html; charset=no-such-charset"),
    ],
)
def test_the_charset_is_found(text: str, codec: str, declared: str) -> None:
    html = f"<html><head><title>x</title></head><body><p>{text}</p><p>{text}</p></body></html>"
    assert decode(html.encode(codec), declared) == html


def test_the_page_names_its_charset() -> None:
    html = f"<html><head><meta charset='euc-jp'></head><body>{JAPANESE * 4}</body></html>"
    assert decode(html.encode("euc_jp"), "text/html; charset=iso-8859-1") == html
    russian = "<html lang='ru'><p>Мельница снова работает, сообщил совет"
    assert decode(russian.encode("cp1251")) == russian


def test_a_few_bad_bytes_do_not_change_the_charset() -> None:
    payload = (GERMAN * 5).encode() + b" \x96 x" + GERMAN.encode()[:-1]
    assert decode(payload, "text/html; charset=utf-8") is not None
    assert "– x" in str(decode(payload, "text/html; charset=utf-8"))


@pytest.mark.parametrize("payload", [b"%PDF-1.7 x", b"\x89PNG\r\n", bytes(range(256)) * 40])
def test_bytes_that_are_no_text(payload: bytes) -> None:
    assert extract(payload).outcome is Outcome.UNDECODABLE


def shell(title: str, body: str, head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


CARDS = "".join(
    f"<div><h2><a href='/local/{n}'>The {n}th story of the day</a></h2><p>What it says.</p></div>"
    for n in range(12)
)
REJECTED = [
    (shell("", ""), URL, Outcome.EMPTY_PAGE),
    ("   ", URL, Outcome.EMPTY_PAGE),
    (shell("Just a moment...", "<p>Checking your browser.</p>"), URL, Outcome.BOT_CHALLENGE),
    (
        shell("mill.example", "<p>Please enable JS and disable any ad blocker</p>"),
        URL,
        Outcome.BOT_CHALLENGE,
    ),
    (
        shell(
            "Your privacy",
            "<h1>We value your privacy</h1><p>We and our 312 partners use cookies and process "
            "personal data for tracking. With your consent our partners may store cookies.</p>"
            "<button>Accept all</button><button>Reject all</button>",
        ),
        URL,
        Outcome.CONSENT_WALL,
    ),
    (
        shell("Page not found - The Mill Courier", "<h1>Sorry</h1><p>Try the search.</p>"),
        URL,
        Outcome.SOFT_404,
    ),
    (shell("Fehler 404", "<h1>Diese Seite gibt es nicht</h1>"), URL, Outcome.SOFT_404),
    (
        shell("Local", CARDS, "<meta property='og:type' content='website'>"),
        "https://mill.example/local/",
        Outcome.SECTION_PAGE,
    ),
    (
        shell(
            "Wheel",
            "<h1>The wheel turns</h1><video src='a.mp4'></video><p>1:42</p>",
            "<meta property='og:type' content='video.other'>",
        ),
        URL,
        Outcome.VIDEO_PAGE,
    ),
    (shell("Mill", "<p>Soon.</p>"), URL, Outcome.NO_ARTICLE),
]


ERROR_PAGES = {
    "404 - The Mill Courier": (
        "<h1>404</h1><p>The page you are looking for might have been removed, had its name changed"
        " or is temporarily unavailable.</p><p>Please try the search, or go to the home page.</p>"
    ),
    "Page not found – The Mill Courier": (
        "<h1>Oops! That page can’t be found.</h1><p>It looks like nothing was found at this"
        " location. Maybe try a search?</p><h2>Latest news</h2><p>The council voted on Tuesday to"
        " open the gate of the old mill, and several hundred people came to watch the wheel.</p>"
    ),
    "404 Not Found": "<h1>Not Found</h1><p>The requested URL was not found on this server.</p>",
    "Seite nicht gefunden | Mühlenbote": (
        "<h1>Seite nicht gefunden</h1><p>Die von Ihnen gewünschte Seite konnte leider nicht"
        " gefunden werden. Möglicherweise wurde sie verschoben oder gelöscht.</p>"
    ),
    "Sorry, that article could not be found": (
        "<p>The article may have been moved, or the link that you followed is out of date."
        " Use the search above to find what you were looking for.</p>"
    ),
    "Page introuvable - Le Moulin": (
        "<p>La page que vous recherchez n'existe pas ou n'est plus disponible à cette adresse.</p>"
    ),
}
CHALLENGES = {
    "Attention Required! | Cloudflare": (
        "<h1>Sorry, you have been blocked</h1><p>This website is using a security service to"
        " protect itself from online attacks. The action you just performed triggered it.</p>"
    ),
    "Pardon Our Interruption": (
        "<p>As you were browsing something about your browser made us think you were a bot."
        " There are a few reasons this might happen.</p>"
    ),
    "mill.example": (
        "<h1>Access to this page has been denied</h1><p>It is believed that automation tools are"
        " browsing the website. This may happen because Javascript is disabled or blocked.</p>"
    ),
    "Are you a robot?": (
        "<p>Unusual activity has been detected from this computer network. To continue, please"
        " click the box below to confirm.</p>"
    ),
}


@pytest.mark.parametrize("title", [*ERROR_PAGES, *CHALLENGES])
def test_a_message_in_place_of_the_page_is_named(title: str) -> None:
    text = ERROR_PAGES.get(title) or CHALLENGES[title]
    outcome = Outcome.SOFT_404 if title in ERROR_PAGES else Outcome.BOT_CHALLENGE
    assert extract(shell(title, text)).outcome is outcome


@pytest.mark.parametrize(
    "headline",
    [
        "Treasure not found",
        "Missing girl, 9, not found after third day of search",
        "404 people evacuated",
        "Error 404: la película",
        "Page of history: the page that could not be found",
        "Vermisster Bergsteiger nicht gefunden",
        "Diese Seite gibt es seit 100 Jahren: die Kolumne",
        "Seite an Seite: Täter nicht gefunden",
        "Are you a robot? How machines learn to pass tests",
        "Just a moment... of silence for the victims",
    ],
)
def test_an_article_whose_headline_is_like_a_message_is_read(headline: str) -> None:
    text = f"<h1>{headline}</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>"
    found = extract(shell(f"{headline} - The Mill Courier", text))
    assert found.page is not None, (found.outcome, found.detail)
    # A captcha in a form, or under the page, guards only that.
    captcha = "<div class=g-recaptcha></div><small>This site is protected by reCAPTCHA</small>"
    assert extract(shell("Mill turns", f"<p>{PARAGRAPHS[0]}</p>{captcha}")).page is not None


def test_an_article_on_consent_is_read() -> None:
    text = (
        "<h1>Cookies and consent: new rules for partners</h1><p>Sites will have to ask for consent"
        " before they set cookies, and users can accept all or reject all with one click, under"
        " privacy rules agreed on Tuesday.</p><p>Partners of the sites must get consent too."
        " Cookies for statistics will need no consent, the privacy commissioner said.</p>"
    )
    assert extract(shell("Cookies and consent", text)).page is not None


@pytest.mark.parametrize(("html", "url", "outcome"), REJECTED)
def test_a_page_without_an_article_is_named(html: str, url: str, outcome: Outcome) -> None:
    found = extract(html, url=url)
    assert (found.outcome, found.page) == (outcome, None)
    assert found.detail


def test_another_content_type_is_no_page() -> None:
    assert extract("x", "application/pdf").outcome is Outcome.NOT_A_PAGE
    assert extract(article_html(), "").outcome is Outcome.ARTICLE


def test_a_short_news_item_is_an_article() -> None:
    found = extract(article_html(body=f"<p>{PARAGRAPHS[0]}</p>"))
    assert found.page is not None
    assert len(found.page.paragraphs) == 1


WALL = StrippedBlock("This article is for subscribers only. Subscribe now.", "paywall", "x", 5)
LINK = StrippedBlock("Log in", "registration", "x", 5, in_article=False)
METER = StrippedBlock("You have one free article left this month", "metering", "x", 5)
TEMPLATE = "text:any/placeholder"
COUNTER = StrippedBlock("Noch {{articlesLeft}} von {{allowed}} frei", "metering", TEMPLATE, 5)
GREETING = StrippedBlock("Hello {{firstName}}, change your {{photo}}", "metering", TEMPLATE, 5)


def behind(text: str, kind: str = "paywall", position: int = 5) -> StrippedBlock:
    return StrippedBlock(text, kind, "x", position, in_article=False)


READ_ON = behind("Continue reading with a subscription to the Courier")
CHANNEL = behind("Subscribe to our channel for more films of mills")
FULL = Cleaned(paragraphs=tuple(PARAGRAPHS) * 2)
CUT = Cleaned(paragraphs=("The wheel of the old mill turned, and the miller said …",))
MID = Cleaned(paragraphs=(*FULL.paragraphs, "The wheel of the old mill turned, and the"))


def with_blocks(cleaned: Cleaned, *stripped: StrippedBlock) -> Cleaned:
    return Cleaned(paragraphs=cleaned.paragraphs, stripped=stripped)


@pytest.mark.parametrize(
    ("stated", "cleaned", "access", "cut"),
    [
        ("free", with_blocks(CUT, WALL), "free", False),
        ("paywalled", FULL, "paywalled", False),
        ("paywalled", CUT, "paywalled", True),
        ("metered", with_blocks(FULL, METER), "metered", False),
        ("unknown", FULL, "unknown", False),
        ("unknown", with_blocks(FULL, METER), "metered", False),
        ("unknown", with_blocks(CUT, METER), "metered", True),
        ("unknown", with_blocks(CUT, WALL), "paywalled", True),
        ("unknown", with_blocks(CUT, LINK), "unknown", False),
        ("unknown", with_blocks(FULL, WALL), "unknown", False),
        ("unknown", with_blocks(FULL, COUNTER), "metered", False),
        ("unknown", with_blocks(FULL, GREETING), "unknown", False),
        ("unknown", with_blocks(FULL, READ_ON), "paywalled", False),
        ("unknown", with_blocks(FULL, CHANNEL), "unknown", False),
        ("paywalled", with_blocks(MID, READ_ON), "paywalled", True),
        ("paywalled", MID, "paywalled", False),
        ("free", with_blocks(MID, READ_ON), "free", False),
    ],
)
def test_access_and_truncation(stated: str, cleaned: Cleaned, access: str, *, cut: bool) -> None:
    assert judge_access(stated, cleaned) == access
    assert is_truncated(access, cleaned) is cut


def test_a_wall_far_behind_the_article_is_another_articles() -> None:
    gap = [behind(f"Related story number {at}", "related", at) for at in range(5, 12)]
    far = behind("Continue reading with a subscription to the Courier", position=12)
    assert judge_access("unknown", with_blocks(FULL, *gap, far)) == "unknown"
    ahead = with_blocks(FULL, behind("Continue reading with a subscription", position=1), gap[0])
    assert judge_access("unknown", ahead) == "unknown"


@pytest.mark.parametrize(
    "text",
    [
        "Il vous reste 61.3% de cet article à lire.",
        "You have read 20% of this article.",
        "残り1,250文字",
        "Noch 40 % des Artikels mit Plus lesen",
    ],
)
def test_a_prompt_that_says_how_much_is_missing(text: str) -> None:
    assert is_truncated("paywalled", with_blocks(FULL, behind(text)))
    assert not is_truncated("free", with_blocks(FULL, behind(text)))


def test_a_discount_is_no_missing_part() -> None:
    offer = with_blocks(FULL, behind("Save 50% on your first year and read every article"))
    assert not is_truncated("paywalled", offer)


def test_the_page_says_how_many_words_its_article_has() -> None:
    words = sum(len(paragraph.split()) for paragraph in FULL.paragraphs)
    assert is_truncated("paywalled", FULL, words * 3)
    assert is_truncated("metered", FULL, words * 3)
    assert not is_truncated("paywalled", FULL, words + 20)
    assert not is_truncated("unknown", FULL, words * 3)


@pytest.mark.parametrize(
    ("own", "links", "is_part"),
    [
        ("/2024/05/16/mill-turns.html", "<link rel='next' href='?pagewanted=2'>", True),
        (
            "/2024/05/16/mill-turns.html",
            "<a rel='next' href='/2024/05/16/mill-turns-2.html'>",
            True,
        ),
        ("/local/mill-turns", "<link rel='prefetch NEXT' href='/local/mill-turns/page/2/'>", True),
        ("/local/mill-turns?page=3", "<link rel='prev' href='/local/mill-turns?page=2'>", True),
        ("/local/mill-turns?page=2", "<link rel='prev' href='/local/mill-turns'>", True),
        # All pages at once; the next post; the page itself.
        ("/local/mill-turns?page=all", "<link rel='next' href='/local/mill-turns?page=2'>", False),
        ("/local/mill-turns/", "<link rel='next' href='/local/mill-turns-2/'>", False),
        ("/local/mill-turns/", "<link rel='next' href='/local/ice-on-the-river/'>", False),
        ("/local/mill-turns/", "<link rel='next' href='/local/mill-turns/'>", False),
        ("/local/mill-turns/", "<link rel='next' href='https://[/2'><a rel='next'>", False),
        ("/local/mill-turns/", "<a href='/local/mill-turns/2'>Older comments</a>", False),
    ],
)
def test_one_of_several_pages_is_a_part(own: str, links: str, *, is_part: bool) -> None:
    url = f"https://mill.example{own}"
    head, body = (links, "") if links.startswith("<link") else ("", f"{links}Next</a>")
    text = "".join(f"<p>{p}</p>" for p in PARAGRAPHS)
    page = extract(article_html(head=head, body=text + body), url=url).page
    assert page is not None
    assert page.is_truncated is is_part


def test_a_saved_page_is_compared_with_the_address_that_it_declares() -> None:
    own = "https://mill.example/2024/05/16/mill-turns.html?pagewanted="
    head = f"<link rel='canonical' href='{own}all'><link rel='next' href='{own}2'>"
    page = extract(article_html(head=head), url="file:///saved/mill.html").page
    assert page is not None
    assert page.is_truncated
    assert page.declared_url == f"{own}all"


@pytest.mark.parametrize(
    ("opening", "expected"),
    [
        ("QUILLFORD/REEDHAM -- The mill", "QUILLFORD/REEDHAM"),
        ("LONDON (Reuters) - Shares", "LONDON (Reuters)"),
        ("BERLIN, 3. März (dpa) – Die", "BERLIN, 3. März (dpa)"),
        ("Berlin (dpa) - Die", "Berlin (dpa)"),
        ("WASHINGTON, D.C. — The", "WASHINGTON, D.C."),
        ("PARIS, May 5 (Reuters) - The", "PARIS, May 5 (Reuters)"),
        ("KYIV, Ukraine — The", "KYIV, Ukraine"),
        ("新华社北京5月17日电（记者 某某）磨坊", "新华社北京5月17日电"),
        ("【ロンドン＝共同】水車が", "【ロンドン＝共同】"),
        ("UPDATE - The mill", None),
        ("NATO - a history", None),
        ("The mill – an old one – turns", None),
        ("Der Rat (AP) sagte - nichts", None),
        ("A — B", None),
        ("", None),
    ],
)
def test_datelines(opening: str, expected: str | None) -> None:
    assert find_dateline(opening) == expected


@pytest.mark.slow
@given(st.binary(max_size=600))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
@example(b"\x1b$B\x1b(")
@example(b"<html><body>" + b"\x00" * 50)
@settings(max_examples=60, deadline=None)
def test_any_bytes_end_in_one_outcome(payload: bytes) -> None:
    for content_type in ("text/html", "text/plain; charset=utf-7", "text/html; charset=idna"):
        found = extract_page(payload, content_type, "https://[bad/", source_language="xx")
        assert (found.page is None) == (found.outcome is not Outcome.ARTICLE)


TAGS = [
    "div",
    "p",
    "h1",
    "a",
    "span",
    "time",
    "meta",
    "link",
    "script",
    "table",
    "li",
    "figure",
    "article",
    "br",
    "b",
    "template",
    "svg",
]
FRAGMENTS = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(
        [
            "<meta property='og:title' content='x'>",
            "<link rel=canonical href='http://[x'>",
            "<time datetime='99999-99-99'>",
            "<script type='application/ld+json'>{\"@type\":",
            "<!--",
            "]]>",
            "&#x110000;",
            "&#xd800;",
            PARAGRAPHS[0],
        ]
    ),
    st.text(max_size=12),
)


@pytest.mark.slow
@given(st.lists(FRAGMENTS, max_size=60))
@settings(max_examples=60, deadline=None)
def test_any_tree_ends_in_one_outcome(fragments: list[str]) -> None:
    payload = "".join(fragments).encode("utf-8", "surrogatepass")
    first = extract_page(payload, "text/html", URL)
    assert first == extract_page(payload, "text/html", URL)
    assert (first.page is None) == (first.outcome is not Outcome.ARTICLE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + PARAGRAPHS[0],
        ("<div><span>" * 50_000) + "</span></div>" * 50_000,
        "<ul><li>" * 30_000,
        "<b><i><a href=x>" * 20_000 + "<p>x" * 1000,
        "<div " * 1_000_000,
        "<template shadowrootmode=open " * 100_000,
        "<script type='application/ld+json'>" + "[" * 500_000,
        article_html()[:700],
    ],
)
def test_hostile_nesting_ends(html: str) -> None:
    found = extract_page(html.encode(), "text/html", URL)
    assert (found.page is None) == (found.outcome is not Outcome.ARTICLE)


def test_nesting_that_no_page_has_is_flattened_and_its_text_kept() -> None:
    tree = parse_html("<div>" * 10_000 + "deep" + "</div>" * 10_000 + "<p>after</p>")
    assert tree.body is not None
    assert "deep" in tree.body.text()
    assert tree.css_first("body > p") is not None


@pytest.mark.parametrize("attribute", ["shadowrootmode=open", 'shadowmode="closed" x'])
def test_the_shadow_trees_of_a_saved_page_are_read(attribute: str) -> None:
    inner = "".join(f"<x-p><template {attribute}><p>{p}</p></template></x-p>" for p in PARAGRAPHS)
    menu = "<template><p>Only a script would show this sentence on the page.</p></template>"
    body = f"<x-page><template {attribute}><main>{menu}{inner}</main></template></x-page>"
    page = extract(article_html(body=f"<h1>{HEADLINE}</h1>{body}")).page
    assert page is not None
    assert list(page.paragraphs) == PARAGRAPHS


@pytest.mark.parametrize("content_type", ["text/html;charset=utf-8", "", "text/plain"])
@pytest.mark.parametrize("root", ["rss", "feed", "rdf:RDF", "urlset"])
def test_a_feed_is_no_article_whatever_it_is_served_as(root: str, content_type: str) -> None:
    items = "".join(
        f"<item><title>{HEADLINE}</title><description>{text}</description></item>"
        for text in PARAGRAPHS
    )
    feed = f'<?xml version="1.0"?><!-- made <html> --><{root}><channel>{items}</channel></{root}>'
    for payload in (feed.encode(), feed.encode("utf-16"), b"\xef\xbb\xbf\n" + feed.encode()):
        assert extract_page(payload, content_type, URL).outcome is Outcome.NOT_A_PAGE


def test_an_article_about_feeds_is_one() -> None:
    text = "\n\n".join(["How to write <rss> by hand", *PARAGRAPHS])
    for content_type in ("text/plain", "text/html"):
        assert extract_page(text.encode(), content_type, URL).outcome is not Outcome.NOT_A_PAGE
    page = article_html(body=f"<rss></rss><p>{'</p><p>'.join(PARAGRAPHS)}</p>")
    assert extract_page(page.encode(), "text/html", URL).outcome is Outcome.ARTICLE
