"""The state of alerts: reported incidents, and messages that a channel has yet to accept."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from tasks.monitor.alert_settings import Kind
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import DocumentError, decode, encode
from warehouse.layers.layout import Layout

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reported:
    """An incident that was reported."""

    kind: Kind
    about: str
    headline: str
    recovered: str
    since: datetime
    day: date | None = None  # the last day on which it is remembered, if it has no end of its own
    # Names of the channels it was reported to; None in a state of an earlier version.
    channels: list[str] | None = None


@dataclass(slots=True)
class Message:
    """A message, and the channels that have not accepted it yet."""

    subject: str
    body: str
    made_at: datetime
    waiting: list[str]


@dataclass(slots=True)
class AlertState:
    """The document alerts.json."""

    watched_since: datetime
    told: dict[str, Reported] = field(default_factory=dict)  # by key; named as in the file
    messages: list[Message] = field(default_factory=list)  # oldest first
    digest_day: date | None = None  # UTC day of the last digest
    digest_channels: list[str] | None = None  # names of the channels it was for, likewise


def read_state(layout: Layout, now: datetime) -> AlertState:
    """The state of the data folder; a new one, with a warning, in place of a damaged one."""
    try:
        return decode(AlertState, layout.alerts.read_bytes(), layout.alerts)
    except FileNotFoundError:
        return AlertState(now)
    except DocumentError as error:
        log.warning("%s; replaced by an empty one, so open incidents are reported again", error)
        return AlertState(now)


def write_state(layout: Layout, state: AlertState) -> None:
    """Replace the state of the data folder."""
    write_whole(layout.alerts, encode(state))


@contextmanager
def state_lock(layout: Layout) -> Iterator[None]:
    """Let one process at a time read the state, send, and write it; the others wait."""
    layout.locks.mkdir(parents=True, exist_ok=True)
    with (layout.locks / "alerts.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
