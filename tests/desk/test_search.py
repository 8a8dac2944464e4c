"""A search finds what a topic of the same words counts, and shows how far it has come."""

import csv
import io
import re
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from flows.desk import background_searches
from flows.desk.background_searches import Search, Searches
from flows.desk.search_query import MAX_QUERY_CHARS, Query, query_of
from flows.desk.search_syntax import Words, as_toml, words_of
from flows.desk.snapshots import Snapshots
from flows.desk.views import search as view
from tasks.load.load_run import load
from tasks.topics.topic import TopicEntry
from tests.desk.made_texts import JOINED, SCRIPT, WORDS
from tests.support.publishing import publish
from tests.support.serving import wait_for
from tests.support.staged_pages import SOURCES, TOPICS, Page, listing, stage
from warehouse.layers.layout import Layout
from warehouse.questions.articles import articles_by_id, count
from warehouse.questions.search_texts import search_selection
from warehouse.questions.selection import Selection
from warehouse.questions.series import series
from warehouse.read.query import QueryError, records

pytestmark = pytest.mark.slow

SPAN = Selection(date(2026, 3, 2), date(2026, 3, 13), "week")
FOUND = re.compile(r'class="lead">([\d,]+) of ([\d,]+) articles')
RUNNING = 'hx-trigger="load delay:1s"'
SECONDS = 300  # that a search may take on a busy machine


def searched(client: TestClient, query: Query, selection: Selection = SPAN) -> Search:
    kept: Searches = client.app.state.searches  # type: ignore[attr-defined]
    search = kept.get_or_begin(query, search_selection(selection, query.languages), 1)
    assert search.ended.wait(SECONDS)
    assert search.state == "done", search.problem
    return search


def finished(client: TestClient, address: str = "/search", **given: str) -> str:
    """The page of a search when all has been searched."""
    return shown(client, lambda page: RUNNING not in page, address, **given)


def shown(
    client: TestClient, is_wanted: Callable[[str], bool], address: str = "/search", **given: str
) -> str:
    """The page of a search as soon as it is the wanted one."""

    def asked() -> str:
        page = str(client.get(address, params=given or None).text)
        return page if is_wanted(page) else ""

    return wait_for("the search has come so far", asked, SECONDS)


def test_words_find_what_a_topic_counts(reader: TestClient) -> None:
    desk = reader.app.state.desk  # type: ignore[attr-defined]
    with desk.snapshots.cursor() as con:
        topics = records(con, "FROM topics WHERE valid_to IS NULL ORDER BY topic_id")
        topics = [topic for topic in topics if topic["aliases"]]
        assert len(topics) == 4
        places: list[tuple[Any, dict[str, Any]]] = [(topic, {}) for topic in topics]
        places.append((topics[-1], {"countries": ("de",)}))
        both = [*product((False, True), (False, True))]
        kinds = [both, *([both[0], both[-1]] for _ in topics[1:]), [both[1], both[2]]]
        asked = [(*at, *kind) for at, of_it in zip(places, kinds, strict=True) for kind in of_it]
        for topic, place, copies, headlines in asked:
            selection = replace(
                SPAN, is_without_copies=copies, is_headlines_only=headlines, **place
            )
            search = searched(reader, Query("words", "\n".join(topic["aliases"])), selection)
            counted = replace(selection, topics=(topic["topic_id"],))
            assert search.found == len(search.listed) == count(con, counted), topic
            for unit in ("day", "month") if copies == headlines else ("week",):
                expected = series(con, replace(counted, unit=unit))
                for mine, other in zip(search.series[unit], expected, strict=True):
                    # A topic's variation is of all its articles in all sources.
                    of_others = ("excess", "low", "high") if copies or headlines or place else ()
                    either = dict.fromkeys(("topic_id", *of_others))
                    assert {**mine, **either} == pytest.approx({**other, **either})


def test_joined_words_find_what_a_topic_counts(reader: TestClient) -> None:
    desk = reader.app.state.desk  # type: ignore[attr-defined]
    found: list[int] = []
    # Under the ids that made_texts saved them by.
    for name, query in zip(("harvest-2", "harvest-3", "search"), JOINED, strict=True):
        with desk.snapshots.cursor() as con:
            for copies, headlines in ((False, False), (True, False), (False, True)):
                selection = replace(SPAN, is_without_copies=copies, is_headlines_only=headlines)
                search = searched(reader, query, selection)
                counted = count(con, replace(selection, topics=(name,)))
                # Words of an article may stand in other fields than the headline.
                if not headlines or query.within != "article":
                    assert search.found == len(search.listed) == counted, query
                    found.append(counted)
    assert len([number for number in found if number]) > 5, found


