"""Fingerprints of what the declared versions stand for, beside the numbers they were taken at.

`python -m tests.upgrade.fingerprints` takes them again after a number was raised. Where only the
wording of the SQL or the sample newsroom changed, and no row of a user would: `--unchanged`.
"""

import argparse
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import duckdb

import tasks
from tasks.collect import listing_cache
from tasks.collect.listings import read_listing
from tasks.extract import extractor_version
from tasks.load.load_run import load
from tasks.model import Capture, CaptureKind, Failure, Outcome
from tasks.refine.refine_pages import Origin, Refined, refine_page
from tasks.refine.site_boilerplate import find_recurring
from tasks.topics import topic
from tests.support.publishing import publish
from tests.support.staged_pages import HARVEST, SOURCES, SUMMIT, Page, listing, prose, stage
from tests.upgrade import matching
from warehouse.build import loader, schema_version
from warehouse.build.sql_files import read_marts, read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

SAMPLE = Path(__file__).parents[2] / "deployments" / "sample"
sys.path.insert(0, str(SAMPLE))

from newsroom_articles import PAPERS, Paper  # noqa: E402 (deployments/ is no package)
from newsroom_listings import site_listings  # noqa: E402
from newsroom_pages import BASE_PORT, Site, site_pages, sources_of  # noqa: E402

RECORD = Path(__file__).with_suffix(".json")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_BLANK = re.compile(r"""('(?:[^']|'')*'|"[^"]*")|(?:--[^\n]*|/\*.*?\*/|\s)+""", re.DOTALL)
Parts = dict[str, str]
"""A digest for each page, listing, table or mart."""


