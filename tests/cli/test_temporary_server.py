"""The server that a command starts for itself is closed to web pages and to other users."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flows.processes.child import why_ended
from tests.support.prefect_database import without_prefect

pytestmark = pytest.mark.slow
ASK = """
from flows.processes.temporary_server import PrefectServer
server = PrefectServer()
server.wait()
import httpx
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    own = client.request("POST", "/flow_runs/filter", json={}).status_code
    url = f"{str(client.api_url).rstrip('/')}/flow_runs/filter"
    other = httpx.post(url, json={}, timeout=30).status_code
print(own, other)
"""


def configured(script: str, home: Path, **given: str) -> str:
    environment = {**without_prefect(), "PREFECT_HOME": str(home), **given}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("where", ["environment", "profile"])
def test_a_server_of_the_settings_gets_no_password_of_ours(tmp_path: Path, where: str) -> None:
    url = "http://127.0.0.1:4999/api"
    profile = f'active = "desk"\n[profiles.desk]\nPREFECT_API_URL = "{url}"\n'
    given = {"PREFECT_API_URL": url} if where == "environment" else {}
    if where == "profile":
        (tmp_path / "profiles.toml").write_text(profile)
    script = (
        "import os; from flows.runs import prefect_settings; prefect_settings.configure();"
        "print('PREFECT_API_AUTH_STRING' in os.environ)"
    )
    assert configured(script, tmp_path, **given) == "False\n"


@pytest.mark.soak
def test_commands_that_begin_together_on_a_new_database_have_passwords(tmp_path: Path) -> None:
    """The server of each wants one that only its command has."""
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", ASK],
            env={**without_prefect(), "PREFECT_HOME": str(tmp_path / "home")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [each.communicate() for each in commands] == [("200 401\n", "")] * 2
    assert stat.S_IMODE((tmp_path / "home" / "prefect.db").stat().st_mode) == 0o600


FAILED_START = """
09:00:00.000 | ERROR | uvicorn.error - Traceback (most recent call last):
  File "cursors.py", line 9, in execute
sqlite3.OperationalError: {why}

The above exception was the direct cause of the following exception:

sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) {why}
[SQL: CREATE TABLE block_document (FOREIGN KEY(block_schema_id) REFERENCES block_schema (id)
 ON DELETE cascade) ]
(Background on this error at: https://sqlalche.me/e/21/e3q8)
09:00:00.001 | ERROR | uvicorn.error - Application startup failed. Exiting.
"""


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        (
            "table x already exists",
            "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) table x already exists",
        ),
        (
            "unable to open database file",
            "its database cannot be opened; let this user write there",
        ),
        ("database or disk is full", "the disk of its database is full; free some space"),
    ],
)
def test_why_a_server_ended(why: str, shown: str) -> None:
    assert why_ended(FAILED_START.format(why=why).encode()) == shown


def test_why_a_server_said_nothing() -> None:
    assert why_ended(b"") == "it printed nothing; where the machine is busy, run it again"
