"""A simulated week: an ingest an hour, disturbed in all ways that a plan says, beside another one.

Both installations read the same newsroom at the same simulated hour. One of them is disturbed;
`week_differences` says what became of it.
"""

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.report.page import chart_library
from tests.faults.flow_runner import Made, Order, Runner
from tests.faults.week_plan import DAMAGES, HARMLESS, NIGHTLY, Hour
from tests.support.clock import Clock
from tests.support.hourly_newsroom import HourlyNewsroom
from tests.support.sample_newsroom import TOPICS
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout

START = datetime(2026, 10, 22, 0, 7, tzinfo=UTC)
"""A Thursday; on the Sunday after it clocks in Europe go back by an hour."""
MEGABYTES = 700
"""Size of the disk that is filled now and then."""
SETTINGS = {
    "PRESSWATCH_WORKERS": "1",
    "PRESSWATCH_LIMITS__MAX_TRIES": "1",
    "PRESSWATCH_LIMITS__MAX_SECONDS": "4",
}


class Installation:
    """One of the two: its data, its clock, and the process that makes its runs."""

    def __init__(self, folder: Path, name: str, api: str, newsroom: HourlyNewsroom) -> None:
        self.name, self.newsroom = name, newsroom
        folder.mkdir()
        can_fill = name == "disturbed" and os.geteuid() == 0
        self.disk = SmallDisk(folder / "disk", MEGABYTES) if can_fill else None
        self.layout = Layout(self.disk.path / "data" if self.disk else folder / "data")
        self.clock, self.shift = Clock(folder), 0
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

    def run(self, flow: str, *, kill_at: float | None = None, **given: Any) -> Made:
        """Run a flow, killed after that part of the actions of its last whole run."""
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
    made = one.run("ingest")
    assert made.status == 0, one.runner.log.read_text()[-5_000:]
    week.made[one.name].append(made)
    if number % 24 == NIGHTLY:
        assert one.run("maintain").status == 0, one.runner.log.read_text()[-5_000:]
    week.bytes[one.name].append(one.bytes)


def _pass_disturbed(week: Week, number: int, hour: Hour) -> None:
    one = week.disturbed
    made = None
    if not hour.is_off:
        one.set_clock(number, hour.wrong_by)
        if hour.leaving is not None and one.disk:
            one.disk.fill(hour.leaving)
        made = one.run("ingest", kill_at=hour.kill_at)
        if hour.leaving is not None and one.disk:
            one.disk.free()
        one.set_clock(number)
        if hour.damage:
            _damage_and_repair(one, hour.damage)
        if number % 24 == NIGHTLY:
            one.run("maintain", kill_at=hour.kill_upkeep_at)
    week.made[one.name].append(made)
    week.bytes[one.name].append(one.bytes)


def _damage_and_repair(one: Installation, damage: str) -> None:
    DAMAGES[damage](one.layout)
    if damage in HARMLESS:
        return
    assert one.run("maintain", verify_only=True).status != 0, f"not found: {damage}"
    for flow, given in (("repair", {}), ("maintain", {"verify_only": True})):
        made = one.run(flow, **given)
        assert made.status == 0, f"{damage}: {flow}\n{one.runner.log.read_text()[-5_000:]}"
