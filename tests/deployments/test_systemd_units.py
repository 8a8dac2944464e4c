"""The systemd units: accepted by systemd, and starting what the tests start."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machines import PROGRAMS, UNITS, unit

NAMES = ["presswatch-server", "presswatch-worker"]


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_comes_back_and_ends_in_time(name: str) -> None:
    found = unit(name)
    assert found["Restart"] == "always"
    assert found["KillMode"] == "mixed"
    assert int(found["TimeoutStopSec"]) > 20
    assert found["ExecStart"].startswith(PROGRAMS + "prefect ")


def test_systemd_accepts_them(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    here = f"{Path(sys.executable).parent}/"
    for name in NAMES:
        text = (UNITS / f"{name}.service").read_text().replace(PROGRAMS, here)
        (tmp_path / f"{name}.service").write_text(text)
    files = [str(tmp_path / f"{name}.service") for name in NAMES]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
