"""What a user can get wrong: a line that names the file and the remedy, and the status."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.server.deploy import deploy
from tasks.installation import open_installation
from tasks.locks.serve_lock import serve_lock
from tasks.settings import ConfigError
from tests.cli.test_command import command
from tests.support.build_warcs import news as archived_news
from tests.support.build_warcs import write_warc
from tests.support.config_files import ONE_SOURCE
from tests.support.daily_news import DailyNews
from tests.support.ports import free_port
from tests.support.prefect_database import without_prefect
from tests.support.sample_newsroom import TOPICS
from tests.support.small_disk import SmallDisk
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

LOGGED = re.compile(r"\d\d:\d\d:\d\d ")
needs_mounts = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0, reason="needs root, to mount a disk"
)
NO_SUCH_DATA = ("ingest", "backfill {warc}", "demo", "serve")
NO_DATA = (
    *(
        "recount",
        "rebuild warehouse",
        "rebuild articles",
        "maintain",
        "maintain --verify",
        "repair",
        "backup {folder}/copy",
    ),
)
NO_SNAPSHOT = ("report", "report --table", "sql x", "sources health")
CONFIGURED = (
    *("ingest", "backfill {warc}", "rebuild articles", "recount", "maintain", "serve", "deploy"),
    *("repair", "env", "sources check", "extract {page} --source gb-post"),
)


class Desk:
    """The files that commands are given; each mistake is in one of them."""

    def __init__(self, root: Path) -> None:
        (root / "sources.toml").write_text(ONE_SOURCE)
        (root / "page.txt").write_text("Port reopens\n\n" + "The harbour was open again. " * 40)
        (root / "file").touch()
        (root / "folder").mkdir()
        write_warc(root / "a.warc.gz", archived_news(1, 5))
        self.root = root
        self.paths = {
            "file": root / "file",
            "folder": root / "folder",
            "page": root / "page.txt",
            "warc": root / "a.warc.gz",
            "sources": root / "sources.toml",
        }

    def fails(
        self, words: str, status: int, *parts: str, data: Path | None = None, count: int = 1
    ) -> None:
        """The command ends with the status and so many lines, each of which holds the parts."""
        given = [word.format_map(self.paths) for word in words.split()]
        takes = {"--sources": self.paths["sources"], "--topics": TOPICS, "--data": data}
        for option, value in takes.items():
            if value and option in _help(*words.split()[: _length(words)]):
                given += [option, str(value)]
        got, _, err = command(*given)
        lines = [line for line in err.splitlines() if not LOGGED.match(line)]
        assert (got, len(lines)) == (status, count), err
        assert all(part in line for part in parts for line in lines), lines


@cache
def _help(*name: str) -> str:
    return command(*name, "--help")[1]


def _length(words: str) -> int:
    """Words of the command's name."""
    return 2 if words.startswith("sources") else 1