def test_a_page_of_joined_words_says_how_and_saves_it(reader: TestClient) -> None:
    query = JOINED[0]
    page = finished(reader, q=query.text, within="paragraph")
    wanted = "have <b>harvest</b> or <b>G20</b>, and <b>short</b> or <b>came</b> or <b>met</b>"
    assert f"{wanted}, but not <b>Monday</b>, in one paragraph" in page
    assert '<option value="paragraph" selected>' in page
    saved = re.search(r'<pre class="toml"[^>]*>(.*?)</pre>', page, re.S)
    assert saved
    [entry] = tomllib.loads(unescape(saved[1]))["topic"]
    assert entry["all_of"] == [["harvest", "G20"], ["short", "came", "met"]]
    assert (entry["none_of"], entry["within"]) == (["Monday"], "paragraph")
    assert "within=paragraph" in unescape(re.findall(r'href="(/export/search.csv[^"]*)"', page)[0])
    reading = unescape(re.findall(r'href="(/article/[^"]*)"', page)[0])
    assert "within=paragraph" in reading
    assert "<mark" in reader.get(reading).text


def test_words_are_read_as_people_write_them() -> None:
    for text, all_of, none_of in (
        ("a1, b2", (("a1", "b2"),), ()),
        ("a1 OR b2 AND c3", (("a1", "b2"), ("c3",)), ()),
        ("a1 AND c3 NOT d4, e5 NOT f6", (("a1",), ("c3",)), ("d4", "e5", "f6")),
        ("a1 AND NOT d4 OR e5", (("a1",),), ("d4", "e5")),
        ("salt and pepper, NOTE, BAND", (("salt and pepper", "NOTE", "BAND"),), ()),
        ("a1\nAND\nc3", (("a1",), ("c3",)), ()),
        ('"a1 b2" AND „c3“ NOT « d4 »', (("a1 b2",), ("c3",)), ("d4",)),
        ('צה"ל, 5" gun', (('צה"ל', '5" gun'),), ()),
    ):
        assert words_of(text) == Words(all_of, none_of), text
        assert words_of(words_of(text).line) == Words(all_of, none_of), text
    saved = as_toml(words_of("制裁 AND 华为 NOT 体育"), "10", ())
    assert tomllib.loads(saved)["topic"][0]["within"] == {"words": 10}


def test_a_saved_topic_is_the_search(reader: TestClient) -> None:
    page = finished(reader, q=WORDS.text)
    found = re.search(r'<pre class="toml"[^>]*>(.*?)</pre>', page, re.S)
    assert found
    [entry] = tomllib.loads(unescape(found[1]))["topic"]
    saved = TopicEntry(**{**entry, "aliases": tuple(entry["aliases"])})
    assert saved.languages is None
    assert saved.aliases == ("Straße", "regat*", "二十国集团", "Lakeside Summit")
    # made_texts loaded a topic of these words, whose id is taken by now.
    assert saved.id == "strasse-2"
    counted = reader.get("/articles?topic=strasse&from=2026-03-02&to=2026-03-13").text
    number = FOUND.search(page)
    assert number
    assert f">{number[1]} articles that mention" in counted


def test_expressions_find_what_re_finds(reader: TestClient) -> None:
    with reader.app.state.desk.snapshots.cursor() as con:  # type: ignore[attr-defined]
        texts = records(
            con,
            "SELECT article_id, concat_ws(chr(10), kicker, headline, standfirst, body,"
            " array_to_string(captions, chr(10))) AS text FROM articles JOIN"
            " (SELECT article_id, version_no, body FROM article_texts)"
            " USING (article_id, version_no) SEMI JOIN coverage"
            " ON coverage.source_id = articles.source_id AND day = published_date",
        )
    for pattern in (
        r"(?i)HARVEST",
        r"G20|Strasse",
        r"met\.$",
        r"<\w+>",
        r"'quotes' \"too\"",
        "集团",
    ):
        search = searched(reader, Query("regex", pattern))
        expected = {row["article_id"] for row in texts if re.search(pattern, row["text"])}
        assert {each.article_id for each in search.listed} == expected, pattern
        assert all(re.search(pattern, hit) for each in search.listed for _, hit, _ in each.contexts)
        assert all(each.contexts for each in search.listed)


