"""Kills work at file-system actions from first to last; run by test_kill_points.py.

Forked children do the work, so that the imports are paid for once. The parent opens no DuckDB.
"""

import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tasks.load.load_run import load, rebuild_warehouse
from tasks.upkeep.backup import back_up
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.repair.repair import repair
from tasks.upkeep.retention import drop_snapshots
from tasks.upkeep.verification import findings
from tests.support.archived_news import archive_of, load_runs_again, make, refine_commit, warm
from tests.support.archived_news import run_id as archived_run
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, files, listing, prose, stage, tables
from warehouse.layers.layout import Layout

NOW = datetime(2026, 3, 20, tzinfo=UTC)
ACTIONS = {
    *("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"),
    *("fcntl.flock", "fcntl.fcntl", "fcntl.ioctl", "shutil.rmtree"),
}


def run_id(number: int) -> str:
    return f"2026030{number + 1}T060000Z-00000{number}"


def day_of_news(number: int, about: str = "We write about the grain fair.") -> list[Page]:
    hour = 24.0 * number
    return [
        listing(hour=hour),
        Page(f"new-{number}", prose(number) + " harvest", number, hour + 1),
        Page("front", f"The G20 story as of day {number}.", 0, hour + 1),
        Page("about", about, None, hour + 1, stripped=["Join us"]),
        Page(f"copy-{number}", prose(number) + " harvest", number, hour + 2, "de-blatt"),
    ]


def load_days(layout: Layout, *numbers: int) -> None:
    runs = [stage(layout, run_id(number), day_of_news(number)) for number in numbers]
    load(layout, TOPICS, SOURCES, runs, now=NOW)
    publish(layout)


def clean_again(layout: Layout) -> None:
    cleaner = {
        run_id(number): stage(layout, run_id(number), day_of_news(number, "We write."))
        for number in range(3)
    }
    rebuild_articles(layout, lambda commit: cleaner.get(commit.id))
    load(layout, TOPICS, SOURCES, now=NOW)
    publish(layout)


def keep_up(layout: Layout) -> None:
    compact(layout, NOW.date(), now=NOW)
    publish_files(layout, now=NOW)
    drop_snapshots(layout, datetime.now(UTC))
    drop_retired(layout, NOW)


WORK: dict[str, Callable[[Layout], object]] = {
    "load": lambda layout: load_days(layout, 3),
    "rebuild warehouse": lambda layout: rebuild_warehouse(layout, TOPICS, SOURCES),
    "rebuild articles": clean_again,
    "compact": keep_up,
}


def in_child(work: Callable[[], object]) -> int:
    """Exit status of a child that does the work; negative for the signal that killed it."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def watched(data: Path, seen: Callable[[], None], work: Callable[[], object]) -> None:
    """Work, and say so before each action on the data folder."""

    def audit(event: str, args: tuple[object, ...]) -> None:
        if event in ACTIONS and (event != "open" or str(data) in str(args[0])):
            seen()

    sys.addaudithook(audit)
    work()


def actions_of(data: Path, work: Callable[[], object], told: Path) -> int:
    """How many actions on the data folder the work takes, done once in a child."""

    def counted() -> None:
        seen: list[None] = []
        watched(data, lambda: seen.append(None), work)
        told.write_text(str(len(seen)))

    assert in_child(counted) == 0
    return int(told.read_text())


def is_killed_at(number: int, data: Path, work: Callable[[], object]) -> bool:
    """Work in a child, and be killed before the action of that number on the data folder.

    False for work that is done by then.
    """
    left = iter(range(number))

    def last() -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    status = in_child(lambda: watched(data, last, work))
    assert status in (0, -signal.SIGKILL)
    return status != 0


def kill_and_do_again(
    folder: Path, at: Iterable[int], work: Callable[[], object], looked_at: Callable[[], str]
) -> None:
    """Kill work that was done at each of these actions, one try after the other, and do it again.

    Work that goes on where a killed try was may be done before the next kill: that one then falls
    on work that begins from the start.
    """
    data, want = folder / "data", looked_at()
    killed: list[int] = []
    begin_again(folder)
    for number in at:
        if not is_killed_at(number, data, work):
            assert looked_at() == want, f"killed at actions {killed}"
            killed = []
            begin_again(folder)
            assert is_killed_at(number, data, work)
        killed.append(number)
    assert in_child(work) == 0
    assert looked_at() == want, f"killed at actions {killed}"


def spread(actions: int, kills: int) -> list[int]:
    """So many of the actions, with as many between them.

    Not the first one: a kill before it leaves everything as it was.
    """
    return [actions * number // (kills + 1) for number in range(1, kills + 1)]


def state(layout: Layout) -> str:
    hidden = sorted(path.name for path in layout.root.rglob(".*"))
    return json.dumps([tables(layout), files(layout), hidden], sort_keys=True)


def rows_and_files(layout: Layout) -> str:
    return json.dumps([tables(layout), files(layout)], sort_keys=True)


def make_base(folder: Path) -> None:
    """Load three days, from which each work begins, and back up the first two of them."""
    data = Layout(folder / "data")
    assert in_child(lambda: load_days(data, 0, 1)) == 0
    assert in_child(lambda: back_up(data, folder / "before")) == 0
    assert in_child(lambda: (folder / "before.json").write_text(rows_and_files(data))) == 0
    assert in_child(lambda: load_days(data, 2)) == 0
    shutil.copytree(data.root, folder / "base", symlinks=True)


def begin_again(folder: Path) -> None:
    """Put the data back where they were loaded: a warehouse that was moved would be made anew."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    shutil.copytree(folder / "base", folder / "data", symlinks=True)


