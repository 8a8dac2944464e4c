"""Lists of sources in CSV: as Media Cloud's directory writes them, and as this project does."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.find.listed import Listed
from tasks.sources.source import Source
from tasks.text.charsets import decode
from tasks.text.toml_reader import ConfigError

# Media Cloud's directory writes id (its own number), homepage, domain, label, platform, pub_country
# (three letters) and primary_language; before 2023 name, publication_country, primary_langauge.
_NAMES = ("label", "title", "name", "domain")
_HOMES = ("homepage", "url", "site", "domain", "name")
_COUNTRIES = ("pub_country", "publication_country", "country")
_LANGUAGES = ("primary_language", "primary_langauge", "language")
_FEEDS = ("feeds", "feed", "feed_url", "feed_urls", "rss", "rss_url")
_OTHER_PLATFORMS = ("youtube", "twitter", "reddit", "facebook", "instagram", "tiktok")
_OWN_ID = re.compile(r"[a-z]{2}-[a-z0-9-]+")
_DOMAIN = re.compile(r"(?:https?://)?[^\s/]+\.[^\s/]+(?:/\S*)?")
COLUMNS = (
    *("id", "label", "homepage", "pub_country", "primary_language"),
    *("timezone", "feeds", "sitemaps", "sections"),
)


def read_csv(content: bytes, path: Path) -> list[Listed]:
    """The sources of a CSV file, a row each; ConfigError where it has no column of sites."""
    text = decode(content)
    if text is None:
        raise ConfigError([f"{path}: neither OPML nor CSV"])
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    try:
        columns = {name.strip().lower() for name in rows.fieldnames or () if name}
        if not columns & {*_HOMES[:4], *_FEEDS}:
            wanted = ", ".join((*_HOMES[:4], _FEEDS[0]))
            raise ConfigError([f"{path}: no column of sites or feeds, such as {wanted}"])
        return [_as_listed(row) for row in rows]
    except csv.Error as error:
        raise ConfigError([f"{path}: line {rows.line_num}: not CSV: {error}"]) from None


def write_csv(sources: Sequence[Source]) -> str:
    """The sources as CSV with the columns above; lists have spaces between their URLs."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for source in sources:
        lists = (" ".join(urls) for urls in (source.feeds, source.sitemaps, source.sections))
        home = next(iter(source.listings), "")
        home = "/".join(home.split("/")[:3])
        about = (source.id, source.name, home, source.country, source.language, source.timezone)
        writer.writerow([*about, *lists])
    return out.getvalue()


def _as_listed(cells: Mapping[str, str | None]) -> Listed:
    # A row that is longer than the header has a list under the name None.
    row = {
        column.strip().lower(): (text or "").strip()
        for column, text in cells.items()
        if isinstance(column, str)
    }
    home = next((row[key] for key in _HOMES if _DOMAIN.fullmatch(row.get(key, ""))), "")
    values: dict[str, Any] = {
        key: tuple(row[key].split()) for key in ("sitemaps", "sections") if row.get(key)
    }
    if _OWN_ID.fullmatch(row.get("id", "")):
        values["id"] = row["id"]
    if row.get("timezone"):
        values["timezone"] = row["timezone"]
    platform = row.get("platform") or row.get("service") or ""
    return Listed(
        _first(row, _NAMES),
        home,
        tuple(re.findall(r"[^\s;|]+", _first(row, _FEEDS))),
        country=_first(row, _COUNTRIES),
        language=_first(row, _LANGUAGES),
        values=values,
        problem=f"of {platform}, not a news site" if platform in _OTHER_PLATFORMS else "",
    )


def _first(row: Mapping[str, str], names: Sequence[str]) -> str:
    return next((row[name] for name in names if row.get(name)), "")
