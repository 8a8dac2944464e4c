"""A simulated week: an ingest an hour, disturbed in all ways that a plan says, beside another one.

Both installations read the same newsroom at the same simulated hour. One of them is disturbed;
`week_differences` says what became of it.
"""

import os
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.report.page import chart_library
from tests.faults.flow_runner import Made, Order, Runner
from tests.support.clock import Clock
from tests.support.hourly_newsroom import Failure, HourlyNewsroom
from tests.support.sample_newsroom import TOPICS
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout

START = datetime(2026, 10, 22, 0, 7, tzinfo=UTC)
"""A Thursday; on the Sunday after it clocks in Europe go back by an hour."""
NIGHTLY = 3
"""The hour of the day after whose ingest the upkeep runs."""
MEGABYTES = 700
"""Size of the disk that is filled now and then."""
FAILURES: tuple[Failure, ...] = ("500", "reset", "hang")
SETTINGS = {
    "PRESSWATCH_WORKERS": "1",
    "PRESSWATCH_LIMITS__MAX_TRIES": "1",
    "PRESSWATCH_LIMITS__MAX_SECONDS": "4",
}


@dataclass(frozen=True)
class Hour:
    """What happens to the disturbed installation in an hour."""

    failing: dict[str, Failure] = field(default_factory=dict)
    """Sources that fail."""
    is_off: bool = False
    """Nothing runs."""
    kill_at: float | None = None
    """The ingest is killed after this part of the actions that the last whole one took."""
    kill_upkeep_at: float | None = None
    leaving: int | None = None
    """Bytes free on the disk."""
    wrong_by: timedelta = timedelta()
    """That the clock is ahead."""
    damage: str = ""
    """A key of DAMAGES, done after the ingest and repaired at once."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing happens that concerns all sources."""
        return self == Hour(failing=self.failing, damage=self.damage)

    @property
    def kinds(self) -> list[str]:
        """What happens, in words."""
        happened = {
            "machine off": self.is_off,
            "kill -9 of an ingest": self.kill_at is not None,
            "kill -9 of an upkeep": self.kill_upkeep_at is not None,
            "disk full": self.leaving is not None,
            "wrong clock": bool(self.wrong_by),
            f"damage: {self.damage}": bool(self.damage),
        }
        failing = [f"source fails ({how})" for how in self.failing.values()]
        return [name for name, has_happened in happened.items() if has_happened] + failing


