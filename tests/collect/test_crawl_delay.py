"""Turns, pauses and holds, with small real pauses."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.fetch.crawl_delay import MAX_WAIT_SECONDS, Hosts, backoff, retry_after
from tasks.model import Failure, Outcome


def turn(hosts: Hosts, host: str, pause: float, seconds: float = 0.0) -> tuple[float, float]:
    with hosts.get(host).turn(pause):
        began = time.monotonic()
        time.sleep(seconds)
        return began, time.monotonic()


def test_the_first_turn_does_not_wait() -> None:
    deadline = time.monotonic() + 59.0
    with Hosts().get("paper.example").turn(60.0, deadline):
        pass


@pytest.mark.slow
def test_threads_take_turns_with_the_pause_from_end_to_start() -> None:
    hosts, turns = Hosts(), []
    threads = [
        threading.Thread(target=lambda: turns.append(turn(hosts, "paper.example", 0.1, 0.05)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns.sort()
    gaps = [later[0] - earlier[1] for earlier, later in pairwise(turns)]
    assert len(gaps) == 4
    assert all(gap >= 0.099 for gap in gaps)


def test_hosts_do_not_wait_for_each_other() -> None:
    hosts = Hosts()
    turn(hosts, "a.example", 60.0)
    deadline = time.monotonic() + 59.0
    with hosts.get("b.example").turn(60.0, deadline):
        pass


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    hosts = Hosts()
    turn(hosts, "paper.example", 0.0)
    hosts.closing.set()  # who waits now is told that it is closed
    host, deadline = hosts.get("paper.example"), time.monotonic() + 30.0
    with pytest.raises(Failure) as failure, host.turn(60.0, deadline):
        pass
    assert failure.value.outcome is Outcome.LEFT_FOR_LATER


@pytest.mark.slow
def test_a_hold_is_for_everybody() -> None:
    hosts = Hosts()
    host = hosts.get("paper.example")
    with host.turn(0.0):
        host.hold(0.2, Outcome.RATE_LIMITED)
    held = time.monotonic()
    assert turn(hosts, "paper.example", 0.0)[0] - held >= 0.19


def test_a_host_that_wants_too_much_is_not_asked() -> None:
    host = Hosts().get("paper.example")
    with host.turn(0.0):
        host.hold(MAX_WAIT_SECONDS + 60, Outcome.SERVER_ERROR)
    with pytest.raises(Failure, match="180 s more") as failure, host.turn(0.0):
        pass
    assert failure.value.outcome is Outcome.SERVER_ERROR


@pytest.mark.slow
def test_a_host_cannot_hold_up_the_run_little_by_little() -> None:
    host = Hosts().get("paper.example")
    host._patience = 0.15
    with host.turn(0.0):
        host.hold(0.1, Outcome.RATE_LIMITED)
    with host.turn(0.0):
        host.hold(0.1, Outcome.RATE_LIMITED)
    with pytest.raises(Failure, match="not requested"), host.turn(0.0):
        pass


@pytest.mark.slow
def test_closing_wakes_who_waits() -> None:
    hosts = Hosts()
    turn(hosts, "paper.example", 0.0)
    threading.Timer(0.1, hosts.closing.set).start()
    with pytest.raises(RuntimeError, match="closed"):
        turn(hosts, "paper.example", 60.0)


@given(st.integers(1, 50), st.floats(0.01, 5))
def test_backoff_is_full_jitter_under_a_doubling_cap(tries: int, base: float) -> None:
    waits = [backoff(tries, base) for _ in range(20)]
    cap = min(base * 2 ** (tries - 1), 60)
    assert all(0 <= wait <= cap for wait in waits)
    assert len(set(waits)) > 10


def test_backoff_spreads_over_its_whole_range() -> None:
    waits = [backoff(3, 1.0) for _ in range(500)]
    assert min(waits) < 0.4
    assert max(waits) > 3.6


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert retry_after("0") == 0
    assert retry_after(" 120 ") == 120
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(soon) == pytest.approx(90, abs=2)
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "9" * 5000, "inf", "\u0661"])
def test_retry_after_that_says_nothing(header: str | None) -> None:
    assert retry_after(header) in (None, 0)


@given(st.text(st.characters(max_codepoint=255)))
def test_retry_after_takes_any_header(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or 0 <= seconds <= 6 * 3600
