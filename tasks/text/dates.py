"""Parses dates and times as news pages write them, without reference to the current time."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tasks.text.calendar_names import MONTH_NUMBER, OTHER_MONTHS, WEEKDAY_NUMBER, one_name
from tasks.text.clock_times import CLOCK, OFFSET_OF, WHOLE_HOURS, clock_before, clock_of

EARLIEST_YEAR = 1990
# `১৭ মার্চ ২০২৬`: the digits of other scripts
DIGITS = {code: str(int(chr(code))) for code in range(0x660, 0x1100) if chr(code).isdecimal()}
_LAST_WORD = re.compile(r"(?P<name>[^\W\d_]{2,12})\.?,?\s*\Z")
_ZONES_BY_HOURS = {
    0: "Z UTC GMT WET",
    1: "BST CET MEZ WEST",
    2: "CEST MESZ EET SAST",
    3: "EEST MSK TRT",
    8: "HKT SGT PHT AWST",
    9: "JST KST",
    10: "AEST",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
    -4: "EDT",
    -5: "EST CDT",
    -6: "MDT",
    -7: "MST PDT",
    -8: "PST AKDT",
    -9: "AKST",
    -10: "HST",
}
# Hours east of UTC. Names used by several countries (IST, CST) mean the source's own zone.
ZONES = {zone: hours for hours, zones in _ZONES_BY_HOURS.items() for zone in zones.split()}
# IANA zones in which such a name is in use, though the zone's data has another name.
OWN_ZONES = {
    "BST": ("Asia/Dhaka",),
    "EST": ("Australia/",),
    "EDT": ("Australia/",),
    "MST": ("Asia/Kuala_Lumpur", "Asia/Yangon"),
    "PST": ("Asia/Manila", "Asia/Karachi"),
}
# American times that do not say whether daylight saving applies.
AMERICAN = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}

ISO = re.compile(
    r"(?P<year>\d{4})(?P<gap>[-/]|\.\s?|)(?P<month>\d{1,2})(?P=gap)(?P<day>\d{1,2})(?!\d)\.?"
    r"(?:(?:\s*[T,|]\s*|\s+(?:at\s+)?|-)(?P<hour>\d{1,2})"
    r"(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?:[.,:]\d+)?|(?=\s?[AaPp]\.?[Mm]\b))\s*(?P<half>[AaPp]\.?[Mm]\b)?\s*"
    + OFFSET_OF
    + r"(?P<zone>[+-]\d{1,2}:?\d{2}|[+-]\d{2}\b|"
    + WHOLE_HOURS
    + r"|Z|[A-Z]{3,4}\b)?)?"
)
COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?\b"
)
# RFC 822, as in feeds and HTTP headers; the email package passes over AM and PM.
MAIL = re.compile(r"[A-Za-z]{3,9}, \d{1,2} [A-Za-z]{3} \d{4} \d(?!\S*\s?[AaPp]\.?[Mm]\b)")
EAST_ASIA = re.compile(
    r"(?:(?P<year>\d{4})|令和\s?(?P<reiwa>\d{1,2}|元))\s?[年년]\s?"
    r"(?P<month>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日일号]"
    r"(?:[^\d]{0,12}?(?P<noon>午前|午後|上午|下午|晚上|오전|오후)?\s?" + CLOCK + ")?"
)
# Letters, and the vowel signs of Indic scripts
_NAME = r"(?:[^\W\d_]|[\u0900-\u0dff]){2,12}"
DAY_FIRST = re.compile(
    r"\b(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s*(?:de\s+|of\s+|-)?"
    # `12 نوفمبر/تشرين الثاني 2026`
    r"(?P<name>" + _NAME + r")(?:\s?[/(]\s?[\u0600-\u06ff]+\)?)?\.?,?\s*(?:de\s+|del\s+|-)?"
    r"(?P<year>\d{4})\b(?:\D{0,18}?\b" + CLOCK + ")?"
)
MONTH_FIRST = re.compile(
    r"\b(?P<name>" + _NAME + r")\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})\b"
    r"(?:\D{0,14}?\b" + CLOCK + ")?"
)
# `2015. augusztus 20., 11:16`, `2013 m. gegužės 15 d. 10:20`
YEAR_FIRST = re.compile(
    r"\b(?P<year>\d{4})(?:\.|\.?\sm\.)?\s(?P<name>" + _NAME + r")\.?\s(?P<day>\d{1,2})\b"
    r"(?:\D{0,14}?\b" + CLOCK + ")?"
)
VIETNAMESE = re.compile(
    r"\b(?P<day>\d{1,2})\s[Tt]háng\s(?P<month>\d{1,2}),?\s(?:năm\s)?(?P<year>\d{4})\b"
    r"(?:\D{0,18}?\b" + CLOCK + ")?"
)
YEAR_LAST = re.compile(
    r"\b(?P<name>[A-Z][a-z]{2}) (?P<day>\d{1,2}) (?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r":(?P<second>\d{2}) (?:(?:GMT|UTC)(?=[+-]))?(?P<zone>[A-Z]{2,4}|[+-]\d{2}:?\d{2})"
    r" (?P<year>\d{4})\b"
)
NUMBERS = re.compile(
    r"\b(?P<day>\d{1,2})(?P<gap>[./-])\s?(?P<month>\d{1,2})(?P=gap)\s?(?P<year>\d{4})\b(?:\D{0,18}?\b"
    + CLOCK
    + ")?"
)
EPOCH = re.compile(r"1?\d{9}(?:\d{3})?")
URL_DAY = re.compile(
    r"(?<![\d])(?P<year>(?:19|20)\d{2})(?P<gap>[-/_]?)"
    # One digit or a name only after a separator: the number of article 2013817 is no day in August.
    r"(?P<month>0[1-9]|1[0-2]|(?<=[-/_])(?:[1-9]|[a-z]{3}))(?P=gap)"
    r"(?P<day>0[1-9]|[12]\d|3[01]|[1-9](?=[/-]))(?!\d)"
)
# `/2024/0517/`, as addresses in China have it.
URL_MONTH_DAY = re.compile(
    r"/(?P<year>(?:19|20)\d{2})/(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12]\d|3[01])/"
)
# `/2024/politics/05/17/`
URL_SECTION = re.compile(r"(?<=/(?:19|20)\d\d/)[a-z_.-]+/(?=\d{1,2}/\d{1,2}/)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, and the text it was read from."""

    at: datetime  # In UTC. A date without a time is midnight in UTC, which keeps the day.
    raw: str
    has_time: bool


