"""What the warehouse of a simulated month says of each day, beside what the newsroom knows."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.faults.simulated_month import Lived
from tests.support.busy_newsroom import Month, Paper, Story

Cause = Literal["listed", "machine", "host", "normal"]
CAUSES: dict[Cause, str] = {
    "listed": "in a feed that was read, and not collected",
    "machine": "the machine was off between two reads of the feed",
    "host": "the host failed between two reads of the feed",
    "normal": "the feed rolled over between two reads, with nothing wrong",
}


@dataclass(frozen=True)
class Day:
    """One source and UTC day."""

    source_id: str
    day: date
    published: int
    lost: Counter[Cause] = field(default_factory=Counter)
    """Published and never collected, by the reason."""
    counted: int = 0
    """Collected, as `coverage` counts it."""
    state: str = "no row"
    """Of `coverage`."""
    reasons: tuple[str, ...] = ()
    estimated_lost: float | None = None
    """None where `coverage` does not say."""
    is_certain: bool = True
    """Whether the feed showed that it told all: each read named an entry from before the previous
    one, or from before the day. Otherwise nobody knows that nothing was lost."""

    @property
    def collected(self) -> int:
        """Published and collected."""
        return self.published - self.lost.total()

    @property
    def is_flagged(self) -> bool:
        """Whether the warehouse says that the day may not be complete."""
        return self.state != "observed"


@dataclass(frozen=True)
class Truth:
    """All days of a month of one installation on which something was published, but the last."""

    days: list[Day]
    earlier: list[Day] = field(default_factory=list)
    """Days before the first poll that have a row in `coverage`."""

    @property
    def with_losses(self) -> list[Day]:
        """Days of which at least one article was never collected."""
        return [day for day in self.days if day.lost.total()]

    @property
    def complete(self) -> list[Day]:
        """Days of which all articles were collected."""
        return [day for day in self.days if not day.lost.total()]

    @property
    def overlooked(self) -> list[Day]:
        """Days with losses that are called observed, those with most losses first."""
        found = [day for day in self.with_losses if not day.is_flagged]
        return sorted(found, key=lambda day: -day.lost.total())

    @property
    def suspected(self) -> list[Day]:
        """Complete days that are not called observed."""
        return [day for day in self.complete if day.is_flagged]

    @property
    def published(self) -> int:
        """Articles."""
        return sum(day.published for day in self.days)

    @property
    def lost(self) -> Counter[Cause]:
        """Articles never collected, by the reason."""
        return sum((day.lost for day in self.days), Counter[Cause]())

    def estimates(self) -> dict[str, tuple[float, int]]:
        """The losses of each source as the warehouse estimates them, and the true ones."""
        found: dict[str, tuple[float, int]] = {}
        for day in self.days:
            if day.estimated_lost is not None:
                estimated, lost = found.get(day.source_id, (0.0, 0))
                found[day.source_id] = (estimated + day.estimated_lost, lost + day.lost.total())
        return found

    def estimate_errors(self) -> tuple[float, float] | None:
        """Relative errors: of the total, and in the median of sources that lost something."""
        found = [*self.estimates().values()]
        each = [abs(estimated / lost - 1) for estimated, lost in found if lost]
        if not each:
            return None
        total = sum(estimated for estimated, _ in found) / sum(lost for _, lost in found)
        return abs(total - 1), median(each)


def truth(lived: Lived, month: Month) -> Truth:
    """Compare the warehouse with what was published."""
    collected = {
        (row["source_id"], urlsplit(row["url_canonical"]).path)
        for row in lived.rows("SELECT source_id, url_canonical FROM articles")
    }
    said = {(row["source_id"], row["day"]): row for row in lived.rows("FROM coverage")}
    published: Counter[tuple[str, date]] = Counter()
    lost: dict[tuple[str, date], Counter[Cause]] = {}
    for paper in month.papers:
        stories = month.stories[paper.id]
        for place, story in enumerate(stories):
            key = (paper.id, story.at.astimezone(UTC).date())
            published[key] += 1
            if (paper.id, story.path) not in collected:
                gone = stories[place + paper.listed : place + paper.listed + 1]
                lost.setdefault(key, Counter())[_cause(story, gone, month, lived)] += 1
    first, last = month.start.date(), month.end.date() - timedelta(days=2)
    days = [
        _day(key, times, lost.get(key, Counter()), said.get(key))
        for key, times in sorted(published.items())
        if key[1] <= last
    ]
    uncertain = {
        (paper.id, day)
        for paper in month.papers
        for day in _uncertain(paper, month, lived.asked.reads.get(paper.id, []))
    }
    days = [replace(day, is_certain=(day.source_id, day.day) not in uncertain) for day in days]
    earlier = [day for day in days if day.day < first and (day.source_id, day.day) in said]
    return Truth([day for day in days if day.day >= first], earlier)


def _day(
    key: tuple[str, date], published: int, lost: Counter[Cause], row: dict[str, Any] | None
) -> Day:
    if row is None:
        return Day(*key, published, lost)
    reasons, estimated = tuple(row["reasons"]), row.get("estimated_lost")
    return Day(*key, published, lost, row["extracted"], row["state"], reasons, estimated)


def _uncertain(paper: Paper, month: Month, reads: Sequence[datetime]) -> Iterator[date]:
    """UTC days of the gaps between two reads of a feed that had rolled over."""
    times = [story.at for story in month.stories[paper.id]]
    for before, at in pairwise(reads):
        named = times[: bisect_right(times, at)][-paper.listed :]
        if named[0] > before:
            gap = named[0].date() - before.date()
            yield from (before.date() + timedelta(number) for number in range(gap.days + 1))


def _cause(story: Story, gone: Sequence[Story], month: Month, lived: Lived) -> Cause:
    """Why a story was not collected; `gone` is that which pushed it out of the feed, if one did."""
    until = gone[0].at if gone else month.end
    reads = lived.asked.reads.get(story.paper.id, [])
    place = bisect_left(reads, story.at)
    if place < len(reads) and reads[place] < until:
        return "listed"
    begin = reads[place - 1] if place else month.start
    end = reads[place] if place < len(reads) else month.end
    if _overlaps(month, "", begin, end):
        return "machine"
    return "host" if _overlaps(month, story.paper.id, begin, end) else "normal"


def _overlaps(month: Month, source_id: str, begin: datetime, end: datetime) -> bool:
    return any(outage.overlaps(begin, end) for outage in month.outages_of(source_id))
