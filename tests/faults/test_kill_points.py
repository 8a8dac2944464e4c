"""Kill -9 between the file-system actions of loading, publishing and rebuilding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = os.environ.get("PRESSWATCH_KILLS", "3")
ROOT = Path(__file__).parents[2]


def run(folder: Path, work: str) -> str:
    command = [sys.executable, "-m", "tests.faults.kill_points", str(folder), work, KILLS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three days that are loaded."""
    folder = tmp_path_factory.mktemp("killed")
    run(folder, "base")
    return folder


@pytest.mark.parametrize(
    "work", ["load", "rebuild warehouse", "rebuild articles", "compact", "backup"]
)
def test_work_that_was_killed_is_done_again(base: Path, work: str) -> None:
    assert int(run(base, work)) > 40


def test_a_repair_that_was_killed_is_done_again(tmp_path: Path) -> None:
    assert int(run(tmp_path, "repair")) > 40
