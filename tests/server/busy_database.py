"""Makes a run through Prefect's app while its transaction is overtaken by another writer.

`python -m tests.server.busy_database` prints the status and how many runs there are, first of
Prefect's own app, then of ours around it.
"""

import asyncio
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

import httpx
from asgi_lifespan import LifespanManager
from prefect.server import models
from prefect.server.api.server import create_app

from flows.server.app import create_guarded_app


async def made(client: httpx.AsyncClient, path: str, **given: object) -> Any:
    """What is made, however busy the database is while the server starts."""
    while (answer := await client.post(path, json=given)).status_code >= 500:
        await asyncio.sleep(0.2)
    return answer.json()


def overtake() -> None:
    """Write to the database over another connection."""
    with sqlite3.connect(Path(os.environ["PREFECT_HOME"]) / "prefect.db", timeout=60) as other:
        other.execute("UPDATE flow SET name = name")


def client_of(app: Any) -> httpx.AsyncClient:
    """Asks an app in memory."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4200/api")


async def main() -> None:
    plain, guarded = create_app(final=True), create_guarded_app()
    read: Any = models.deployments.read_deployment
    overtaken = 0

    async def read_and_be_overtaken(*arguments: Any, **given: Any) -> Any:
        nonlocal overtaken
        found = await read(*arguments, **given)
        overtaken += 1
        if overtaken <= 3:
            # In a thread, since a writer of the server may have to finish first.
            await asyncio.to_thread(overtake)
        return found

    async with (
        LifespanManager(guarded, startup_timeout=120, shutdown_timeout=60),
        client_of(plain) as its,
        client_of(guarded) as ours,
    ):
        flow = await made(ours, "/flows/", name="f")
        deployment = await made(ours, "/deployments/", name="d", flow_id=flow["id"])
        models.deployments.read_deployment = read_and_be_overtaken
        for client in (its, ours):
            overtaken = 0
            answer = await client.post(f"/deployments/{deployment['id']}/create_flow_run", json={})
            count = await client.post("/flow_runs/count", json={})
            sys.stdout.write(f"{answer.status_code} {count.text}\n")


if __name__ == "__main__":
    asyncio.run(main())
