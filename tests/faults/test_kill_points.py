"""Kill -9 between the file-system actions of loading, publishing and rebuilding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = os.environ.get("PRESSWATCH_KILLS", "4")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "work", ["load", "rebuild warehouse", "rebuild articles", "compact", "backup", "repair"]
)
def test_work_that_was_killed_is_done_again(tmp_path: Path, work: str) -> None:
    command = [sys.executable, "-m", "tests.faults.kill_points", str(tmp_path), work, KILLS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40
