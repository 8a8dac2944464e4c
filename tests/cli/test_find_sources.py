"""`presswatch sources find`, `import` and `export`: output, files and exit statuses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.sources.collections import load_sources
from tests.cli.test_command import command
from tests.support.config_files import ONE_SOURCE
from tests.support.loopback import Loopback, http
from tests.support.made_feeds import page, rss
from tests.support.made_site import declares

pytestmark = pytest.mark.slow
ON_LOOPBACK = ("--allow-private-hosts", "--pause", "0")


@pytest.fixture
def site() -> Iterator[Loopback]:
    feed = rss(ends=datetime.now(UTC))
    with Loopback() as web:
        web.set_answers("/", http(page(declares("/out.rss"), language="en-GB")))
        web.set_answers("/out.rss", http(feed, Content_Type="application/rss+xml"))
        yield web


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(f"# mine\n{ONE_SOURCE}")
    return path


def test_find_prints_the_entry_and_adds_it(site: Loopback, sources: Path) -> None:
    status, out, err = command("sources", "find", site.url, *ON_LOOPBACK, "--sources", sources)
    assert status == 0, err
    assert 'id = "gb-127-0-0-1"  # html lang en-GB' in out
    assert f'feeds = ["{site.url}/out.rss"]' in out
    assert "allow_private_hosts = true" in out
    assert "ok   " in err
    assert "declared by" in err
    before = sources.read_text()
    add = ("sources", "find", site.url, *ON_LOOPBACK, "--sources", sources, "--add")
    assert command(*add)[0] == 0
    assert sources.read_text().startswith(before.rstrip())
    added = load_sources(sources)[1]
    assert (added.id, added.timezone) == ("gb-127-0-0-1", "Europe/London")
    status, _, err = command(*add)
    assert status == 2
    assert "gb-127-0-0-1 is there already: give another --id" in err


def test_find_as_json(site: Loopback, sources: Path) -> None:
    words = ("sources", "find", site.url, *ON_LOOPBACK, "--json", "--id", "gb-mine")
    status, out, _ = command(*words, "--sources", sources)
    found = json.loads(out)
    assert status == 0
    assert found["entry"]["id"] == "gb-mine"
    assert found["evidence"]["id"] == "given"
    assert [one["outcome"] for one in found["tried"]] == ["taken"]
    assert found["missing"] == []


def test_find_says_why_it_found_nothing_and_what_is_missing(site: Loopback, sources: Path) -> None:
    status, out, err = command("sources", "find", site.url, "--pause", "0", "--sources", sources)
    assert (status, out) == (1, "")
    assert "address_refused" in err
    site.set_answers("/", http(page(declares("/out.rss"))))  # its language is of no one country
    words = ("sources", "find", site.url, *ON_LOOPBACK, "--sources", sources, "--add")
    status, out, err = command(*words)
    assert status == 2
    assert "# timezone = +00:00 in 12 of 12 entry dates; the country is not known" in out
    assert "not added, give --timezone" in err
    assert len(load_sources(sources)) == 1
    assert command(*words, "--timezone", "Europe/Malta", "--id", "mt-times")[0] == 0


@pytest.mark.parametrize("asked", ["", "no domain"])
def test_what_is_no_domain_is_wrong_usage(sources: Path, asked: str) -> None:
    status, out, err = command("sources", "find", asked, "--sources", sources)
    assert (status, out) == (2, "")
    assert f"{asked!r} is no domain or URL: " in err


def test_import_and_export(site: Loopback, sources: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    rows = (
        f"Times,{site.url}/,MLT,en,\nDaily,https://daily.mt/,MLT,en,https://daily.mt/rss\nNo,,,,\n"
    )
    listed.write_text(f"label,homepage,pub_country,primary_language,feeds\n{rows}")
    words = ("sources", "import", listed, "--sources", sources)
    status, out, err = command(*words)
    assert status == 3
    assert 'id = "mt-daily"' in out
    assert "left out: Times: no feed: search its site for one with --find" in err
    assert "left out: No: neither a feed nor a home page" in err
    lines = listed.read_text().splitlines(keepends=True)
    listed.write_text("".join(line for line in lines if "Daily" not in line))
    status, out, err = command(*words, "--find", *ON_LOOPBACK, "--add", "--json")
    assert status == 3
    [entry] = json.loads(out)["entries"]
    assert (entry["id"], entry["name"]) == ("mt-127-0-0-1", "Times")
    assert entry["timezone"] == "Europe/Malta"
    out_file = tmp_path / "out.opml"
    assert command("sources", "export", "--opml", out_file, "--sources", sources)[0] == 0
    assert "mt-127-0-0-1" in out_file.read_text()
    assert command("sources", "export", "--sources", sources)[0] == 2


def test_import_adds_to_a_file_without_sources(tmp_path: Path) -> None:
    listed, empty = tmp_path / "list.csv", tmp_path / "empty.toml"
    head = "label,homepage,pub_country,primary_language,feeds"
    listed.write_text(f"{head}\nDaily,https://daily.mt/,MLT,en,https://daily.mt/rss\n")
    empty.write_text("# None yet.\n")
    status, _, err = command("sources", "check", "--sources", empty)
    assert status == 2
    assert "presswatch sources find DOMAIN --add" in err
    status, _, err = command("sources", "import", listed, "--sources", empty, "--add")
    assert status == 0, err
    assert [source.id for source in load_sources(empty)] == ["mt-daily"]


def test_an_entity_bomb_is_one_clear_error(tmp_path: Path, sources: Path) -> None:
    bomb = tmp_path / "bomb.opml"
    bomb.write_text('<!DOCTYPE o [<!ENTITY a "aaaa">]><opml><outline text="&a;"/></opml>')
    status, out, err = command("sources", "import", bomb, "--sources", sources)
    assert (status, out) == (2, "")
    assert err == f"{bomb}: declares XML entities, which are refused: remove its DOCTYPE\n"
