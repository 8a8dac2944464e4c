"""Paths below the data folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one installation; `root` is the data folder."""

    root: Path

    @property
    def raw(self) -> Path:
        """WARC files, `raw/<source_id>/<run_id>.warc.gz`, as fetched."""
        return self.root / "raw"

    @property
    def articles(self) -> Path:
        """Parquet, `articles/published_date=<day>/<run_id>.parquet`."""
        return self.root / "articles"

    @property
    def captures(self) -> Path:
        """Parquet, `captures/<run_id>.parquet`."""
        return self.root / "captures"

    @property
    def stripped_blocks(self) -> Path:
        """Parquet, `stripped_blocks/<run_id>.parquet`."""
        return self.root / "stripped_blocks"

    @property
    def commits(self) -> Path:
        """One JSON a finished run: which Parquet files and WARC files belong to it."""
        return self.root / "commits"

    @property
    def removed(self) -> Path:
        """JSON: the archive files that retention removed, with when and why."""
        return self.root / "removed.json"

    @property
    def vintages(self) -> Path:
        """Parquet, `vintages/<relation>/as_of=<day>.parquet`: what an index said as of a day."""
        return self.root / "vintages"

    @property
    def stage(self) -> Path:
        """Work in progress of runs, `stage/<run_id>/`; safe to delete when nothing runs."""
        return self.root / "stage"

    @property
    def cache(self) -> Path:
        """Caches: files that can be fetched or computed again, such as robots.txt files."""
        return self.root / "cache"

    @property
    def prints(self) -> Path:
        """Hashes of the pages' texts, `cache/prints/<source_id>/<run_id>.arrow`, from `raw`."""
        return self.cache / "prints"

    @property
    def locks(self) -> Path:
        """Lock files; the kernel frees a lock when its process ends."""
        return self.root / "locks"

    @property
    def warehouse(self) -> Path:
        """Folder of the DuckDB files."""
        return self.root / "warehouse"

    @property
    def writer(self) -> Path:
        """The loader's private DuckDB file, opened by nobody else."""
        return self.warehouse / "writer" / "news.duckdb"

    @property
    def spare(self) -> Path:
        """The file that becomes the next snapshot, while it is written."""
        # Beside the snapshots, as it is renamed to and fro: `writer` may be a link to another disk.
        return self.warehouse / "spare.duckdb"

    @property
    def current(self) -> Path:
        """The DuckDB file readers open, behind the symlink `current`."""
        return self.warehouse / "current" / "news.duckdb"

    @property
    def report(self) -> Path:
        """The HTML report, made from `current`."""
        return self.root / "report.html"
