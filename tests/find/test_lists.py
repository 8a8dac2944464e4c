"""Lists of sources in OPML and CSV: what becomes an entry, what is left out and why."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tasks.find.csv_list import write_csv
from tasks.find.listed import ImportedSources, import_listed
from tasks.find.opml import write_opml
from tasks.find.read_list import read_list
from tasks.sources.add_sources import add_sources
from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError

READER = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.1"><head><title>my feeds</title></head><body>
 <outline text="Asia"><outline title="Papers" text="Papers">
  <outline type="rss" text="Gazette - World" xmlUrl="https://feeds.gazette.co.jp/world"
           htmlUrl="https://www.gazette.co.jp/" language="ja"/>
  <outline type="rss" text="Gazette - Sport" xmlUrl="https://feeds.gazette.co.jp/sport"
           htmlUrl="https://www.gazette.co.jp/sport/" language="ja"/>
 </outline></outline>
 <outline text="Blatt &amp; Bote" XMLURL="https://blatt.de/feed" language="de-DE"/>
 <outline text="Somewhere" xmlUrl="https://somewhere.com/feed"/>
 <outline text="A note"/>
 <outline text="Only a page" htmlUrl="https://page.fr/" language="fr"/>
 <outline text="A podcast" xmlUrl="itpc://pod.fr/feed" language="fr"/>
</body></opml>"""

DIRECTORY = """\
id,homepage,domain,url_search_string,label,notes,platform,pub_country,pub_state,media_type,\
stories_per_week,first_story,primary_language
12,https://www.maliweb.net/,maliweb.net,,Maliweb,,online_news,MLI,,digital_native,90,,fr
13,https://gazette.com/,gazette.com,,"Gazette, The",,online_news,USA,,print_native,9,,en
14,https://youtube.com/c/x,youtube.com,,X,,youtube,USA,,,,,en
15,,,,Nothing,,online_news,,,,,,
"""
OWN = """\
[[source]]
id = "jp-gazette"
name = "Gazette & 新聞"
language = "ja"
timezone = "Asia/Tokyo"
feeds = ["https://gazette.co.jp/a?x=1&y=2", "https://gazette.co.jp/b"]
sitemaps = ["https://gazette.co.jp/news.xml"]

[[source]]
id = "de-blatt"
name = "Blatt"
language = "de"
timezone = "Europe/Berlin"
sections = ["https://blatt.de/"]
expected_daily = [0, 5]
min_interval_seconds = 4.5
recheck_after = ["90m", "7d"]
domains = ["blatt.de"]
strip = ["div.a > b", "text:Read on*"]
"""


def take(folder: Path, text: str, known: Iterable[Source] = (), **given: Any) -> ImportedSources:
    path = folder / "list"
    path.write_text(text, encoding="utf-8")
    return import_listed(read_list(path), tuple(known), **given)


def test_opml_of_a_reader_of_feeds(tmp_path: Path) -> None:
    done = take(tmp_path, READER)
    assert [(e["id"], e["name"], e["timezone"]) for e in done.entries] == [
        ("jp-gazette", "Gazette", "Asia/Tokyo"),
        ("de-blatt", "Blatt & Bote", "Europe/Berlin"),
    ]
    feeds = [f"https://feeds.gazette.co.jp/{section}" for section in ("world", "sport")]
    assert done.entries[0]["feeds"] == feeds
    assert dict(done.left_out) == {
        "Somewhere": "its language is not known: give --language, or ask its site with --find",
        "Only a page": "no feed: search its site for one with --find",
        "A podcast": "neither a feed nor a home page",
    }
    more = take(tmp_path, READER, language="en", timezone="UTC")
    assert more.entries[-1]["id"] == "xx-somewhere"


def test_a_given_language_and_time_zone_are_for_sources_of_which_they_are_not_known(
    tmp_path: Path,
) -> None:
    done = take(tmp_path, READER, language="en", timezone="Europe/London")
    found = {entry["id"]: (entry["language"], entry["timezone"]) for entry in done.entries}
    assert found["de-blatt"] == ("de", "Europe/Berlin")
    assert found["xx-somewhere"] == ("en", "Europe/London")


