"""Alerts: what the block called presswatch-alerts is sent, and when; with a password on."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.events.schemas.automations import AutomationCore
from prefect.states import Crashed, Scheduled

from flows.server.deploy import RETIRED
from tests.cli.test_json_logs import objects
from tests.support.ports import free_port
from tests.support.receivers import Mailbox, Receiver
from tests.support.sample_newsroom import DEPLOYMENTS, Newsroom, Place
from tests.support.serving import ROOT, Served

pytestmark = pytest.mark.slow
AUTH = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
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


def run_of_the_handbook(block: str, environment: dict[str, str], then: str = "") -> None:
    """Run the Python of production.md that makes a block."""
    text = (DEPLOYMENTS / "production.md").read_text(encoding="utf-8")
    found = [one for one in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if block in one]
    assert len(found) == 1
    subprocess.run([sys.executable, "-c", found[0] + then], env=environment, cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def served(
    newsroom: Newsroom, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    place = with_a_paper_that_is_gone(tmp_path_factory.mktemp("alerts"))
    password = dict.fromkeys(AUTH, "admin:hidden")
    given = {"PRESSWATCH_LIMITS__MAX_TRIES": "1", "PRESSWATCH_LOG_JSON": "true"}
    served = Served(place.files, given | password)
    served.start()
    api = {"PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api"}
    environment = {**served.environment, **api, "ALERTS_URL": receiver.url}
    run_of_the_handbook("CustomWebhookNotificationBlock", environment)
    with served.client() as client:
        (crashed,) = client.read_automations_by_name("presswatch: a run crashed")
        given = crashed.model_dump(include=set(AutomationCore.model_fields))
        client.create_automation(AutomationCore.model_validate(given | {"name": RETIRED[0]}))
    words = ["deploy", "--sources", place.files["sources_file"], "--data", place.files["data"]]
    words += ["--topics", place.files["topics_file"]]
    subprocess.run([sys.executable, "-m", "flows", *words], env=environment, cwd=ROOT, check=True)
    yield served
    served.stop()


def test_an_automation_of_an_earlier_version_is_gone(served: Served) -> None:
    with served.client() as client:
        assert client.read_automations_by_name("presswatch: a run crashed")
        assert client.read_automations_by_name(RETIRED[0]) == []


def test_runs_that_crash_fail_and_make_a_source_fail_are_told_once(
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
            text = receiver.got(f"Presswatch: {crashed[0].name} ended Crashed\n")
    assert "The machine lost power" in text
    # The automation saw both before the run that follows was told to it.
    run = served.ended(served.begin(only=[GONE]))
    text = receiver.got("Presswatch: ingest failed\n")
    assert f"every source asked failed (1); {GONE}: " in text
    assert text.endswith(f"/runs/flow-run/{run.id}")
    assert "connect_failed" in receiver.got(f"Presswatch: Gone ({GONE}) fails\n")
    assert served.ended(served.begin(only=[GONE, GOOD])).state_name == "Partial"
    receiver.got("Presswatch: recovered: ingest completed\n")
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
        environment = {
            **served.environment,
            "PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api",
            "ALERTS_MAIL": f"mailto://{host}?from=presswatch@example.org&to=desk@example.org",
        }
        then = 'SlackWebhook.load("presswatch-alerts").notify("Why it failed", "It failed")'
        run_of_the_handbook("SlackWebhook", environment, then)
        mailbox.shutdown()
    assert mailbox.to == ["<desk@example.org>"]
    (mail,) = mailbox.mails
    assert "Subject: It failed\r\n" in mail
    assert "Why it failed" in mail
