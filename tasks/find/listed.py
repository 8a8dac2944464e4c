"""Sources that a list names, made into entries for sources.toml, or the reason why not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tasks.find.countries import COUNTRY_OF, country_code, country_of_domain
from tasks.find.proposal import outlet
from tasks.find.zones import time_zone
from tasks.sources.add_sources import Entry, problems_of
from tasks.sources.source import Source
from tasks.text.urls import is_http


@dataclass(frozen=True, slots=True)
class Listed:
    """One source of a list, as far as the list knows it."""

    name: str
    home: str  # a URL or a domain; empty where there is none
    feeds: tuple[str, ...] = ()
    country: str = ""  # two or three letters
    language: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)  # other keys of its entry
    problem: str = ""  # why it cannot be a source


@dataclass(frozen=True, slots=True)
class ImportedSources:
    """The entries of a list, and the sources left out: names and reasons."""

    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...]


# The entry for a listed source, found by asking its site; a text is the reason why there is none.
Ask = Callable[[Listed, Mapping[str, str]], Entry | str]


def import_listed(
    listed: Iterable[Listed],
    known: Sequence[Source],
    *,
    language: str = "",
    timezone: str = "",
    ask: Ask | None = None,
) -> ImportedSources:
    """Entries for sources that are not known; `language` and `timezone` where a list lacks them."""
    ids = {source.id for source in known}
    places = {url: source.id for source in known for url in source.listings}
    entries: list[Entry] = []
    left_out: list[tuple[str, str]] = []
    for one in listed:
        entry = _entry_or_problem(one, language, timezone, places, ask)
        wrong = entry if isinstance(entry, str) else "; ".join(problems_of(entry))
        if wrong or isinstance(entry, str):
            left_out.append((one.name or one.home or "without a name", wrong))
            continue
        number, source_id = 1, str(entry["id"])
        while source_id in ids:
            number += 1
            source_id = f"{entry['id']}-{number}"
        ids.add(source_id)
        places.update(dict.fromkeys(_listings(entry), source_id))
        entries.append({**entry, "id": source_id})
    return ImportedSources(tuple(entries), tuple(left_out))


def _entry_or_problem(
    one: Listed, language: str, timezone: str, places: Mapping[str, str], ask: Ask | None
) -> Entry | str:
    if one.problem:
        return one.problem
    listings = [url for url in (*one.feeds, *_listings(one.values)) if is_http(url)]
    if existing := next((places[url] for url in listings if url in places), ""):
        return f"is there already, as {existing}"
    if not (one.home or listings):
        return "neither a feed nor a home page"
    home = one.home or listings[0]
    home = home if is_http(home) else f"https://{home}"
    # The country, and the keys, that the list, its domain or a person knows.
    code = one.language.strip().replace("_", "-").partition("-")[0].lower() or language
    try:
        given = country_code(one.country)
    except ValueError as error:
        return str(error)
    country = given or country_of_domain(home) or COUNTRY_OF.get(code, "")
    zone = time_zone(country, (), "")[0] or timezone
    known = {"id": f"{country or 'xx'}-{outlet(home)}", "name": one.name or outlet(home)}
    known |= {"language": code, "timezone": zone}
    known |= {key: one.values[key] for key in ("id", "language", "timezone") if key in one.values}
    if ask:
        return ask(replace(one, home=home), {"country": country} | known)
    if not (listings or one.values.get("files")):
        return "no feed: search its site for one with --find"
    for key in ("language", "timezone"):
        if not known.get(key):
            return f"its {key} is not known: give --{key}, or ask its site with --find"
    feeds = [url for url in one.feeds if is_http(url)]
    return {**known, **({"feeds": feeds} if feeds else {}), **one.values}


def _listings(values: Mapping[str, Any]) -> list[str]:
    return [url for key in ("feeds", "sitemaps", "sections") for url in values.get(key, ())]
