"""The demo of a data folder: its parameters, and the pages of its year."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from newsroom_articles import Paper
from newsroom_pages import Page, Site, page_at
from newsroom_year import Story, Year, days_between, latest, stories

FILE = "newsroom.json"
LAST_WRITTEN = date(2026, 11, 14)
"""The day of the latest written article."""


@dataclass(frozen=True)
class Demo:
    """The parameters of a data folder's demo, kept there in newsroom.json."""

    year: Year
    port: int
    is_filled: bool = False

    @property
    def moved_days(self) -> int:
        """Days by which the written articles are moved."""
        return (self.year.anchor - LAST_WRITTEN).days

    @classmethod
    def read(cls, folder: Path) -> "Demo | None":
        """Read the demo of a data folder; None if there is none."""
        if not (folder / FILE).exists():
            return None
        values = json.loads((folder / FILE).read_text())
        year = Year(values["seed"], date.fromisoformat(values["anchor"]))
        return cls(year, values["port"], values["is_filled"])

    def write(self, folder: Path) -> None:
        """Keep it in a data folder."""
        values = asdict(self) | asdict(self.year) | {"anchor": self.year.anchor.isoformat()}
        del values["year"]
        (folder / FILE).write_text(json.dumps(values, indent=1) + "\n")


def past_page(year: Year, site: Site, path: str, now: datetime) -> Page | None:
    """The page of an article of the year that the site no longer shows; None for another path."""
    story = by_path(year, site.paper, now.date()).get(path)
    if story is None or story.published_at > now:
        return None
    moment = min(now, story.published_at + timedelta(days=3))
    return page_at(replace(site, moved_days=None, past=latest(year, site.paper, moment, 60)), path)


@cache
def by_path(year: Year, paper: Paper, last: date) -> dict[str, Story]:
    """The stories of a paper until a day, by the paths of their articles."""
    days = days_between(year.first_day, last + timedelta(days=1))
    return {story.article.path: story for day in days for story in stories(year, paper, day)}
