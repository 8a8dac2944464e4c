import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.locks.run_locks import adopt_unfinished, new_run_id, run_lock
from warehouse.layers.layout import Layout

KILLED = """
import os, signal, sys
from pathlib import Path
from tasks.locks.run_locks import run_lock
from warehouse.layers.layout import Layout
with run_lock(Layout(Path(sys.argv[1])), "20260101T000000Z-00000a"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_ids_sort_by_start() -> None:
    early, late = (new_run_id(datetime(2026, 1, day, tzinfo=UTC)) for day in (1, 2))
    assert early < late
    assert early.startswith("20260101T000000Z-")


def test_a_finished_run_leaves_no_mark(tmp_path: Path) -> None:
    with run_lock(Layout(tmp_path), "a"):
        assert list(adopt_unfinished(Layout(tmp_path))) == []
    assert list(Layout(tmp_path).locks.iterdir()) == []


def test_a_run_that_raised_is_adopted_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(KeyError), run_lock(layout, "a"):
        raise KeyError
    assert list(adopt_unfinished(layout)) == ["a"]
    assert list(adopt_unfinished(layout)) == []


def test_a_killed_run_is_adopted(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert list(adopt_unfinished(Layout(tmp_path))) == ["20260101T000000Z-00000a"]


def test_an_adopted_run_is_nobody_elses(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(KeyError), run_lock(layout, "a"):
        raise KeyError
    for _ in adopt_unfinished(layout):
        assert list(adopt_unfinished(layout)) == []


def test_a_run_whose_adoption_failed_is_offered_again(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with pytest.raises(KeyError), run_lock(layout, "a"):
        raise KeyError
    adoption = adopt_unfinished(layout)
    next(adoption)
    adoption.close()
    assert list(adopt_unfinished(layout)) == ["a"]
