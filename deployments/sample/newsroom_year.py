"""The invented year of the demo: what each paper has printed on a day, made from a seed."""

import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from newsroom_articles import COURIER, HERE, LEDGER, SHIMBUN, TAGEBLATT, Article, Paper

DAYS = 365
LEDGER_SINCE = 150
"""Days before the anchor on which the fourth paper was added."""
DAILY = {COURIER: (3, 1), TAGEBLATT: (2, 1), SHIMBUN: (2, 1), LEDGER: (2, 1)}
"""Articles on a weekday, and at the weekend, give or take one."""
FEED_ENTRIES = {COURIER: 20, TAGEBLATT: 14, SHIMBUN: 12, LEDGER: 16}
USUAL = {"sanctions": 0.09, "huawei": 0.045, "g20": 0.05}
"""The share of articles with a topic, without events, rhythm and noise."""
NAMES = {
    "sanctions": ("anction", "anktion", "制裁"),
    "huawei": ("Huawei", "ファーウェイ"),
    "g20": ("G20", "Group of Twenty", "Gruppe der Zwanzig", "主要20カ国"),
}
"""Names of the topics in the sentences."""
LEANING = {(COURIER, "huawei"): 0.6, (SHIMBUN, "huawei"): 1.9, (TAGEBLATT, "sanctions"): 1.3}
EVENTS = (
    *((301, 3, "g20"), (243, 4, "sanctions"), (187, 2, "huawei"), (141, 3, "g20")),
    *((98, 4, "sanctions"), (46, 2, "huawei"), (24, 3, "sanctions"), (5, 3, "g20")),
    *((-9, 3, "huawei"), (-30, 3, "sanctions"), (-58, 3, "g20")),
)
"""Days before the anchor on which something happened, for how many days, and the topic."""
RUSHES = {(TAGEBLATT, 75): 24, (SHIMBUN, 12): 20}
"""Paper and days before the anchor of an evening with more articles than its feed holds."""
FURNITURE = {
    COURIER: ("metering", "newsletter_line", "trial", "signin", "app", "donate", "advert"),
    TAGEBLATT: ("zaehler", "newsletter", "probe", "app", "werbeblocker", "auch"),
    SHIMBUN: ("nokori", "mail", "muryo", "app", "kanren"),
    LEDGER: ("newsletter", "register", "give"),
}
BYLINES = {"en": "By {}", "de": "Von {}", "ja": "記者 {}"}
CORRECTED = {"en": "This article has been corrected: ", "de": "Korrektur: ", "ja": "【訂正】"}


@dataclass(frozen=True)
class Year:
    """The year of one demo; the same seed and anchor give the same articles."""

    seed: int
    anchor: date
    """The day of the latest written article."""

    @property
    def first_day(self) -> date:
        """The first day of which there are articles."""
        return self.anchor - timedelta(days=DAYS)

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return self.moment(DAYS)

    def moment(self, ago: int) -> datetime:
        """The midnight that ends the day so many days before the anchor."""
        return datetime.combine(self.anchor - timedelta(days=ago - 1), time(), UTC)

    def days_before(self, day: date) -> int:
        """How many days before the anchor a day is."""
        return (self.anchor - day).days

    def share(self, topic: str, paper: Paper, day: date) -> float:
        """The chance that an article of the day is about a topic."""
        ago, usual = self.days_before(day), USUAL[topic] * LEANING.get((paper, topic), 1)
        wave = 1 + 0.4 * math.sin(2 * math.pi * ago / (90 + 40 * len(topic)))
        happens = any(
            about == topic and since >= ago > since - length for since, length, about in EVENTS
        )
        return 0.6 if happens else usual * wave * (1.1 if day.weekday() < 5 else 0.6)


@dataclass(frozen=True)
class Story:
    """An article of the year: as it was first, and as it is once it has been revised."""

    article: Article
    published_at: datetime
    topics: tuple[str, ...] = ()
    """What it is about; a correction may name another topic."""
    revised_at: datetime | None = None
    revised: Article | None = None

    def at(self, moment: datetime) -> Article:
        """The article as it was at a moment."""
        if self.revised and self.revised_at and moment >= self.revised_at:
            return self.revised
        return self.article


