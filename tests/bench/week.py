"""A simulated week with failing sources, wrong clocks, kills, full disks and damage, in figures.

`python -m tests.bench --only week`: 168 hours of two installations, one of them disturbed.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench.overhead import server
from tests.faults.simulated_week import Week, simulated_week
from tests.faults.week_differences import Differences, differences
from tests.faults.week_plan import plan_of
from tests.support.hourly_newsroom import PAPERS

HOURS, SEED, QUIET = 168, 17, 30
DAY = 24


def run(hours: int = HOURS, seed: int = SEED) -> None:
    """Print what was disturbed, what was compared, and what a run takes."""
    plan = plan_of(hours, seed, [paper.id for paper in PAPERS], QUIET)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as name,
        server() as api,
        simulated_week(Path(name), api, plan) as week,
    ):
        print(f"{hours} hours of two installations in {(time.monotonic() - began) / 60:.0f} min")
        _print_plan(week)
        found = differences(week)
        _print_rows(found)
        _print_figures(week)
        verified = week.disturbed.run("maintain", verify_only=True)
        print(f"maintain --verify: {'nothing broken' if not verified.status else 'BROKEN'}")
        if found.wrong or verified.status:
            sys.exit("\n".join(found.wrong))


def _print_plan(week: Week) -> None:
    happened = Counter(kind for hour in week.plan for kind in hour.kinds)
    ended = Counter(made.status if made else "none" for made in week.made["disturbed"])
    print("\n| what happened | hours |\n|---|---|")
    for kind, times in sorted(happened.items()):
        print(f"| {kind} | {times} |")
    print(f"\nruns by exit status: {dict(ended)}")


def _print_rows(found: Differences) -> None:
    print("\n| compared | rows | explained differences |\n|---|---|---|")
    for name in found.rows | found.explained:
        print(f"| {name} | {found.rows[name]} | {found.explained[name]} |")
    print(f"\nnot explained: {len(found.wrong)}")


def _print_figures(week: Week) -> None:
    last = len(week.plan)
    days = {"second day": range(DAY, 2 * DAY), "last day": range(last - DAY, last)}
    print("\n| | run | CPU | memory after it | data folder |\n|---|---|---|---|---|")
    for name in week.made:
        for title, hours in days.items():
            print(f"| {name}, {title} | {week.figures(name, hours)} |")
