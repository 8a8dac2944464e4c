"""Alerts and digest by the days of the setting; a spike that moves by a day is reported once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings
from tasks.monitor.channels import channels_of
from tasks.monitor.send_incidents import check_and_send
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.receivers import Receiver
from tests.support.staged_pages import TOPICS, stage
from tests.warehouse.test_local_days import TOKYO
from tests.warehouse.test_local_index import IN_UTC, LOUD, NOW, article, load_spike
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

TOLD = {
    False: "Presswatch: Summit: 9 articles on 31 May 2026, 0.0 expected",
    True: "Presswatch: Summit: 9 articles on 1 Jun 2026, 0.0 expected",
}
SEEN = LOUD + timedelta(hours=2)
"""Still 31 May by UTC."""


@pytest.fixture(scope="module")
def spiked(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("spike"), load_spike)


@pytest.fixture
def layout(spiked: KeptFolder) -> Layout:
    return spiked.restored()


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
        running.shutdown()


def check(layout: Layout, hook: Receiver, at: datetime, *, is_local: bool) -> None:
    off = ("no_load", "source_silent")
    settings = AlertSettings.model_validate({"urls": (hook.apprise_url,), "off": off})
    channels = channels_of(settings)
    assert not check_and_send(layout, settings, channels, at, is_local=is_local).refused


@pytest.mark.parametrize("is_local", [False, True])
def test_another_setting_tells_no_spike_again(
    layout: Layout, hook: Receiver, is_local: bool
) -> None:
    for kind in (is_local, not is_local, is_local):
        check(layout, hook, SEEN, is_local=kind)
    assert hook.titles == [TOLD[is_local]]


def test_another_time_zone_tells_no_spike_again(layout: Layout, hook: Receiver) -> None:
    check(layout, hook, SEEN, is_local=True)
    load(layout, TOPICS, [IN_UTC], now=NOW + timedelta(hours=1))
    publish(layout)
    check(layout, hook, SEEN, is_local=True)
    assert hook.titles == [TOLD[True]]


def test_a_spike_on_the_day_after_is_another(layout: Layout, hook: Receiver) -> None:
    check(layout, hook, SEEN, is_local=True)
    later = LOUD + timedelta(days=1)
    more = [article(f"more-{n}", later, f"The G20 met again, {n}.") for n in range(12)]
    load(layout, TOPICS, [TOKYO], [stage(layout, "20260610T070000Z-000001", more)], now=NOW)
    publish(layout)
    check(layout, hook, later, is_local=True)
    assert [title.partition(" on ")[2][:5] for title in hook.titles] == ["1 Jun", "2 Jun"]


@pytest.mark.parametrize(("is_local", "day"), [(False, "31 May"), (True, "1 Jun")])
def test_the_digest_tells_of_the_days_of_the_setting(
    layout: Layout, hook: Receiver, is_local: bool, day: str
) -> None:
    settings = AlertSettings.model_validate(
        {"urls": (hook.apprise_url,), "digest": "weekly", "digest_weekday": "tuesday"}
    )
    at = datetime(2026, 6, 2, 8, tzinfo=UTC)
    check_and_send(layout, settings, channels_of(settings), at, is_local=is_local)
    (said,) = [body["message"] for body in hook.bodies if "digest" in body["title"]]
    assert f"far above usual on {day}" in said
