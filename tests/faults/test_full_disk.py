"""A disk that is full while pages are refined: what was archived by then is loaded later."""

import errno
import os
from pathlib import Path

import pytest

from flows.ingest import ingest
from tests.faults.crash_desk import PAGES, Paper, write_papers
from tests.support.loopback import Loopback
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import Files
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small tmpfs")
def test_the_next_run_refines_what_the_failed_one_archived(
    prefect_api: str, web: Loopback, tmp_path: Path
) -> None:
    paper, layout = Paper(web, "gb-paper"), Layout(tmp_path / "data")
    files: Files = {
        "sources_file": str(write_papers(tmp_path, [paper])),
        "topics_file": str(TOPICS),
        "data": str(layout.root),
    }
    disk = SmallDisk(layout.stage, 1)
    try:
        disk.fill()
        paper.open()
        with pytest.raises(OSError, match="No space left") as full:
            ingest(**files)
        assert full.value.errno == errno.ENOSPC
        assert paper.asked() == [1] * PAGES
        disk.free()
        paper.close()  # the pages have rolled out of its feed
        ingest(**files)
        assert len(query(layout, "FROM articles").to_pylist()) == PAGES
        assert paper.asked() == [0] * PAGES
        assert len(query(layout, "FROM runs").to_pylist()) == 2
    finally:
        disk.unmount()
