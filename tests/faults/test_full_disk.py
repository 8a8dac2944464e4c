"""A disk that is full while a run archives or refines: what was archived is loaded later."""

import errno
import os
import shutil
from functools import partial
from pathlib import Path

import pytest

import flows.ingest
from flows.ingest import ingest
from tasks.collect.current_waits import CurrentWaits
from tasks.collect.task import shared_collection
from tasks.installation import open_installation
from tasks.locks.run_locks import begun_runs, new_run_id
from tasks.process_pool import page_pool
from tasks.refine.refine_source import RefinedSources
from tasks.refine.task import refine_sources
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


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small tmpfs")


@needs_root
def test_a_retry_refines_what_its_first_attempt_had_no_space_for(
    prefect_api: str, web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Paper(web, "gb-paper")
    layout, files = installed(paper, tmp_path)
    disk = SmallDisk(layout.stage, 1)

    def freed(*_: object) -> bool:
        disk.free()
        return True

    retried = refine_sources.with_options(retries=1, retry_condition_fn=freed)
    monkeypatch.setattr(flows.ingest, "refine_sources", retried)
    try:
        disk.fill()
        paper.open()
        assert not ingest(**files).failed
        assert len(query(layout, "FROM articles").to_pylist()) == PAGES
        assert begun_runs(layout) == []
    finally:
        disk.unmount()


@needs_root
def test_a_retry_omits_the_sources_that_are_refined(web: Loopback, tmp_path: Path) -> None:
    papers, run_id = [Paper(web, f"gb-{name}") for name in ("first", "full")], new_run_id()
    sources = write_papers(tmp_path, papers)
    installation = open_installation(sources, TOPICS, tmp_path / "data")
    disk = SmallDisk(installation.layout.stage / run_id / "gb-full", 1)
    try:
        disk.fill()
        with (
            page_pool(installation.settings) as pool,
            shared_collection(installation, run_id, pool, CurrentWaits(), is_chosen=True) as shared,
        ):
            for paper in papers:
                paper.open()
            for source in installation.sources:
                shared.collect(source)
            shared.end()
            refined = RefinedSources()
            arguments = (installation, run_id, pool, CurrentWaits(), shared, refined)
            attempt = partial(refine_sources.fn, *arguments)
            with pytest.raises(OSError, match="No space left"):
                attempt()
            assert [one.collected.source_id for one in refined.take()] == ["gb-first"]
            disk.free()
            assert attempt() == []
            assert [one.collected.source_id for one in refined.take()] == ["gb-full"]
    finally:
        disk.unmount()


@needs_root
def test_the_next_run_refines_what_the_failed_one_archived(
    prefect_api: str, web: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Paper(web, "gb-paper")
    monkeypatch.setattr(flows.ingest, "refine_sources", refine_sources.with_options(retries=1))
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
    installation = open_installation(Path(files["sources_file"]), TOPICS, layout.root)
    paper.open()
    with (
        page_pool(installation.settings) as pool,
        shared_collection(
            installation, new_run_id(), pool, CurrentWaits(), is_chosen=True
        ) as shared,
    ):
        shared.collect(installation.sources[0])
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