def test_page_shows_sentences_and_series(reader: TestClient) -> None:
    page = finished(reader, q="lakeside, mayor*", unit="week")
    number = FOUND.search(page)
    assert number
    assert RUNNING not in page
    assert 'data-chart="' in page
    assert page.count('class="what"') == min(50, int(number[1]))
    assert "<mark>mayor</mark>" in page
    linked = re.findall(r'<a href="(/search\?[^"]*)">(\d+)</a>', page)
    assert sum(int(hits) for _, hits in linked) == int(number[1])
    narrowed = FOUND.search(finished(reader, unescape(linked[0][0])))
    assert narrowed
    assert narrowed[1] == linked[0][1]
    reading = unescape(re.findall(r'href="(/article/[^"]*)"', page)[0])
    assert '<mark title="lakeside, mayor*">mayor</mark>' in reader.get(reading).text


def test_a_search_of_too_many_days_says_so_and_its_file_has_them(reader: TestClient) -> None:
    page = finished(reader, q="lakeside, mayor*", unit="day", **{"from": "2025-01-01"})
    assert "The chart and the table are by week, as these are more than 400 days." in page
    [link] = re.findall(r'href="(/export/search\.csv[^"]*)"', page)
    rows = [*csv.DictReader(io.StringIO(reader.get(unescape(link)).text))]
    assert all(row["first_day"] == row["last_day"] for row in rows)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"q": " , ,\n"}, "Give a word or a phrase"),
        ({"q": "\x00\x1b[31m"}, "Give a word or a phrase"),
        ({"q": "harvest, x"}, "&#39;x&#39; is too short"),
        ({"q": "x*"}, "is too short"),
        ({"q": "a*b"}, "may hold * only as its first or last character"),
        ({"q": "*"}, "must not be empty"),
        ({"q": "x" * (MAX_QUERY_CHARS + 1)}, f"{MAX_QUERY_CHARS} are the most"),
        ({"q": ",".join(map(str, range(10, 70)))}, "60 phrases; 50 are the most"),
        ({"q": "(", "mode": "regex"}, "no regular expression that RE2 knows: missing )"),
        ({"q": "(a{900}){900}", "mode": "regex"}, "no regular expression"),
        ({"q": "(?<=a)b", "mode": "regex"}, "no regular expression"),
        ({"q": "a*", "mode": "regex"}, "matches every text"),
        ({"q": "harvest", "mode": "sql"}, "mode must be words or regex"),
        ({"q": '"harvest" within 10 words of "grain"'}, "Quotation marks are around a phrase"),
        ({"q": "harvest AND", "within": "sentence"}, "AND, OR and NOT need a word"),
        ({"q": "NOT harvest"}, "AND, OR and NOT need a word"),
        ({"q": "harvest AND x"}, "&#39;x&#39; is too short"),
        ({"q": "harvest AND grain NOT Harvest"}, "A phrase"),
        ({"q": "harvest, Booking.com"}, "&#39;Booking.com&#39; cannot be counted as it is typed"),
        ({"q": "@whitehouse AND grain"}, "&#39;@whitehouse&#39; cannot be counted"),
        ({"q": "harvest NOT a@b.com"}, "web addresses, mail addresses, @handles and lone accents"),
        ({"q": "harvest", "within": "page"}, "within must be one of sentence, paragraph"),
        ({"q": f"{SCRIPT}(", "mode": "regex"}, "&lt;script&gt;"),
    ],
)
def test_what_is_wrong_is_said(reader: TestClient, given: dict[str, str], said: str) -> None:
    answer = reader.get("/search", params=given)
    assert answer.status_code == 400
    assert said in answer.text
    assert "<script>alert" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "text", [SCRIPT, "'; DROP TABLE articles; --", '" onfocus=alert(1) x="', "{{ 7 + 7 }}", "%27"]
)
@pytest.mark.parametrize("mode", ["words", "regex"])
def test_a_query_is_text(reader: TestClient, text: str, mode: str) -> None:
    answer = reader.get("/search", params={"q": text, "mode": mode})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert '" onfocus' not in answer.text
    field = re.search(r'<input type="search" [^>]*value="([^"]*)">', answer.text)
    assert field
    assert unescape(field[1]) == text


def test_lines_fit_into_the_field(reader: TestClient) -> None:
    page = finished(reader, q="harbour,\r\n mayor*\n\nlakeside")
    assert 'value="harbour, mayor*, lakeside"' in page
    assert "articles have <b>harbour</b> or <b>mayor*</b> or <b>lakeside</b>" in page
    assert "<b>2 March 2026 to 13 March 2026</b>, all sources" in page
    assert Query("regex", "a\nb").line == r"a\nb"
    assert "Search the texts" in reader.get("/search?q=&mode=words").text
    narrowed = finished(reader, q="harbour, mayor*", source="gb-post")
    everywhere = re.findall(r'href="([^"]*)">all sources', narrowed)
    assert "q=harbour%2C+mayor" in everywhere[0]
    assert "source=" not in everywhere[0]


