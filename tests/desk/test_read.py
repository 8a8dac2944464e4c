"""An article with all that is kept of it, and nothing that a page says is acted on."""

import random
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import tasks.prompts
from flows.desk.archived_page import sanitised_html
from flows.desk.reasons import DECIDED, KINDS
from flows.desk.views.read_article import paragraphs, text_segments
from tasks.prompts.text_rules import PROMPT_KINDS
from tasks.refine.normalise import NOT_PROMPTS
from tasks.text.changes import changes
from tests.desk.made_texts import HOSTILE, REVISED, RUN, WORDS
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

pytestmark = pytest.mark.slow


def article(texts: Layout, slug: str) -> str:
    [row] = snapshot_records(
        texts, "SELECT article_id FROM articles WHERE url_requested LIKE ?", [f"%/{slug}"]
    )
    return f"/article/{row['article_id']}"


def text_of(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", page.partition("<article")[2].partition("</article")[0]))


def test_text_is_shown_with_its_hits(reader: TestClient, texts: Layout) -> None:
    page = reader.get(article(texts, "first") + "?topic=harvest").text
    assert '<mark title="Harvest">harvest</mark>' in page
    assert 'The <mark title="Harvest">harvest</mark> fair</bdi></h1>' in page
    assert "2 hits" in page
    assert "The same text elsewhere" in page
    assert article(texts, "second") in page
    searched = reader.get(article(texts, "chinese"), params={"q": WORDS.text}).text
    assert "今日<mark" in searched
    assert ">二十国集团</mark>开会。" in searched
    by_expression = reader.get(
        article(texts, "chinese"), params={"q": "国集.|天气", "mode": "regex"}
    ).text
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", by_expression) == ["国集团", "天气"]


def test_versions_are_compared(reader: TestClient, texts: Layout) -> None:
    place = article(texts, "revised")
    page = reader.get(place).text
    assert "at noon" in text_of(page)
    assert "This is version" not in page
    assert "<td>by the source</td>" in re.sub(r">\s+|\s+<", lambda m: m[0].strip(), page)
    earlier = reader.get(f"{place}?version=1").text
    assert f'<a href="{place}' in earlier.partition("This is version 1, fetched 4 March 2026")[2]
    assert REVISED.body in text_of(earlier)
    compared = reader.get(f"{place}?version=2&with=1").text
    assert "<del>A made </del> <ins>Another </ins>headline" in compared
    assert re.search(r"came on <del>Monday\. </del> <ins>Tuesday at noon\. </ins>", compared)
    recut = reader.get(article(texts, "cut-7")).text
    assert "perhaps not by the source" in recut
    assert "perhaps not by the source" not in page
    assert "[…]" not in compared.partition("</ins>The mayor left.")[2]
    assert reader.get(f"{place}?version=7").status_code == 400
    assert reader.get(f"{place}?version=2&with=../1").status_code == 400


def test_what_was_stripped_is_listed(reader: TestClient, texts: Layout) -> None:
    page = reader.get(article(texts, "hostile")).text
    assert "Join us &lt;script&gt;" in page
    assert 'offers a newsletter (by its wording) <code class="soft">text:en/newsletter' in page
    folder = Path(tasks.prompts.__file__).parent
    names = {
        name
        for module in folder.glob("*.py")
        for name in re.findall(r'"([a-z]+):[a-z{]', module.read_text())
    }
    assert names == set(DECIDED)
    kinds = (*PROMPT_KINDS, *NOT_PROMPTS)
    assert set(kinds) == set(KINDS)


def test_an_article_leads_back_to_its_list(reader: TestClient) -> None:
    for start in ("/articles?topic=summit&from=2026-03-02", "/articles?revised=yes"):
        page = reader.get(start).text
        [first, *_] = re.findall(r'href="(/article/[^"]*)"', page)
        back = re.findall(r'href="([^"]*)">Back to the list', reader.get(unescape(first)).text)
        assert reader.get(unescape(back[0])).text == page


def test_what_publishers_wrote_is_text(reader: TestClient) -> None:
    page = reader.get(f"/article/{HOSTILE.article_id}").text
    assert HOSTILE.body.partition("\n")[0] in text_of(page)
    assert "<b>not bold</b> &amp;" in text_of(page)
    assert "<svg onload=alert(3)>" in text_of(page)
    assert "<i>harvest</i>" in text_of(page)
    assert '&lt;i&gt;<mark title="Harvest">' in page
    scripts = re.findall(r"<script[^>]*>", page)
    assert all(' src="/' in script for script in scripts)
    for active in ("<img", "<svg", "javascript:", "<b>"):
        assert active not in page


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ("x", 404),
        ("00000000-0000-0000-0000-000000000000", 404),
        ("..%2F..%2Fetc%2Fpasswd", 404),
        ("'; DROP TABLE articles; --", 404),
        ("<script>", 404),
    ],
)
def test_ids_that_are_none_are_refused(reader: TestClient, given: str, status: int) -> None:
    for path in (f"/article/{given}", f"/article/{given}/page"):
        answer = reader.get(path)
        assert answer.status_code == status
        assert "<script>" not in answer.text


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_other_file_is_read(reader: TestClient, texts: Layout, number: int) -> None:
    secret = texts.root.parent / "secret.warc.gz"
    secret.write_bytes(b"secret")
    place = article(texts, f"placed-{number}")
    assert "The page is not in this archive" in reader.get(place).text
    answer = reader.get(f"{place}/page")
    assert answer.status_code == 404
    assert "secret\n" not in answer.text
    assert "root:" not in answer.text


