import pytest

from tasks.text.page_numbers import is_next_page

SITE = "https://mill.example"


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("/local/mill-turns/2", "/local/mill-turns/"),
        ("/local/mill-turns-again/3", "/local/mill-turns-again/2"),
        ("/local/mill-turns/page/3", "/local/mill-turns/page/2"),
        ("/mill/seite-2", "/mill"),
        ("/mill_2.html", "/mill.html"),
        ("/mill-turns-again-3.html", "/mill-turns-again-2.html"),
        ("/mill?page=2", "/mill"),
        ("/mill?page=2", "/mill?page=1"),
        ("/mill?page=2&utm_source=a", "http://www.mill.example/mill?page=1"),
        ("/view.php?id=4711&pg=10", "/view.php?pg=9&id=4711"),
        ("/mill?pagewanted=2", "/mill?pagewanted=all"),
    ],
)
def test_the_next_page_of_an_article(later: str, earlier: str) -> None:
    earlier = earlier if earlier.startswith("http") else SITE + earlier
    assert is_next_page(SITE + later, earlier)
    assert not is_next_page(earlier, SITE + later)


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("/posts/6", "/posts/5"),
        ("/news-6.html", "/news-5.html"),
        ("/2024/05/17", "/2024/05/16"),
        ("/2024/05/16/4", "/2024/05/16/3"),
        ("/view.php?id=5", "/view.php?id=4"),
        ("/mill-turns-2", "/mill-turns"),
        ("/local/mill-turns/comment-page-2", "/local/mill-turns"),
        ("/mill?cpage=2", "/mill"),
        ("/mill?page=3", "/mill"),
        # As a pager of comments counts from 0.
        ("/mill?page=1", "/mill"),
        ("/page/2", "/"),
        ("/2", "/"),
        ("/?page=2", "/"),
        ("", ""),
    ],
)
def test_the_next_post_or_list_is_no_page_of_an_article(later: str, earlier: str) -> None:
    assert not is_next_page(SITE + later, SITE + earlier)
