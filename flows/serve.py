"""A Prefect server and the scheduled ingest on one machine, until stopped."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from rich.console import Console

from flows.installation import Installation

ADDRESS = "http://127.0.0.1:4200"
HOURLY = "7 * * * *"
PATIENCE_SECONDS = 120


def serve_until_stopped(place: Installation, sources: Path, topics: Path) -> None:
    """Start the server, then wait for scheduled and hand-started runs of `ingest`."""
    server = subprocess.Popen([sys.executable, "-m", "prefect", "server", "start"])
    try:
        _wait_for(f"{ADDRESS}/api/health", server)
        os.environ["PREFECT_API_URL"] = f"{ADDRESS}/api"
        _serve_flows(place, sources, topics)
    finally:
        server.terminate()
        server.wait()


def _serve_flows(place: Installation, sources: Path, topics: Path) -> None:
    from flows.ingest import ingest

    Console().print(f"{ADDRESS}/v2 shows the runs; ingest runs at {HOURLY}; Ctrl-C stops")
    ingest.serve(
        name="hourly",
        cron=HOURLY,
        parameters={
            "sources_file": str(sources.absolute()),
            "topics_file": str(topics.absolute()),
            "data": str(place.layout.root),
        },
        limit=1,
    )


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the Prefect server ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"no answer from {address} within {PATIENCE_SECONDS} seconds")
