"""A real S3 server on loopback, in a process of its own, and buckets in it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import count

from tests.support.ports import free_port
from warehouse.store.objects import Store, open_store
from warehouse.store.states import State, document_key, last_number, read_state

_NUMBERS = count(1)


class Server:
    """moto's server."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def bucket(self) -> Store:
        """A folder in a bucket that nobody else has."""
        name = f"news-{os.getpid()}-{next(_NUMBERS)}"
        made = urllib.request.Request(f"{self.url}/{name}", method="PUT")
        urllib.request.urlopen(made, timeout=10).close()
        return open_store(f"s3://{name}/presswatch")

    @property
    def environment(self) -> dict[str, str]:
        """What programs are told to find it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": "no secret",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def serving() -> Iterator[Server]:
    """The server, until the body ends."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the S3 server did not come up")


def whole(store: Store) -> State:
    """The last state, all of whose objects are there, as they are named."""
    state = read_state(store, last_number(store))
    sizes = {found.key: found.bytes for found in store.list()}
    for place, digest in state.documents.items():
        content = store.read(document_key(digest))
        assert sha256(content).hexdigest() == digest, place
        if place.startswith("commits/") and "/compacted/" not in place:
            assert set(json.loads(content)["warcs"]) <= sizes.keys(), place
    for snapshot in state.snapshots:
        assert sizes[f"{snapshot.key}/news.duckdb"] == snapshot.bytes
        manifest = json.loads(store.read(f"{snapshot.key}/manifest.json"))
        assert {file["path"]: file["bytes"] for file in manifest["files"]}.items() <= sizes.items()
    return state
