"""Time zones of countries, and which of them the printed times of a source fit."""

import zoneinfo
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from tasks.text.printed_times import as_printed

# The zone in which nearly all people of a country live, where others are of islands, enclaves or
# thinly settled regions.
PREVAILING = {
    "cl": "America/Santiago",
    "cn": "Asia/Shanghai",
    "cy": "Asia/Nicosia",
    "de": "Europe/Berlin",
    "ec": "America/Guayaquil",
    "es": "Europe/Madrid",
    "kz": "Asia/Almaty",
    "mn": "Asia/Ulaanbaatar",
    "my": "Asia/Kuala_Lumpur",
    "nz": "Pacific/Auckland",
    "pg": "Pacific/Port_Moresby",
    "ps": "Asia/Gaza",
    "pt": "Europe/Lisbon",
    "ua": "Europe/Kyiv",
    "uz": "Asia/Tashkent",
}
# The most populous zone of each offset; it only chooses among zones that fit.
LARGEST = {
    "ar": ("America/Argentina/Buenos_Aires",),
    "au": ("Australia/Sydney", "Australia/Brisbane", "Australia/Perth", "Australia/Adelaide"),
    "br": ("America/Sao_Paulo", "America/Manaus"),
    "ca": ("America/Toronto", "America/Vancouver", "America/Edmonton", "America/Winnipeg"),
    "cd": ("Africa/Kinshasa", "Africa/Lubumbashi"),
    "id": ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    "mx": ("America/Mexico_City", "America/Tijuana", "America/Hermosillo"),
    "ru": ("Europe/Moscow", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Asia/Vladivostok"),
    "us": ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
}
MIN_SHARE = 0.9  # least share of the dates whose offset is the zone's


def zones_of(country: str) -> tuple[str, ...]:
    """The time zones of a country, by its two letters; empty for none or an unknown one."""
    return _zones_by_country().get(country, ())


def time_zone(country: str | None, printed: Sequence[str], why: str) -> tuple[str | None, str]:
    """The time zone of a source, None where it cannot be known, and the evidence in words.

    `printed` are the times of its entries as they are printed, `why` is how the country is known.
    """
    times = [found for text in printed if (found := as_printed(text)) and found.tzinfo]
    not_utc = [time for time in times if time.utcoffset()]
    shown = _most_printed_offset(times, len(printed))
    zones = zones_of(country or "")
    if not country or not zones:
        return None, f"{shown}; the country is not known"
    why = f"{shown}; {why}"
    if len(not_utc) <= len(times) / 2:
        # Many systems print UTC whatever the local time. Not the capital's zone for all: it is
        # wrong by three hours for a paper of Los Angeles.
        if len({_offsets_of_year(zone) for zone in zones}) == 1:
            zone = PREVAILING.get(country) or LARGEST.get(country, zones)[0]
            return zone, f"{why}; all of {country} has one time"
        if zone := PREVAILING.get(country, ""):
            return zone, f"{why}; nearly all of {country} has that time"
        return None, f"{why}; {country} has several time zones"
    fitting = []
    for zone in zones:
        clock = ZoneInfo(zone)
        same = sum(time.astimezone(clock).utcoffset() == time.utcoffset() for time in not_utc)
        if same >= MIN_SHARE * len(not_utc):
            fitting.append(zone)
    if not fitting:
        return None, f"{shown}; no time zone of {country} has that offset"
    likely = (PREVAILING.get(country), *LARGEST.get(country, ()))
    chosen = next((zone for zone in likely if zone in fitting), None)
    if not chosen and len({_offsets_of_year(zone) for zone in fitting}) == 1:
        chosen = fitting[0]
    if not chosen:
        return None, f"{why}; it may be {', '.join(fitting[:6])}"
    return chosen, why


def _offsets_of_year(zone: str) -> tuple[timedelta | None, ...]:
    """The offsets of a zone through the year: zones with the same ones have the same time."""
    clock = ZoneInfo(zone)
    months = (datetime(datetime.now(UTC).year, month, 15, tzinfo=UTC) for month in range(1, 13))
    return tuple(moment.astimezone(clock).utcoffset() for moment in months)


def _most_printed_offset(times: Sequence[datetime], number: int) -> str:
    """The offset that most entries print: `+09:00 in 40 of 40 entry dates`."""
    if not number:
        return "no entry is dated"
    if not times:
        return f"no offset in {number} entry dates"
    [(offset, count)] = Counter(time.strftime("%z") for time in times).most_common(1)
    return f"{offset[:3]}:{offset[3:5]} in {count} of {number} entry dates"


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """The table of countries and zones that comes with the zones; empty where it is missing."""
    text = ""
    places = (Path(folder) / "zone.tab" for folder in zoneinfo.TZPATH)
    if path := next(filter(Path.is_file, places), None):
        text = path.read_text("utf-8")
    else:
        with suppress(ModuleNotFoundError, OSError):
            text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    zones: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            zones[country.lower()] = (*zones.get(country.lower(), ()), zone)
    return zones