def test_a_removed_archive_is_said(reader: TestClient, texts: Layout) -> None:
    place = article(texts, "first")
    assert f"The archived page is not here: gb-post/{RUN}.warc.gz is missing." in (
        reader.get(place).text
    )
    assert reader.get(f"{place}/page").status_code == 404


def test_changes_give_both_texts_back() -> None:
    before = "One two. Three four five.\n\nSix. 今日开会。"
    after = "One two. Three 4 five!\n\nSeven. Six. 明日开会。"
    found = changes(before, after)
    assert "".join(piece.text for piece in found if piece.kind != "new") == before
    assert "".join(piece.text for piece in found if piece.kind != "gone") == after
    assert ("gone", "今") in found
    assert [piece.kind for piece in changes(before, before)] == ["same"]
    assert changes("", "") == []


SENTENCES = ("No hurry.", "It rained for weeks.", "Maud left.", "开会。", "“A”?", "Nobody knows.")


@pytest.mark.parametrize("seed", range(30))
def test_changes_mark_nothing_that_stayed(seed: int) -> None:
    rng = random.Random(seed)
    before, after = (
        "".join(rng.choice(SENTENCES) + rng.choice((" ", "\n\n")) for _ in range(8)).strip()
        for _ in "ab"
    )
    found = changes(before, after)
    assert "".join(piece.text for piece in found if piece.kind != "new") == before
    assert "".join(piece.text for piece in found if piece.kind != "gone") == after
    kinds = [piece.kind for piece in found]
    assert all(one != other and (one, other) != ("new", "gone") for one, other in pairwise(kinds))
    for more in (" More came.", "\n\nMore came.\n\nMore."):
        assert changes(before, before + more) == [("same", before), ("new", more)]
        assert changes(before + more, before) == [("same", before), ("gone", more)]


def test_changes_of_endless_texts_are_shown_whole() -> None:
    before, after = "A b. " * 5_000, "A c. " * 5_000
    assert [piece.kind for piece in changes(before, after)] == ["gone", "new"]


def test_marks_that_overlap_lose_no_text() -> None:
    text = "abcdefgh\n\nij"
    spans = [(4, 11, "c"), (1, 5, "a"), (2, 3, "b")]
    segments = [*text_segments(text, spans)]
    assert "".join(part for part, _ in segments) == text
    assert [part for part in segments if part[1]] == [("bcde", "a"), ("fgh\n\ni", "c")]
    assert paragraphs(segments, "\n\n")[1] == [("i", "c"), ("j", "")]


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("<p onclick=alert(1)>a</p>", "<p>a</p>"),
        ("<a href='https://a.test' ping=//b.test target=_top>a</a>", "<a>a</a>"),
        ("<script>alert(1)</script>a", "a"),
        ("<noscript><img src=//a.test></noscript>a", "a"),
        ("<img src='https://a.test/x.png' srcset='//b.test 2x' alt=b>", '<img alt="b">'),
        ("<img src='data:image/png;base64,AA=='>", '<img src="data:image/png;base64,AA==">'),
        ("<img src='data:image/svg+xml,<svg/>'>", "<img>"),
        ("<form action=//a.test><button formaction=//b.test>a</button>", "<button>a</button>"),
        ("<svg><a xlink:href='//a.test'><text>a</text></a></svg>b", "b"),
        ("<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>b", "b"),
        ("<style>a{}<\x00/style><b></style>", "<style>a{}<\ufffd/style><b></style>"),
        ("<p title='\"><script>'>a", '<p title="&quot;&gt;&lt;script&gt;">a</p>'),
        ("<custom-part href=//a.test>a</custom-part>", "a"),
        ("<template><script>alert(1)</script></template><!--<script>-->a", "a"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("<table background=//a.test><caption>a", "<table><caption>a</caption></table>"),
    ],
)  # fmt: skip
def test_only_what_shows_is_kept(page: str, kept: str) -> None:
    shown = sanitised_html(f"<body>{page}</body>")
    assert shown == f'<html><head><meta charset="utf-8"></head><body>{kept}</body></html>'


def test_head_acts_on_nothing() -> None:
    page = (
        "<head><meta http-equiv=refresh content='0;url=//a.test'><base href=//a.test target=_top>"
        "<link rel=preconnect href=//a.test><link rel=stylesheet href=//a.test/x.css>"
        "<title>t</title></head><body>a"
    )
    assert sanitised_html(page) == (
        '<html><head><meta charset="utf-8"><title>t</title></head><body>a</body></html>'
    )
    assert len(sanitised_html("<div>" * 20_000)) > 1_000
