"""The server that a command starts for itself is closed to web pages and to other users."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
# As the commands do: configure, then import Prefect.
ASK = """
import json, os, stat
from pathlib import Path
from flows.runs import prefect_settings
prefect_settings.configure()
import httpx
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    own = client.request("POST", "/flow_runs/filter", json={}).status_code
    url = f"{str(client.api_url).rstrip('/')}/flow_runs/filter"
    other = httpx.post(url, json={}, timeout=30).status_code
database = Path(os.environ["PREFECT_HOME"], "prefect.db")
print(json.dumps([own, other, stat.S_IMODE(database.stat().st_mode)]))
"""


def configured(script: str, home: Path, **given: str) -> str:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**kept, "PREFECT_HOME": str(home), **given}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_wants_a_password_that_only_its_command_has(tmp_path: Path) -> None:
    ephemeral = {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true"}
    answer = configured(ASK, tmp_path / "prefect", **ephemeral)
    assert json.loads(answer.splitlines()[-1]) == [200, 401, 0o600]


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
