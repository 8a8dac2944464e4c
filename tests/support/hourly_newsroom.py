"""A made newsroom on loopback whose sources publish by the hour of a simulated week.

What a source shows depends on the hour alone. One that fails does so for a single installation,
known by the contact of its User-Agent, so that another one sees the same hour undisturbed.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from tests.support.newsroom_pages import (
    KEYS,
    Form,
    Listed,
    article_page,
    headline,
    listing,
    paragraph,
)
from tests.support.newsroom_server import Failure, PaperServer

BEFORE = 12
"""Hours before the first one of which listings still tell."""
REVISED_AFTER = (2, 20)
"""Hours after which some articles change: before the first recheck, and before the second."""


@dataclass(frozen=True)
class Paper:
    """A source: an article every so many hours, and a listing of the latest."""

    id: str
    form: Form
    listed: int
    """Entries of the listing; older ones have rolled out of it."""
    hours: int = 1
    each: int = 1
    """Articles in each of those hours."""
    timezone: str = "UTC"
    is_dated: bool = True
    copies: str = ""
    """The source whose articles it prints an hour later, word by word."""

    @property
    def daily(self) -> int:
        """Dated articles a day."""
        return 24 // self.hours * self.each if self.is_dated else 0


PAPERS = (
    Paper("gb-courier", "rss", listed=12, each=2),
    Paper("de-blatt", "rss", listed=8, timezone="Europe/Berlin"),
    Paper("us-wire", "atom", listed=60),
    Paper("gb-reprints", "sitemap", listed=40, hours=3, copies="us-wire"),
    Paper("fr-echo", "section", listed=6, hours=2, timezone="Europe/Paris"),
    Paper("nl-undated", "rss", listed=40, hours=4, is_dated=False),
)


@dataclass(frozen=True)
class Story:
    """An article of a source."""

    paper: Paper
    hour: int
    number: int

    @cached_property
    def revised_at(self) -> int | None:
        """The hour of its revision."""
        kind = (self.hour + self.number) % 5
        return self.hour + REVISED_AFTER[kind] if kind < len(REVISED_AFTER) else None

    @cached_property
    def path(self) -> str:
        """Where it stands."""
        return f"/news/2026/{10_000 + self.hour}{self.number}-{'-'.join(self._title.split()[:4])}"

    @property
    def title(self) -> str:
        """Its headline."""
        return self._title.capitalize()

    @cached_property
    def _title(self) -> str:
        return headline(self._dice("title"))

    def _dice(self, of: str) -> random.Random:
        origin = (
            (self.paper.copies, self.hour - 1) if self.paper.copies else (self.paper.id, self.hour)
        )
        return random.Random(f"{origin} {self.number} {of}")

    def paragraphs(self, hour: int) -> list[str]:
        """Its text as it is at an hour."""
        found = [paragraph(self._dice(f"paragraph {number}")) for number in range(6)]
        if self.revised_at is not None and hour >= self.revised_at:
            found.append(f"Corrected: {paragraph(self._dice('revision'))}")
        return found


@cache
def stories(paper: Paper, hour: int) -> tuple[Story, ...]:
    """What a source has published by an hour, the latest first."""
    hours = (at for at in range(hour, -BEFORE - 1, -1) if at % paper.hours == 0)
    return tuple(_story(paper, at, number) for at in hours for number in range(paper.each))


_story = cache(Story)  # its title is made once


class HourlyNewsroom:
    """The sources, served; `hour` is what they show, counted from `start`."""

    def __init__(self, start: datetime, papers: tuple[Paper, ...] = PAPERS) -> None:
        self.start, self.papers = start, papers
        self.hour = 0
        self.failing: Mapping[str, Failure] = {}
        """How sources fail at the moment, for the installation that is disturbed."""
        self.delivered: set[tuple[str, str, int]] = set()
        """Installation, source and hour of each listing that was given."""
        self._servers = {
            paper.id: PaperServer(f"127.0.3.{number}", partial(self._answer, paper))
            for number, paper in enumerate(papers, 1)
        }

    def __enter__(self) -> Self:
        for server in self._servers.values():
            server.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.stop()

    def moment(self, hour: int) -> datetime:
        """The time at which an hour's run begins."""
        return self.start + timedelta(hours=hour)

    def url(self, paper: Paper, path: str) -> str:
        """The address of a page."""
        return f"{self._servers[paper.id].url}{path}"

    def write_sources(self, path: Path) -> Path:
        """Write sources.toml; its path."""
        path.write_text(
            "\n".join(
                f'[[source]]\nid = "{paper.id}"\nname = "{paper.id}"\nlanguage = "en"\n'
                f'timezone = "{paper.timezone}"\nmin_interval_seconds = 0\n'
                f'allow_private_hosts = true\n{KEYS[paper.form]} = ["{self.url(paper, "/list")}"]\n'
                + f"expected_daily = [{paper.daily}, 99]\n"
                * paper.is_dated
                for paper in self.papers
            )
        )
        return path

    def answer(self, paper: Paper, path: str) -> tuple[str, str]:
        """Content type and text of a page as it is now; KeyError when there is none."""
        found = stories(paper, self.hour)
        if path == "/list":
            return listing(paper.form, paper.id, [*map(self._listed, found[: paper.listed])])
        story = {story.path: story for story in found}[path]
        page = article_page(paper.id, self._listed(story), story.paragraphs(self.hour))
        return "text/html", page

    def _listed(self, story: Story) -> Listed:
        paper = story.paper
        at = self.moment(story.hour) - timedelta(minutes=3 + story.number)
        local = at.astimezone(ZoneInfo(paper.timezone))
        return Listed(self.url(paper, story.path), story.title, local, paper.is_dated)

    def _answer(self, paper: Paper, path: str, agent: str) -> tuple[str, str] | Failure:
        asking = "disturbed" if "+disturbed@" in agent else "undisturbed"
        failure = self.failing.get(paper.id) if asking == "disturbed" else None
        if failure:
            return failure
        answer = self.answer(paper, path)
        if path == "/list":
            self.delivered.add((asking, paper.id, self.hour))
        return answer

    def all_listed(self, until: int) -> Iterator[tuple[Story, str]]:
        """All that was listed in the hours from 0 on, with its address."""
        for paper in self.papers:
            for story in stories(paper, until):
                if story in stories(paper, max(story.hour, 0))[: paper.listed]:
                    yield story, self.url(paper, story.path)
