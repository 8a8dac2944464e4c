"""Whether coverage is true: thirty simulated days of a newsroom and what the warehouse says.

`python -m tests.bench --only coverage`: an installation for each way of polling, side by side,
over `--days`. CPU time of a thousand runs: half an hour of the hourly installation, 25 minutes of
the adaptive one, whose runs collect few sources. With `--listings-only` both take five minutes of
CPU: what that leaves out is in tests/faults/listings_month.py.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.faults.listings_month import pass_listings
from tests.faults.month_truth import CAUSES, Day, Truth, truth
from tests.faults.simulated_month import Lived, live, month_of
from tests.support.busy_newsroom import Kind, Month

DAYS = 30
POLLINGS = ("hourly", "adaptive")
SHOWN = 40
KINDS: tuple[Kind, ...] = ("feed", "robots", "sitemap", "page")


def run(days: int, keep: Path | None = None, *, listings_only: bool = False) -> None:
    """Print what was lost, which days say so, what was asked, and the worst cases.

    The data folders stay in `keep`, a new folder, where one is given.
    """
    month = month_of(days)
    if listings_only:
        all_lived = [pass_listings(month, polling) for polling in POLLINGS]
        print_month(month, [(lived, truth(lived, month)) for lived in all_lived])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = keep or Path(name)
        folder.mkdir(exist_ok=True)
        all_lived = live(folder, month, POLLINGS)
        print_month(month, [(lived, truth(lived, month)) for lived in all_lived])


def print_month(month: Month, found: Sequence[tuple[Lived, Truth]]) -> None:
    """Print the figures of all installations."""
    off = sum((each.end - each.begin).total_seconds() for each in month.outages_of("")) / 3600
    down = sum((each.end - each.begin).total_seconds() for each in month.outages) / 3600 - off
    print(f"{month.days} days, {len(month.papers)} sources; the machine off for {off:.0f} hours,")
    print(f"hosts down for {down:.0f}\n")
    names = [lived.polling for lived, _ in found]
    print(f"| | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    cells = [_cells(lived, true) for lived, true in found]
    for title in cells[0]:
        print(f"| {title} | {' | '.join(each[title] for each in cells)} |")
    for lived, true in found:
        _print_sources(lived, true)
        _print_days(f"{lived.polling}: days with losses that are called observed", true.overlooked)
        _print_days(f"{lived.polling}: complete days that are flagged", true.suspected)


def _cells(lived: Lived, true: Truth) -> dict[str, str]:
    requests = Counter[Kind]()
    for (_, kind), times in lived.asked.requests.items():
        requests[kind] += times
    published, lost = true.published, true.lost
    errors = true.estimate_errors()
    return {
        "days with losses, flagged": _flagged(true.with_losses),
        **{
            f"… {cause}": _flagged([day for day in true.with_losses if day.lost[cause]])
            for cause in CAUSES
        },
        "complete days, flagged": _flagged(true.complete),
        "… without those that no reader of the feed could know to be": _flagged(
            [day for day in true.complete if day.is_certain]
        ),
        "days before the first poll in `coverage`, flagged": _flagged(true.earlier),
        "articles lost": _share(lost.total(), published),
        **{f"… {cause}: {why}": _share(lost[cause], published) for cause, why in CAUSES.items()},
        "error of estimated losses, in total": f"{errors[0]:.0%}" if errors else "no estimate",
        "… of a source, median": f"{errors[1]:.0%}" if errors else "no estimate",
        **{f"requests: {kind}": f"{requests[kind]:,}" for kind in KINDS},
        "requests but pages": f"{requests.total() - requests['page']:,}",
        "runs": f"{lived.runs:,}",
        "wall, CPU without extraction": (
            f"{lived.seconds / 60:.1f} min, {lived.cpu_seconds / 60:.1f} min"
        ),
    }


def _flagged(days: Sequence[Day]) -> str:
    return _share(sum(day.is_flagged for day in days), len(days))


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" + (f" ({part / whole:.1%})" if whole else "")


def _print_sources(lived: Lived, true: Truth) -> None:
    print(f"\n{lived.polling}, by source:\n")
    print("| source | published | lost | estimated | feed requests | of days with losses flagged |")
    print("|---|---|---|---|---|---|")
    estimates = true.estimates()
    for source_id in sorted({day.source_id for day in true.days}):
        own = Truth([day for day in true.days if day.source_id == source_id])
        estimated = f"{estimates[source_id][0]:,.0f}" if source_id in estimates else "–"
        print(
            f"| {source_id} | {own.published:,} | {own.lost.total():,} | {estimated} | "
            f"{lived.asked.requests[source_id, 'feed']:,} | "
            f"{_flagged(own.with_losses)} |"
        )


def _print_days(title: str, days: Sequence[Day]) -> None:
    print(f"\n{title}: {len(days)}")
    if not days:
        return
    print("\n| source | day | published | lost | why | state | reasons |")
    print("|---|---|---|---|---|---|---|")
    for day in days[:SHOWN]:
        why = ", ".join(f"{cause} {times}" for cause, times in day.lost.most_common())
        print(
            f"| {day.source_id} | {day.day} | {day.published} | {day.lost.total()} | {why} | "
            f"{day.state} | {', '.join(day.reasons)} |"
        )
