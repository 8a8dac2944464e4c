import pickle
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.sources.collections import load_sources
from tasks.sources.source import BlockOverrides, Source
from tasks.text.toml_reader import ConfigError
from tests.support.config_files import problems_of

SHIPPED = Path(__file__).parents[2] / "deployments" / "sources.toml"

GOOD = """\
[[source]]
id = "gb-bbc"
name = "BBC News"
language = "en"
timezone = "Europe/London"
feeds = ["https://example.org/a.xml"]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> tuple[str, ...]:
    return problems_of(folder / "sources.toml", text, load_sources)


def test_the_smallest_source_and_its_defaults(tmp_path: Path) -> None:
    (source,) = load_sources(write(tmp_path, GOOD))
    assert source == Source(
        id="gb-bbc",
        name="BBC News",
        language="en",
        timezone="Europe/London",
        feeds=("https://example.org/a.xml",),
    )
    assert source.country == "gb"
    assert source.min_interval_seconds == 2.0
    assert source.expected_daily is None
    assert source.recheck_after is None
    assert source.allow_private_hosts is False


def test_every_key_of_the_design_is_read(tmp_path: Path) -> None:
    (source,) = load_sources(
        write(
            tmp_path,
            GOOD
            + 'sitemaps = ["https://example.org/news.xml"]\nsections = ["http://example.org/w"]\n'
            + "min_interval_seconds = 5\nexpected_daily = [5, 200]\nallow_private_hosts = true\n"
            + 'recheck_after = ["2d", "6h"]\n'
            + 'strip = ["div.rail", "text:Read on*"]\nkeep = ["p.lead"]\n',
        )
    )
    assert source.listings == (
        "https://example.org/a.xml",
        "https://example.org/news.xml",
        "http://example.org/w",
    )
    assert source.min_interval_seconds == 5.0
    assert source.expected_daily == (5, 200)
    assert source.allow_private_hosts is True
    assert source.recheck_after == (timedelta(hours=6), timedelta(days=2))
    assert source.overrides == BlockOverrides(("div.rail", "text:Read on*"), ("p.lead",))


def test_globs_start_at_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a [strange] folder"
    (folder / "saved").mkdir(parents=True)
    (folder / "saved" / "one.html").touch()
    path = write(folder, GOOD + 'files = ["saved/*.html", "/elsewhere/*.txt"]\n')
    monkeypatch.chdir(folder)
    for given in (path, Path("sources.toml")):
        (source,) = load_sources(given)
        found = [name for pattern in source.files for name in Path("/").glob(pattern[1:])]
        assert found == [folder / "saved" / "one.html"]
        assert source.files[1] == "/elsewhere/*.txt"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('feed = ["https://a.org/"]', "source 1 (gb-bbc): feed: unknown key, did you mean feeds?"),
        ("expected_daily = [5, 1]", "expected_daily: must be [low, high]"),
        ("expected_daily = [-1, 1]", "expected_daily: must be [low, high]"),
        ("expected_daily = [5]", "expected_daily: must be [low, high]"),
        ("expected_daily = [1, 2, 3]", "expected_daily: must be [low, high]"),
        ("expected_daily = [1, 2.5]", "expected_daily[1]: wrong type, must be a whole number"),
        ('domains = ["https://bbc.com"]', "domains[0]: must be a domain like bbc.co.uk"),
        ('domains = ["BBC.com"]', "domains[0]: must be a domain like bbc.co.uk"),
        ('domains = ["bbc.com", "bbc.com"]', "domains: repeats"),
        ("expected_daily = [1, 2147483648]", "with 0 <= low <= high <= 1,000,000, got [1, 21"),
        (
            "min_interval_seconds = 1e300",
            "min_interval_seconds: must be less than or equal to",
        ),
        ("expected_daily = 7", "expected_daily: wrong type, must be a list, got 7"),
        ('recheck_after = ["soon"]', "recheck_after: must be durations like 3h, 1d, 7d"),
        ("recheck_after = 3", "recheck_after: wrong type, must be a list, got 3"),
        ("min_interval_seconds = -1", "min_interval_seconds: must be greater than or equal to 0"),
        ("min_interval_seconds = nan", "min_interval_seconds: must be a finite number"),
        ('min_interval_seconds = "2"', "min_interval_seconds: wrong type, must be a number"),
        (
            "allow_private_hosts = 1",
            "allow_private_hosts: wrong type, must be true or false, got 1",
        ),
        ('sitemaps = "https://a.org/"', "sitemaps: wrong type, must be a list"),
        ("sitemaps = [1]", "sitemaps[0]: wrong type, must be a string, got 1"),
        ('sitemaps = ["ftp://a.org/"]', "sitemaps[0]: must be an http(s) address with a host"),
        ('sitemaps = ["https:///x"]', "sitemaps[0]: must be an http(s) address with a host"),
        ('sitemaps = ["example.org"]', "sitemaps[0]: must be an http(s) address with a host"),
        ('sitemaps = ["https://a.org:x/"]', "sitemaps[0]: must be an http(s) address"),
        ('sitemaps = ["https://[::1/"]', "sitemaps[0]: must be an http(s) address"),
        ('sitemaps = ["https://a.org/b c"]', "sitemaps[0]: must be an http(s) address"),
        ('sitemaps = ["https://me:pw@a.org/"]', "sitemaps[0]: must not hold a user name"),
        ('sections = ["https://a.org/", "https://a.org/"]', "sections: repeats 'https://a.org/'"),
        ('files = [" "]', "files[0]: must not be empty"),
        (
            'strip = ["p", "p..a"]',
            "strip[1]: must be a CSS selector or start with 'text:', got 'p..a'",
        ),
        ('strip = "p"', "strip: wrong type, must be a list, got 'p'"),
        ('keep = ["Read on"]', "keep[0]: names no HTML element, write 'text:Read on'"),
        ('keep = ["p", "p"]', "keep: repeats 'p'"),
    ],
)
def test_one_bad_line(tmp_path: Path, line: str, message: str) -> None:
    (problem,) = problems(tmp_path, f"{GOOD}{line}\n")
    assert problem.startswith("source 1 (gb-bbc): ")
    assert message in problem


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("id", "GB-bbc", "id: must be like gb-bbc"),
        ("id", "gbbbc", "id: must be like gb-bbc"),
        ("id", "gb-bbc/..", "id: must be like gb-bbc"),
        ("id", f"gb-{'b' * 98}", "id: String should have at most 100 characters"),
        ("name", "  ", "name: must not be empty"),
        ("language", "jp", "language: must be a language code like en, ja or zh-Hant, got 'jp'"),
        ("language", "English", "language: must be a language code"),
        ("timezone", "Europe/Lodnon", "timezone: unknown timezone 'Europe/Lodnon'"),
        ("timezone", "../etc/passwd", "timezone: unknown timezone"),
        ("timezone", "", "timezone: unknown timezone"),
    ],
)
def test_one_bad_value(tmp_path: Path, key: str, value: str, message: str) -> None:
    good = tomllib.loads(GOOD)["source"][0] | {key: value}
    lines = "".join(f"{name} = {entry!r}\n" for name, entry in good.items())
    (problem,) = problems(tmp_path, f"[[source]]\n{lines}")
    assert message in problem


@pytest.mark.parametrize("language", ["en", "ja", "zh-Hant", "pt-BR", "yue", "zh-Hans-CN"])
def test_language_codes(language: str) -> None:
    source = {"id": "hk-a", "name": "a", "timezone": "UTC", "feeds": ("https://a.org/",)}
    assert Source.model_validate(source | {"language": language}).language == language


@pytest.mark.parametrize("line", [f"a = {'[' * 100_000}", f"a = {'{a = ' * 100_000}"])
def test_a_file_that_is_nested_too_deeply(tmp_path: Path, line: str) -> None:
    assert problems(tmp_path, f"{GOOD}{line}\n") == ("arrays or tables are nested too deeply",)


def test_missing_keys_are_named_one_by_one(tmp_path: Path) -> None:
    assert problems(tmp_path, '[[source]]\nfeeds = ["https://a.org/"]\n') == (
        "source 1: id: missing",
        "source 1: name: missing",
        "source 1: language: missing",
        "source 1: timezone: missing",
    )


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    second = GOOD.replace('"en"', "3").replace("feeds", "foods")
    assert len(problems(tmp_path, f"{GOOD}\n{second}")) == 3


def test_a_repeated_id(tmp_path: Path) -> None:
    other = GOOD.replace("gb-bbc", "gb-other")
    assert problems(tmp_path, f"{GOOD}{other}{GOOD}") == (
        "source 3 (gb-bbc): id: repeats source 1",
    )


def test_a_source_with_no_place_to_look(tmp_path: Path) -> None:
    for text in (
        GOOD.replace("feeds", "# feeds"),
        GOOD.replace('["https://example.org/a.xml"]', "[]"),
    ):
        (problem,) = problems(tmp_path, text)
        assert problem.startswith("source 1 (gb-bbc): feeds: missing, ")
        assert "sitemaps, sections, files" in problem


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "source: missing, the file has no [[source]] entry: add one with `presswatch"),
        ("[source]\nid = 'a'\n", "source: wrong type, write [[source]] above each entry"),
        ("source = [1]\n", "source: wrong type"),
        ("[[sources]]\n", "sources: unknown key, expected [[source]]"),
        ("a = 1\nb =\n", "not valid TOML: Invalid value (at line 2"),
    ],
)
def test_a_file_that_is_no_list_of_sources(tmp_path: Path, text: str, message: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert message in problem


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    absent = tmp_path / "none.toml"
    with pytest.raises(ConfigError, match="the file is missing"):
        load_sources(absent)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_sources(tmp_path)
    absent.write_bytes(b"a = '\xff'\n")
    with pytest.raises(ConfigError, match="not UTF-8 at byte 5"):
        load_sources(absent)


def test_an_editor_s_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_sources(path)[0].id == "gb-bbc"


def test_sources_are_frozen_and_cross_a_process_border(tmp_path: Path) -> None:
    (source,) = load_sources(write(tmp_path, GOOD))
    assert pickle.loads(pickle.dumps(source)) == source
    with pytest.raises(ValueError, match="frozen"):
        source.name = "other"


def test_the_shipped_papers() -> None:
    sources = load_sources(SHIPPED)
    assert 12 <= len(sources) <= 14
    assert "jp-nikkei-asia" in {source.id for source in sources}
    assert len({source.country for source in sources}) >= 4
    assert len({source.language for source in sources}) >= 2
    assert not any(source.allow_private_hosts for source in sources)
    assert all(source.expected_daily for source in sources)
    addresses = [address for source in sources for address in source.listings]
    assert len(addresses) == len(set(addresses))
    assert all(address.startswith("https://") for address in addresses)