def works(folder: Path, name: str, kills: int) -> int:
    """Kill at so many actions, do the work again, and compare with work never killed."""
    data, seen = Layout(folder / "data"), folder / "state.json"

    def looked_at() -> str:
        assert in_child(lambda: seen.write_text(state(data))) == 0
        return seen.read_text()

    begin_again(folder)
    actions = actions_of(data.root, lambda: WORK[name](data), folder / "actions")
    kill_and_do_again(folder, spread(actions, kills), lambda: WORK[name](data), looked_at)
    return actions


def backups(folder: Path, kills: int) -> int:
    """Kill a backup at so many actions: its copy must load as the data, as they were or are."""
    data, copy, seen = Layout(folder / "data"), folder / "copy", folder / "state.json"

    def loaded(there: Path) -> str:
        again = Layout(folder / "again")
        shutil.rmtree(again.root, ignore_errors=True)
        shutil.copytree(there, again.root)

        def look() -> None:
            load(again, TOPICS, SOURCES, now=NOW)
            publish(again)
            seen.write_text(rows_and_files(again))

        assert in_child(look) == 0
        return seen.read_text()

    begin_again(folder)
    assert in_child(lambda: back_up(data, folder / "after")) == 0
    assert in_child(lambda: seen.write_text(rows_and_files(data))) == 0
    before, after = (folder / "before.json").read_text(), seen.read_text()

    def fresh() -> None:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder / "before", copy)

    fresh()
    actions = actions_of(copy, lambda: back_up(data, copy), folder / "actions")
    for at in spread(actions, kills):
        fresh()
        assert is_killed_at(at, copy, lambda: back_up(data, copy))
        assert loaded(copy) in (before, after), f"killed at action {at}"
        assert in_child(lambda: back_up(data, copy)) == 0
        assert contents(copy) == contents(folder / "after"), f"killed at action {at}"
    return actions


def contents(folder: Path) -> dict[Path, bytes]:
    """The files of a copy, but the writer's lock, which names a process."""
    lock = Layout(folder).locks / "warehouse.lock"
    found = (path for path in folder.rglob("*") if path.is_file() and path != lock)
    return {path.relative_to(folder): path.read_bytes() for path in found}


def repairs(folder: Path, kills: int) -> int:
    """Kill a repair of much damage at so many actions; the next one must end as if never killed."""
    data, seen = Layout(folder / "data"), folder / "seen.json"

    def repaired() -> None:
        load = partial(load_runs_again, data)
        repair(data, partial(refine_commit, data), load)

    def looked_at() -> str:
        def look() -> None:
            shown = tables(data, leave_out=("loads", "files"))
            left = [str(finding) for finding in findings(data)]
            hidden = sorted(str(path) for path in data.root.rglob(".*"))
            seen.write_text(json.dumps([shown, left, hidden]))

        assert in_child(look) == 0
        return seen.read_text()

    warm()
    assert in_child(lambda: make(data)) == 0
    before = json.loads(looked_at())
    last = archived_run(4)
    for path in (
        # Rows of which nothing is left, and rows that are made again.
        *(archive_of(data, source.id, 3) for source in SOURCES),
        *data.articles.glob(f"*/{archived_run(3)}.*"),
        *data.articles.glob(f"*/{last}.*"),
        *data.captures.glob(f"{last}.*"),
        *data.captures.glob("day-*"),
        *data.commits.glob(f"{archived_run(2)}.json"),
        *(data.commits / "compacted").glob("articles*.json"),
        *(data.definitions, data.writer, data.current.with_name("manifest.json")),
    ):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    shutil.copytree(data.root, folder / "base", symlinks=True)
    actions = actions_of(data.root, repaired, folder / "actions")
    kill_and_do_again(folder, spread(actions, kills), repaired, looked_at)
    shown, left, hidden = json.loads(seen.read_text())
    assert left == []
    assert shown["captures"] != before[0]["captures"]
    assert hidden == before[2]
    return actions


def main() -> None:
    """Kill each work that is named, and tell how many actions it takes."""
    folder, kills, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if names != ["repair"]:  # which has data of its own
        make_base(folder)
    special = {"backup": backups, "repair": repairs}
    for name in names:
        kill = special.get(name) or partial(works, name=name)
        sys.stdout.write(f"{name}: {kill(folder, kills=kills)}\n")


if __name__ == "__main__":
    main()