@cache
def stories(year: Year, paper: Paper, day: date) -> tuple[Story, ...]:
    """What a paper has printed on a day of its time zone, the earliest first."""
    ago = year.days_before(day)
    # Seeded by days before the anchor, so that demos made on other days differ little.
    dice = Random(f"{year.seed} {paper.id} {ago}")  # noqa: S311 - no secret
    count = max(1, DAILY[paper][day.weekday() >= 5] + dice.choice((-1, 0, 0, 1)))
    count += 2 * any(since >= ago > since - length for since, length, _ in EVENTS)
    count = RUSHES.get((paper, ago), count)
    found = [_story(year, paper, day, number, dice) for number in range(count)]
    if paper == COURIER and day.day == 3:
        found[0] = Story(_digest(found[0].article, Writer("en", dice)), found[0].published_at)
    if wire := _wire(year, paper, day):
        found.append(wire)
    return tuple(sorted(found, key=lambda story: story.published_at))


def stories_until(year: Year, paper: Paper, moment: datetime, most: int) -> list[Story]:
    """The latest stories of a paper at a moment, the newest first."""
    found: list[Story] = []
    day = moment.astimezone(ZoneInfo(paper.timezone)).date()
    while len(found) < most and day >= year.first_day:
        found += (one for one in reversed(stories(year, paper, day)) if one.published_at <= moment)
        day -= timedelta(days=1)
    return found[:most]


def latest(year: Year, paper: Paper, moment: datetime, most: int = 30) -> tuple[Article, ...]:
    """The latest articles of a paper at a moment, the newest first; its feeds name the first."""
    found = [story.at(moment) for story in stories_until(year, paper, moment, most)]
    listed = FEED_ENTRIES[paper]
    return (*found[:listed], *(replace(article, listed="") for article in found[listed:]))


def _story(year: Year, paper: Paper, day: date, number: int, dice: Random) -> Story:
    writer = Writer(paper.language, dice)
    topics = [topic for topic in USUAL if dice.random() < year.share(topic, paper, day)]
    hour = 5 + 3 * (number + dice.random()) if number < 6 else 20 + number / 7
    midnight = datetime.combine(day, time(), ZoneInfo(paper.timezone))
    published = midnight + timedelta(minutes=int(60 * hour))
    article = _article(paper, writer, topics, published, f"{day:%y%j}{number:02}")
    if dice.random() < 0.005:
        article = replace(article, flags=frozenset({"withdrawn"}))
    if dice.random() > 0.04:
        return Story(article, published, tuple(topics))
    revised_at = published + timedelta(hours=dice.uniform(20, 30))
    removed = NAMES[topics[0]] if topics else ()
    changed = [one for one in article.blocks if not any(name in one for name in removed)]
    other = dice.choice([topic for topic in USUAL if topic not in topics] or list(USUAL))
    changed.append(CORRECTED[paper.language] + writer.sentences(other, 1)[0])
    revised = replace(article, blocks=tuple(changed), modified=revised_at.isoformat("T", "seconds"))
    return Story(article, published, tuple(topics), revised_at, revised)


def _digest(article: Article, writer: "Writer") -> Article:
    """A page of the month's headlines, with a long text among them."""
    return replace(
        article,
        path=f"/{article.path.split('/')[1]}/{article.published[:10].replace('-', '/')}/",
        headline="This week",
        flags=frozenset({"digest"}),
        blocks=(*article.paragraphs, *writer.sentences("any", 24)),
    )


def _wire(year: Year, paper: Paper, day: date) -> Story | None:
    """The agency's text that papers of its language print, each an hour or more after the first."""
    dice = Random(f"{year.seed} wire {year.days_before(day)}")  # noqa: S311
    later = {COURIER: 0, LEDGER: 5, TAGEBLATT: 3}.get(paper)
    if later is None or dice.random() > 0.4 or (paper == TAGEBLATT and day.weekday() % 3):
        return None
    topics = [topic for topic in USUAL if dice.random() < 1.5 * year.share(topic, COURIER, day)]
    published = datetime.combine(day, time(9 + later, 15), UTC)
    article = _article(paper, Writer("en", dice), topics, published, f"{day:%y%j}99")
    printed = replace(article, access="free", language="en", byline="By BPA staff")
    return Story(printed, published, tuple(topics))


