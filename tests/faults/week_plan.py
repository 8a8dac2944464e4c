"""What happens in each hour of a simulated week, from a seed, and how damage is done."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.newsroom_server import Failure
from warehouse.layers.layout import Layout

NIGHTLY = 3
"""The hour of the day after whose ingest the upkeep runs."""
FAILURES: tuple[Failure, ...] = ("500", "reset", "hang")


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
    """Overwrite some bytes in the middle, and in each block of a DuckDB file: some are free."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        for at in (size // 2, *range(50_000, size, 100_000)):
            file.seek(at)
            file.write(b"\0damaged" * 8)


def _latest(layout: Layout, pattern: str) -> Path:
    return max(layout.root.glob(pattern), key=lambda path: (path.stat().st_mtime, path))


def _largest(layout: Layout, pattern: str) -> Path:
    return max(layout.root.glob(pattern), key=lambda path: (path.stat().st_size, path))


DAMAGES: dict[str, Callable[[Layout], None]] = {
    "writer's file overwritten": lambda layout: _overwrite(layout.writer),
    "snapshot removed": lambda layout: shutil.rmtree(layout.current.parent.resolve()),
    "articles overwritten": lambda layout: _overwrite(_largest(layout, "articles/*/*.parquet")),
    "captures removed": lambda layout: _largest(layout, "captures/*.parquet").unlink(),
    "commit removed": lambda layout: _latest(layout, "commits/2*.json").unlink(),
    "archive overwritten": lambda layout: _overwrite(_latest(layout, "raw/*/*.warc.gz")),
    "archive removed": lambda layout: _latest(layout, "raw/*/*.warc.gz").unlink(),
    "cache removed": lambda layout: shutil.rmtree(layout.cache),
}
"""What is damaged in which way."""
HARMLESS = ("cache removed",)
"""What needs no repair."""
