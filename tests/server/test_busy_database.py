"""A run that is made while another writes to Prefect's database: made at the next try, once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect_database import put_database, without_prefect
from tests.support.serving import ROOT


@pytest.mark.slow
def test_the_server_tries_again_by_itself(tmp_path: Path) -> None:
    """The first is Prefect's own app: when it gives no 503 any more, ours need not try again."""
    command = [sys.executable, "-m", "tests.server.busy_database"]
    put_database(tmp_path)
    environment = {**without_prefect(), "PREFECT_HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout.splitlines()[-2:] == ["503 0", "201 1"], done.stderr[-2000:]
