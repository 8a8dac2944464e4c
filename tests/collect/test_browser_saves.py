"""Pages as browsers save them: MHTML, one HTML file, HTML with a folder beside it."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flows.desk.archived_page import NotArchived, archived_page
from tasks.archive.read import read_payload
from tasks.collect.listings import find_files, read_file
from tasks.model import Attempt, Entry, Outcome
from tasks.process_pool import PagePool
from tests.collect.test_collect import Desk, source
from tests.support.chromium import chromium
from tests.support.loopback import Loopback, http
from tests.support.mhtml import BODY, IMAGE, PAGE, URL, mhtml, part
from warehouse.read.query import query

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def only(folder: Path, *, allow_private: bool = False) -> Entry:
    [entry] = find_files([str(folder / "*")], allow_private=allow_private)
    return entry


def saved(folder: Path, content: str | bytes, name: str = "a.html") -> Entry:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return only(folder)


SAVED = "<!DOCTYPE html>\n%s<html lang=en><p>1</html>"
FROM = "<!-- saved from url=(0027)%s -->\n"


@pytest.mark.parametrize("name", ["a.html", "a.html.gz"])
def test_a_browser_writes_the_url_into_what_it_saves(tmp_path: Path, name: str) -> None:
    own = FROM % "https://courier.example/a-%2Db"
    page = (SAVED % (FROM % "https://other.example/x" + own)).encode()  # the page had one itself
    entry = saved(tmp_path, gzip.compress(page) if name.endswith(".gz") else page, name)
    assert entry.given_url == "https://courier.example/a--b"
    assert read_file(entry, 1000).payload == page


def test_a_given_url_goes_before_the_browsers(tmp_path: Path) -> None:
    page = SAVED % (FROM % "https://courier.example/a")
    (tmp_path / "a.html.meta.json").write_text('{"url": "https://courier.example/given"}')
    assert saved(tmp_path, page).given_url == "https://courier.example/given"


@pytest.mark.parametrize(
    "page",
    [
        SAVED % (FROM % "about:internet"),
        "<html><p>" + FROM % URL,
        f"<html><p>1</p><!-- Page saved with SingleFile url: {URL} -->",
    ],
)
def test_a_comment_elsewhere_is_the_pages_own(tmp_path: Path, page: str) -> None:
    entry = saved(tmp_path, page)
    assert (entry.given_url, read_file(entry, 1000).detail) == (None, "")


SINGLE_FILE = (
    "<!DOCTYPE html> <html lang=en style><!--\n Page saved with SingleFile \n url: %s \n"
    " saved date: %s\n--><meta charset=utf-8><p>1"
)
JAPAN = "Mon Mar 02 2026 19:00:00 GMT+0900 (Japan Standard Time)"


@pytest.mark.parametrize(
    ("page", "at"),
    [
        (SINGLE_FILE % (URL, JAPAN), TEN),
        (SINGLE_FILE.replace("Page saved with", "Archive processed by") % (URL, JAPAN), TEN),
        (SINGLE_FILE % (URL, "Mon Mar 32 2026"), None),
        (SINGLE_FILE % (URL, "Fri Mar 02 2096 19:00:00 GMT+0900"), None),
    ],
)
def test_single_file_writes_url_and_time(tmp_path: Path, page: str, at: datetime | None) -> None:
    entry = saved(tmp_path, page)
    assert (entry.given_url, entry.given_fetched_at) == (URL, at)
    (tmp_path / "a.html.meta.json").write_text('{"fetched_at": "2026-03-01T08:00:00Z"}')
    assert only(tmp_path).given_fetched_at == TEN - timedelta(hours=26)


@pytest.mark.parametrize(
    ("base", "is_known"),
    [
        ("https://courier.example/2026/03/02/ferry-sails", True),
        ("https://courier.example/", False),
        ("/2026/03/02/ferry-sails", False),
        ("http://10.1.2.3/2026/03/02/ferry-sails", False),
    ],
)
def test_a_base_counts_where_it_is_an_articles(tmp_path: Path, base: str, is_known: bool) -> None:
    entry = saved(tmp_path, f"<html><head><base href='{base}'></head>{BODY}")
    assert entry.given_url == (base if is_known else None)


@pytest.mark.parametrize(
    "url",
    [
        "file:///C:/Users/ann/ferry.html",
        "http://127.0.0.1:8700/ferry",
        "http://[::1]/ferry",
        "http://192.168.1.9/ferry",
        "http://localhost/ferry",
        "https://wiki.corp/ferry",
        "http://intranet/ferry",
    ],
)
def test_what_identifies_no_article_is_named(tmp_path: Path, url: str) -> None:
    for page in (SAVED % (FROM % url), SINGLE_FILE % (url, JAPAN)):
        entry = saved(tmp_path, page)
        assert entry.given_url is None
        attempt = read_file(entry, 1000)
        assert attempt.outcome is Outcome.FETCHED
        assert attempt.detail == f"saved from {url}, which identifies no article"
    is_web = url.startswith("http")
    assert only(tmp_path, allow_private=True).given_url == (url if is_web else None)


FOLDERS = ["Ferry_files", "Ferry-Dateien", "Ferry_fichiers", "Ferry_archivos", "Ferry.files"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_frames_beside_a_page_are_no_articles(tmp_path: Path, folder: str) -> None:
    for name in ("Ferry.html", f"{folder}/saved_resource.html", f"{folder}/x/ad.htm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<p>1")
    page = (tmp_path / "Ferry.html").as_uri()
    assert [entry.url for entry in find_files([str(tmp_path / "**/*")])] == [page]
    frame = tmp_path / folder / "saved_resource.html"
    assert len(find_files([str(frame)])) == 1, "unless one is named"
    (tmp_path / "Ferry.html").rename(tmp_path / "Bread.html")
    assert len(find_files([str(tmp_path / "**/*")])) == 3


@pytest.mark.parametrize("name", ["a.mhtml", "a.MHT", "a.mhtml.gz"])
def test_mhtml_is_kept_as_it_was_saved(tmp_path: Path, name: str) -> None:
    content = mhtml(PAGE, IMAGE).replace(b"\n", b"\r\n")
    entry = saved(tmp_path, gzip.compress(content) if name.endswith(".gz") else content, name)
    attempt = read_file(entry, 10_000)
    assert entry.given_url == URL
    assert (attempt.outcome, attempt.attempted_at) == (Outcome.FETCHED, TEN)
    assert (attempt.content_type, attempt.payload) == ("multipart/related", content)


def test_the_url_of_an_image_is_not_the_pages(tmp_path: Path) -> None:
    headless = mhtml(IMAGE, (part("text/html", "cid:1"), b"<p>1"))
    without = headless.replace(b"Snapshot-Content-Location: " + URL.encode() + b"\n", b"")
    entry = saved(tmp_path, without, "a.mht")
    assert (entry.given_url, read_file(entry, 9999).detail) == (None, "")


def read_all(folder: Path, max_bytes: int) -> dict[str, Attempt]:
    entries = find_files([str(folder / "*")])
    return {entry.url.rpartition("/")[2]: read_file(entry, max_bytes) for entry in entries}


def test_mhtml_has_three_times_the_room_of_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.mhtml").write_bytes(bytes(3001))
    (tmp_path / "b.mhtml").write_bytes(bytes(3000))
    (tmp_path / "c.mhtml.gz").write_bytes(gzip.compress(bytes(3_000_000)))
    with (tmp_path / "d.mht").open("wb") as file:
        file.truncate(2**26)
    read = read_all(tmp_path, 1000)
    assert [attempt.outcome.value for attempt in read.values()] == [
        "too_large",
        "fetched",
        "too_large",
        "too_large",
    ]


DAMAGED = {
    "cut.mhtml": (mhtml(PAGE)[:600], "MHTML that ends within its page"),
    "image.mhtml": (mhtml(IMAGE), "MHTML without an HTML part"),
    "page.mhtml": (b"<html><p>no MHTML", "MHTML without an HTML part"),
    "deep.mhtml": (
        b"".join(
            b'Content-Type: multipart/related; boundary="%d"\n\n--%d\n' % (n, n) for n in range(900)
        ),
        "MHTML with parts nested more than 5 deep",
    ),
}


def test_saved_pages_are_ingested_and_damaged_ones_named(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    for name, (content, _) in DAMAGED.items():
        (folder / name).write_bytes(content)
    (folder / "good.mhtml").write_bytes(mhtml(IMAGE, PAGE))
    page = f"{FROM % 'file:///C:/ferry.html'}<html><link rel=canonical href='{URL}-2'>{BODY}"
    (folder / "local.html").write_text(page)
    desk.run_and_load(source(files=(str(folder / "*"),)))
    rows = query(desk.layout, "SELECT * FROM captures ORDER BY url_requested").to_pylist()
    found = {row["url_requested"].rpartition("/")[2]: row for row in rows}
    for name, (_, why) in DAMAGED.items():
        assert (found[name]["outcome"], found[name]["detail"]) == (
            "unreadable_file",
            f"{name}: {why}",
        )
    assert found["local.html"]["detail"].startswith("saved from file:///C:/ferry.html")
    articles = query(desk.layout, "FROM articles ORDER BY url_canonical").to_pylist()
    assert [(row["url_canonical"], row["headline"]) for row in articles] == [
        (URL, "Ferry sails"),
        (f"{URL}-2", "Ferry sails"),
    ]
    assert articles[0]["fetched_at"] == TEN
    place = articles[0]["raw_ref"]
    assert read_payload(desk.layout.raw, place) == (folder / "good.mhtml").read_bytes()
    assert "Ferry sails" in archived_page(desk.layout, place)
    with pytest.raises(NotArchived, match="without an HTML part"):
        archived_page(desk.layout, found["image.mhtml"]["raw_ref"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("courier.test") as opened:
        yield opened


@pytest.mark.browser
def test_what_chromium_saves_is_read(
    browser: Browser, web: Loopback, desk: Desk, tmp_path: Path
) -> None:
    frame = "<p>Advertisement of a ferry line that nobody asked for, in a frame.</p>"
    web.set_answers("/ad", http(frame.encode()))
    web.set_answers(
        "/dot.svg", http(b"<svg xmlns='http://www.w3.org/2000/svg'/>", Content_Type="image/svg+xml")
    )
    text = f"<meta charset=utf-8><title>Ferry sails</title>{BODY}<iframe src=/ad></iframe>"
    web.set_answers("/ferry", http(f"<!doctype html>{text}<img src=/dot.svg><p>Fähre ".encode()))
    page = browser.new_page()
    url = f"http://courier.test:{web.port}/ferry"
    page.goto(url)
    snapshot = page.context.new_cdp_session(page).send("Page.captureSnapshot")["data"]
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "Ferry.mhtml").write_bytes(snapshot.encode())
    desk.run_and_load(source(files=(str(folder / "*"),)))
    [article] = query(desk.layout, "FROM articles").to_pylist()
    assert (article["url_canonical"], article["headline"]) == (url, "Ferry sails")
    assert article["word_count"] > 100
    assert abs(article["fetched_at"] - datetime.now(UTC)) < timedelta(minutes=5)
    [capture] = query(desk.layout, "FROM captures").to_pylist()
    assert capture["content_type"] == "multipart/related"