def test_exports_hold_the_series(reader: TestClient) -> None:
    given = {"q": "mayor*, harbour", "unit": "week", "copies": "no"}
    page = finished(reader, **given)
    links = re.findall(r'href="(/export/[^"]*)"', page)
    assert [urlsplit(link).path for link in links] == [
        f"/export/search.{form}" for form in ("png", "svg", "csv", "xlsx")
    ]
    rows = [*csv.DictReader(reader.get(unescape(links[2])).text.splitlines())]
    assert reader.get(unescape(links[0])).content.startswith(b"\x89PNG")
    number = FOUND.search(page)
    assert number
    assert {row["query"] for row in rows} == {given["q"]}
    assert sum(int(row["hits"] or 0) for row in rows) == int(number[1])
    assert sum(int(row["articles"] or 0) for row in rows) == int(number[2])
    with zipfile.ZipFile(io.BytesIO(reader.get(unescape(links[3])).content)) as book:
        texts = unescape(book.read("xl/sharedStrings.xml").decode())
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == len(rows) + 1
    [cited] = re.findall(r"<p>(Presswatch, snapshot [^<]*)</p>", page)
    assert "Search for mayor*, harbour (not audited): share of articles by week" in cited
    assert unescape(cited) in texts
    assert page.count('<td class="n">100%</td>') + page.count("unknown</td>") == len(rows)
    finished(reader, q="mayor")
    for name in ("search.sql?q=mayor", "search.csv"):
        assert reader.get(f"/export/{name}").status_code == 404


def test_an_unfinished_search_is_not_exported(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, after=0):
        assert reader.get("/export/search.csv?q=quarry").status_code == 409
    assert searched(reader, Query("words", "quarry")).found


def test_ids_of_saved_topics_are_valid() -> None:
    for text, known, expected in (
        ("Ölpreis*, x y", (), "olpreis"),
        ("二十国", ("search",), "search-2"),
        ('a "quoted" \\ one', (), "a-quoted-one"),
    ):
        [entry] = tomllib.loads(as_toml(words_of(text), "", known))["topic"]
        assert entry["id"] == expected
        assert TopicEntry(**{**entry, "aliases": tuple(entry["aliases"])}).aliases


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, after: int) -> Iterator[Callable[[], None]]:
    """Searches that wait, once they have read so many batches, until they are released."""
    go, find, read = threading.Event(), Query.find, [0]

    def waiting(*given: object) -> object:
        read[0] += 1
        if read[0] > after:
            assert go.wait(SECONDS)
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Query, "find", waiting)
    monkeypatch.setattr(background_searches, "FIRST_BATCH", 1)
    monkeypatch.setattr(background_searches, "LATER_BATCH", 1)
    monkeypatch.setattr(background_searches, "FIRST_WAIT_SECONDS", 0.05)
    try:
        yield go.set
    finally:
        go.set()


def test_progress_is_shown_until_it_is_done(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"q": "council"}
    with held(monkeypatch, after=3) as go:
        page = shown(reader, lambda page: "back to 11 March 2026" in page, **given)
        assert RUNNING in page
        assert re.search(r"Searched \d+ of \d+ articles, back to 11 March 2026", page)
        assert 'class="what"' in page, "the first results are shown"
        assert "data-chart" not in page
        again = unescape(re.findall(r'hx-get="(/search[^"]*load=1[^"]*)"', page)[0])
        go()
        page = finished(reader, again)
    assert FOUND.search(page)
    assert "data-chart" in page


