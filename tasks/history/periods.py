"""Days to be filled, and the days that addresses of pages and sitemaps name."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
# Two days to be filled that are no further apart are asked for together.
MAX_DAYS_APART = timedelta(days=7)

# sitemap-2024-03.xml, /2024/03/05/, sitemap_202403_1.xml, 20240305
_DATED = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_/.]?(0[1-9]|1[0-2])(?:[-_/.]?(0[1-9]|[12]\d|3[01]))?(?!\d)"
)
# ?yyyy=2024&mm=03&dd=05
_QUERY = re.compile(r"y+(?:ear)?=(\d{4})&m+(?:onth)?=(\d{1,2})(?:&d+(?:ay)?=(\d{1,2}))?(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """UTC days from the first to the last, both included."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        """Whether it has the day."""
        return self.first <= day <= self.last

    @property
    def days(self) -> list[date]:
        """Its days, in order."""
        return [self.first + number * DAY for number in range((self.last - self.first).days + 1)]

    def within(self, other: "Period") -> "Period | None":
        """The days in both periods; None without one."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return Period(first, last) if first <= last else None


def windows(days: Iterable[date]) -> list[Period]:
    """Periods that cover the days, without gaps of more than a week, cut by month."""
    found: list[Period] = []
    for day in sorted(set(days)):
        period = found[-1] if found else None
        is_near = period and day - period.last <= MAX_DAYS_APART
        if period and is_near and day.replace(day=1) == period.first.replace(day=1):
            found[-1] = Period(period.first, day)
        else:
            found.append(Period(day, day))
    return found


def named_period(address: str) -> Period | None:
    """The day, month or year that an address names; None without one."""
    if found := _QUERY.search(address) or _DATED.search(address):
        year, month, day = (int(part) if part else 0 for part in found.groups())
        try:
            first = date(year, month, day or 1)
        except ValueError:
            return None
        return Period(first, first if day else date(year, month, monthrange(year, month)[1]))
    if found := _YEAR.search(address):
        year = int(found[1])
        return Period(date(year, 1, 1), date(year, 12, 31))
    return None


def named_day(address: str) -> date | None:
    """The day that an address names."""
    period = named_period(address)
    return period.first if period and period.first == period.last else None
