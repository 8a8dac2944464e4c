"""A made newsroom on loopback that publishes as papers do: with rush hours, nights and weekends.

What a source shows depends on the minute alone, so each installation has a newsroom of its own and
sees the same month. It knows what was published and counts what it was asked.
"""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from tests.support.newsroom_pages import (
    KEYS,
    Listed,
    article_page,
    headline,
    listing,
    paragraph,
)
from tests.support.newsroom_server import Failure, PaperServer

HOUR = timedelta(hours=1)
BEFORE = timedelta(days=21)
"""The time before the month of which listings still tell."""
NEWS_SITEMAP = timedelta(hours=48)
"""What a news sitemap reaches back."""
BY_HOUR = (1, 1, 1, 1, 2, 5, 9, 11, 10, 9, 9, 10, 10, 8, 8, 9, 10, 11, 9, 6, 4, 3, 2, 1)
"""How much is published in each hour of the local day."""
BY_WEEKDAY = (11, 11, 11, 11, 10, 5, 4)
"""How much from Monday to Sunday."""
BURSTS = 0.02
"""The share of hours with breaking news, in which three times as much is published."""

Kind = Literal["robots", "feed", "sitemap", "page"]


@dataclass(frozen=True)
class Paper:
    """A source with one feed."""

    id: str
    form: Literal["rss", "atom"]
    daily: int
    """Articles of a mean day."""
    listed: int
    """Entries of the feed."""
    timezone: str = "UTC"
    has_sitemap: bool = False
    """Whether robots.txt names a news sitemap; sources.toml does not."""


PAPERS = (
    Paper("us-agency", "rss", 300, 100, "America/New_York"),
    Paper("gb-agency", "atom", 300, 20, "Europe/London", has_sitemap=True),
    Paper("de-ticker", "rss", 220, 10, "Europe/Berlin"),
    Paper("jp-shimbun", "rss", 150, 40, "Asia/Tokyo", has_sitemap=True),
    Paper("gb-courier", "rss", 110, 25, "Europe/London"),
    Paper("es-diario", "atom", 80, 10, "Europe/Madrid", has_sitemap=True),
    Paper("it-gazzetta", "rss", 60, 50, "Europe/Rome", has_sitemap=True),
    Paper("nl-blad", "rss", 40, 15, "Europe/Amsterdam"),
    Paper("us-herald", "atom", 25, 20, "America/Chicago", has_sitemap=True),
    Paper("in-times", "rss", 15, 30, "Asia/Kolkata"),
    Paper("ie-weekly", "rss", 8, 10, "Europe/Dublin", has_sitemap=True),
    Paper("nz-notes", "rss", 5, 10, "Pacific/Auckland"),
)


@dataclass(frozen=True)
class Outage:
    """The time in which a host fails or, without a source, the machine of the installation is off.

    It ends before `end`.
    """

    begin: datetime
    end: datetime
    source_id: str = ""
    failure: Failure = "500"

    def overlaps(self, begin: datetime, end: datetime) -> bool:
        """Whether some of it lies within a time."""
        return self.begin < end and begin < self.end


@dataclass(frozen=True)
class Story:
    """An article of a source."""

    paper: Paper
    number: int
    at: datetime

    @cached_property
    def path(self) -> str:
        """Where it stands."""
        return f"/news/{self.at:%Y/%m}/{100_000 + self.number}-{'-'.join(self._title.split()[:4])}"

    @property
    def title(self) -> str:
        """Its headline."""
        return self._title.capitalize()

    @cached_property
    def _title(self) -> str:
        return headline(random.Random(f"{self.paper.id} {self.number} title"))

    @property
    def paragraphs(self) -> Iterator[str]:
        """Its text, of 117 words."""
        dice = random.Random(f"{self.paper.id} {self.number} text")
        return (paragraph(dice) for _ in range(3))


@dataclass(frozen=True)
class Month:
    """What happens in so many days, the same for the same seed."""

    start: datetime
    days: int
    papers: tuple[Paper, ...] = PAPERS
    outages: tuple[Outage, ...] = ()
    seed: int = 7
    before: timedelta = BEFORE
    """The time before it of which listings still tell."""

    @property
    def end(self) -> datetime:
        """The time at which it is over."""
        return self.start + timedelta(days=self.days)

    @cached_property
    def stories(self) -> dict[str, tuple[Story, ...]]:
        """What each source publishes, the earliest first; some of it before the month."""
        return {paper.id: tuple(self._published(paper)) for paper in self.papers}

    def _published(self, paper: Paper) -> Iterator[Story]:
        dice, zone = random.Random(f"{self.seed} {paper.id}"), ZoneInfo(paper.timezone)
        weight = paper.daily / (sum(BY_HOUR) * sum(BY_WEEKDAY) / 7)
        hour, number = (self.start - self.before).replace(minute=0), 0
        while hour < self.end:
            local = hour.astimezone(zone)
            rate = weight * BY_HOUR[local.hour] * BY_WEEKDAY[local.weekday()]
            rate *= 3 if dice.random() < BURSTS else 1
            at = dice.expovariate(rate)
            while at < 1:
                number += 1
                yield Story(paper, number, hour + timedelta(seconds=int(at * 3600)))
                at += dice.expovariate(rate)
            hour += HOUR

    def outages_of(self, source_id: str) -> list[Outage]:
        """When its host failed, or with an empty id when the machine was off."""
        return [outage for outage in self.outages if outage.source_id == source_id]

    def outage_at(self, source_id: str, at: datetime) -> Outage | None:
        """The outage of a host, or with an empty id of the machine, at a moment."""
        during = (each for each in self.outages_of(source_id) if each.begin <= at < each.end)
        return next(during, None)


