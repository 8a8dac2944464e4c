"""Alerts: what the block called presswatch-alerts is sent, and when; with a password on."""

import json
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import Event
from prefect.events.schemas.events import Resource

from tests.cli.test_json_logs import objects
from tests.support.ports import free_port
from tests.support.sample_newsroom import DEPLOYMENTS, Newsroom, Place
from tests.support.serving import ROOT, Served, until

pytestmark = pytest.mark.slow
AUTH = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
GOOD, GONE = "gb-portwick-courier", "gb-gone"


class Receiver(ThreadingHTTPServer):
    """A webhook on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def got(self, subject: str) -> str:
        """The text that begins with the subject, once it has come."""

        def found() -> str | None:
            return next((text for text in self.texts if text.startswith(subject)), None)

        return until(f"a message {subject!r} comes, of {self.texts}", found, 120)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.texts.append(json.loads(body)["text"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing."""


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


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server on loopback that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        self.to: list[str] = []
        self.mails: list[str] = []
        super().__init__(("127.0.0.1", 0), _Smtp)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Smtp(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 loopback")
        for line in self.rfile:
            word = line.decode().strip()
            if word.lower().startswith("rcpt to:"):
                self.server.to.append(word[8:])
            if word.lower() == "data":
                self._take_mail()
            else:
                self._say("250 ok")

    def _take_mail(self) -> None:
        self._say("354 go on")
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        self.server.mails.append("".join(lines))
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


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
    words = ["deploy", "--sources", place.files["sources_file"], "--data", place.files["data"]]
    words += ["--topics", place.files["topics_file"]]
    subprocess.run([sys.executable, "-m", "flows", *words], env=environment, cwd=ROOT, check=True)
    yield served
    served.stop()


def test_a_run_that_failed(served: Served, receiver: Receiver) -> None:
    run = served.ended(served.begin(only=[GONE]))
    text = receiver.got(f"Presswatch: {run.name} ended Failed\n")
    assert f"every source asked failed (1); {GONE}: " in text
    assert text.endswith(f"/runs/flow-run/{run.id}")


def test_a_run_in_which_some_sources_failed(served: Served, receiver: Receiver) -> None:
    run = served.ended(served.begin(only=[GONE, GOOD]))
    text = receiver.got(f"Presswatch: {run.name} ended Partial\n")
    assert f"1 of 2 sources failed; {GONE}: " in text
    assert "22 new articles" in text


def test_a_source_that_is_silent(served: Served, receiver: Receiver) -> None:
    resource = {"prefect.resource.id": f"presswatch.source.{GOOD}", "prefect.resource.name": "Post"}
    silent = Event(
        event="presswatch.source.silent",
        resource=Resource(resource),
        payload={"message": "nothing new since Monday"},
    )
    with served.client() as client:
        tell(client, silent)
    assert receiver.got("Presswatch: Post is silent\n").endswith("nothing new since Monday")


def tell(client: SyncPrefectClient, event: Event) -> None:
    client._client.post("/events", json=[event.model_dump(mode="json")]).raise_for_status()


def test_metrics_want_the_password_of_the_api(served: Served) -> None:
    url = f"http://127.0.0.1:{served.port}/metrics"
    answers = [
        httpx.get(url, timeout=30),
        httpx.get(url, auth=("admin", "wrong"), timeout=30),
        httpx.get(url, auth=("admin", "hidden"), timeout=30),
    ]
    assert [one.status_code for one in answers] == [401, 401, 200]
    assert "presswatch_waiting_runs" in answers[2].text


def test_nothing_else_was_sent(receiver: Receiver) -> None:
    assert len(receiver.texts) == 3, receiver.texts


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
