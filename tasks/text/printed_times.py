"""Parses the times of feeds, sitemaps and headers: ISO 8601 and RFC 822.

For an entry of a source, whose zone is known, other forms are read as on pages.
"""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime

from tasks.text.dates import EARLIEST_YEAR, ZONES, Moment, parse_moment, zone_of

# <pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>, which the email package reads as 2001
_NO_YEAR = re.compile(r"(?<![+-])\b000\d\b")
# `19:00:00 +9`, which the email package reads as nine minutes, `+09:00` and `GMT+0900`.
_OFFSET = re.compile(
    r"(?P<clock>\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*)(?:GMT|UTC)?"
    r"(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?(?:\s*\(.*\))?\Z"
)
# `07:30 PM`: the email package passes over what follows the clock.
_TWELVE_HOURS = re.compile(
    r"(?<![\d:])(?P<hour>\d{1,2})(?P<rest>(?::\d\d)*)\s?(?P<half>[AP])\.?M\b\.?", re.I
)
_ZONE_NAME = re.compile(r"(?<=\d)\s*\(?(?P<name>[A-Z]{3,5})\)?\Z")
_CLOCK = re.compile(r":|\dT\d")
# Ambiguous names, such as BST (Britain, Bangladesh); the email package reads EST etc. as American.
_AMBIGUOUS = frozenset({"BST", "IST", "MST", "PST"})


def as_printed(printed: str) -> datetime | None:
    """A printed time; naive if no zone is printed, or an unknown one."""
    if _NO_YEAR.search(printed):
        return None
    text = _OFFSET.sub(_whole_offset, _in_24_hours(printed.strip()))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def instant(printed: str) -> datetime | None:
    """A printed time in UTC; None without a known zone."""
    found = as_printed(printed)
    try:
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (OverflowError, ValueError):
        return None


def has_time(printed: str) -> bool:
    """Whether a printed time, of those that are read here, is more than a date."""
    found = as_printed(printed)
    if found is None and (moment := _as_on_pages(printed, "UTC")):
        return moment.has_time
    return _is_timed(found, _in_24_hours(printed))


def instant_in(printed: str, own: str) -> datetime | None:
    """A time printed by a source in the IANA zone `own`, in UTC; by default it is in that zone.

    An ambiguous zone name means the source's zone if that has this name at that time; else it is
    read as in RFC 822: PST and MST are American, BST and IST give None. A day without a time is
    midnight in UTC, as on pages.
    """
    whole, printed = printed, _in_24_hours(printed)
    named = _ZONE_NAME.search(printed)
    found = as_printed(printed[: named.start()] if named else printed)
    if found is None:
        moment = _as_on_pages(whole, own)
        return moment.at if moment else None
    try:
        zone = found.tzinfo or zone_of(own)
        name = named["name"] if named and not found.tzinfo else None
        if name and name != found.replace(tzinfo=zone).tzname():
            if name not in ZONES or name in _AMBIGUOUS:
                return instant(printed)
            zone = timezone(timedelta(hours=ZONES[name]))
        at = found.replace(tzinfo=zone if _is_timed(found, printed) else UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return at if at.year >= EARLIEST_YEAR else None


def _as_on_pages(printed: str, own: str) -> Moment | None:
    """A time in another form, unless it may be of two days, as 3/4/2026."""
    if _NO_YEAR.search(printed):
        return None
    moment = parse_moment(printed, own)
    return moment if moment == parse_moment(printed, own, day_first=False) else None


def _is_timed(found: datetime | None, printed: str) -> bool:
    return bool(_CLOCK.search(printed) or (found and found.time() != time()))


def _in_24_hours(printed: str) -> str:
    """The text with the hours of a 12-hour clock as those of a day: `19:30` for `07:30 PM`."""
    return _TWELVE_HOURS.sub(_hour_of_day, printed)


def _hour_of_day(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    if hour <= 12:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    return f"{hour:02}{found['rest'] or ':00'}"


def _whole_offset(found: re.Match[str]) -> str:
    hours, minutes = found["hours"].zfill(2), found["minutes"] or "00"
    # `-0000` is a time in UTC (RFC 5322).
    sign = "+" if hours + minutes == "0000" else found["sign"]
    return f"{found['clock']}{sign}{hours}{minutes}"
