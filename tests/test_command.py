"""The `presswatch` command: what it prints, and its exit status."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tasks.load import load, publish
from tests.staged import source, stage
from tests.test_flows import SAMPLE, TOPICS, Newsroom, Place, newsroom  # noqa: F401 - the fixture
from tests.test_load import TOPICS as TEST_TOPICS
from tests.test_load import day_of_news, run_id
from warehouse.layout import Layout

runner = CliRunner()
PAGE = "The harbour was open again.\n\n" + "Skippers said the ice had gone from the yards. " * 20


def command(*words: object) -> tuple[int, str, str]:
    done = runner.invoke(app, [str(word) for word in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    load(layout, TEST_TOPICS, [source()], [stage(layout, run_id(1), day_of_news(1))])
    publish(layout)
    return layout


def test_extract_prints_a_line_of_json_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    (tmp_path / "b.html").write_text(f"<h1>Ice</h1><p>{PAGE}</p>")
    status, out, _ = command("extract", tmp_path / "a.txt", tmp_path / "b.html")
    pages = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [Path(page["page"]).name for page in pages] == ["a.txt", "b.html"]
    assert all("Skippers said" in page["body"] for page in pages)


def test_extract_writes_a_file_a_page(tmp_path: Path) -> None:
    (tmp_path / "ice.page.txt").write_text(PAGE)
    status, out, _ = command("extract", tmp_path / "ice.page.txt", "--out", tmp_path / "out")
    record = json.loads((tmp_path / "out" / "ice.json").read_text())
    assert (status, out) == (0, "")
    assert record["rejection"] is None
    assert set(record) >= {"headline", "body", "captions", "stripped", "access", "is_truncated"}


def papers(folder: Path, lines: str) -> Path:
    path = folder / "sources.toml"
    head = '[[source]]\nid = "gb-post"\nname = "Post"\nlanguage = "en"\ntimezone = "UTC"\n'
    path.write_text(f'{head}files = ["*.txt"]\n{lines}\n')
    return path


def test_extract_uses_the_settings_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PAGE)
    sources = papers(tmp_path, 'strip = ["text:the harbour was open*"]')
    asked = ("extract", tmp_path / "a.txt", "--sources", sources, "--source")
    status, out, _ = command(*asked, "gb-post")
    assert status == 0
    assert [block["rule"] for block in json.loads(out)["stripped"]] == ["source:strip"]
    status, _, error = command(*asked, "gb-mail")
    assert (status, error) == (2, "no source 'gb-mail'; there are: gb-post\n")


@pytest.mark.parametrize("words", [("extract", "a.txt", "--source", "gb-post"), ("ingest",)])
def test_a_bad_selector_ends_the_command_before_anything_runs(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    sources = papers(tmp_path, 'keep = ["p", "div..rail"]')
    status, _, error = command(*words, "--sources", sources)
    want = "source 1 (gb-post): keep[1]: is no CSS selector, nor a text:..., got 'div..rail'"
    assert (status, error) == (2, f"{sources}: {want}\n")


def test_extract_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    status, out, _ = command("extract", tmp_path / "gone.html")
    assert status == 0
    assert json.loads(out)["rejection"].startswith("unreadable_file: " + str(tmp_path))


def test_sql_prints_a_table_or_csv(layout: Layout) -> None:
    query = "SELECT count(*) AS n, 'a,b' AS t FROM articles"
    status, out, _ = command("sql", query, "--data", layout.root)
    assert status == 0
    assert "a,b" in out
    _, out, _ = command("sql", query, "--data", layout.root, "--csv")
    head, row = csv.reader(io.StringIO(out))
    assert head == ["n", "t"]
    assert row[1] == "a,b"


def test_sql_is_read_only_and_says_what_is_wrong(layout: Layout) -> None:
    for query in ("SELECT nope", "DROP TABLE articles"):
        status, out, err = command("sql", query, "--data", layout.root)
        assert (status, out) == (1, "")
        assert "Error" in err


def test_sql_before_the_first_load(tmp_path: Path) -> None:
    status, _, err = command("sql", "SELECT 1", "--data", tmp_path)
    assert status == 1
    assert "run `presswatch ingest` first" in err


def test_report_shows_topics_and_where_the_file_is(layout: Layout) -> None:
    status, out, _ = command("report", "--data", layout.root)
    assert status == 0
    assert str(layout.current) in out.replace("\n", "")
    assert "mentions" in out


def test_a_wrong_configuration_is_told_before_anything_runs(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text('[[source]]\nid = "gb-x"\nnam = "X"\n')
    status, out, err = command("ingest", "--sources", sources, "--data", tmp_path / "data")
    assert (status, out) == (2, "")
    assert f"{sources}" in err
    assert "nam" in err
    assert not (tmp_path / "data").exists()


def test_an_unknown_source_is_wrong_usage(tmp_path: Path) -> None:
    status, _, err = command("ingest", "--only", "gb-nobody", "--data", tmp_path / "data")
    assert status == 2
    assert err.startswith("no source 'gb-nobody'; there are: ")


def test_sources_check_tries_each_listing(
    newsroom: Newsroom,  # noqa: F811 - the fixture
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    status, out, _ = command("sources", "check", "--sources", place.sources, "--topics", TOPICS)
    lines = out.replace("\n", " ")
    assert status == 0, out
    assert "FAIL" not in lines
    for kind in ("feed", "sitemap", "section"):
        assert kind in lines


def test_sources_check_of_a_dead_host(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "xx-gone"\nname = "Gone"\nlanguage = "en"\ntimezone = "UTC"\n'
        'feeds = ["http://127.0.0.1:1/feed"]\nallow_private_hosts = true\n'
    )
    status, out, _ = command("sources", "check", "--sources", sources, "--topics", TOPICS)
    assert status == 1
    assert "http://127.0.0.1:1/feed" in out.replace("\n", "")