def test_a_search_that_ends_while_its_page_is_made_is_shown_as_one_that_goes_on(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: Searches = reader.app.state.searches  # type: ignore[attr-defined]

    def ends_first(*given: Any) -> Any:
        go()
        query = Query("words", "bridge")
        selection = search_selection(replace(SPAN, is_local=True), query.languages)
        search = kept.get(query, selection, 1)
        assert search
        assert search.ended.wait(SECONDS)
        return articles_by_id(*given)

    given = {"q": "bridge", "from": "2026-03-02", "to": "2026-03-13"}
    with held(monkeypatch, after=0) as go:
        monkeypatch.setattr(view, "articles_by_id", ends_first)
        page = reader.get("/search", params=given).text
    assert RUNNING in page
    assert "data-chart" in finished(reader, **given)


def test_a_cancelled_search_says_what_it_has(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, after=4) as go:
        page = shown(reader, lambda page: "back to 10 March 2026" in page, q="minister")
        cancel = unescape(re.findall(r'href="(/search\?[^"]*cancel=yes[^"]*)"', page)[0])
        threading.Timer(0.1, go).start()
        page = finished(reader, cancel)
        assert re.search(r"cancelled after \d+ of \d+ articles", page)
        found = FOUND.search(page)
        assert found
        later = replace(SPAN, first_day=date(2026, 3, 9))
        assert int(found[1]) <= searched(reader, Query("words", "minister"), later).found
    whole = finished(reader, q="minister")
    assert "cancelled" not in whole, "asked for again it begins again"


def test_two_run_and_others_wait(reader: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with held(monkeypatch, after=0) as go:
        for word in ("orchard", "library"):
            # One of another test may be ending.
            shown(reader, lambda page: "Searched 0 of" in page, q=word)
        page = reader.get("/search", params={"q": "winter"}).text
        assert "Two other searches are running; this one waits." in page, page
        monkeypatch.setattr(background_searches, "LATER_BATCH", 1_000)
        go()
    assert searched(reader, Query("words", "winter")).found


def test_a_search_that_waits_reads_and_cites_the_snapshot_of_its_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path / "data")

    def load_day(day: int) -> None:
        pages = [listing(hour=24.0 * day), Page(f"a{day}", day=day, hour=24.0 * day + 1)]
        load(layout, TOPICS, SOURCES, [stage(layout, f"20260302T060000Z-00000{day}", pages)])
        publish(layout)

    load_day(0)
    monkeypatch.setattr(background_searches, "FIRST_WAIT_SECONDS", 0.05)
    snapshots = Snapshots(layout)
    kept = Searches(snapshots, layout)
    for _ in range(background_searches.MAX_RUNNING):
        kept._places.acquire()
    selection = search_selection(Selection(date(2026, 3, 2), date(2026, 3, 9)), None)
    search = kept.get_or_begin(Query("words", "harvest"), selection, 1)
    assert search.state == "waiting"
    load_day(1)
    with snapshots.cursor():  # of the second load
        kept._places.release()
        assert search.ended.wait(SECONDS)
    assert (search.state, search.load_no, search.found, search.articles) == ("done", 1, 1, 1)
    cited = search.citations["week"]
    assert cited.startswith("Presswatch, snapshot 1 of ")
    assert "collected after 2026-03-02 yet" in cited
    kept.close()


def test_unwatched_searches_are_cancelled(
    texts: Layout, reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots: Snapshots = reader.app.state.desk.snapshots  # type: ignore[attr-defined]
    with held(monkeypatch, after=1) as go:
        kept = Searches(snapshots, texts)
        monkeypatch.setattr(background_searches, "CANCEL_SECONDS", 0.1)
        search = kept.get_or_begin(Query("words", "tram"), search_selection(SPAN, None), 1)
        time.sleep(0.2)
        go()
        assert search.ended.wait(SECONDS)
    assert search.state == "cancelled"
    assert 0 < search.searched < search.articles


def test_only_the_last_are_kept(
    texts: Layout, reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_searches, "MAX_KEPT", 3)
    kept = Searches(reader.app.state.desk.snapshots, texts)  # type: ignore[attr-defined]
    queries = [Query("words", f"word{number}") for number in range(5)]
    found = [kept.get_or_begin(query, search_selection(SPAN, None), 1) for query in queries]
    still = [kept.get(query, search_selection(SPAN, None), 1) for query in queries]
    assert still == [None, None, *found[2:]]
    kept.close()
    assert all(search.ended.is_set() for search in found)


def test_a_damaged_file_fails_in_a_sentence(
    reader: TestClient, texts: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "flows.desk.background_searches.files_by_day",
        lambda *_: {date(2026, 3, 2): ["/etc/passwd"]},
    )
    page = finished(reader, q="passwd", to="2026-03-02")
    assert "The search failed:" in page
    assert "root:" not in page


def test_queries_are_checked_before_they_run(reader: TestClient) -> None:
    with reader.app.state.desk.snapshots.cursor() as con:  # type: ignore[attr-defined]
        assert query_of(con, {}) is None
        assert query_of(con, {"q": " a b ", "mode": "regex"}) == Query("regex", "a b")
        with pytest.raises(QueryError, match="too short"):
            query_of(con, {"q": "é"})
        assert query_of(con, {"q": "党"})
