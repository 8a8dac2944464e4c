"""Pages that scripts would fill, and those that only look like them."""

import pytest

from tasks.extract import extract_page
from tasks.model import Extraction, Outcome

URL = "https://courier.example/2026/03/02/ferry-sails"
BUNDLE = "<script src=/static/main.8f3a.js></script>"
CODE = f"<script>{'!function(e){e.push([404,{}])}(window);' * 200}</script>"
ASKS = "<noscript>You need to enable JavaScript to run this app.</noscript>"
FOR_COMMENTS = "<noscript>Please enable JavaScript to view the comments.</noscript>"
TEXT = "The ferry to Varnholm sails again from Monday, the harbour board said in its statement."


def extract(body: str, head: str = "", title: str = "Ferry sails") -> Extraction:
    html = f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>{body}</html>"
    return extract_page(html.encode(), "text/html", URL)


SHELLS = {
    "React": f"<body>{ASKS}<div id=root></div>{BUNDLE}",
    "React, loading": f"<body><div id=root><div class=spinner>Loading ...</div></div>{BUNDLE}",
    "Next": f"<body><div id=__next></div>{BUNDLE}<script id=__NEXT_DATA__ type=application/json>"
    '{"props":{"pageProps":{}},"page":"/[slug]","query":{"slug":"ferry-sails"}}</script>',
    "Next, without state": f"<body><div id=__next></div>{BUNDLE}{BUNDLE}",
    "Nuxt": f"<body><div id=__nuxt></div><script>window.__NUXT__={{}}</script>{BUNDLE}",
    "Angular": f"<body><app-root></app-root>{BUNDLE}",
    "Vue": f"<body><noscript><strong>We're sorry, but this site doesn't work properly without "
    f"JavaScript enabled.</strong></noscript><div id=app></div>{BUNDLE}",
    "Gatsby": f"<body><div id=___gatsby></div>{BUNDLE}",
    "Svelte": "<body><div style='display: contents'><script>{__sveltekit_1 = {base: ''};"
    f"import('/_app/start.js')}}</script></div>{BUNDLE}{CODE}",
    "noscript redirect": "<body><noscript><meta http-equiv=refresh content='0; url=/nojs'>"
    f"</noscript>{BUNDLE}",
    "cookie line": f"<body><div id=app></div><p>{TEXT.replace('The ferry', 'We use cookies as it')}"
    f"</p>{BUNDLE}",
    "navigation": f"<body><nav>{'<a href=/local>Local news</a> ' * 9}</nav><main id=app></main>"
    f"{BUNDLE}",
}


@pytest.mark.parametrize("name", SHELLS)
def test_an_app_that_is_not_filled_needs_javascript(name: str) -> None:
    found = extract(SHELLS[name])
    assert (found.outcome, found.page) == (Outcome.NEEDS_JAVASCRIPT, None), found.detail
    assert "no text" in found.detail or "words on the page" in found.detail


ARTICLE = "<meta property=og:type content=article><meta property=article:published_time content="
LIST = "".join(
    f"<li><a href='/2026/03/02/story-number-{n}'>Story {n} of today</a>" for n in range(40)
)
OTHERS = {
    "bot wall": (
        f"<body><p id=cmsg>Please enable JS and disable any ad blocker</p>{CODE}",
        Outcome.BOT_CHALLENGE,
    ),
    "captcha alone": (
        "<body><script src=https://ct.captcha-delivery.com/c.js></script>",
        Outcome.BOT_CHALLENGE,
    ),
    "meta refresh": ("<body>", Outcome.EMPTY_PAGE),
    "nothing": ("<body><div></div>", Outcome.EMPTY_PAGE),
    "error page": (
        f"<body><h1>Something went wrong</h1><p>Please try again later.</p>{CODE}{BUNDLE}",
        Outcome.NO_ARTICLE,
    ),
    "comments need it": (
        f"<body><p>Soon.</p>{FOR_COMMENTS}{BUNDLE}",
        Outcome.NO_ARTICLE,
    ),
    "short article": (f"<body><article><p>{TEXT}</p></article>{ASKS}{BUNDLE}", Outcome.ARTICLE),
    "filled": (f"<body>{ASKS}<div id=root><p>{TEXT * 4}</p></div>{BUNDLE}", Outcome.ARTICLE),
    "list": (f"<body><div id=app></div><ul>{LIST}</ul>{BUNDLE}", Outcome.SECTION_PAGE),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_pages_are_not_taken_for_apps(name: str) -> None:
    refresh = "<meta http-equiv=refresh content='0; url=/login'>" if "refresh" in name else ""
    body, outcome = OTHERS[name]
    found = extract(body, refresh)
    assert found.outcome is outcome, found.detail
    assert not refresh or "/login" in found.detail


def test_an_article_in_json_ld_is_read_from_an_app() -> None:
    body = " ".join(f"{TEXT} Skipper {n} was on board." for n in range(9))
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry sails",'
        f'"datePublished": "2026-03-02T10:00:00Z", "articleBody": "{body}"}}</script>'
    )
    found = extract(SHELLS["React"], head)
    assert found.outcome is Outcome.ARTICLE, found.detail


def test_a_wall_without_text_is_no_app() -> None:
    wall = "<p class=paywall>This article is for subscribers only. Subscribe now to read on.</p>"
    found = extract(f"<body>{wall}<div id=app></div>{BUNDLE}")
    assert found.outcome is not Outcome.NEEDS_JAVASCRIPT