def plan_of(hours: int, seed: int, sources: Sequence[str], quiet: int) -> list[Hour]:
    """A plan of so many hours, the first three and the last `quiet` ones undisturbed."""
    dice = random.Random(seed)
    last = hours - quiet
    made: list[dict[str, Any]] = [{} for _ in range(hours)]

    def free() -> Iterator[dict[str, Any]]:
        order = [number for number in range(3, last) if not made[number]]
        yield from (made[number] for number in dice.sample(order, len(order)))

    for _ in range(max(1, hours // 56)):
        begin, length = dice.randrange(3, last - 6), dice.randrange(2, 6)
        made[begin : begin + length] = [{"is_off": True} for _ in range(length)]
    jumps = [timedelta(minutes=minutes) for minutes in (-60, -50, 55, 60)]
    for _, hour, kind in zip(range(hours // 4), free(), _kinds(dice), strict=False):
        hour.update(_made_of(kind, dice, jumps))
    for night in range(NIGHTLY, last, 48):
        made[night]["kill_upkeep_at"] = dice.random()
    for _ in range(hours // 12):
        begin, length = dice.randrange(3, last), dice.randrange(1, 10)
        source, how = dice.choice(sources), dice.choice(FAILURES)
        for number in range(begin, min(begin + length, last)):
            made[number].setdefault("failing", {})[source] = how
    return [Hour(**about) for about in made]


def _kinds(dice: random.Random) -> Iterator[str]:
    kinds = ["kill_at", "kill_at", "leaving", "wrong_by", "damage"]
    while True:
        yield from dice.sample(kinds, len(kinds))


def _made_of(kind: str, dice: random.Random, jumps: Sequence[timedelta]) -> dict[str, Any]:
    choices: dict[str, Sequence[Any]] = {
        "leaving": (0, 30_000, 400_000),
        "wrong_by": jumps,
        "damage": list(DAMAGES),
    }
    return {kind: dice.choice(choices[kind]) if kind in choices else dice.random()}


def _overwrite(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\0damaged" * 64)
    assert path.stat().st_size >= size


def _latest(layout: Layout, pattern: str) -> Path:
    return max(layout.root.glob(pattern), key=lambda path: (path.stat().st_mtime, path))


def _largest(layout: Layout, pattern: str) -> Path:
    return max(layout.root.glob(pattern), key=lambda path: (path.stat().st_size, path))


DAMAGES: dict[str, tuple[Callable[[Layout], None], str]] = {
    "writer's file overwritten": (
        lambda layout: _overwrite(layout.root / "warehouse/writer/news.duckdb"),
        "warehouse",
    ),
    "snapshot removed": (
        lambda layout: shutil.rmtree(layout.current.parent.resolve()),
        "warehouse",
    ),
    "articles overwritten": (
        lambda layout: _overwrite(_largest(layout, "articles/*/*.parquet")),
        "articles",
    ),
    "commit removed": (
        lambda layout: _latest(layout, "commits/2*.json").unlink(),
        "articles",
    ),
    "captures removed": (
        lambda layout: _largest(layout, "captures/*.parquet").unlink(),
        "articles",
    ),
    "cache removed": (
        lambda layout: shutil.rmtree(layout.cache),
        "",
    ),
}
"""What is damaged, and the layer that is rebuilt then."""


class Installation:
    """One of the two: its data, its clock, and the process that makes its runs."""

    def __init__(self, folder: Path, name: str, api: str, newsroom: HourlyNewsroom) -> None:
        self.name, self.newsroom = name, newsroom
        folder.mkdir()
        can_fill = name == "disturbed" and os.geteuid() == 0
        self.disk = SmallDisk(folder / "disk", MEGABYTES) if can_fill else None
        self.layout = Layout(self.disk.path / "data" if self.disk else folder / "data")
        self.clock = Clock(folder)
        self.files = {
            "sources_file": str(newsroom.write_sources(folder / "sources.toml")),
            "topics_file": str(TOPICS),
            "data": str(self.layout.root),
        }
        environment = {
            **SETTINGS,
            **self.clock.environment,
            "PREFECT_API_URL": api,
            "PRESSWATCH_CONTACT": f"{name}@paper.example",
        }
        self.runner = Runner(environment, folder / "runs.log")
        self.actions: dict[str, int] = {}
        """Of the last whole run of each flow."""
        chart_library(self.layout)  # two seconds of CPU for each process that finds none

    def run(self, flow: str, hour: int, *, kill_at: float | None = None, **given: Any) -> Made:
        """Run a flow at an hour, by the installation's clock."""
        files = {**self.files, **given}
        at = None if kill_at is None else int(kill_at * self.actions.get(flow, 400))
        began = time.time()
        made = self.runner.run(Order(flow, str(self.layout.root), files, at))
        self._date_files(began)
        if made.status == 0:
            self.actions[flow] = made.actions
        return made

    def set_clock(self, hour: int, wrong_by: timedelta = timedelta()) -> None:
        """Set the clock to an hour, or wrong by so much."""
        moment = self.newsroom.moment(hour) + wrong_by
        self.shift = round((moment - datetime.now(UTC)).total_seconds())
        self.clock.set(self.shift)

    def _date_files(self, since: float) -> None:
        """Date what was written since then by the installation's clock: the kernel had its own."""
        for path in self.layout.root.rglob("*"):
            found = path.lstat()
            if found.st_mtime >= since - 1 and not path.is_symlink():
                os.utime(path, (found.st_atime, found.st_mtime + self.shift))

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(path.lstat().st_size for path in self.layout.root.rglob("*") if path.is_file())


@dataclass
class Week:
    """What happened."""

    plan: list[Hour]
    newsroom: HourlyNewsroom
    disturbed: Installation
    undisturbed: Installation
    made: dict[str, list[Made | None]]
    """The ingest of each hour."""
    bytes: dict[str, list[int]]
    """On disk after each hour."""

    def is_sound(self, source_id: str, hour: int) -> bool:
        """Whether a source was read in an hour by a run to which nothing happened."""
        made = self.made["disturbed"][hour]
        return (
            self.plan[hour].is_sound
            and made is not None
            and made.status == 0
            and ("disturbed", source_id, hour) in self.newsroom.delivered
        )

    def figures(self, name: str, hours: range) -> str:
        """Cells of a table: median seconds, CPU seconds, memory of a run, bytes at the end."""
        runs = [made for made in self.made[name][hours.start : hours.stop] if made]
        whole = [made for made in runs if made.status == 0]
        seconds, cpu, memory = (
            statistics.median(getattr(made, of) for made in whole)
            for of in ("seconds", "cpu_seconds", "megabytes")
        )
        size = self.bytes[name][hours.stop - 1] / 1e6
        return f"{seconds:.1f} s | {cpu:.1f} s | {memory:.0f} MB | {size:.1f} MB"


@contextmanager
def simulated_week(folder: Path, api: str, plan: Sequence[Hour]) -> Iterator[Week]:
    """Let the hours of a plan pass for both installations; verified at the end."""
    with ExitStack() as held:
        newsroom = held.enter_context(HourlyNewsroom(START))
        both = []
        for name in ("disturbed", "undisturbed"):
            one = Installation(folder / name, name, api, newsroom)
            if one.disk:
                held.callback(one.disk.unmount)
            held.enter_context(one.runner)
            both.append(one)
        disturbed, undisturbed = both
        names = [one.name for one in both]
        week = Week(
            list(plan),
            newsroom,
            disturbed,
            undisturbed,
            made={name: [] for name in names},
            bytes={name: [] for name in names},
        )
        with ThreadPoolExecutor(2) as side_by_side:
            for number, hour in enumerate(plan):
                newsroom.hour, newsroom.failing = number, hour.failing
                run = side_by_side.submit(_pass_undisturbed, week, number)
                _pass_disturbed(week, number, hour)
                run.result()
        yield week


def _pass_undisturbed(week: Week, number: int) -> None:
    one = week.undisturbed
    one.set_clock(number)
    made = one.run("ingest", number)
    assert made.status == 0, one.runner.log.read_text()[-5_000:]
    week.made[one.name].append(made)
    if number % 24 == NIGHTLY:
        assert one.run("maintain", number).status == 0, one.runner.log.read_text()[-5_000:]
    week.bytes[one.name].append(one.bytes)


def _pass_disturbed(week: Week, number: int, hour: Hour) -> None:
    one = week.disturbed
    made = None
    if not hour.is_off:
        one.set_clock(number, hour.wrong_by)
        if hour.leaving is not None and one.disk:
            one.disk.fill(hour.leaving)
        made = one.run("ingest", number, kill_at=hour.kill_at)
        if hour.leaving is not None and one.disk:
            one.disk.free()
        one.set_clock(number)
        if hour.damage:
            _damage_and_mend(one, number, hour.damage)
        if number % 24 == NIGHTLY:
            one.run("maintain", number, kill_at=hour.kill_upkeep_at)
    week.made[one.name].append(made)
    week.bytes[one.name].append(one.bytes)


def _damage_and_mend(one: Installation, number: int, damage: str) -> None:
    harm, layer = DAMAGES[damage]
    harm(one.layout)
    if layer:
        found = one.run("maintain", number, verify_only=True)
        assert found.status != 0, f"not found: {damage}"
        mended = one.run("rebuild", number, layer=layer)
        assert mended.status == 0, one.runner.log.read_text()[-5_000:]