def test_csv_of_media_cloud(tmp_path: Path) -> None:
    done = take(tmp_path, DIRECTORY)
    assert done.entries == ()
    assert dict(done.left_out) == {
        "Maliweb": "no feed: search its site for one with --find",
        "Gazette, The": "no feed: search its site for one with --find",
        "X": "of youtube, not a news site",
        "Nothing": "neither a feed nor a home page",
    }
    found = import_listed(
        read_list(tmp_path / "list"),
        (),
        ask=lambda one, given: {
            **{key: value for key, value in given.items() if key != "country"},
            "feeds": [f"{one.home}feed"],
            "timezone": "UTC",
        },
    )
    assert [(entry["id"], entry["language"]) for entry in found.entries] == [
        ("ml-maliweb", "fr"),
        ("us-gazette", "en"),
    ]


def test_csv_with_feeds_of_earlier_columns(tmp_path: Path) -> None:
    text = "name;homepage;publication_country;primary_langauge;feeds\nblatt.at;blatt.at;AUT;de;"
    done = take(tmp_path, f"\ufeff{text}https://blatt.at/a https://blatt.at/b\n")
    [entry] = done.entries
    assert (entry["id"], entry["language"]) == ("at-blatt", "de")
    assert entry["timezone"] == "Europe/Vienna"
    assert entry["feeds"] == ["https://blatt.at/a", "https://blatt.at/b"]


def test_ids_are_made_unique_and_known_sources_left_out(tmp_path: Path) -> None:
    rows = "".join(f"Blatt,https://blatt.de/,deu,de,https://blatt.de/{n}\n" for n in (1, 2, 2))
    text = f"label,homepage,pub_country,primary_language,feeds\n{rows}"
    done = take(tmp_path, text)
    assert [entry["id"] for entry in done.entries] == ["de-blatt", "de-blatt-2"]
    assert done.left_out == (("Blatt", "is there already, as de-blatt-2"),)
    add_sources(tmp_path / "sources.toml", done.entries)
    again = take(tmp_path, text, load_sources(tmp_path / "sources.toml"))
    assert again.entries == ()
    assert {reason for _, reason in again.left_out} == {
        "is there already, as de-blatt",
        "is there already, as de-blatt-2",
    }


def test_a_source_of_an_unknown_country_is_left_out(tmp_path: Path) -> None:
    """By its first letters, GER was Georgia, with its time zone."""
    text = "label,homepage,country,language,feeds\nBlatt,https://blatt.com/,GER,de,https://blatt.com/1\n"
    done = take(tmp_path, text)
    reason = "the country 'GER' is no code of ISO 3166, such as DEU or de"
    assert (done.entries, done.left_out) == ((), (("Blatt", reason),))


@pytest.mark.parametrize("form", ["opml", "csv"])
def test_what_is_exported_is_imported_the_same(form: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(OWN, encoding="utf-8")
    sources = load_sources(first)
    exported = write_opml(sources).decode() if form == "opml" else write_csv(sources)
    done = take(tmp_path, exported)
    assert done.left_out == ()
    add_sources(second, done.entries)
    again = load_sources(second)
    if form == "opml":
        assert again == sources
    else:  # CSV has the main keys alone
        keys = {"id", "name", "language", "timezone", "feeds", "sitemaps", "sections"}
        assert [s.model_dump(include=keys) for s in again] == [
            s.model_dump(include=keys) for s in sources
        ]


BOMB = """<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<opml><body><outline text="&b;" xmlUrl="https://blatt.de/feed"/></body></opml>"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "declares XML entities, which are refused: remove its DOCTYPE"),
        ("<html><body/></html>", "not OPML: its first element is not <opml>"),
        ("name,notes\na,b\n", "no column of sites or feeds, such as homepage, url"),
        ("", "no column of sites or feeds"),
        ("\x00\x01\x02" * 2000, "neither OPML nor CSV"),
    ],
)
def test_what_is_no_list_is_one_error(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        take(tmp_path, text)
    [line] = caught.value.problems
    assert line.startswith(f"{tmp_path / 'list'}: ")
    assert problem in line


def test_deep_outlines_are_read(tmp_path: Path) -> None:
    inner = '<outline text="Blatt" xmlUrl="https://blatt.de/feed" language="de"/>'
    text = f"<opml><body>{'<outline>' * 200}{inner}{'</outline>' * 200}</body></opml>"
    assert [entry["id"] for entry in take(tmp_path, text).entries] == ["de-blatt"]
