"""Alerts: what the notification block called presswatch-alerts is sent, and when."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import Event
from prefect.events.schemas.events import Resource

from tests.places import DEPLOYMENTS, Newsroom, Place
from tests.serving import ROOT, Served, free_port, until

pytestmark = pytest.mark.slow
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


def run_of_the_handbook(heading: str, environment: dict[str, str]) -> None:
    """Run the first Python of a section of production.md."""
    text = (DEPLOYMENTS / "production.md").read_text(encoding="utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found, heading
    subprocess.run([sys.executable, "-c", found[1]], env=environment, cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def served(
    newsroom: Newsroom, receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    place = with_a_paper_that_is_gone(tmp_path_factory.mktemp("alerts"))
    served = Served(place.files, {"PRESSWATCH_LIMITS__MAX_TRIES": "1"})
    served.start()
    api = {"PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api"}
    environment = {**served.environment, **api, "ALERTS_URL": receiver.url}
    run_of_the_handbook("Alerts", environment)
    words = ["deploy", "--sources", place.files["sources_file"], "--data", place.files["data"]]
    words += ["--topics", place.files["topics_file"]]
    subprocess.run([sys.executable, "-m", "flows", *words], env=environment, cwd=ROOT, check=True)
    yield served
    served.stop()


def test_a_run_that_failed(served: Served, receiver: Receiver) -> None:
    run = served.ended(served.begin(only=[GONE]))
    text = receiver.got(f"Presswatch: {run.name} ended Failed\n")
    assert f"every source failed (1); {GONE}: " in text
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


def test_nothing_else_was_sent(receiver: Receiver) -> None:
    assert len(receiver.texts) == 3, receiver.texts