def digest(found: object) -> str:
    """Equal for equal values, whatever the order of sets, and to nine digits of a number."""
    text = json.dumps(_plain(found), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(found: Any) -> Any:
    if is_dataclass(found) and not isinstance(found, type):
        return _plain(asdict(found))
    if isinstance(found, dict):
        return {str(key): _plain(value) for key, value in found.items()}
    if isinstance(found, set | frozenset):
        return sorted(map(_plain, found))
    if isinstance(found, list | tuple):
        return [_plain(value) for value in found]
    return f"{found:.9g}" if isinstance(found, float) else found


def extractor_parts() -> Parts:
    """What the sample newsroom's pages give, alone and beside others; the rules and the model."""
    parts = {}
    for paper in PAPERS:
        pages = dict(_pages(paper))
        origin = Origin(paper.language, paper.timezone)
        alone = {name: refine_page(*page, origin) for name, page in pages.items()}
        site = find_recurring([[page.fingerprint for page in alone.values() if page.fingerprint]])
        for name, page in pages.items():
            beside = refine_page(*page, origin, site)
            parts[f"{paper.id} {name}"] = digest([_unnumbered(alone[name]), _unnumbered(beside)])
    folder = Path(tasks.__file__).parent
    for path in folder.rglob("*.toml"):
        parts[path.name] = digest(tomllib.loads(path.read_text(encoding="utf-8")))
    for path in folder.rglob("*.json"):
        parts[path.name] = digest(json.loads(path.read_bytes()))
    return parts


def _unnumbered(refined: Refined) -> list[object]:
    """The rows without the version, and without the names that the code has for them."""
    article = {**(refined.article or {}), "extractor_version": None}
    return [refined.capture, article, refined.stripped, refined.fingerprint, refined.kept]


def _pages(paper: Paper) -> Iterator[tuple[str, tuple[Capture, bytes]]]:
    site = Site(paper, BASE_PORT)
    for path, page in site_pages(site).items():
        yield path, (_capture(paper, site.root + path, page.content_type), page.body)
    for article in sources_of(paper):
        for file in (SAMPLE / "saved").glob(f"{article.slug}.*"):
            if article.is_saved and file.suffix in (".html", ".txt"):
                kind = "text/plain" if file.suffix == ".txt" else "text/html"
                url = f"file:///saved/{file.name}"
                yield file.name, (_capture(paper, url, kind), file.read_bytes())


def _capture(paper: Paper, url: str, content_type: str) -> Capture:
    return Capture(
        capture_id=UUID(int=0),
        run_id="20261101T060000Z-000000",
        source_id=paper.id,
        kind=CaptureKind.PAGE,
        url_requested=url,
        url_final=url,
        found_in="",
        outcome=Outcome.FETCHED,
        detail="",
        attempted_at=datetime(2026, 11, 1, 6, tzinfo=UTC),
        seconds=0.0,
        content_type=content_type,
        payload_sha256=hashlib.sha256(url.encode()).hexdigest(),
    )


def listing_parts() -> Parts:
    """What the sample newsroom's feeds, sitemaps and section pages list."""
    parts = {}
    for paper in PAPERS:
        site = Site(paper, BASE_PORT)
        for path, page in {**site_pages(site), **site_listings(site)}.items():
            about = (page.body, page.content_type, site.root + path)
            found: object
            try:
                found = read_listing(*about, max_entries=500)
            except Failure as failure:
                found = {"outcome": failure.outcome, "detail": failure.detail}
            parts[f"{paper.id} {path}"] = digest(found)
    return parts


def matching_parts() -> Parts:
    """What topics of every kind count in fixed texts."""
    return {name: digest(found) for name, found in matching.counted()}


def schema_parts() -> Parts:
    """The tables as DuckDB sees them, the SQL of the marts, and the rows of a few loads."""
    with duckdb.connect() as con:
        loader.make_relations(con)
        parts = table_parts(con)
    for folder, texts in (("marts", read_marts()), ("steps", read_sql("steps"))):
        for name, sql in texts.items():
            parts[f"{folder}/{name}"] = digest(without_comments(sql))
    return parts | _row_parts()


def table_parts(con: duckdb.DuckDBPyConnection) -> Parts:
    """Columns, types, defaults and constraints of each table."""
    rows = con.execute("SELECT table_name, sql FROM duckdb_tables()").fetchall()
    return {f"columns of {name}": digest(sql) for name, sql in rows}


def without_comments(sql: str) -> str:
    """The SQL on one line."""
    return _BLANK.sub(lambda found: found[1] or " ", sql).strip()


def _row_parts() -> Parts:
    with TemporaryDirectory() as name:
        layout = Layout(Path(name))
        aliases = (*SUMMIT.aliases, "bridge")
        wider = topic.TopicEntry(id=SUMMIT.topic_id, name=SUMMIT.name, aliases=aliases).topic()
        pages = list(_made_pages())
        for number, (part, summit) in enumerate(((pages[::2], SUMMIT), (pages[1::2], wider))):
            run = stage(layout, f"2026053{number}T060000Z-00000{number}", part)
            load(layout, [HARVEST, summit], SOURCES, [run], now=NOW + timedelta(days=number))
        publish(layout)
        con = open_snapshot(layout)
        assert con is not None
        with con:
            names = {row["table_name"] for row in records(con, "FROM duckdb_tables()")}
            # `loads` tells of the SQL and `files` of Parquet's bytes, which follow the library.
            return {
                f"rows of {name}": digest(
                    sorted(digest(row) for row in records(con, f"FROM {name}"))
                )
                for name in names - {"loads", "files"}
            }


def _made_pages() -> Iterator[Page]:
    """Ninety days of two papers, and ten articles of one event on the last of them."""
    for day in range(90):
        hour = 24.0 * day
        yield listing(hour=hour)
        text = prose(day) + " harvest" * (day % 3 == 0) + " G20" * (day % 7 == 0)
        yield Page(f"new-{day}", text, day, hour + 1, stripped=["Join us"])
        yield Page(f"copy-{day}", text, day, hour + 2, "de-blatt")
        yield Page(f"gone-{day}", hour=hour, outcome="not_found", day=day)
        if day % 30 == 0:
            yield Page("front", f"{prose(1)} As of day {day}.", 0, hour + 3)
            yield Page("about", f"We write about the grain fair: {day}.", None, hour + 4)
    for at in range(10):
        yield Page(f"event-{at}", f"The lakeside summit. {prose(500 + at)}", 89, 24.0 * 89 + 5 + at)


DECLARED: dict[str, tuple[str, Callable[[], int], Callable[[], Parts]]] = {
    "EXTRACTOR_VERSION": (
        extractor_version.__name__,
        lambda: extractor_version.EXTRACTOR_VERSION,
        extractor_parts,
    ),
    "LISTING_VERSION": (
        listing_cache.__name__,
        lambda: listing_cache.LISTING_VERSION,
        listing_parts,
    ),
    "RULES": (
        topic.__name__,
        lambda: topic.RULES,
        matching_parts,
    ),
    "SCHEMA_VERSION": (
        schema_version.__name__,
        lambda: schema_version.SCHEMA_VERSION,
        schema_parts,
    ),
}
"""Each with its module, its number, and what its fingerprint is taken of."""


def difference(name: str, number: int, parts: Parts, recorded: dict[str, Parts]) -> str:
    """What to do where a fingerprint is not the one recorded for the version; else nothing."""
    ((last, known),) = recorded.items()
    changed = sorted(part for part in parts | known if parts.get(part) != known.get(part))
    again = "run `python -m tests.upgrade.fingerprints`"
    if number < int(last):
        return f"{name} is {number}, but {last} is recorded: it must never fall"
    if number > int(last):
        return f"{name} {number} is not recorded yet: {again}"
    if not changed:
        return ""
    return (
        f"{name} is still {number}, but these changed: {', '.join(changed)}. Raise {name} in"
        f" {DECLARED[name][0]} and {again}; with `--unchanged` where no row of a user changes"
    )


def main() -> None:
    """Record the fingerprints of raised versions."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--unchanged", action="store_true", help="also of versions not raised")
    is_unchanged = parser.parse_args().unchanged
    recorded = json.loads(RECORD.read_text())
    for name, (_, declared, take) in DECLARED.items():
        number, parts = declared(), dict(sorted(take().items()))
        (last,) = map(int, recorded[name])
        wrong = difference(name, number, parts, recorded[name])
        if wrong and (number < last or (number == last and not is_unchanged)):
            sys.exit(wrong)
        recorded[name] = {str(number): parts}
    RECORD.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
