"""Reads lists of sources, and asks the sites that they name."""

from collections.abc import Mapping
from pathlib import Path

from tasks.find.csv_list import read_csv
from tasks.find.find_source import find
from tasks.find.listed import Listed
from tasks.find.opml import read_opml
from tasks.settings import Settings
from tasks.sources.add_sources import Entry
from tasks.text.toml_reader import ConfigError

MAX_BYTES = 50_000_000


def read_list(path: Path) -> list[Listed]:
    """The sources of an OPML or CSV file; ConfigError for one that cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([f"{path}: more than {MAX_BYTES:,} bytes: split it"])
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    is_xml = content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")
    return (read_opml if is_xml else read_csv)(content, path)


def entry_from_site(
    settings: Settings,
    one: Listed,
    given: Mapping[str, str],
    *,
    pause: float,
    allow_private: bool,
) -> Entry | str:
    """The entry for a listed source by asking its site, or why there is none."""
    # Only with `--find`: for a list of 500 sites nobody expects 20,000 requests of "import".
    about = {key: value for key, value in given.items() if value and not value.startswith("xx-")}
    found, proposed = find(
        one.home,
        settings,
        feeds=one.feeds,
        pause=pause,
        allow_private=allow_private,
        given=about,
    )
    if not found.taken:
        tried = next((f"{trial.url}: {trial.outcome}" for trial in found.trials), "")
        return f"no feed found: {found.home_detail or tried or 'its home page names none'}"
    if proposed.missing:
        wanted = ", ".join(f"{key}: {proposed.values[key].why}" for key in proposed.missing)
        return f"not known: {wanted}"
    return proposed.entry | dict(one.values)
