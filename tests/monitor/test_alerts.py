"""Every kind of incident: one message when it begins, one when it is over, by mail and webhook."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_string
from pathlib import Path

import pytest

from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.alert_state import read_state, write_state
from tasks.monitor.channels import Channel, channels_of
from tasks.monitor.incidents import CurrentIncidents, Incident, find_incidents
from tasks.monitor.send_incidents import check_and_send
from tests.monitor.failing_warehouse import (
    CHANGES,
    FAILS,
    HEALTHY,
    LOSES,
    POST,
    RECOVERED,
    SILENT,
    SOURCES,
    TROUBLE,
    Stages,
    at,
    reads,
)
from tests.support.publishing import publish
from tests.support.receivers import Kept, Mailbox, Receiver
from tests.support.staged_pages import TOPICS, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import DatabaseDamaged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    return Stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def stages(loaded: Stages) -> Stages:
    loaded(HEALTHY).alerts.unlink(missing_ok=True)
    return loaded


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
        running.shutdown()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running
        running.shutdown()


def mail_url(mailbox: Mailbox) -> str:
    return f"mailto://127.0.0.1:{mailbox.server_address[1]}?from=a@example.org&to=desk@example.org"


def settings_for(*urls: str, **given: object) -> AlertSettings:
    return AlertSettings.model_validate({"urls": urls, **given})


BEGUN = {
    f"{FAILS} ({FAILS}) fails",
    f"{SILENT} ({SILENT}) has fallen silent",
    f"{LOSES} ({LOSES}) lost articles",
    f"{CHANGES} ({CHANGES}) seems to have changed its layout",
    "Harvest: 8 articles on 19 Apr 2026, 0.0 expected",
}
OVER = {
    f"recovered: {FAILS} ({FAILS}) answers again",
    f"recovered: {SILENT} ({SILENT}) has new articles again",
    f"recovered: {LOSES} ({LOSES}) loses no articles any more",
    f"recovered: {CHANGES} ({CHANGES}) is extracted as before",
}
WORKER = Incident(Kind.NO_WORKER, "", "no worker is polling", "None.", "a worker polls again")
RUN = Incident(Kind.RUN_FAILED, "maintain", "maintain failed", "Broken.", "maintain completed")
PREFECT = frozenset({Kind.NO_WORKER, Kind.RUN_FAILED})


def prefect(*found: Incident, completed: datetime | None = None) -> CurrentIncidents:
    """What a server shows that has the deployment `maintain`."""
    return CurrentIncidents(found, PREFECT, completed={"maintain": completed})


def test_each_incident_is_reported_once_and_so_is_its_end(
    stages: Stages, hook: Receiver, mailbox: Mailbox
) -> None:
    settings = settings_for(hook.apprise_url, mail_url(mailbox))
    channels = channels_of(settings)

    def check(day: int, hours: float, *others: Incident) -> list[str]:
        """What two checks in a row post."""
        layout, before = stages(day), len(hook.bodies)
        for minutes in (0, 5):
            now = at(day, hours) + timedelta(minutes=minutes)
            completed = None if RUN in others else at(day)
            shown = prefect(*others, completed=completed)
            done = check_and_send(layout, settings, channels, now, shown)
            assert done.refused == ()
        return [title.removeprefix("Presswatch: ") for title in hook.titles[before:]]

    assert check(HEALTHY, 3) == []
    assert sorted(check(TROUBLE, 3, WORKER, RUN)) == sorted(
        {*BEGUN, "no worker is polling", "maintain failed"}
    )
    assert check(TROUBLE, 9, WORKER, RUN) == ["no load for 7 hours"]
    assert sorted(check(RECOVERED, 3)) == sorted(
        {
            *OVER,
            "recovered: a worker polls again",
            "recovered: maintain completed",
            "recovered: loads again",
        }
    )
    assert check(RECOVERED, 4) == []
    subjects = [message_from_string(mail)["Subject"] for mail in mailbox.mails]
    assert subjects == hook.titles


def test_what_a_message_says(stages: Stages) -> None:
    found = find_incidents(
        stages(TROUBLE), AlertSettings(report_url="https://r.test/"), at(TROUBLE)
    )
    text = {each.key: each.text for each in found.incidents}
    assert text[f"source_failed:{FAILS}"].startswith(
        "It failed in 1 run in a row. server_error: 503 Busy"
    )
    assert "Nothing new since 2026-04-17 06:00 UTC" in text[f"source_silent:{SILENT}"]
    # 16 articles in six hours, over the 18 hours before.
    assert f"https://{LOSES}.test/feed (about 48 articles)" in text[f"articles_lost:{LOSES}"]
    # Nothing was polled for a day: a shorter interval would not have helped.
    assert "24 hours in which nothing was polled" in text[f"articles_lost:{LOSES}"]
    assert "more often" not in text[f"articles_lost:{LOSES}"]
    assert text[f"layout_changed:{CHANGES}"].startswith(
        "Of the last 12 pages 92% were rejected (no_article), of those before 2%."
    )
    spike = text["topic_spiked:harvest:2026-04-19"].splitlines()
    assert spike[0] == "8 articles on 19 Apr 2026, 0.0 expected."
    rule = r"A day is a spike from \d articles on; by chance at most 1 day of a topic in a year\."
    assert re.fullmatch(rule, spike[1])
    assert [line for line in spike if line.startswith(POST)] == [
        f"{POST}: Harvest {number}" for number in spike_numbers(spike)
    ]
    assert len(spike_numbers(spike)) == 3
    assert spike[-1] == "Report: https://r.test/"


def spike_numbers(lines: list[str]) -> list[str]:
    return [line.rpartition(" ")[2] for line in lines if ": Harvest " in line]


def test_a_message_that_is_not_accepted_waits_for_the_next_check(
    stages: Stages, hook: Receiver, mailbox: Mailbox
) -> None:
    settings = settings_for(hook.apprise_url, mail_url(mailbox), off=("topic_spiked",))
    channels, layout = channels_of(settings), stages(TROUBLE)
    hook.refuses = True
    done = check_and_send(layout, settings, channels, at(TROUBLE))
    assert (done.sent, len(mailbox.mails), hook.bodies) == (4, 4, [])
    assert len(done.refused) == 1
    assert done.refused[0].startswith("json-")
    hook.refuses = False
    done = check_and_send(layout, settings, channels, at(TROUBLE))
    assert (done.sent, len(mailbox.mails), len(hook.bodies)) == (4, 4, 4)
    assert check_and_send(layout, settings, channels, at(TROUBLE)).sent == 0


class Killed(BaseException):
    """The end of a process."""


class Killing:
    """A channel after whose second message the process ends."""

    name = "killing"

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.may_live = False

    def send(self, subject: str, body: str) -> None:
        self.subjects.append(subject)
        if len(self.subjects) == 2 and not self.may_live:
            raise Killed


def test_a_check_that_is_killed_repeats_one_message_at_most(stages: Stages) -> None:
    layout, channel = stages(TROUBLE), Killing()
    channels: list[Channel] = [channel]
    with pytest.raises(Killed):
        check_and_send(layout, AlertSettings(), channels, at(TROUBLE))
    channel.may_live = True
    check_and_send(layout, AlertSettings(), channels, at(TROUBLE))
    assert channel.subjects[1] == channel.subjects[2]
    assert len(set(channel.subjects)) == len(channel.subjects) - 1 == len(BEGUN)


def test_nobody_to_tell_keeps_nothing(stages: Stages, hook: Receiver) -> None:
    layout = stages(TROUBLE)
    found = check_and_send(layout, AlertSettings(), (), at(TROUBLE)).found
    assert len(found.problems) == 5  # the source that fails is silent as well
    assert not layout.alerts.exists()
    settings = settings_for(hook.apprise_url)
    assert check_and_send(layout, settings, channels_of(settings), at(TROUBLE)).sent == 5


def test_a_channel_that_a_check_does_not_know_is_told_by_the_next(stages: Stages) -> None:
    """As of a command with a server of its own, which lacks the notification block."""
    hook, block = Kept("hook"), Kept("block")
    settings = settings_for(digest="daily", off=("topic_spiked", "no_load"))
    begun = {*BEGUN} - {each for each in BEGUN if each.startswith("Harvest")}
    day = "daily digest, 18 Apr 2026"

    def check(day: int, *channels: Channel) -> None:
        check_and_send(stages(day), settings, channels, at(day))

    check(TROUBLE, hook)
    for _ in range(2):
        check(TROUBLE, hook, block)
    for each in (hook, block):
        assert sorted(each.subjects) == sorted({*begun, day})
        each.subjects.clear()
    check(RECOVERED, hook)
    assert ({*hook.subjects} - OVER, block.subjects) == ({"daily digest, 20 Apr 2026"}, [])
    added = Kept("added")
    check(RECOVERED, hook, block, added)
    assert sorted(block.subjects) == sorted(hook.subjects)
    assert added.subjects == ["daily digest, 20 Apr 2026"]


def test_what_an_earlier_version_reported_is_not_reported_again(stages: Stages) -> None:
    channel, layout = Kept(), stages(TROUBLE)
    check_and_send(layout, AlertSettings(), [channel], at(TROUBLE))
    state = read_state(layout, at(TROUBLE))
    state.told = {key: replace(each, channels=None) for key, each in state.told.items()}
    write_state(layout, state)
    channel.subjects.clear()
    check_and_send(layout, AlertSettings(), [channel], at(TROUBLE))
    assert channel.subjects == []
    check_and_send(stages(RECOVERED), AlertSettings(), [channel], at(RECOVERED))
    assert {*channel.subjects} == OVER


@pytest.mark.parametrize("content", ["{", '{"format": 9}', '{"format": 1, "told": 3}'])
def test_a_damaged_state_is_one_warning(
    stages: Stages, hook: Receiver, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    layout, settings = stages(HEALTHY), settings_for(hook.apprise_url)
    layout.alerts.write_text(content)
    for _ in range(2):
        check_and_send(layout, settings, channels_of(settings), at(HEALTHY))
    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert str(layout.alerts) in warning.getMessage()
    assert hook.bodies == []


def test_a_damaged_snapshot_silences_no_other_incident(tmp_path: Path, hook: Receiver) -> None:
    layout, settings = Layout(tmp_path / "data"), settings_for(hook.apprise_url, digest="daily")
    layout.current.parent.mkdir(parents=True)
    layout.current.write_bytes(bytes(100_000))
    channels = channels_of(settings)
    for shown, hours in (
        *((prefect(RUN), hours) for hours in (3.0, 4.0)),
        (prefect(completed=at(0, 4.5)), 5.0),
    ):
        with pytest.raises(DatabaseDamaged):
            check_and_send(layout, settings, channels, at(0, hours), shown)
    assert [title.removeprefix("Presswatch: ") for title in hook.titles] == [
        "maintain failed",
        "recovered: maintain completed",
    ]


def test_a_source_that_was_taken_out_has_not_recovered(stages: Stages, hook: Receiver) -> None:
    settings = settings_for(hook.apprise_url)
    channels, layout = channels_of(settings), stages(HEALTHY)
    gone = Incident(Kind.SOURCE_FAILED, "xx-gone", "gone fails", "It fails.", "gone is back")
    check_and_send(layout, settings, channels, at(HEALTHY), CurrentIncidents((gone,)))
    check_and_send(layout, settings, channels, at(HEALTHY))
    assert hook.titles == ["Presswatch: gone fails"]
    assert "xx-gone" not in layout.alerts.read_text()


def test_what_was_not_asked_is_not_over(stages: Stages, hook: Receiver) -> None:
    settings = settings_for(hook.apprise_url)
    channels, layout = channels_of(settings), stages(HEALTHY)
    check_and_send(layout, settings, channels, at(HEALTHY), CurrentIncidents((WORKER,), PREFECT))
    check_and_send(layout, settings, channels, at(HEALTHY))
    assert hook.titles == ["Presswatch: no worker is polling"]


def test_a_failed_run_is_over_with_a_later_one_of_its_deployment(tmp_path: Path) -> None:
    settings, layout, channel = AlertSettings(), Layout(tmp_path / "data"), Kept()
    layout.root.mkdir()
    run = replace(RUN, since=at(0, 2))

    def subjects(*shown: CurrentIncidents) -> list[str]:
        for each in shown:
            check_and_send(layout, settings, [channel], at(0, 5), each)
        told, channel.subjects = channel.subjects, []
        return told

    assert subjects(prefect(run)) == ["maintain failed"]
    by_hand = CurrentIncidents(asked=PREFECT)  # of a command's own server
    is_deleted = prefect(completed=at(0, 1))
    assert subjects(by_hand, prefect(), is_deleted, prefect(run)) == []
    assert subjects(prefect(completed=at(0, 4))) == ["recovered: maintain completed"]
    other = CurrentIncidents(asked=PREFECT, completed={"upkeep": at(0, 4)})
    assert subjects(prefect(run), other) == ["maintain failed"]
    assert not read_state(layout, at(0)).told


def test_nothing_loaded_is_reported_after_hours(tmp_path: Path, hook: Receiver) -> None:
    settings, layout = settings_for(hook.apprise_url), Layout(tmp_path / "data")
    layout.root.mkdir()
    channels = channels_of(settings)
    for hours in (0, 5, 6.5, 7):
        check_and_send(layout, settings, channels, at(0, hours))
    assert hook.titles == ["Presswatch: no load yet"]
    assert [each.headline for each in find_incidents(layout, settings, at(0)).problems] == [
        "no load yet"
    ]


def test_a_load_by_a_clock_that_was_ahead_hides_no_missing_one(stages: Stages) -> None:
    layout, ahead = stages(RECOVERED), RECOVERED + 900
    run = stage(layout, f"{at(ahead):%Y%m%dT%H%M%SZ}-000000", reads(ahead))
    load(layout, TOPICS, SOURCES, [run], now=at(ahead, 2))
    publish(layout)
    kinds = [
        {each.kind for each in find_incidents(layout, AlertSettings(), at(RECOVERED, h)).problems}
        for h in (3, 80)
    ]
    assert [Kind.NO_LOAD in each for each in kinds] == [False, True]


def test_the_digest_comes_once_a_day_from_its_hour_on(stages: Stages, hook: Receiver) -> None:
    off = ("topic_spiked", "source_failed", "source_silent", "articles_lost", "layout_changed")
    settings = settings_for(hook.apprise_url, digest="daily", digest_hour=9, off=off)
    layout, channels = stages(TROUBLE), channels_of(settings)
    day = at(TROUBLE, -6) + timedelta(days=1)  # midnight after the day of trouble
    settings = settings.model_copy(update={"no_load_hours": 1000})
    for hours in (8.9, 9, 9.1, 23.9, 24, 32.9, 33.5, 34):
        check_and_send(layout, settings, channels, day + timedelta(hours=hours))
    assert hook.titles == [
        "Presswatch: daily digest, 19 Apr 2026",
        "Presswatch: daily digest, 20 Apr 2026",
    ]
    said = hook.bodies[0]["message"]
    assert "- Harvest: 8; far more than usual (0.0 expected); far above usual on 19 Apr (8," in said
    assert f"- {FAILS} ({FAILS}) fails" in said
    assert f"- {SILENT} ({SILENT}) has fallen silent" in said
    assert "Loaded: " in said


def test_a_clock_that_was_ahead_stops_neither_digest_nor_first_alert(
    tmp_path: Path, hook: Receiver
) -> None:
    layout, settings = Layout(tmp_path / "data"), settings_for(hook.apprise_url, digest="daily")
    layout.root.mkdir()
    for day in (900, 0, 1):
        check_and_send(layout, settings, channels_of(settings), at(day, 9))
    assert [title.removeprefix("Presswatch: ") for title in hook.titles] == [
        f"daily digest, {at(899):%-d %b %Y}",
        f"daily digest, {at(-1):%-d %b %Y}",
        "no load yet",
        f"daily digest, {at(0):%-d %b %Y}",
    ]


def test_the_weekly_digest(stages: Stages, hook: Receiver) -> None:
    given = {"digest": "weekly", "digest_weekday": "tuesday", "no_load_hours": 1000}
    settings, layout = settings_for(hook.apprise_url, **given), stages(HEALTHY)
    for day in (0, 1, 3, 4, 5, 10, 11, 12):  # Friday, and from Mondays to Wednesdays
        now = at(HEALTHY, 3) + timedelta(days=day)
        check_and_send(layout, settings, channels_of(settings), now)
    # Nothing was collected in the days of the last one: that is not zero.
    said = [each["message"] for each in hook.bodies if "digest" in each["title"]]
    lacks = ["- Harvest: nothing was collected\n" in message for message in said]
    assert lacks == [False, False, True]
    assert [title for title in hook.titles if "digest" in title] == [
        "Presswatch: weekly digest, 7 Apr to 13 Apr 2026",
        "Presswatch: weekly digest, 14 Apr to 20 Apr 2026",
        "Presswatch: weekly digest, 21 Apr to 27 Apr 2026",
    ]
