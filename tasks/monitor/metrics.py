"""Figures of an installation for Prometheus: a text file that each run writes at its end."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from tasks.settings import Settings
from warehouse.build.schema_version import SCHEMA_VERSION, schema_versions
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot

# Name, description, query of the labels and, last, the figure.
SOURCE_METRICS = (
    (
        "presswatch_source_articles",
        "Articles of the source in the warehouse.",
        "SELECT source_id AS source, count(*) FROM articles",
    ),
    (
        "presswatch_source_newest_article_timestamp_seconds",
        "When the source's newest article was collected.",
        "SELECT source_id AS source, epoch(max(first_seen_at)) FROM articles",
    ),
    (
        "presswatch_source_rejections",
        "Pages and saved files of the source that gave no article.",
        "SELECT source_id AS source, outcome, count(*) FROM rejections",
    ),
    (
        "presswatch_source_lost_urls",
        "URLs of the source that gave no article, but may have one, and may still give it.",
        "SELECT source_id AS source, sum(failed) FROM coverage",
    ),
)
RUN_METRICS = (
    (
        "presswatch_run_ended_timestamp_seconds",
        "When a run of the flow last ended in the state.",
        ("flow", "state"),
    ),
    (
        "presswatch_run_duration_seconds",
        "Time that the flow's last run took, waiting included.",
        ("flow",),
    ),
    (
        "presswatch_run_stage_duration_seconds",
        "Time for which the stage was at work in the flow's last run; stages overlap.",
        ("flow", "stage"),
    ),
)
LAYERS = ("raw", "articles", "captures", "stripped_blocks", "warehouse", "cache", "stage")


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that has just ended."""

    flow: str
    state: str
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def metrics_file(settings: Settings) -> Path:
    """The metrics file: in the data folder, unless the setting is an absolute path."""
    return settings.data / settings.metrics


def write_metrics(
    settings: Settings, run: EndedRun | None = None, waiting: Mapping[str, int] | None = None
) -> None:
    """Write the metrics file as a whole; the figures of other flows' runs are kept.

    `waiting` is how many runs wait, by the reason; None when that is unknown.
    """
    # If two runs end at the same moment, one is missing until its flow runs again.
    path, layout = metrics_file(settings), Layout(settings.data)
    families = [
        *_warehouse_metrics(layout),
        *_run_metrics(read_metrics(path), run),
        *_disk_metrics(layout),
        *live_metrics(layout.root, waiting),
    ]
    write_whole(path, exposition(families))
    if not path.is_relative_to(layout.root):
        path.chmod(0o644)  # for Prometheus' node_exporter, which is another user


def live_metrics(data: Path, waiting: Mapping[str, int] | None) -> list[Metric]:
    """The figures that change between runs."""
    families = list[Metric]()
    if data.exists():
        free = shutil.disk_usage(data).free
        about = "Bytes free on the disk of the data folder."
        families.append(GaugeMetricFamily("presswatch_disk_free_bytes", about, free))
    if waiting is not None:
        about = "Runs that wait for a worker, or for another run to finish with a source."
        families.append(_gauge("presswatch_waiting_runs", about, ("for",), waiting.items()))
    return families


def read_metrics(path: Path) -> list[Metric]:
    """The metrics of the file; none if it is missing or damaged."""
    with suppress(OSError, ValueError):
        return list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    return []


def exposition(families: Iterable[Metric]) -> bytes:
    """Metrics in Prometheus' text format."""
    # It asks a collector for nothing else.
    return generate_latest(SimpleNamespace(collect=lambda: families))


def _gauge(
    name: str, about: str, labels: Sequence[str], rows: Iterable[Sequence[object]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for *values, figure in rows:
        if figure is not None:
            family.add_metric([str(value) for value in values], float(figure))  # type: ignore[arg-type]
    return family


def _warehouse_metrics(layout: Layout) -> Iterator[Metric]:
    con = open_snapshot(layout)
    if con is None:
        return
    with con:
        # The next load brings the tables of this version.
        if schema_versions(con) != {SCHEMA_VERSION}:
            return
        about = "When the warehouse was last loaded."
        loaded = con.execute("SELECT epoch(max(loaded_at)) FROM loads").fetchall()
        yield _gauge("presswatch_last_load_timestamp_seconds", about, (), loaded)
        # Archives have hundreds of thousands of other domains, which are left out.
        own = "SEMI JOIN (FROM sources WHERE is_configured) USING (source_id)"
        for name, about, query in SOURCE_METRICS:
            found = con.sql(f"{query} {own} GROUP BY ALL ORDER BY ALL")
            yield _gauge(name, about, found.columns[:-1], found.fetchall())


def _run_metrics(earlier: Iterable[Metric], run: EndedRun | None) -> Iterator[Metric]:
    known = {family.name: family for family in earlier}
    new: tuple[dict[tuple[str, ...], float], ...] = ({}, {}, {})
    if run:
        new[0][run.flow, run.state] = run.ended_at.timestamp()
        new[1][run.flow,] = run.seconds
        new[2].update({(run.flow, name): seconds for name, seconds in run.stages.items()})
    for (name, about, labels), rows in zip(RUN_METRICS, new, strict=True):
        for sample in known[name].samples if name in known else ():
            # A run replaces its flow's earlier run; the last end in each other state is kept.
            if not run or sample.labels["flow"] != run.flow or "state" in labels:
                rows.setdefault(tuple(sample.labels[label] for label in labels), sample.value)
        yield _gauge(name, about, labels, [(*key, rows[key]) for key in sorted(rows)])


def _disk_metrics(layout: Layout) -> Iterator[Metric]:
    used = dict.fromkeys(LAYERS, 0)
    for layer in LAYERS:
        for folder, _, names in os.walk(getattr(layout, layer)):
            for name in names:
                with suppress(FileNotFoundError):  # a run removes files meanwhile
                    blocks = os.stat(f"{folder}/{name}", follow_symlinks=False).st_blocks  # noqa: PTH116
                    used[layer] += blocks * 512
    about = "Bytes on the disk, by layer of the data folder."
    yield _gauge("presswatch_disk_used_bytes", about, ("layer",), used.items())
    if layout.current.exists():
        about = "Size of the snapshot that readers open."
        size = layout.current.stat().st_size
        yield GaugeMetricFamily("presswatch_snapshot_bytes", about, size)
