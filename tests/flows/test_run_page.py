"""What a run leaves for its page in Prefect: ledger, topics, pages turned down, as Markdown."""

from typing import Any

from tasks.report.run_summary import (
    MAX_CELL_CHARS,
    MAX_REJECTED,
    MAX_UNBROKEN,
    RunFigures,
    doubtful_pages,
    ledger_page,
    rejections_page,
    topics_page,
    undated_files,
    undated_pages,
)

RUN = "20261125T144039Z-bcb567"
LONG = f"https://www.gb-post.test/{'abcdefghij' * 20}?a=1&copy;=2&q={'%E4%BA%8C' * 40}"


def collected(source_id: str, **counts: int) -> dict[str, Any]:
    """A row of the ledger."""
    empty = dict.fromkeys(("fetched", "new", "revised", "unchanged", "truncated"), 0)
    return {"source_id": source_id, "seconds": 1.25, **empty, **counts}


def rejected(source_id: str = "gb-post", **about: Any) -> dict[str, Any]:
    """A page that gave no article."""
    return {
        "source_id": source_id,
        "outcome": "soft_404",
        "meaning": "says that it is gone",
        "detail": None,
        "url_requested": LONG,
        "raw_ref": f"{source_id}/{RUN}.warc.gz#4410",
        "prose_words": None,
        "is_doubtful": False,
        **about,
    }


def test_the_ledger_says_of_each_source_what_came_of_it() -> None:
    rows = [collected("gb-post", fetched=5, new=3, unchanged=1)]
    figures = RunFigures(rows, [], [rejected(), rejected(outcome="not_found")])
    figures.undated.extend(
        {"source_id": "gb-post", "url_requested": url, "kind": kind}
        for url, kind in (("file:///saved/a.html", "file"), ("https://gb-post.test/b", "page"))
    )
    undated = "1 saved file undated (published\\_at in FILE.meta.json); 1 article undated"
    page = ledger_page(RUN, figures, {"gb-post": 9, "de-blatt": 0}, {"de-blatt": "no answer"})
    assert page.splitlines() == [
        f"**Run {RUN}**: 3 new, 0 revised",
        "",
        "| source | listed | fetched | new | revised | rejected | seconds |",
        "|---|--:|--:|--:|--:|--:|--:|",
        "| gb-post | 9 | 5 | 3 | 0 | 2 | 1.2 |",
        "| de-blatt | 0 | 0 | 0 | 0 | 0 |  |",
        "",
        f"- **gb-post**: rejected 1 not\\_found, 1 soft\\_404; {undated}; 1 unchanged",
        "- **de-blatt**: no answer",
    ]


def test_the_message_names_sources_whose_articles_are_undated() -> None:
    def figures(*numbers: int) -> RunFigures:
        pages = [
            {"source_id": f"gb-{place}", "url_requested": "https://gb.test/a", "kind": "page"}
            for place, number in enumerate(numbers)
            for _ in range(number)
        ]
        return RunFigures([], [], [], pages)

    remedy = "; a feed or sitemap that states dates would give one"
    one = "1 article has no publication date and counts on no day: gb-0 (1)"
    assert undated_pages(figures(1)) == one + remedy
    assert undated_files(figures(1)) == ""
    assert undated_pages(figures()) == ""
    many = "7 articles have no publication date and count on no day: gb-1 (2), gb-0 (1), gb-2 (1),"
    assert undated_pages(figures(1, 2, 1, 1, 1, 1)) == (
        f"{many} gb-3 (1), gb-4 (1), 1 other source{remedy}"
    )


def test_a_rejection_leads_to_the_page_and_to_what_is_on_it() -> None:
    (_, _, first, second, third) = rejections_page(RunFigures([], [], [rejected()])).splitlines()
    assert first == "- **soft\\_404**, gb-post: says that it is gone\\"
    shown, target = second.removeprefix("  [").removesuffix(">)\\").split("](<")
    assert target == LONG.replace("&", "&amp;")
    assert shown.startswith("www.gb-post.test/abc")
    assert len(shown) == MAX_CELL_CHARS + 1
    assert third == f"  `presswatch extract 'gb-post/{RUN}.warc.gz#4410'`"


def test_a_doubtful_rejection_says_so() -> None:
    about = {"outcome": "section_page", "detail": "no date stated; 24 linked headings"}
    doubtful = rejected(prose_words=630, is_doubtful=True, **about)
    figures = RunFigures([], [], [doubtful, rejected(**about), rejected("de-blatt")])
    assert doubtful_pages(figures) == "1 rejected page may be an article"
    assert doubtful_pages(RunFigures([], [], [doubtful] * 2)).startswith("2 rejected pages may be")
    assert doubtful_pages(RunFigures([], [], [rejected()])) == ""
    first = rejections_page(figures).splitlines()[2]
    assert "doubtful, 630 words of prose; no date stated; 24 linked headings" in first
    ledger = ledger_page(RUN, figures, {"gb-post": 2, "de-blatt": 1}, {}).splitlines()
    assert ledger[-2:] == [
        "- **gb-post**: rejected 2 section\\_page; 1 doubtful",
        "- **de-blatt**: rejected 1 soft\\_404",
    ]


def test_one_is_no_plural() -> None:
    assert rejections_page(RunFigures([], [], [rejected()])).startswith(
        "**1 page gave no article**"
    )
    topic = {"name": "G20", "hits": 1, "mentions": 1, "articles": 1}
    assert topics_page(RunFigures([], [topic], [])).startswith(
        "**In the 1 new or revised article of this run**"
    )


def test_no_more_rejections_than_one_can_read() -> None:
    page = rejections_page(RunFigures([], [], [rejected()] * (MAX_REJECTED + 1)))
    said = f"**{MAX_REJECTED + 1} pages gave no article; the first {MAX_REJECTED}**"
    assert page.startswith(said)
    assert page.count("presswatch extract") == MAX_REJECTED


def test_texts_of_pages_are_neither_markdown_nor_links() -> None:
    hostile = "[x](javascript:alert(1)) <b> `code` | www.evil.test a@evil.test"
    page = rejections_page(RunFigures([], [], [rejected(detail=hostile)]))
    assert (
        "\\[x\\](javascript:alert(1)) \\<b\\> \\`code\\` \\| `www.evil.test` `a@evil.test`" in page
    )
    file = rejected(url_requested="file:///data/`x`|y.html", raw_ref=None)
    page = rejections_page(RunFigures([], [], [file]))
    assert page.endswith("`file:///data/%60x%60%7Cy.html`")


def test_long_words_are_cut() -> None:
    error = f"ConnectTimeout: {LONG}"
    page = ledger_page(RUN, RunFigures([], [], []), {"gb-post": 0}, {"gb-post": error})
    (line,) = [line for line in page.splitlines() if "ConnectTimeout" in line]
    start, end = line.split("`")[1].split("…")
    assert LONG.startswith(start)
    assert LONG.endswith(end)
    assert max(map(len, f"{start}…{end}".split("-"))) == MAX_UNBROKEN + len("…")


def test_a_run_that_brought_nothing() -> None:
    nothing = RunFigures([], [], [])
    assert topics_page(nothing) == "**This run has no new text.**"
    assert rejections_page(nothing) == "**No page was rejected.**"
