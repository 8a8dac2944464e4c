"""One check: compares current incidents with the reported ones, and sends the changes."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import duckdb

from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.alert_state import (
    AlertState,
    Message,
    Reported,
    read_state,
    state_lock,
    write_state,
)
from tasks.monitor.channels import Channel, NotAccepted
from tasks.monitor.digest import digest, due_day
from tasks.monitor.incidents import CurrentIncidents, find_incidents, printed_time
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

log = logging.getLogger(__name__)

# Age at which a message that no channel accepts is dropped: for a wrong address they would pile up.
KEPT_FOR = timedelta(days=7)
# Days for which a reported spike is remembered: more than those that are searched for spikes.
SPIKE_DAYS = 7
# Kinds of incidents that are not about a source.
GENERAL_KINDS = frozenset(
    {Kind.NO_LOAD, Kind.NO_WORKER, Kind.RUN_FAILED, Kind.CUT_OFF, Kind.TOPIC_SPIKED}
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check."""

    found: CurrentIncidents
    sent: int = 0
    refused: tuple[str, ...] = ()  # a line for each channel that did not accept a message


def check_and_send(
    layout: Layout,
    settings: AlertSettings,
    channels: Sequence[Channel],
    now: datetime,
    others: CurrentIncidents = CurrentIncidents(),  # noqa: B008 - frozen
    *,
    is_local: bool = False,
) -> Checked:
    """Find incidents, and send a message to all channels for each that begins or ends.

    Messages are written into the state before they are sent, and struck off one by one as they are
    accepted: after a kill, the next check sends at most one of them again. A channel that an open
    incident was not reported to, since it was added later or a command's own server lacks the
    block, is sent it now. An end is for those that the incident was reported to. `others`
    are incidents that the data folder does not show, such as those of Prefect; where the snapshot
    cannot be read, its error is raised once they are sent. With `is_local`, spikes and the digest
    are by local days, rather than by UTC days.
    """
    if not channels:
        return Checked(find_incidents(layout, settings, now, is_local=is_local) + others)
    with state_lock(layout):
        state = read_state(layout, now)
        state.watched_since = min(state.watched_since, now)  # a clock may have been ahead
        unread: QueryError | duckdb.Error | None = None
        try:
            found = find_incidents(layout, settings, now, state.watched_since, is_local=is_local)
            found += others
        except (QueryError, duckdb.Error) as error:
            found, unread = others, error
        kept = [each for each in state.messages if now - each.made_at < KEPT_FOR]
        if len(kept) < len(state.messages):
            dropped = len(state.messages) - len(kept)
            log.warning("alerts: dropped %d messages that not all channels accepted", dropped)
        names = [channel.name for channel in channels]
        made = [
            *_alerts(state, found, settings, now, names),
            *_recoveries(state, found, now, names),
        ]
        due = None if unread else due_day(settings, now)
        if due and (lacking := _without_digest(state, due, now, names)):
            text = digest(layout, settings, due, found.problems, is_local=is_local)
            made.append(Message(*text, now, lacking))
        state.messages = [each for each in (*kept, *made) if each.waiting]
        write_state(layout, state)
        sent, refused = _send(layout, state, channels)
    if unread:
        raise unread
    return Checked(found, sent, tuple(refused))


def _without_digest(state: AlertState, due: date, now: datetime, names: list[str]) -> list[str]:
    """The channels without the digest that is due, which is recorded as made for them."""
    # A digest of days to come was sent by a clock that was ahead.
    if state.digest_day is None or not due <= state.digest_day <= now.date():
        state.digest_day, state.digest_channels = due, []
    state.digest_channels, lacking = _added(state.digest_channels, names)
    return lacking


def _added(known: list[str] | None, names: list[str]) -> tuple[list[str], list[str]]:
    """The known channels with these, and which of these are new; all are known if None."""
    known = names if known is None else known
    lacking = [name for name in names if name not in known]
    return [*known, *lacking], lacking


def _alerts(
    state: AlertState,
    found: CurrentIncidents,
    settings: AlertSettings,
    now: datetime,
    names: list[str],
) -> Iterator[Message]:
    """Messages about incidents to the channels that lack them, which are added to the state."""
    failing = {each.about for each in found.incidents if each.kind is Kind.SOURCE_FAILED}
    reports_outage = {Kind.CUT_OFF} & {each.kind for each in found.incidents} - {*settings.off}
    for incident in found.incidents:
        # A failing source has nothing new, and without a network every source of a run fails: only
        # the cause is reported.
        is_effect = (
            incident.about in failing
            if incident.kind is Kind.SOURCE_SILENT
            else reports_outage and incident.every_source_failed
        )
        if is_effect or incident.kind in settings.off:
            continue
        day = None if incident.is_problem else now.date() + timedelta(days=SPIKE_DAYS)
        about = (incident.kind, incident.about, incident.headline, incident.recovered)
        has_moved = not state.told.keys().isdisjoint(incident.moved_from)
        new = Reported(*about, incident.since or now, day, [])
        reported = state.told.get(incident.key, new)
        told, lacking = _added(reported.channels, names)
        state.told[incident.key] = replace(reported, channels=told)
        # Moved by another setting of days, another time zone or another date of an article.
        if lacking and not has_moved:
            yield Message(f"Presswatch: {incident.headline}", incident.text, now, lacking)


def _recoveries(
    state: AlertState, found: CurrentIncidents, now: datetime, names: list[str]
) -> Iterator[Message]:
    """Messages about incidents that are over, which are removed from the state."""
    keys = {each.key for each in found.incidents}
    for key, reported in list(state.told.items()):
        is_open = key in keys or reported.kind not in found.asked
        is_retired = reported.kind not in GENERAL_KINDS and reported.about not in found.sources
        if reported.kind is Kind.RUN_FAILED:
            # Another server than the one that has the deployment knows of no run that completed.
            completed = found.completed.get(reported.about)
            is_retired = bool(found.completed) and reported.about not in found.completed
            is_open |= not is_retired and (not completed or completed <= reported.since)
        if is_open if reported.day is None else now.date() <= reported.day:
            continue
        del state.told[key]
        # A source that was taken out of sources.toml, or a deployment, has not recovered.
        if reported.day is None and not is_retired:
            subject = f"Presswatch: recovered: {reported.recovered}"
            since, seen = printed_time(reported.since), printed_time(now)
            text = f"It is over: {reported.headline}, since {since}; seen {seen}."
            to = names if reported.channels is None else reported.channels
            yield Message(subject, text, now, [*to])


def _send(layout: Layout, state: AlertState, channels: Sequence[Channel]) -> tuple[int, list[str]]:
    """Send waiting messages channel by channel; a channel that refuses one is tried again later."""
    sent, refused = 0, []
    for channel in channels:
        for message in [each for each in state.messages if channel.name in each.waiting]:
            try:
                channel.send(message.subject, message.body)
            except NotAccepted as why:
                refused.append(f"{channel.name} did not accept a message: {why}; tried again later")
                break
            sent += 1
            message.waiting.remove(channel.name)
            state.messages = [each for each in state.messages if each.waiting]
            write_state(layout, state)
    if sent:
        log.info("alerts: %d sent", sent)
    for each in refused:
        log.warning("alerts: %s", each)
    return sent, refused
