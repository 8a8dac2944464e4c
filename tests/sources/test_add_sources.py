"""Adding entries to a sources.toml that a person keeps."""

import tomllib
from pathlib import Path

import pytest

from tasks.sources.add_sources import add_sources, as_toml, problems_of
from tasks.sources.collections import load_sources
from tasks.text.toml_reader import ConfigError

KEPT = """\
# My papers.
[[source]]
id = "gb-post"   # the first
name = "Post"
language = "en"
timezone = "UTC"
files = ["*.txt"]   # saved by hand
"""
ENTRY = {
    "id": "jp-gazette",
    "name": 'The "Gazette" \\ 新聞',
    "language": "ja",
    "timezone": "Asia/Tokyo",
    "feeds": ["https://gazette.example/rss?a=1&b=2"],
    "expected_daily": [2, 30],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(KEPT, encoding="utf-8")
    return path


def test_an_entry_is_added_and_the_rest_stays(file: Path) -> None:
    add_sources(file, [ENTRY])
    text = file.read_text("utf-8")
    assert text.startswith(KEPT.rstrip())
    assert [source.id for source in load_sources(file)] == ["gb-post", "jp-gazette"]
    assert load_sources(file)[1].name == ENTRY["name"]
    assert [path.name for path in file.parent.iterdir()] == ["sources.toml"]


def test_an_empty_line_is_between_entries(file: Path) -> None:
    others = [{**ENTRY, "id": "jp-other"}, {**ENTRY, "id": "jp-third"}]
    add_sources(file, [ENTRY, *others])
    kept, *added = file.read_text("utf-8").split("\n\n")
    assert kept == KEPT.rstrip()
    assert added == [as_toml(each).rstrip() for each in (ENTRY, *others[:1])] + [as_toml(others[1])]


def test_a_missing_file_is_made_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "sources.toml"
    link.symlink_to(real)
    add_sources(link, [ENTRY, {**ENTRY, "id": "jp-other"}])
    assert link.is_symlink()
    assert len(load_sources(real)) == 2


@pytest.mark.parametrize("text", ["", " \n", "# My papers.\n", "\ufeff", "collections = []\n"])
def test_a_file_without_sources_is_added_to(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    add_sources(path, [ENTRY])
    assert path.read_text("utf-8").startswith(text.rstrip())
    assert [source.id for source in load_sources(path)] == ["jp-gazette"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({**ENTRY, "id": "gb-post"}, "gb-post is there already: give another --id"),
        ({**ENTRY, "timezone": "Asia/Tokio"}, "unknown timezone 'Asia/Tokio'"),
        ({**ENTRY, "feeds": []}, "one of feeds, sitemaps, sections, files must be given"),
    ],
)
def test_what_would_not_be_valid_is_refused(
    file: Path, entry: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        add_sources(file, [entry])
    [line] = caught.value.problems
    assert line.startswith(f"{file}: ")
    assert problem in line
    assert file.read_text("utf-8") == KEPT
    assert [path.name for path in file.parent.iterdir()] == ["sources.toml"]


def test_a_file_with_an_inline_array_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    inline = '{id = "gb-post", name = "P", language = "en", timezone = "UTC", files = ["a"]}'
    path.write_text(f"source = [{inline}]\n")
    with pytest.raises(ConfigError, match=r"not valid TOML.*nothing was added"):
        add_sources(path, [ENTRY])
    assert path.read_text() == f"source = [{inline}]\n"


def test_what_a_site_says_stays_in_its_comment() -> None:
    hostile = 'x\n[[source]]\nid = "xx-evil"\r\x1b[31m' + "y" * 500
    entry = {key: value for key, value in ENTRY.items() if key != "timezone"}
    text = as_toml(entry, {"language": hostile, "timezone": hostile})
    assert [source["id"] for source in tomllib.loads(text)["source"]] == ["jp-gazette"]
    assert "# timezone = x [[source]]" in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 300


def test_problems_of_an_entry() -> None:
    assert problems_of(ENTRY) == []
    assert problems_of({**ENTRY, "id": "gazette"}) == [
        "id: must be like gb-bbc (country-outlet, a-z 0-9 -), got 'gazette'"
    ]
