"""What Prefect knows: workers, failed runs, the block; and alerts at the end of real runs."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.ingest import ingest
from flows.runs.alerts import (
    alert_channels,
    check_after_run,
    check_served,
    no_recipient,
    prefect_incidents,
)
from flows.runs.prefect_settings import POOL
from tasks.monitor.alert_settings import AlertSettings, Kind, load_alerts
from tasks.monitor.incidents import CurrentIncidents, Incident
from tasks.monitor.send_incidents import check_and_send
from tasks.settings import Settings
from tests.collect.test_collect import feed, item, page
from tests.support.loopback import Loopback, http
from tests.support.ports import free_port
from tests.support.receivers import Receiver
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import Files
from warehouse.layers.layout import Layout

NO_WORKER = [(Kind.NO_WORKER, "no worker is polling")]


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
        running.shutdown()


def found() -> list[tuple[Kind, str]]:
    return [(each.kind, each.headline) for each in prefect_incidents().incidents]


def test_no_worker(prefect_api: str) -> None:
    with get_client(sync_client=True) as client, suppress(ObjectNotFound):
        client.delete_work_pool(POOL)  # another test of this process may have made it
    assert found() == NO_WORKER
    (incident,) = prefect_incidents().incidents
    assert "There is no work pool presswatch: run `presswatch deploy`." in incident.text
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        try:
            assert found() == NO_WORKER
            heartbeat = {"name": "one", "heartbeat_interval_seconds": 30}
            workers = f"/work_pools/{POOL}/workers"
            client._client.post(f"{workers}/heartbeat", json=heartbeat).raise_for_status()
            assert found() == []
        finally:
            client._client.delete(f"/work_pools/{POOL}").raise_for_status()


def test_a_server_that_does_not_answer(prefect_api: str, tmp_path: Path, hook: Receiver) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(f'urls = ["{hook.apprise_url}"]\nno_load_hours = 9\n')
    settings, layout = Settings(alerts=path, data=tmp_path), Layout(tmp_path)
    away = {PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}
    with temporary_settings(away):
        told = prefect_incidents()
        assert told.asked == {Kind.NO_WORKER}
        assert "could not be asked: " in told.incidents[0].text
        alerts = load_alerts(settings)
        about = (layout, alerts, alert_channels(alerts), datetime.now(UTC))
        done = check_and_send(*about, prefect_incidents())
    (refused,) = done.refused
    assert refused.startswith(
        "block presswatch-alerts did not accept a message: the Prefect server"
    )
    assert hook.titles == ["Presswatch: no worker is polling"]


def test_serve_checks_again_after_a_mistake_in_the_configuration(
    prefect_api: str, tmp_path: Path, hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "alerts.toml"
    settings = Settings(alerts=path, data=tmp_path / "data")
    path.write_text('url = ["typo"]\n')
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        check_served(settings)
        assert f"alerts: not checked: {path}" in caplog.text
        path.write_text(f'urls = ["{hook.apprise_url}"]\nblock = ""\n')
        check_served(settings)
        check_served(settings)
    assert hook.titles == ["Presswatch: no worker is polling"]


def test_serve_goes_on_checking_beside_a_damaged_link_to_a_store(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, layout = tmp_path / "alerts.toml", Layout(tmp_path / "data")
    path.write_text('urls = ["json://127.0.0.1:9/"]\nblock = ""\n')
    layout.root.mkdir()
    layout.link.write_text("{")
    check_served(Settings(alerts=path, data=layout.root))
    assert f"alerts: not checked: {layout.link} is damaged" in caplog.text


def test_the_last_run_of_a_deployment_counts(prefect_api: str) -> None:
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name("ingest")
        deployment = client.create_deployment(flow_id, "ingest")

        def end(kind: StateType, message: str = "", name: str | None = None) -> None:
            run = client.create_flow_run_from_deployment(deployment)
            ended = State[None](type=kind, name=name, message=message)
            for state in (State(type=StateType.RUNNING), ended):
                client.set_flow_run_state(run.id, state)

        try:
            end(StateType.COMPLETED)
            assert not failed()
            end(StateType.FAILED, "a check failed")
            end(StateType.CRASHED)  # repeated by the next run
            end(StateType.COMPLETED, "no source is due", "NothingDue")
            end(StateType.COMPLETED, "all sources are being collected", "Skipped")
            assert failed() == ["ingest failed"]
            assert prefect_incidents().completed == {"ingest": None}
            end(StateType.COMPLETED, "1 of 2 sources failed", "Partial")
            assert not failed()
            (at,) = prefect_incidents().completed.values()
            assert at
            end(StateType.FAILED, "a check failed")
            client.delete_flow_run(client.read_flow_runs(sort=FlowRunSort.END_TIME_DESC)[0].id)
            assert (failed(), prefect_incidents().completed) == ([], {"ingest": at})
        finally:
            client.delete_deployment(deployment)


def failed() -> list[str]:
    return [headline for kind, headline in found() if kind is Kind.RUN_FAILED]


def test_the_block_is_found_by_its_name(prefect_api: str, hook: Receiver) -> None:
    settings = AlertSettings(block="some-block")
    assert alert_channels(settings) == ()
    assert no_recipient(settings, "alerts.toml") == (
        "Nothing is sent: there is no block some-block, and alerts.toml has no urls."
    )
    given = {"name": "Presswatch", "url": hook.url, "json_data": {"text": "{{subject}}\n{{body}}"}}
    CustomWebhookNotificationBlock.model_validate(given).save("some-block")
    (channel,) = alert_channels(settings)
    channel.send("It fails", "So it does.")
    assert hook.texts == ["It fails\nSo it does."]
    assert channel.name == "block some-block"
    with get_client(sync_client=True) as client:
        delete_block(client, "some-block")


def delete_block(client: SyncPrefectClient, name: str) -> None:
    for each in client.read_block_documents():
        if each.name == name:
            client._client.delete(f"/block_documents/{each.id}").raise_for_status()


def test_runs_tell_of_a_source_once_and_of_its_recovery(
    prefect_api: str,
    web: Loopback,
    hook: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    down = http(b"", "503 Busy")
    sources, good = tmp_path / "sources.toml", web.set_answers("/good", feed())
    bad = web.set_answers(
        "/bad", down, down, feed(item(web.set_answers("/a", page("All is well"))))
    )
    sources.write_text(
        "".join(
            f'[[source]]\nid = "gb-{name}"\nname = "{name}"\nlanguage = "en"\ntimezone = "UTC"\n'
            f'feeds = ["{address}"]\nmin_interval_seconds = 0\nallow_private_hosts = true\n'
            for name, address in {"good": good, "bad": bad}.items()
        )
    )
    alerts = tmp_path / "alerts.toml"
    alerts.write_text(f'urls = ["{hook.apprise_url}"]\n')
    monkeypatch.setenv("PRESSWATCH_ALERTS", str(alerts))
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_TRIES", "1")
    monkeypatch.setenv("PRESSWATCH_WORKERS", "1")
    files: Files = {
        "sources_file": str(sources),
        "topics_file": str(TOPICS),
        "data": str(tmp_path / "data"),
    }
    # Of a deployment that the server of these runs does not have.
    maintain = (Kind.RUN_FAILED, "maintain", "maintain failed", "Broken.", "maintain completed")
    layout, told = Layout(tmp_path / "data"), alert_channels(load_alerts(Settings(alerts=alerts)))
    layout.root.mkdir()
    shown = CurrentIncidents((Incident(*maintain),))
    check_and_send(layout, AlertSettings(), told, datetime.now(UTC), shown)
    assert hook.bodies.pop()["title"] == "Presswatch: maintain failed"
    for _ in range(2):
        assert ingest(**files).failed
    assert hook.titles == ["Presswatch: bad (gb-bad) fails"]
    assert not ingest(**files).failed
    assert hook.titles[1:] == ["Presswatch: recovered: bad (gb-bad) answers again"]

    alerts.write_text("urls = 3")  # a wrong file fails no run
    run = FlowRun(flow_id=uuid4(), parameters={**files})
    check_after_run(ingest, run, State(type=StateType.COMPLETED))
    assert f"alerts: not checked: {alerts}" in caplog.text
