"""The rows of refined pages, staged as Arrow files until they are partitioned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from tasks.refine.normalise import Row
from tasks.refine.refine_pages import Refined
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA

ROWS_A_BATCH = 500


@contextmanager
def staging(stage: Path) -> Iterator[Callable[[Refined], None]]:
    """Stage the rows of pages in a folder; yields the function that adds a page.

    `captures.arrow` is written in any case, `articles.arrow` and `stripped_blocks.arrow` where
    there are rows.
    """
    stage.mkdir(parents=True, exist_ok=True)
    captures = _Table(stage / "captures.arrow", CAPTURE_SCHEMA)
    articles = _Table(stage / "articles.arrow", ARTICLE_SCHEMA)
    stripped = _Table(stage / "stripped_blocks.arrow", STRIPPED_SCHEMA)

    def put(refined: Refined) -> None:
        captures.add(refined.capture)
        if refined.article is not None:
            articles.add(refined.article)
        for row in refined.stripped:
            stripped.add(row)

    try:
        yield put
    finally:
        for table in (articles, stripped, captures):
            table.close()
        if not captures.path.exists():
            with pa.ipc.new_file(str(captures.path), CAPTURE_SCHEMA):
                pass  # a file without rows


class _Table:
    """Writes rows into an Arrow file, a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self._schema = schema
        self._rows: list[Row] = []
        self._file: pa.OSFile | None = None

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= ROWS_A_BATCH:
            self._flush()

    def close(self) -> None:
        self._flush()
        if self._file is None:
            self.path.unlink(missing_ok=True)  # of an attempt that was cut short
        else:
            self._writer.close()
            self._file.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._file is None:
            self._file = pa.OSFile(str(self.path), "wb")
            self._writer = pa.ipc.new_file(self._file, self._schema)
        self._writer.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()
