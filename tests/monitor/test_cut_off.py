"""An outage on this side, in which no host answers: one incident, for all sources together."""

from dataclasses import replace

import pytest

from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.incidents import CurrentIncidents, Incident, find_incidents
from tasks.monitor.send_incidents import check_and_send
from tests.monitor.failing_warehouse import at
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.receivers import Kept
from tests.support.staged_pages import TOPICS, Page, listing, source, stage
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

PAPERS = ("de-blatt", "fr-gazette", "gb-post")
SOURCES = tuple(source(name) for name in PAPERS)
OUTAGE, BACK = 2, 5
"""Days after START of the first run that no host answered, and of the first that one did."""
SETTINGS = AlertSettings()


def unanswered(name: str, hour: float) -> Page:
    return replace(listing(name, hour, "connect_failed"), http_status=None)


def ingest(layout: Layout, day: float, *pages: Page) -> None:
    run = stage(layout, f"{at(0, 24 * day):%Y%m%dT%H%M%SZ}-000000", pages)
    load(layout, TOPICS, SOURCES, [run], now=at(0, 24 * day))
    publish(layout)


def healthy(layout: Layout) -> None:
    ingest(layout, 1, *(listing(name, 24) for name in PAPERS))


def without_answer(layout: Layout, day: float, *names: str) -> None:
    ingest(layout, day, *(unanswered(name, 24 * day) for name in names))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("read"), healthy)


@pytest.fixture
def layout(kept: KeptFolder) -> Layout:
    return kept.restored()


def kinds(layout: Layout, day: float, hours: float = 1) -> list[Kind]:
    found = find_incidents(layout, SETTINGS, at(0, 24 * day + hours))
    return [each.kind for each in found.problems]


def test_an_outage_is_one_incident_until_every_source_is_reached(layout: Layout) -> None:
    channel, failed = Kept(), ingest_failed()

    def check(day: float) -> list[str]:
        before = len(channel.subjects)
        others = CurrentIncidents(failed, frozenset({Kind.RUN_FAILED}))
        check_and_send(layout, SETTINGS, [channel], at(0, 24 * day + 1), others)
        return channel.subjects[before:]

    for day in range(OUTAGE, BACK):
        without_answer(layout, day, *PAPERS)
        assert check(day) == (["no host answers"] if day == OUTAGE else [])
        assert kinds(layout, day) == [Kind.CUT_OFF]
    (incident,) = find_incidents(layout, SETTINGS, at(BACK - 1)).problems
    assert incident.text.startswith("No host answered when 3 of 3 sources were last asked.")
    assert "Last read at 2026-03-03 06:00 UTC" in incident.text
    assert "de-blatt, fr-gazette, gb-post" in incident.text
    # One host answers; of the others nobody knows yet.
    failed = ()
    ingest(layout, BACK, listing("gb-post", 24 * BACK))
    assert (check(BACK), kinds(layout, BACK)) == ([], [Kind.CUT_OFF])
    ingest(layout, BACK + 0.1, *(listing(name, 24 * BACK + 2.4) for name in PAPERS[:2]))
    assert (check(BACK + 0.1), kinds(layout, BACK)) == (["recovered: hosts answer again"], [])


def ingest_failed() -> tuple[Incident, ...]:
    text = "ingest: every source asked failed (3); de-blatt: connect_failed"
    about = (Kind.RUN_FAILED, "ingest", "ingest failed", text, "ingest completed")
    return (Incident(*about, every_source_failed=True),)


def test_a_run_that_failed_for_another_reason_is_told_in_an_outage(layout: Layout) -> None:
    channel = Kept()
    without_answer(layout, OUTAGE, *PAPERS)
    failed = tuple(replace(each, every_source_failed=False) for each in ingest_failed())
    others = CurrentIncidents(failed, frozenset({Kind.RUN_FAILED}))
    check_and_send(layout, SETTINGS, [channel], at(OUTAGE), others)
    assert channel.subjects == ["no host answers", "ingest failed"]


def test_sources_that_no_run_reached_are_due(layout: Layout) -> None:
    without_answer(layout, OUTAGE, *PAPERS)
    # Due an hour after the failure, expected within six more hours.
    assert [kinds(layout, OUTAGE, hours) for hours in (6.9, 7.1)] == [
        [Kind.CUT_OFF],
        [Kind.NO_LOAD, Kind.CUT_OFF],
    ]
