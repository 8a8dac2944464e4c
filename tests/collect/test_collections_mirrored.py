"""`sources check` over sources of the collections, at mirrors on loopback.

`python -m tests.collect.test_collections_mirrored` prints what was found in every source, by
collection.
"""

import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tasks.sources.collections import load_collections
from tasks.sources.source import Source
from tests.support.mirror import mirrored, path_of, write_mirrored
from tests.support.mirror_texts import SENTENCES

pytestmark = pytest.mark.slow

DENIED = """
[[source]]
id = "zz-denied"
name = "Denied"
language = "en"
timezone = "UTC"
feeds = ["{url}/private/feed.xml"]
min_interval_seconds = 0
allow_private_hosts = true
"""


@dataclass
class Checked:
    """What the command said, and what the mirror was asked."""

    sources: tuple[Source, ...]
    lines: list[str]
    asked: dict[str, list[str]]
    """Paths by host, in order."""
    listed: Counter[str] = field(default_factory=Counter)
    extracted: Counter[str] = field(default_factory=Counter)
    """By source."""


def of_each_kind() -> tuple[Source, ...]:
    """One source of each language and collection with so many feeds, sitemaps and hosts."""
    found: dict[object, Source] = {}
    for one in load_collections():
        places = [urlsplit(url) for url in one.listings]
        hosts, is_queried = len({at.netloc for at in places}), any(at.query for at in places)
        counts = len(one.feeds), len(one.sitemaps), hosts
        found.setdefault((one.collection, one.language, *counts, is_queried), one)
    return tuple(found.values())


def check_all(folder: Path, sources: tuple[Source, ...]) -> Checked:
    """Run the command once over these sources, and one whose feed robots.txt disallows."""
    path = folder / "sources.toml"
    with mirrored(sources) as mirror:
        write_mirrored(path, sources, mirror)
        first = next(iter(mirror.addresses.values()))
        with path.open("a") as out:
            out.write(DENIED.format(url=f"http://{first}:{mirror.port}"))
        words = ["sources", "check", "--sources", str(path)]
        done = CliRunner().invoke(app, words, env={"COLUMNS": "1000"})
    asked = {host: mirror.asked[at] for host, at in mirror.addresses.items()}
    checked = Checked(sources, done.stdout.splitlines(), asked)
    for line in checked.lines:
        verdict, source_id, said = line.split(maxsplit=2)
        if verdict == "ok":
            checked.listed[source_id.rstrip(":")] += bool(
                re.search(r": (feed|sitemap), \d+ ", said)
            )
            checked.extracted[source_id.rstrip(":")] += bool(re.search(r"\d+ words$", said))
    return checked


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check_all(tmp_path_factory.mktemp("mirrored"), of_each_kind())


def test_every_address_is_a_listing_with_an_article(checked: Checked) -> None:
    failed = [line for line in checked.lines if line.startswith("FAIL")]
    assert [line.split()[1] for line in failed] == ["zz-denied:"], failed[:5]
    for source in checked.sources:
        addresses = len(source.listings)
        assert checked.listed[source.id] == addresses, source.id
        assert checked.extracted[source.id] == addresses, source.id


def test_sources_of_each_language_and_collection_are_checked(checked: Checked) -> None:
    assert {one.language for one in checked.sources} == SENTENCES.keys()
    assert {one.collection for one in checked.sources} == {
        one.collection for one in load_collections()
    }


def test_robots_are_read_first_and_kept(checked: Checked) -> None:
    assert any("robots_denied" in line for line in checked.lines)
    assert all(paths[0] == "/robots.txt" for paths in checked.asked.values())
    assert not any(
        path.startswith("/private/") for paths in checked.asked.values() for path in paths
    )
    for source in checked.sources:
        for address in source.listings:
            place = urlsplit(address)
            assert path_of(place) in checked.asked[place.netloc]


def test_there_is_a_text_in_each_language() -> None:
    assert {source.language for source in load_collections()} == SENTENCES.keys()


def _table(checked: Checked) -> str:
    lines = [
        "| collection | sources | addresses | listings read | articles extracted |",
        "|---|---|---|---|---|",
    ]
    for name in (*sorted({str(one.collection) for one in checked.sources}), "all"):
        own = [one for one in checked.sources if name in ("all", one.collection)]
        addresses = sum(len(one.listings) for one in own)
        counts = (sum(each[one.id] for one in own) for each in (checked.listed, checked.extracted))
        lines.append(f"| {name} | {len(own)} | {addresses} | {' | '.join(map(str, counts))} |")
    return "\n".join((*lines, ""))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sys.stdout.write(_table(check_all(Path(name), load_collections())))
