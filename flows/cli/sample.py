"""The sample newsroom of deployments/sample: served on loopback, and the demo's history of it."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.installation import RUN_THERE, TOPICS, open_installation
from tasks.settings import ConfigError
from warehouse.layers.layout import Layout

if TYPE_CHECKING:
    from newsroom_demo import Demo

DEMO = Path("data/demo")  # the data folder of the sample newsroom
SAMPLE = Path("deployments/sample")
SEED = 20
"""Of the demo's year: the same seed and day give the same articles."""


@contextmanager
def sample_newsroom(data: Path) -> Iterator[Path]:
    """Serve the sample newsroom while the context lasts; yields its sources.toml.

    For a folder that holds a demo, it is the newsroom of the demo's history, with all its articles.
    ConfigError when the current folder is not that of Presswatch's source code, or a port is taken.
    """
    _find_sample()
    from newsroom import PORT_VARIABLE, Newsroom, PortUnusable, write_sources
    from newsroom_demo import Demo

    data.mkdir(parents=True, exist_ok=True)
    demo = Demo.read(data)
    try:
        with Newsroom(demo.port if demo else None, demo) as newsroom:
            yield write_sources(data, newsroom.port, demo)
    except PortUnusable as taken:
        why = str(taken)
        if demo:  # the URLs of its articles contain the port
            which = f"{why.partition(';')[0]}; the addresses in {data} are of this port"
            why = f"{which}: free it, or set {PORT_VARIABLE} and name a new folder with --data"
        raise ConfigError([why]) from None


def begin_demo(data: Path) -> "Demo":
    """The demo of a data folder; begins one today if there is none.

    An unfinished history is removed. ConfigError when the folder holds other data.
    """
    _find_sample()
    from newsroom import PortUnusable, base_port
    from newsroom_demo import Demo
    from newsroom_year import Year

    demo, layout = Demo.read(data), Layout(data)
    if demo is None and (layout.raw.exists() or layout.commits.exists()):
        what = "holds other data, such as the demo of an earlier version"
        raise ConfigError([f"{data} {what}: remove it, or name another folder with --data"])
    if demo and demo.is_filled:
        return demo
    if demo:
        shutil.rmtree(data)
    data.mkdir(0o700, parents=True, exist_ok=True)
    try:
        demo = Demo(Year(SEED, datetime.now(UTC).date() - timedelta(days=1)), base_port())
    except PortUnusable as wrong:
        raise ConfigError([str(wrong)]) from None
    demo.write(data)
    return demo


def fill_demo(data: Path, sources: Path, topics: Path = TOPICS) -> None:
    """Complete the history of a demo that has begun up to now, and make its audit."""
    from newsroom_audit import audit
    from newsroom_demo import Demo
    from newsroom_polling import fill

    demo = Demo.read(data)
    if demo is None:
        raise ConfigError([f"{data} holds no demo"])
    now = datetime.now(UTC)
    fill(open_installation(sources, topics, data), demo, now)
    audit(Layout(data), demo, now)
    replace(demo, is_filled=True).write(data)


def _find_sample() -> None:
    sample = SAMPLE.absolute()
    if not sample.is_dir():
        raise ConfigError([f"{sample} is missing: {RUN_THERE}"])
    if str(sample) not in sys.path:
        sys.path.insert(0, str(sample))