def outages(start: datetime, days: int, papers: Sequence[Paper], seed: int) -> tuple[Outage, ...]:
    """Outages of an hour to three days: five of the machine in a month, one of each host.

    The first and the last day have none.
    """
    dice = random.Random(f"{seed} outages")
    hours = (days - 2) * 24
    longest = min(72.0, hours / 4)

    def one(source_id: str, failure: Failure, length: float) -> Outage:
        begin = start + timedelta(days=1, hours=dice.uniform(0, hours - length))
        return Outage(begin, begin + timedelta(hours=length), source_id, failure)

    machine = max(1, days // 6)
    lengths = [longest ** (number / max(1, machine - 1)) for number in range(machine)]
    made = [one("", "500", length) for length in lengths]
    for paper in papers:
        failure: Failure = dice.choice(("500", "reset"))
        made.append(one(paper.id, failure, longest ** dice.random()))
    return tuple(sorted(made, key=lambda outage: outage.begin))


@dataclass
class RequestCounts:
    """What the sources were asked."""

    requests: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    """By source and kind."""
    reads: dict[str, list[datetime]] = field(default_factory=dict)
    """When the feed of each source was delivered."""


class BusyNewsroom:
    """The sources of a month, served; `now` is the moment that they show."""

    def __init__(self, month: Month) -> None:
        self.month, self.now, self.asked = month, month.start, RequestCounts()
        self._servers = {
            paper.id: PaperServer(
                f"127.0.{4 + number // 250}.{1 + number % 250}", partial(self._answer, paper)
            )
            for number, paper in enumerate(month.papers)
        }
        self._times = {name: [one.at for one in told] for name, told in month.stories.items()}
        self._by_path = {
            (name, one.path): one for name, told in month.stories.items() for one in told
        }

    def __enter__(self) -> Self:
        for server in self._servers.values():
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.stop()

    def write_sources(self, path: Path) -> Path:
        """Write sources.toml; its path."""
        path.write_text(
            "\n".join(
                f'[[source]]\nid = "{paper.id}"\nname = "{paper.id}"\nlanguage = "en"\n'
                f'timezone = "{paper.timezone}"\nmin_interval_seconds = 0\n'
                f"allow_private_hosts = true\n"
                f'{KEYS[paper.form]} = ["{self._servers[paper.id].url}/feed"]\n'
                for paper in self.month.papers
            )
        )
        return path

    def _answer(self, paper: Paper, path: str, _: str) -> tuple[str, str] | Failure:
        kinds: dict[str, Kind] = {"/robots.txt": "robots", "/feed": "feed"}
        kind = kinds.get(path, "sitemap" if path.endswith(".xml") else "page")
        self.asked.requests[paper.id, kind] += 1
        if outage := self.month.outage_at(paper.id, self.now):
            return outage.failure
        if kind == "robots":
            named = f"Sitemap: {self._servers[paper.id].url}/news.xml\n" * paper.has_sitemap
            return "text/plain", f"User-agent: *\nDisallow: /private/\n{named}"
        if kind == "page":
            story = self._by_path[paper.id, path]
            if story.at > self.now:
                raise KeyError(path)
            return "text/html", article_page(paper.id, self._listed(story), story.paragraphs)
        if kind == "sitemap" and not (paper.has_sitemap and path == "/news.xml"):
            raise KeyError(path)
        told = self.month.stories[paper.id][: bisect_right(self._times[paper.id], self.now)]
        if kind == "feed":
            self.asked.reads.setdefault(paper.id, []).append(self.now)
            return listing(
                paper.form, paper.id, [*map(self._listed, told[: -paper.listed - 1 : -1])]
            )
        recent = [one for one in reversed(told) if one.at > self.now - NEWS_SITEMAP]
        return listing("sitemap", paper.id, [*map(self._listed, recent)])

    def _listed(self, story: Story) -> Listed:
        url = f"{self._servers[story.paper.id].url}{story.path}"
        return Listed(url, story.title, story.at.astimezone(ZoneInfo(story.paper.timezone)))


START = datetime(2026, 9, 1, 0, 7, tzinfo=UTC)
"""A Tuesday."""
