"""Kill -9 between the file-system actions of loading, publishing and rebuilding."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("work", "step"),
    [("load", 5), ("rebuild warehouse", 3), ("rebuild articles", 11), ("compact", 7)],
)
def test_work_that_was_killed_is_done_again(tmp_path: Path, work: str, step: int) -> None:
    command = [sys.executable, "-m", "tests.faults.kill_points", str(tmp_path), work, str(step)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5
