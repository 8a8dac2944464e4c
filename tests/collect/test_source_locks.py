"""Who may collect a paper: one run at a time, in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.locks.source_locks import SourceBusy, busy_with, lock_sources, source_lock
from tasks.sources.source import Source
from warehouse.layers.layout import Layout

HOLD = """
import sys
from pathlib import Path
from tasks.locks.source_locks import source_lock
from warehouse.layers.layout import Layout
with source_lock(Layout(Path(sys.argv[1])), "gb-b", "20260101T000000Z-00000a"):
    print("held", flush=True)
    sys.stdin.read()
"""
OTHER = "20260101T000000Z-00000a"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def papers(*ids: str) -> list[Source]:
    return [
        Source(id=f"gb-{one}", name=one, language="en", timezone="UTC", files=("/x/*.html",))
        for one in ids
    ]


def hold(layout: Layout) -> "subprocess.Popen[str]":
    """Another process that has paper b."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(layout.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "held\n"
    return other


@pytest.mark.slow
def test_busy_papers_are_left_out_and_named(layout: Layout) -> None:
    other = hold(layout)
    with lock_sources(layout, "mine", papers("c", "b", "a")) as mine:
        assert [one.id for one in mine.sources] == ["gb-a", "gb-c"]
        assert mine.busy == {"gb-b": OTHER}
    other.communicate("")
    with lock_sources(layout, "mine", papers("b")) as mine:
        assert (len(mine.sources), mine.busy) == (1, {})


@pytest.mark.slow
def test_who_waits_says_once_for_what_and_goes_on(layout: Layout) -> None:
    other = hold(layout)
    said: list[str] = []

    def waiting(message: str) -> None:
        said.append(message)
        threading.Timer(1.5, other.communicate, [""]).start()

    with lock_sources(layout, "mine", papers("a", "b"), waiting) as mine:
        assert [one.id for one in mine.sources] == ["gb-a", "gb-b"]
        assert mine.has_waited
    with lock_sources(layout, "mine", papers("a", "b"), waiting) as again:
        assert not again.has_waited
    assert said == [f"gb-b is being collected by run {OTHER}"]


@pytest.mark.slow
def test_a_killed_run_keeps_no_paper(layout: Layout) -> None:
    other = hold(layout)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    with source_lock(layout, "gb-b", "mine"):
        assert (layout.locks / "gb-b.source").read_text() == "mine"


@pytest.mark.slow
def test_two_that_want_the_same_papers_never_wait_for_each_other(layout: Layout) -> None:
    done: list[int] = []

    def go(number: int, ids: tuple[str, ...]) -> None:
        for _ in range(3):
            with lock_sources(layout, f"run-{number}", papers(*ids), lambda _: None):
                done.append(number)

    threads = [
        threading.Thread(target=go, args=(number, ids))
        for number, ids in enumerate([("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")])
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(done) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_lock_taken_by_another_is_an_error_at_once(layout: Layout) -> None:
    with source_lock(layout, "a", "one"):
        with pytest.raises(SourceBusy, match="a is being collected by run one"):
            source_lock(layout, "a", "two").__enter__()
        assert (layout.locks / "a.source").read_text() == "one"


def test_who_has_what_in_a_line() -> None:
    busy = dict.fromkeys("abcdefg", "r1") | {"z": "r2"}
    assert busy_with(busy) == (
        "run r1 is collecting a, b, c, d, e and 2 more; run r2 is collecting z"
    )
