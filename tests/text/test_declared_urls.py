from urllib.parse import urljoin

import pytest

from tasks.text.declared_urls import canonical
from tasks.text.urls import article_id

ARTICLE = "https://www.example.com/world/summit-opens"


@pytest.mark.parametrize(
    ("declared", "final", "expected"),
    [
        (None, ARTICLE + "?utm_source=x#top", ARTICLE),
        ("", ARTICLE, ARTICLE),
        ("https://example.com/b/summit-opens", ARTICLE, "https://example.com/b/summit-opens"),
        ("/summit-begins?utm_source=x", ARTICLE, "https://www.example.com/summit-begins"),
        ("//news.example.com/b1", ARTICLE, "https://news.example.com/b1"),
        ("https://other.com/b", ARTICLE, ARTICLE),
        ("https://example.com.evil.net/b", ARTICLE, ARTICLE),
        ("https://example.com@evil.net/b", ARTICLE, ARTICLE),
        ("https://www.example.com/", ARTICLE, ARTICLE),
        ("https://www.example.com/", "https://example.com", "https://www.example.com/"),
        ("javascript:alert(1)", ARTICLE, ARTICLE),
        ("http://[", ARTICLE, ARTICLE),
        ("http://127.0.0.1:9/b", "http://127.0.0.1:8/a", "http://127.0.0.1:8/a"),
        ("http://127.0.0.1:8/b", "http://127.0.0.1:8/a", "http://127.0.0.1:8/b"),
        ("/summit-begins/amp/", ARTICLE, "https://www.example.com/summit-begins/"),
        (ARTICLE, "file:///saved/page.html", ARTICLE),
        ("https://www.example.com/", "file:///saved/page.html", "file:///saved/page.html"),
        ("other.html", "file:///saved/page.html", "file:///saved/page.html"),
    ],
)
def test_canonical(declared: str | None, final: str, expected: str) -> None:
    assert canonical(declared, final) == expected


@pytest.mark.parametrize(
    ("path", "numbers"),
    [
        ("/view.php", "id={}"),
        ("/view.php", "lang=en&id={}"),
        ("/view.php", "{}00"),
        ("/news/articleView.html", "idxno=10{}"),
        ("/article/", "nota=55{}&page=2"),
        ("/modules.php", "name=News&file=article&sid={}"),
        ("/%EA%B8%B0%EC%82%AC", "no={}"),
    ],
)
@pytest.mark.parametrize("host", ["www.example.com", "m.example.com"])
def test_a_declared_url_without_the_articles_number_is_refused(
    path: str, numbers: str, host: str
) -> None:
    pages = [f"https://{host}{path}?{numbers.format(number)}" for number in range(1, 5)]
    for declared in (path, f"https://example.com{path}", f"{path}?lang=en", f"{path}?page=1"):
        assert len({article_id(canonical(declared, page)) for page in pages}) == 4


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/world/summit-opens-in-varnholm", "id=7"),
        ("/2026/03/summit", "article=1234"),
        ("/story/123456/summit", "sid=105"),
        ("/a/123.html", "from=1001"),
        ("/world/summit-opens", "page=2"),
        ("/world/summit-opens", "replytocom=12345"),
        ("/world/summit-opens", "PHPSESSID=a1b2c3d4"),
        ("/world/summit-opens", "utm_id=1234&full=1"),
        ("/world/summit-opens", "q=%E9%A6%96%E8%84%B3"),
    ],
)
def test_a_declared_url_without_what_selects_no_article_counts(path: str, query: str) -> None:
    own = f"https://www.example.com{path}"
    assert canonical(path, f"{own}?{query}") == own


def test_a_declared_url_with_the_number_counts() -> None:
    own = "https://www.example.com/view.php?id=4&section=104"
    assert canonical("/view.php?id=4", own) == "https://www.example.com/view.php?id=4"
    assert canonical("/news/4", own) == "https://www.example.com/news/4"


SLUG = "https://www.example.com/news/harbour-strike-ends-at-dawn"


@pytest.mark.parametrize(
    ("declared", "own"),
    [
        ("/en", SLUG),
        ("/en/", ARTICLE),
        ("/news", SLUG),
        ("/world/", ARTICLE),
        ("/home", ARTICLE),
        ("/home.html", SLUG),
        ("/en/index.php", SLUG),
        ("/?lang=en", SLUG),
        ("/latest-news", SLUG),
        ("/news/latest-news", SLUG + "-1234567"),
        ("/world", "https://www.example.com/world/brexit"),
        ("/article", "https://www.example.com/article/12345"),
        ("/news", "https://www.example.com/news/4"),
        ("/news", "https://www.example.com/read?id=4"),
        ("/2026/03", "https://www.example.com/2026/03/17/strike"),
        ("/2026/03/17/", "https://www.example.com/2026/03/17/strike"),
        ("/podcast", "https://www.example.com/podcast/2026-03-17"),
        ("/%E8%A8%98%E4%BA%8B", "https://www.example.com/%E8%A8%98%E4%BA%8B/台風で学校が休校"),
        ("https://www.example.com/en", "file:///saved/page.html"),
        ("/news/storm-closes-three-schools-1234567", SLUG),
        ("/news/storm-closes-three-schools-1234567", SLUG + "-7654321"),
    ],
)
def test_a_declared_url_that_cannot_be_the_articles_is_refused(declared: str, own: str) -> None:
    assert article_id(canonical(declared, own)) == article_id(own)


@pytest.mark.parametrize(
    ("declared", "own"),
    [
        (ARTICLE, ARTICLE + "/2"),
        (ARTICLE, ARTICLE + "/print"),
        (SLUG, SLUG + "/comment-page-1/"),
        (SLUG, "https://m.example.com/a?id=12345"),
        ("/article/12345", "https://www.example.com/article/12345/gallery"),
        ("/news/harbour-strike-is-over", SLUG),
        ("/news/dock-workers-go-back-12345", SLUG + "-12345"),
        ("/p/12345", SLUG),
        ("/記事/台風で学校が休校", "https://www.example.com/?p=12345"),
        ("/brexit", "https://m.example.com/brexit"),
        ("/world/brexit", "file:///saved/page.html"),
        ("/doc.example.com.B2LA2G3", "file:///saved/page.html"),
        ("/world/brexit", "https://www.example.com/europe/brexit"),
    ],
)
def test_a_declared_url_that_may_be_the_articles_counts(declared: str, own: str) -> None:
    claimed = urljoin("https://www.example.com/", declared)
    assert article_id(canonical(claimed, own)) == article_id(claimed)
