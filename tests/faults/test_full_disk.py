"""A disk that is full while a run archives or refines: what was archived is loaded later."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from flows.ingest import ingest
from tests.faults.held_papers import PAGES, Paper, write_papers
from tests.support.loopback import Loopback
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import Files
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow


def installed(paper: Paper, folder: Path) -> tuple[Layout, Files]:
    layout = Layout(folder / "data")
    return layout, {
        "sources_file": str(write_papers(folder, [paper])),
        "topics_file": str(TOPICS),
        "data": str(layout.root),
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small tmpfs")
def test_the_next_run_refines_what_the_failed_one_archived(
    prefect_api: str, web: Loopback, tmp_path: Path
) -> None:
    paper = Paper(web, "gb-paper")
    layout, files = installed(paper, tmp_path)
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


def test_the_next_run_loads_an_archive_that_could_not_be_closed(
    prefect_api: str, web: Loopback, tmp_path: Path
) -> None:
    paper = Paper(web, "gb-paper")
    layout, files = installed(paper, tmp_path)
    paper.open()
    ingest(**files)
    # A run whose source failed when its archive was closed is over, and leaves this behind.
    (archive,) = layout.raw.glob("*/*.warc.gz")
    content = archive.read_bytes()
    shutil.rmtree(layout.root)
    archive.parent.mkdir(parents=True)
    archive.with_name(f"{archive.name}.open").write_bytes(content)
    paper.close()  # the pages have rolled out of its feed
    ingest(**files)
    assert len(query(layout, "FROM articles").to_pylist()) == PAGES
    assert paper.asked() == [0] * PAGES
