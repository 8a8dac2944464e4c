"""The files that commands write where they are told to: whole or as they were, and named."""

import os
import shlex
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_command import command
from tests.support.config_files import ONE_SOURCE
from tests.support.daily_news import DailyNews
from tests.support.small_disk import SmallDisk
from warehouse.layers.atomic_write import write_whole

WRITERS = (
    *("report --out {out} {data}", "sql 'FROM mentions' --csv --out {out} {data}"),
    *("audit harvest --export {out} {data}", "sources export --csv {out} --sources {sources}"),
)
needs_mounts = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs root, to mount a disk"
)


class Writer:
    """Starts a command that writes a file."""

    def __init__(self, news: DailyNews, root: Path) -> None:
        self._sources = root / "sources.toml"
        self._sources.write_text(ONE_SOURCE)
        self._data = news(3).root

    def __call__(self, words: str, out: Path) -> tuple[int, str]:
        data = f"--data {self._data}"
        given = words.format(out=out, data=data, sources=self._sources)
        status, _, err = command(*shlex.split(given))
        return status, err


@pytest.fixture
def written(news: DailyNews, tmp_path: Path) -> Writer:
    return Writer(news, tmp_path)


@pytest.mark.parametrize("words", WRITERS)
def test_a_folder_is_named_and_nothing_is_left(written: Writer, tmp_path: Path, words: str) -> None:
    out = tmp_path / "home" / "answers"
    out.mkdir(parents=True)
    assert written(words, out) == (1, f"{out}: Is a directory; name a file\n")
    assert list((tmp_path / "home").iterdir()) == [out]


@needs_mounts
@pytest.mark.parametrize("words", WRITERS)
def test_a_full_disk_is_named_and_leaves_nothing(
    written: Writer, disk: SmallDisk, words: str
) -> None:
    out = disk.path / "answer"
    before = set(disk.path.iterdir())
    space = "No space left on device; free some space, then run it again"
    assert written(words, out) == (1, f"{out}: {space}\n")
    assert set(disk.path.iterdir()) == before


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk", 1)
    disk.fill()
    yield disk
    disk.unmount()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_named(
    news: DailyNews, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.cli.app import app

    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            app(["sql", "select 1 as one", "--csv", "--data", str(news(1).root)])
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())
    assert ended.value.code == 1
    assert capfd.readouterr().err.startswith("standard output: No space left on device; ")


def test_an_answer_that_fails_leaves_the_last_one(written: Writer, tmp_path: Path) -> None:
    out = tmp_path / "answer.csv"
    out.write_text("kept")
    words = "sql \"SELECT error('no') FROM mentions\" --csv --out {out} {data}"
    assert written(words, out)[0] == 1
    assert out.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.glob(".*.half")) == []


def test_verdicts_in_a_file_are_not_written_over(written: Writer, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    assert written(WRITERS[2], out)[0] == 0
    out.write_text(out.read_text().replace(",,,", ",yes,,"))
    filled = out.read_text()
    status, err = written(WRITERS[2], out)
    why = "is there already: take its verdicts with --import, or name another file"
    assert (status, err) == (2, f"{out} {why}\n")
    assert out.read_text() == filled


def test_no_sample_is_drawn_to_import_verdicts(written: Writer, tmp_path: Path) -> None:
    (tmp_path / "verdicts.csv").write_text("audit_id,article_id,verdict\n")
    status, err = written("audit harvest --import {out} {data}", tmp_path / "verdicts.csv")
    why = "harvest has no sample yet: --export draws one, and writes it"
    assert (status, err) == (2, f"{why}\n")


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_whole(pipe, b"answer")
    reader.join(10)
    assert read == [b"answer"]
    assert pipe.is_fifo()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "file").write_bytes(b"before")
    write_whole(tmp_path / "link", b"after")
    assert (tmp_path / "link").readlink() == Path("file")
    assert (tmp_path / "file").read_bytes() == b"after"