@pytest.fixture
def desk(prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("COLUMNS", "120")
    return Desk(tmp_path)


@pytest.mark.parametrize("words", NO_SUCH_DATA)
def test_a_data_folder_that_cannot_be_made(desk: Desk, words: str) -> None:
    below = desk.root / "file" / "data"
    place = f"{desk.root / 'file'}/"
    desk.fails(words, 1, place, "Not a directory; move it away, or name another place", data=below)


@pytest.mark.parametrize("words", NO_DATA)
def test_no_data_yet(desk: Desk, words: str) -> None:
    data = desk.root / "data"
    desk.fails(words, 1, f"{data} has no data yet: run `presswatch ingest` first", data=data)
    assert not data.exists()


@pytest.mark.parametrize("words", NO_SNAPSHOT)
def test_no_snapshot_yet(desk: Desk, words: str) -> None:
    data = desk.root / "data"
    desk.fails(words, 1, str(data), "not there yet: run `presswatch ingest` first", data=data)
    assert not data.exists()


@pytest.mark.parametrize("words", CONFIGURED)
def test_a_configuration_that_is_a_folder(desk: Desk, words: str) -> None:
    desk.paths["sources"] = desk.root / "folder"
    desk.fails(words, 2, f"{desk.root}/folder: cannot be read: Is a directory")
    desk.paths["sources"] = desk.root / "none.toml"
    desk.fails(words, 2, f"{desk.root}/none.toml: the file is missing")


@pytest.mark.parametrize(
    ("words", "lines"),
    [("ingest", 1), ("recount", 1), ("rebuild warehouse", 2), ("maintain", 1), ("repair", 2)],
)
def test_a_data_folder_of_a_newer_version(
    desk: Desk, news: DailyNews, words: str, lines: int
) -> None:
    layout = news(1)
    for path in (layout.definitions, *layout.commits.glob("*.json")):
        path.write_text('{"format": 99}')
    why = f"{layout.root}/", "newer version of Presswatch; upgrade"
    desk.fails(words, 1, *why, data=layout.root, count=lines)


@pytest.mark.parametrize(
    "words", ["ingest", "recount", "rebuild warehouse", "rebuild articles", "maintain", "repair"]
)
def test_a_warehouse_of_a_newer_version(desk: Desk, news: DailyNews, words: str) -> None:
    layout = news(1)
    with duckdb.connect(str(layout.writer)) as con:
        con.execute("UPDATE loads SET schema_version = 99")
    before = layout.writer.read_bytes()
    desk.fails(
        words, 1, str(layout.writer), "newer version of Presswatch; upgrade", data=layout.root
    )
    assert layout.writer.read_bytes() == before


@pytest.mark.parametrize(
    "words", ["ingest", "maintain", "sql x", "schema", "report", "report --table", "sources health"]
)
def test_a_snapshot_of_a_newer_version(desk: Desk, news: DailyNews, words: str) -> None:
    layout = news(1)
    with duckdb.connect(layout.current.resolve()) as con:
        con.execute("UPDATE loads SET schema_version = 99")
    desk.fails(
        words, 1, str(layout.current), "newer version of Presswatch; upgrade", data=layout.root
    )
    # An ingest asks no source for what it could not load.
    assert len(list(layout.commits.glob("*.json"))) == 1
    assert not layout.raw.exists()


@pytest.mark.parametrize("words", ["sql x", "report --table", "recount", "maintain --verify"])
def test_a_database_that_another_program_has_open(desk: Desk, news: DailyNews, words: str) -> None:
    layout = news(1)
    reads = words in {"sql x", "report --table"}
    path = layout.current.resolve() if reads else layout.writer
    hold = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        why = f"{path}", "close the file there, or open it with read_only=True"
        desk.fails(words, 1, *why, data=layout.root)
        other.communicate(b"\n")


def make_newer_database(home: Path) -> None:
    """Write a database of Prefect's as a later version of it would leave it."""
    with sqlite3.connect(home / "prefect.db") as con:
        con.execute("CREATE TABLE alembic_version AS SELECT 'ffffffffffff' AS version_num")


def test_a_prefect_database_of_a_newer_version(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_newer_database(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    newer = "written by a newer version of Prefect; upgrade"
    desk.fails("serve --port 4299", 1, newer, data=desk.root / "data")


def test_a_temporary_server_with_a_database_of_a_newer_version(desk: Desk) -> None:
    make_newer_database(desk.root)
    command = [sys.executable, "-m", "flows", "ingest", "--data", str(desk.root / "data")]
    command += ["--sources", str(desk.paths["sources"]), "--topics", str(TOPICS)]
    done = subprocess.run(
        command,
        env={**without_prefect(), "PREFECT_HOME": str(desk.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    why = "its database was written by a newer version of Prefect; upgrade"
    line = f"the Prefect server ended: {why} (PREFECT_HOME is {desk.root})\n"
    assert (done.returncode, done.stderr) == (1, line)


@pytest.mark.parametrize("words", ["ingest", "recount", "rebuild warehouse", "maintain", "deploy"])
def test_a_prefect_server_that_is_not_there(desk: Desk, words: str) -> None:
    dead = "http://127.0.0.1:1/api"
    with temporary_settings({PREFECT_API_URL: dead}):
        desk.fails(words, 2, f"PREFECT_API_URL: {dead} does not answer", data=desk.root / "data")


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        ("extract {page} --out {file}", 1, "/file: File exists; move it away"),
        ("extract gb-post/x.warc.gz#1", 2, "/raw/gb-post/x.warc.gz does not exist"),
        ("backfill {folder}/none.warc.gz", 2, "none.warc.gz: no WARC file there"),
        ("backfill {page}", 2, "page.txt: no WARC file there"),
        ("sql --file {folder}", 2, "/folder cannot be read: Is a directory"),
        ("backfill {warc} --language english", 2, "languages: unknown language 'english', write"),
        (
            "backfill {warc} --domain https://bbc.com",
            2,
            "domains: must be a domain such as",
        ),
        ("ingest --only gb-nobody", 2, "no source 'gb-nobody'; there are: gb-post"),
        ("rebuild warehouse --topics {folder}", 2, "/folder: cannot be read: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_used(desk: Desk, words: str, status: int, part: str) -> None:
    data = desk.root / "data"
    if "--topics" in words:
        given = [word.format_map(desk.paths) for word in words.split()]
        got, _, err = command(*given, "--sources", desk.paths["sources"], "--data", data)
        assert (got, err) == (status, f"{desk.root}{part}\n")
    else:
        desk.fails(words, status, part, data=data)


def test_a_backup_that_cannot_be_made(desk: Desk, news: DailyNews) -> None:
    place = f"{desk.root / 'file'}/"
    desk.fails("backup {file}/copy", 1, place, "Not a directory; move it away", data=news(1).root)


def test_a_setting_of_prefects_that_is_wrong(desk: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows", "maintain", "--sources", str(desk.paths["sources"])],
        # A work pool may have any name: only the level is wrong.
        env={"PREFECT_DEFAULT_WORK_POOL_NAME": "loud"}
        | os.environ
        | {"PREFECT_LOGGING_LEVEL": "loud"},
        capture_output=True,
        text=True,
        check=False,
    )
    line = "PREFECT_LOGGING_LEVEL: must be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"
    assert (done.returncode, done.stderr) == (2, f"{line}, got 'LOUD'\n")


def test_a_terminal_without_the_characters(desk: Desk, news: DailyNews) -> None:
    sql = [sys.executable, "-m", "flows", "sql", "SELECT '汐 ü' AS name", "--csv", "--data"]
    done = subprocess.run(
        [*sql, str(news(1).root)],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"name\n\\u6c50 \xfc\n"), done.stderr


def test_a_port_that_is_taken(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = f"127.0.0.1:{port} cannot be used (Address already in use)"
        desk.fails(f"serve --port {port}", 2, line, data=desk.root / "data")


def test_a_data_folder_that_is_served_already(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    data, home = desk.root / "data", desk.root / "home"
    monkeypatch.setenv("PREFECT_HOME", str(home))
    for folder, what in ((data / "locks", data), (home, home)):
        with serve_lock(folder, what):
            line = f"{what} is served already, by process {os.getpid()}: stop that first"
            desk.fails(f"serve --port {free_port()}", 2, line, data=data)


def test_deployments_that_are_not_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.root)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ConfigError, match=r"^deployments/automations.toml is missing: run this in"):
        deploy(open_installation(desk.paths["sources"], TOPICS, desk.root / "data"))


def test_a_sample_that_is_not_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.root)
    desk.fails("demo", 2, "deployments/sample is missing: run this in", data=desk.root / "data")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk", 80)
    yield disk
    disk.unmount()


@needs_mounts
@pytest.mark.parametrize(
    "words",
    [
        *("ingest", "backfill {warc}", "demo", "serve"),
        *("report --out {disk}/x.html", "extract {page} --out {disk}/out", "backup {disk}/copy"),
    ],
)
def test_a_disk_that_is_read_only(desk: Desk, news: DailyNews, disk: SmallDisk, words: str) -> None:
    disk.make_read_only()
    desk.paths["disk"] = disk.path
    data = news(1).root if "{disk}" in words else disk.path / "data"
    remedy = "Read-only file system; let this user write there, or name another place"
    desk.fails(words, 1, f"{disk.path}", remedy, data=data)


@needs_mounts
@pytest.mark.parametrize("words", ["report", "maintain", "backup {disk}/copy", "ingest"])
def test_a_full_disk(desk: Desk, news: DailyNews, disk: SmallDisk, words: str) -> None:
    layout = Layout(disk.path / "data")
    shutil.copytree(news(3).root, layout.root, symlinks=True)
    desk.paths["disk"] = disk.path
    disk.fill()
    desk.fails(words, 1, f"{disk.path}", "No space left on device", data=layout.root)


@needs_mounts
@pytest.mark.parametrize("leaving", [0, 20_000])
def test_a_full_disk_of_a_backup(
    desk: Desk, news: DailyNews, disk: SmallDisk, leaving: int
) -> None:
    desk.paths["disk"] = disk.path
    disk.fill(leaving)
    remedy = "No space left on device; free some space"
    desk.fails("backup {disk}/copy", 1, f"{disk.path}/copy", remedy, data=news(3).root)