def _article(
    paper: Paper, writer: "Writer", topics: Sequence[str], published: datetime, key: str
) -> Article:
    """An article made from sentences about its topics, its section and anything."""
    dice, beats = writer.dice, writer.beats
    beat = dice.choice(writer.sections)
    is_about = bool(topics) and dice.random() < 0.6
    sections = _sections(paper.language)
    section = beats[topics[0]]["section"] if topics else beat
    if section not in sections:  # agency copy in a paper of another language
        section = next(iter(sections))
    headline = writer.fill(dice.choice(beats[topics[0] if is_about else beat]["headlines"]))
    sentences = [one for topic in topics for one in writer.sentences(topic, dice.randint(1, 4))]
    sentences += writer.sentences(beat, 3)
    dice.shuffle(sentences)
    sentences += writer.sentences("any", dice.randint(4, 7))
    space = "" if writer.language == "ja" else " "
    size = dice.choice((2, 2, 3))
    blocks = [space.join(sentences[at : at + size]) for at in range(0, len(sentences), size)]
    names = writer.name()
    access = dice.choices(("free", "metered", "paywalled"), (5, 4, int(paper in (COURIER, LEDGER))))
    if access[0] == "paywalled":
        blocks = blocks[:2]
    for place in dice.sample(range(1, len(blocks)), min(2, len(blocks) - 1)):
        blocks.insert(place, f"%% {dice.choice(FURNITURE[paper])}")
    return Article(
        paper=paper,
        slug=key,
        path=_path(paper, sections[section], headline, published, key),
        headline=headline,
        standfirst=writer.sentences("any", 1)[0],
        byline=BYLINES[writer.language].format(names),
        authors=names,
        published=published.isoformat("T", "seconds"),
        section=section,
        access=access[0],
        listed="feed rdf sitemap section",
        tags=tuple(dice.sample(beats["words"]["place"], 2)),
        blocks=tuple(blocks),
    )


def _path(paper: Paper, section: str, headline: str, published: datetime, key: str) -> str:
    if paper == SHIMBUN:
        return f"/{section}/{published:%Y%m%d}-{section[0]}{key[-2:]}9"
    plain = normalize("NFKD", headline.lower().replace("ß", "ss")).encode("ascii", "ignore")
    slug = re.sub(r"[^a-z0-9]+", "-", plain.decode()).strip("-")
    if paper == TAGEBLATT:
        return f"/{section}/{slug}-4{key}.html"
    return f"/{section}/{published:%Y/%m/%d}/{slug}-{key[-2:]}"


class Writer:
    """Makes sentences of one language; `dice` is the random generator that chooses them."""

    def __init__(self, language: str, dice: Random) -> None:
        self.language, self.dice = language, dice
        self.beats = _beats(language)
        self.sections = list(_sections(language))

    def sentences(self, beat: str, count: int) -> list[str]:
        """So many different sentences of a beat."""
        return [*map(self.fill, self.dice.sample(self.beats[beat]["sentences"], count))]

    def name(self) -> str:
        """A person."""
        first, last = (self.dice.choice(self.beats["words"][one]) for one in ("first", "last"))
        return f"{last}{first}" if self.language == "ja" else f"{first} {last}"

    def fill(self, template: str) -> str:
        """A template with its slots filled, beginning with a capital."""
        words, dice = self.beats["words"], self.dice
        slots = {
            "person": self.name(),
            "number": dice.randint(21, 980),
            "small": dice.randint(4, 19),
            "percent": dice.randint(3, 38),
            **{one: dice.choice(words[one]) for one in ("place", "body", "weekday", "thing")},
        }
        slots["country"], slots["country2"] = dice.sample(words["country"], 2)
        slots["firm"], slots["firm2"] = dice.sample(words["firm"], 2)
        text = template.format_map(slots)
        return text[0].upper() + text[1:]


@cache
def _beats(language: str) -> dict[str, Any]:
    with (HERE / "stories" / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def _sections(language: str) -> dict[str, str]:
    """The sections of a language's papers, and their folders."""
    return {name: beat["path"] for name, beat in _beats(language).items() if "path" in beat}


def days_between(first: date, last: date) -> Iterator[date]:
    """The days from the first to the last."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))
