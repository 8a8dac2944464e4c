"""Alerts: what the block called presswatch-alerts is sent, and when; with a password on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prefect.blocks.notifications import SlackWebhook
from prefect.client.schemas.objects import FlowRun, State
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Scheduled

from flows.server.deploy import RETIRED, deploy
from tasks.installation import open_installation
from tests.cli.test_json_logs import objects
from tests.support.ports import free_port
from tests.support.receivers import Mailbox, Receiver
from tests.support.sample_newsroom import DEPLOYMENTS, TOPICS, Newsroom, Place
from tests.support.serving import Served

pytestmark = pytest.mark.slow
AUTH = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
PASSWORD = "admin:hidden"
GOOD, GONE = "gb-portwick-courier", "gb-gone"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running
        running.shutdown()


def with_a_paper_that_is_gone(root: Path) -> Place:
    place = Place(root)
    gone = f'\n[[source]]\nid = "{GONE}"\nname = "Gone"\nlanguage = "en"\ntimezone = "UTC"\n'
    gone += f'feeds = ["http://127.0.0.1:{free_port()}/feed"]\nallow_private_hosts = true\n'
    place.sources.write_text(place.sources.read_text() + gone)
    return place


@contextmanager
def here(served: Served, **given: str) -> Iterator[None]:
    """Let this process be a client of `served`, with its deployments and more variables."""
    given |= {
        "PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api",
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "PRESSWATCH_DEPLOYMENTS": served.environment["PRESSWATCH_DEPLOYMENTS"],
    }
    settings = {
        PREFECT_API_URL: given["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: PASSWORD,
    }
    with pytest.MonkeyPatch.context() as patch, temporary_settings(settings):
        for name, text in given.items():
            patch.setenv(name, text)
        yield


def run_of_the_handbook(block: str) -> None:
    """Run the Python of production.md that makes a block."""
    text = (DEPLOYMENTS / "production.md").read_text(encoding="utf-8")
    found = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if block in one]
    assert len(found) == 1
    exec(found[0], {})


@pytest.fixture(scope="module")
def served(
    newsroom: Newsroom, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    place = with_a_paper_that_is_gone(tmp_path_factory.mktemp("alerts"))
    password = dict.fromkeys(AUTH, PASSWORD)
    given = {"PRESSWATCH_LIMITS__MAX_TRIES": "1", "PRESSWATCH_LOG_JSON": "true"}
    served = Served(place.files, given | password)
    served.start()
    with here(served, ALERTS_URL=receiver.url), served.client() as client:
        run_of_the_handbook("CustomWebhookNotificationBlock")
        (crashed,) = client.read_automations_by_name("presswatch: a run crashed")
        given = crashed.model_dump(include=set(AutomationCore.model_fields))
        client.create_automation(AutomationCore.model_validate(given | {"name": RETIRED[0]}))
        deploy(open_installation(place.sources, TOPICS, place.data))
    yield served
    served.stop()


def test_an_automation_of_an_earlier_version_is_gone(served: Served) -> None:
    with served.client() as client:
        assert client.read_automations_by_name("presswatch: a run crashed")
        assert client.read_automations_by_name(RETIRED[0]) == []


def test_runs_that_crash_fail_and_make_a_source_fail_are_reported_once(
    served: Served, receiver: Receiver
) -> None:
    text = ""
    with served.client() as client:
        deployment = client.read_deployment_by_name("ingest/ingest").id
        crashed = list[FlowRun]()
        for _ in range(2):
            later: State[object] = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=1))
            run = client.create_flow_run_from_deployment(deployment, state=later)
            client.set_flow_run_state(run.id, Crashed(message="The machine lost power"), force=True)
            crashed.append(run)
            text = receiver.wait_for_text(f"Presswatch: {crashed[0].name} ended Crashed\n")
    assert "The machine lost power" in text
    # The automation saw both before the run that follows was told to it.
    run = served.ended(served.begin(only=[GONE]))
    text = receiver.wait_for_text("Presswatch: ingest failed\n")
    assert f"every source asked failed (1); {GONE}: " in text
    assert text.endswith(f"/runs/flow-run/{run.id}")
    assert "connect_failed" in receiver.wait_for_text(f"Presswatch: Gone ({GONE}) fails\n")
    assert served.ended(served.begin(only=[GONE, GOOD])).state_name == "Partial"
    receiver.wait_for_text("Presswatch: recovered: ingest completed\n")
    assert len(receiver.texts) == 4, receiver.texts


def test_metrics_want_the_password_of_the_api(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/metrics"
    answers = [
        httpx.get(url, timeout=30),
        httpx.get(url, auth=("admin", "wrong"), timeout=30),
        httpx.get(url, auth=("admin", "hidden"), timeout=30),
    ]
    assert [one.status_code for one in answers] == [401, 401, 200]
    assert "presswatch_waiting_runs" in answers[2].text


def test_every_line_of_the_logs_is_an_object(served: Served) -> None:
    logs = served.data / "prefect"
    said = [served.out, logs / "server.log", logs / "worker.log"]
    lines = {path.name: objects(path.read_text()) for path in said}
    assert any("shows the runs" in one["message"] for one in lines["serve.log"])
    # What the runs say goes to the worker's log.
    of_runs = [one for one in lines["worker.log"] if one["logger"].startswith(("flows", "tasks"))]
    assert any(f"{GONE} failed" in one["message"] for one in of_runs)
    assert all(one["flow_run_id"] for one in of_runs)


def test_mail_by_ones_own_server(served: Served) -> None:
    with Mailbox() as mailbox:
        host = f"127.0.0.1:{mailbox.server_address[1]}"
        with here(
            served, ALERTS_MAIL=f"mailto://{host}?from=presswatch@example.org&to=desk@example.org"
        ):
            run_of_the_handbook("SlackWebhook")
            block = SlackWebhook.load("presswatch-alerts")
            assert isinstance(block, SlackWebhook)
            block.notify("Why it failed", "It failed")
        mailbox.shutdown()
    assert mailbox.to == ["<desk@example.org>"]
    (mail,) = mailbox.mails
    assert "Subject: It failed\r\n" in mail
    assert "Why it failed" in mail
