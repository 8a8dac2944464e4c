import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flows.cli.collection_tables import collections_table, sources_table
from tasks.sources.collections import SHIPPED, load_collections, load_sources
from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError
from tests.support.config_files import problems_of

OWN = """
[[source]]
id = "{id}"
name = "Own"
language = "ko"
timezone = "Asia/Seoul"
feeds = ["https://example.org/{id}.xml"]
"""
SOURCES = Path(__file__).parents[2] / "deployments" / "sources.toml"
BEGIN, END = "<!-- collections: begin -->\n", "<!-- collections: end -->\n"


def loaded(folder: Path, text: str) -> tuple[Source, ...]:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return load_sources(path)


def problems(folder: Path, text: str) -> tuple[str, ...]:
    return problems_of(folder / "sources.toml", text, load_sources)


def test_a_country_a_file_and_a_kind_are_selected_and_each_source_once(tmp_path: Path) -> None:
    sources = loaded(tmp_path, 'collections = ["kr", "gulf", "agency"]\n')
    wanted = [
        one
        for one in load_collections()
        if one.country == "kr" or one.collection == "gulf" or one.kind == "agency"
    ]
    assert len(sources) == len(wanted) > 60
    assert {*sources} == {*wanted}


def test_ids_are_removed(tmp_path: Path) -> None:
    sources = loaded(tmp_path, 'collections = ["kr"]\nremove = ["kr-segye", "kr-jtbc"]\n')
    assert {"kr-segye", "kr-jtbc"}.isdisjoint(one.id for one in sources)
    assert "kr-yonhap" in {one.id for one in sources}


def test_an_own_entry_replaces_one_as_a_whole_and_others_are_added(tmp_path: Path) -> None:
    own = OWN.format(id="kr-yonhap") + OWN.format(id="kr-own")
    sources = loaded(tmp_path, f'collections = ["kr"]\n{own}')
    by_id = {one.id: one for one in sources}
    replaced = by_id["kr-yonhap"]
    assert replaced.feeds == ("https://example.org/kr-yonhap.xml",)
    assert (replaced.kind, replaced.expected_daily, replaced.confirmed) == (None, None, None)
    assert replaced.collection == "east-asia"
    assert by_id["kr-own"].collection is None
    assert len(by_id) == len(sources)


def test_a_path_starts_at_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    saved = OWN.format(id="kr-own").replace("feeds", 'files = ["saved/*.html"]\nfeeds')
    (tmp_path / "mine" / "extra.toml").write_text(saved)
    (source,) = loaded(tmp_path, 'collections = ["mine/extra.toml"]\n')
    assert (source.id, source.collection) == ("kr-own", "extra")
    assert source.files == (str(tmp_path / "mine" / "saved" / "*.html"),)


def test_mistakes_name_file_key_and_remedy(tmp_path: Path) -> None:
    (unknown,) = problems(tmp_path, 'collections = ["kr", "gluf"]\n')
    assert unknown.startswith("collections[1]: no collection 'gluf', did you mean gulf?")
    assert str(SHIPPED) in unknown
    (absent,) = problems(tmp_path, 'collections = ["kr"]\nremove = ["kr-yonap"]\n')
    assert absent.startswith(
        "remove[0]: no source 'kr-yonap' in the collections, did you mean kr-y"
    )
    (key,) = problems(tmp_path, 'colections = ["kr"]\n')
    assert key == "colections: unknown key, expected [[source]], collections, remove"
    (kind,) = problems(tmp_path, "collections = 'kr'\n")
    assert kind == "collections: wrong type, must be a list, got 'kr'"
    (nothing,) = problems(tmp_path, "collections = []\n")
    assert nothing.startswith("source: missing, the file has no [[source]] entry")


def test_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "extra.toml").write_text(OWN.format(id="kr-yonhap"))
    (problem,) = problems(tmp_path, 'collections = ["kr", "extra.toml"]\n')
    assert problem == "collections[1]: kr-yonhap is in east-asia and extra, with other values"


def test_a_collection_selects_nothing(tmp_path: Path) -> None:
    extra = tmp_path / "extra.toml"
    extra.write_text('collections = ["kr"]\n')
    (tmp_path / "sources.toml").write_text('collections = ["extra.toml"]\n')
    with pytest.raises(ConfigError) as caught:
        load_sources(tmp_path / "sources.toml")
    wanted = f"{extra}: collections: only sources.toml selects, a collection has entries"
    assert caught.value.problems == (wanted,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("confirmed = true", "confirmed: must name a list and its date, be false, or"),
        ('confirmed = ["a 2026-01-01", false]', "confirmed: must have one for each address"),
        ('kind = "paper"', "kind: must be 'agency'"),
        ('country = "kor"', "country: must be two small letters like gb, got 'kor'"),
    ],
)
def test_one_bad_value(tmp_path: Path, line: str, message: str) -> None:
    (problem,) = problems(tmp_path, OWN.format(id="kr-own") + line + "\n")
    assert message in problem


def test_a_country_of_its_own_and_what_is_confirmed(tmp_path: Path) -> None:
    text = OWN.format(id="kr-own").replace('xml"]', 'xml", "https://example.org/b"]')
    (source,) = loaded(tmp_path, text + 'country = "jp"\nconfirmed = ["a 2026-01-01", false]\n')
    assert source.country == source.definition.country == "jp"
    assert source.confirmed_listings == ("https://example.org/kr-own.xml",)


def test_the_shipped_collections() -> None:
    sources = load_collections()
    assert len({one.id for one in sources}) == len(sources) >= 200
    assert len({one.country for one in sources}) >= 45
    assert len({one.language for one in sources}) >= 20
    assert all(one.kind and one.expected_daily and one.confirmed is not None for one in sources)
    assert all(one.country == one.id[:2] for one in sources)
    addresses = Counter(address for one in sources for address in one.listings)
    assert [address for address, times in addresses.items() if times > 1] == []
    assert not any("apikey" in address or "news.google" in address for address in addresses)
    named = {str(one) for each in sources for one in _lists(each)}
    assert named == {"False", "fundus 2026-08-05", "kite 0019363", "worldmonitor 0bc22e1"}
    # A name that is a file, a country and a kind at once would select more than it says.
    names = ({one.collection for one in sources}, {one.kind for one in sources})
    assert not names[0] & names[1]


def _lists(source: Source) -> tuple[object, ...]:
    return source.confirmed if isinstance(source.confirmed, tuple) else (source.confirmed,)


def test_hosts_of_aggregators_come_with_the_paper_s_own_domain() -> None:
    for source in load_collections():
        hosts = {urlsplit(address).hostname or "" for address in source.listings}
        if any(re.search(r"feedburner|amazonaws", host) for host in hosts):
            assert source.domains, source.id


def test_sources_of_the_installation_are_the_same_in_the_collections() -> None:
    collected = {one.id: one for one in load_collections()}
    for source in load_sources(SOURCES):
        same = collected[source.id]
        for key in ("name", "language", "timezone", "listings", "expected_daily"):
            assert getattr(source, key) == getattr(same, key), (source.id, key)


def test_the_readme_has_the_table_that_the_command_prints() -> None:
    """Otherwise write what `presswatch sources collections` prints between the marks."""
    text = (SHIPPED / "README.md").read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == collections_table(load_collections())


def test_the_sources_of_one_collection_are_listed() -> None:
    chosen = [one for one in load_collections() if one.collection == "gulf"]
    table = sources_table(chosen)
    assert "| qa-al-jazeera | Al Jazeera English | broadcaster | en | 30–200 | 1 of 1 |" in table
    assert len(table.splitlines()) == 2 + len(chosen)
