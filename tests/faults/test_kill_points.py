"""Kill -9 between the file-system actions of loading, publishing and rebuilding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = os.environ.get("PRESSWATCH_KILLS", "2")
ROOT = Path(__file__).parents[2]
MORE = [("rebuild warehouse", "compact", "backup"), ("repair",)]


@pytest.mark.parametrize(
    "names",
    [
        ("load", "rebuild articles"),
        *(pytest.param(names, marks=pytest.mark.soak) for names in MORE),
    ],
)
def test_work_that_was_killed_is_done_again(tmp_path: Path, names: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tests.faults.kill_points", str(tmp_path), KILLS, *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    actions = dict(line.split(": ") for line in done.stdout.splitlines())
    assert tuple(actions) == names
    assert all(int(number) > 40 for number in actions.values()), actions