def parse_moment(
    raw: str, timezone: str = "UTC", *, day_first: bool = True, language: str = ""
) -> Moment | None:
    """Parse a point in time in any common form, anywhere in a text; None without one.

    `timezone` is the IANA zone for times without a zone. With `day_first` 03/04/2024 is 3 April,
    unless a weekday before it contradicts that; between dots the day is always first. `language`
    is the code by which ambiguous names of months are read.
    """
    text = " ".join(raw[:200].split())
    if not any(c.isdigit() for c in text):
        return None
    zone = zone_of(timezone)
    for at, has_time in _readings(one_name(text.translate(DIGITS)), zone, day_first, language):
        # Other dates, such as 1970-01-01 and 9999-12-31, are default values.
        if at is not None and EARLIEST_YEAR <= at.year < MAXYEAR:
            return Moment(at, text, has_time)
    return None


def day_in_url(url: str) -> date | None:
    """The date in a URL's path, such as `/2024/05/17/` or `/2024/may/17/`."""
    path = url.split("://", 1)[-1].partition("/")[2].partition("?")[0].lower()
    found = URL_DAY.search(path)
    if not found:
        path = URL_SECTION.sub("", f"/{path}")
        found = URL_MONTH_DAY.search(path) or URL_DAY.search(path)
    if not found:
        return None
    month = MONTH_NUMBER.get(found["month"]) or _number(found["month"])
    day = _valid_day(int(found["year"]), month, int(found["day"]))
    return day if day and day.year >= EARLIEST_YEAR else None


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for an unknown name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC


def is_own_name(zone: str, own: str) -> bool:
    """Whether an ambiguous zone name means the IANA zone `own` in sources of that zone."""
    return own.startswith(OWN_ZONES.get(zone, ("-",)))


Reading = tuple[datetime | None, bool]


def _readings(text: str, zone: tzinfo, day_first: bool, language: str) -> Iterator[Reading]:
    """The possible readings of the text, the strictest form first."""
    if EPOCH.fullmatch(text):
        seconds = int(text) / (1000 if len(text) > 10 else 1)
        yield datetime.fromtimestamp(seconds, UTC), True
        return
    if found := ISO.match(text):
        yield _from_match(found, zone)
    if found := COMPACT.match(text):
        yield _from_match(found, zone)
    if MAIL.match(text):
        with suppress(ValueError, TypeError, IndexError, OverflowError):
            at = parsedate_to_datetime(text)
            yield (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC), True
    if found := EAST_ASIA.search(text):
        yield _from_match(found, zone)
    for form in (YEAR_LAST, MONTH_FIRST, DAY_FIRST, YEAR_FIRST, VIETNAMESE):
        for match in form.finditer(text):
            yield _from_match(match, zone, language=language)
    for match in NUMBERS.finditer(text):
        yield _from_match(match, zone, swap=_is_month_first(match, day_first))
    if found := ISO.search(text):
        yield _from_match(found, zone)


def _is_month_first(found: re.Match[str], day_first: bool) -> bool:
    """Whether the first of two numbers is the month: `Mon, 6/3/2019` is 3 June, a Monday."""
    word = _LAST_WORD.search(found.string[: found.start()])
    weekday = WEEKDAY_NUMBER.get(word["name"].lower()) if word else None
    first, second, year = (int(found[name]) for name in ("day", "month", "year"))
    days = _valid_day(year, second, first), _valid_day(year, first, second)
    is_such = [day is not None and day.weekday() == weekday for day in days]
    if is_such[0] != is_such[1]:
        return is_such[1]
    return not day_first and found["gap"] != "."


def _from_match(
    found: re.Match[str], zone: tzinfo, *, swap: bool = False, language: str = ""
) -> Reading:
    parts = found.groupdict()
    name = (parts.get("name") or "").lower()
    month = OTHER_MONTHS.get((name, language)) or MONTH_NUMBER.get(name)
    month = month or _number(parts.get("month"))
    day, year = _number(parts["day"]), _number(parts.get("year"))
    if reiwa := parts.get("reiwa"):
        year = 2018 + (1 if reiwa == "元" else int(reiwa))
    # A month over 12 can only be the day.
    if month > 12 >= day or (swap and day <= 12):
        day, month = month, day
    found_day = _valid_day(year, month, day)
    if found_day is None:
        return None, False
    if not parts.get("hour"):
        parts |= clock_before(found.string, found.start())
    clock = clock_of(parts)
    if clock is None:
        return datetime.combine(found_day, time(), UTC), False
    at = datetime.combine(found_day, clock, _zone(parts.get("zone"), zone))
    try:
        return at.astimezone(UTC), True
    except OverflowError:
        return None, False


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _valid_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _zone(text: str | None, own: tzinfo) -> tzinfo:
    if not text:
        return own
    if text[0] in "+-":
        digits = text[1:].replace(":", "").rjust(3, "0")
        hours, minutes = digits, "0"
        if len(digits) > 3 or ":" in text:
            hours, minutes = digits[:-2], digits[-2:]
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset >= timedelta(days=1):
            return own
        return timezone(-offset if text[0] == "-" else offset)
    if text in AMERICAN:
        return zone_of(AMERICAN[text])
    if is_own_name(text, getattr(own, "key", "")):
        return own
    return timezone(timedelta(hours=ZONES[text])) if text in ZONES else own
