"""Other engines read the Parquet files through the manifest while days are compacted."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from tasks.load.load_run import load
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.retention import drop_snapshots
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, stage
from tests.upkeep.parquet_readers import ENGINES, digest, snapshot
from tests.upkeep.test_compact import ingest, pages, run_id
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POLARS = Path(os.environ.get("PRESSWATCH_POLARS", ROOT / ".venv/polars/bin/python"))
GUIDE = (ROOT / "warehouse" / "README.md").read_text(encoding="utf-8")
PATIENCE_SECONDS = 60


@dataclass
class Reader:
    """A process that reads again and again."""

    process: "subprocess.Popen[bytes]"
    told: Path

    @property
    def rounds(self) -> list[str]:
        """What it read each time."""
        return self.told.read_text().splitlines()


@contextmanager
def reader(engine: str, layout: Layout, folder: Path) -> Iterator[Reader]:
    python = str(POLARS) if engine == "polars" else sys.executable
    stop, told = folder / "stop", folder / engine
    command = [
        python,
        str(Path(__file__).with_name("parquet_readers.py")),
        engine,
        str(layout.root),
        str(stop),
    ]
    with told.open("wb") as out, subprocess.Popen(command, stdout=out) as process:
        try:
            yield Reader(process, told)
        finally:
            stop.touch()
        assert process.wait(PATIENCE_SECONDS) == 0


def await_rounds(readers: list[Reader], more: int) -> None:
    """Until each has begun and ended `more` rounds since."""
    wanted = [len(each.rounds) + more for each in readers]
    end = time.monotonic() + PATIENCE_SECONDS
    while any(len(each.rounds) < many for each, many in zip(readers, wanted, strict=True)):
        assert all(each.process.poll() is None for each in readers)
        assert time.monotonic() < end
        time.sleep(0.1)


def ingest_more(layout: Layout, number: int) -> None:
    """A later run: late pages of closed days, with another headline."""
    later = [replace(page, headline="A later headline") for page in pages(number)]
    new = [page for page in later if page.slug != "front"]
    load(layout, TOPICS, SOURCES, [stage(layout, run_id(number), new)])
    publish(layout)


@pytest.mark.soak
def test_no_reader_misses_a_row_or_sees_one_twice(tmp_path: Path) -> None:
    if not POLARS.exists():
        pytest.skip(f"needs polars in {POLARS}: make test installs it")
    layout = Layout(tmp_path / "data")
    ingest(layout, *range(8))
    truth = digest(snapshot(layout.root))
    with ExitStack() as stack:
        readers = [stack.enter_context(reader(each, layout, tmp_path)) for each in ENGINES]
        await_rounds(readers, 1)
        for number, day in ((8, 3), (None, 9)):
            done = compact(layout, date(2026, 3, day), seconds=0)
            assert done.days
            await_rounds(readers, 1)
            publish_files(layout)
            await_rounds(readers, 2)
            drop_snapshots(layout, datetime.now(UTC))
            assert drop_retired(layout, datetime.now(UTC))
            if number:
                ingest_more(layout, number)
        await_rounds(readers, 1)
    for each in readers:
        assert set(each.rounds) == {truth}, each.told.name
        assert len(each.rounds) >= 2 * 4


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("guide"), lambda layout: ingest(layout, 0, 1))


@pytest.fixture
def folder(kept: KeptFolder) -> Path:
    """A folder in which `data` has articles, where the guide's code runs."""
    return kept.restored().root.parent


def test_a_plain_pattern_sees_replaced_rows_twice_until_they_go(folder: Path) -> None:
    layout = Layout(folder / "data")
    before = digest(snapshot(layout.root))
    compact(layout, date(2026, 3, 4))
    publish_files(layout)

    assert {digest(ENGINES[each](layout.root)) for each in ("pyarrow", "duckdb")} == {before}
    pattern = f"SELECT count(*) FROM '{layout.articles}/*/*.parquet'"
    rows = int(before.split()[0])
    assert duckdb.execute(pattern).fetchall() == [(2 * rows,)]
    drop_snapshots(layout, datetime.now(UTC))
    drop_retired(layout, datetime.now(UTC))
    assert duckdb.execute(pattern).fetchall() == [(rows,)]


def run_python(code: str, folder: Path) -> str:
    """What the code prints last, run as a script of its own that finds polars."""
    found = [str(path) for path in (POLARS.parent.parent / "lib").glob("python3*/site-packages")]
    command = [sys.executable, "-c", f"import sys\nsys.path += {found}\n{code}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def test_the_guide_connects(folder: Path) -> None:
    section = GUIDE.partition("## Connect\n")[2].partition("\n## ")[0]
    connect, polars, pandas = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    code = connect + (polars if POLARS.exists() else "")
    # No lock file has pandas: its lines run where it happens to be.
    code += pandas if find_spec("pandas") else ""
    compile(pandas, "warehouse/README.md", "exec")
    assert int(run_python(code + "print(len(weeks.fetchall()))", folder)) > 0


def test_the_guide_connects_from_r(folder: Path) -> None:
    [code] = re.findall(r"```r\n(.*?)```", GUIDE, re.DOTALL)
    sql = code.partition('(con, "')[2].partition('")')[0]
    with duckdb.connect(folder / "data/warehouse/current/news.duckdb", read_only=True) as con:
        answer = con.sql(sql)
        assert {str(kind) for kind in answer.types} == {"VARCHAR", "DATE", "INTEGER"}
        assert len(answer.fetchall()) > 0
    if shutil.which("Rscript") is None:
        pytest.skip("needs R with its package duckdb")
    subprocess.run(["Rscript", "-e", code], cwd=folder, check=True)


def test_the_guide_reads_the_manifest(folder: Path) -> None:
    section = GUIDE.partition("## Read the Parquet with other engines\n")[2].partition("\n## ")[0]
    paths, pyarrow, polars = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    [statements] = re.findall(r"```\n(SET.*?)```", section, re.DOTALL)
    by_duckdb = (
        f"import duckdb\nsql = {statements!r}\nset_paths, ask = sql.strip(';\\n').split(';')\n"
        "duckdb.sql(set_paths)\narticles = duckdb.sql(ask)\n"
    )
    rows = digest(snapshot(folder / "data")).split()[0]
    codes = [paths + pyarrow, by_duckdb, *([paths + polars] if POLARS.exists() else [])]
    for code in codes:
        assert run_python(code + "print(articles.shape[0])", folder) == rows
