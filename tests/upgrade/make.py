"""Make the data folder and answers of a version: python -m tests.upgrade.make VERSION.

Run once for each released version, with its code. What it writes below tests/upgrade/VERSION is
checked in and never made again: later versions must open it and give the same answers.
"""

import argparse
import json
import lzma
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support.clock import Clock
from tests.support.sample_newsroom import PAPERS, TOPICS
from tests.upgrade.answers import Installation
from tests.upgrade.site import PORT, Page, Site, serving, write_site

from newsroom import write_sources  # isort: skip - deployments/ is no package, tests.support.sample_newsroom adds it
from newsroom_articles import EARLIER, Article  # isort: skip
from newsroom_listings import site_listings  # isort: skip
from newsroom_pages import Site as Newsroom  # isort: skip
from newsroom_pages import site_pages, sources_of  # isort: skip

ROOT = Path(__file__).parents[2]
PLACE = Path("/tmp/presswatch-upgrade")
HELD_BACK = "hiryo-kaigi"
"""The article that is published only when the test ingests something new."""
LAST = datetime(2026, 11, 14, 20, tzinfo=UTC)
"""When the last complete run began."""
CACHES_LEFT_OUT = ("vega-",)
"""Scripts of the report, a megabyte that the next report makes again."""


@dataclass(frozen=True, slots=True)
class Edition(Newsroom):
    """A site of the newsroom as it was at a moment."""

    moment: datetime
    held_back: str = ""

    @property
    def articles(self) -> tuple[Article, ...]:
        """What is published by then, in the state of then."""
        states = {article.slug: article for article in sources_of(self.paper)}
        return tuple(
            self._state(states, article) for article in states.values() if self._is_out(article)
        )

    def _is_out(self, article: Article) -> bool:
        published = article.published_at
        is_early = published is None or published <= self.moment
        return not article.is_saved and is_early and article.slug != self.held_back

    def _state(self, states: dict[str, Article], article: Article) -> Article:
        is_revised = article.modified_at is None or article.modified_at <= self.moment
        return article if is_revised else states.get(article.slug + EARLIER, article)


def edition(moment: datetime, held_back: str = HELD_BACK) -> Site:
    """The pages of the three sites at a moment."""
    site: dict[str, Page] = {}
    for paper in PAPERS:
        one = Edition(paper, PORT, moment, held_back)
        for path, page in {**site_pages(one), **site_listings(one)}.items():
            body = page.body.decode("latin-1")
            is_listing = page.modified is not None
            site[f"{one.port}{path}"] = Page(body, page.content_type, is_listing, page.status)
    return site


class Desk:
    """Runs commands on the data folder at chosen moments."""

    def __init__(self, root: Path) -> None:
        self.place = Installation(root)
        self.clock = Clock(root.parent)
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PRE")}
        home = {"PREFECT_HOME": str(root.parent / "prefect")}
        self.environment = {**kept, **self.clock.environment, **home}

    def start(self, moment: datetime, *words: str) -> subprocess.Popen[bytes]:
        """Start a command at a moment."""
        self.clock.set(round((moment - datetime.now(UTC)).total_seconds()))
        command = [sys.executable, "-m", "flows", *words, *self.place.options(words[0])]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment)

    def run(self, moment: datetime, *words: str) -> None:
        """Run a command at a moment."""
        status = self.start(moment, *words).wait()
        assert status == 0, f"{words}: exit status {status}"

    def ingest(self, moment: datetime, *options: str) -> None:
        """Ingest what the newsroom serves at a moment."""
        with serving(edition(moment)):
            self.run(moment, "ingest", *options)

    def kill_ingest(self, moment: datetime) -> None:
        """Kill an ingest when its rows are staged and committed but not yet published."""
        before = len([*self.place.data.glob("commits/*.json")])
        with serving(edition(moment)):
            process = self.start(moment, "ingest")
            while len([*self.place.data.glob("commits/*.json")]) == before:
                assert process.poll() is None
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert [*self.place.data.glob("stage/*")]


def november(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the weeks of the sample newsroom."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def fill(desk: Desk) -> None:
    """Several runs: revision, copy, undated page; compaction; a changed topic; a killed run."""
    topics = desk.place.root / "topics.toml"
    desk.ingest(november(3, 7, 30))
    desk.ingest(november(3, 12, 30), "--only", PAPERS[0].id)  # revised an article at 09:05
    desk.environment["PRESSWATCH_RECHECK_AFTER"] = "off"  # each recheck archives the page again
    desk.ingest(november(10, 12))
    desk.run(november(10, 12, 30), "maintain")
    _replace(topics, '    "Group of 20 (G20)",\n', '    "Group of 20 (G20)",\n    "ministers",\n')
    desk.run(november(11, 9), "recount")
    desk.ingest(LAST)
    desk.kill_ingest(LAST.replace(hour=22))  # has nothing new, and is left for the test to finish


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def pack(root: Path, target: Path) -> None:
    """Pack what the test unpacks, without owners."""
    warehouse = root / "data" / "warehouse"
    for snapshot in warehouse.glob("snapshot-*"):  # only the current one is read
        if snapshot.name != (warehouse / "current").readlink().name:
            shutil.rmtree(snapshot)
    packed = target / "folder.tar.xz"
    with lzma.open(packed, "wb", preset=9) as out, tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(root, arcname=".", filter=_kept)


def _kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(member.name).name
    assert not member.linkname.startswith("/"), member.name
    if name == "report.html" or name.startswith(CACHES_LEFT_OUT):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


@contextmanager
def _made() -> Iterator[Path]:
    PLACE.mkdir()
    try:
        yield PLACE / "folder"
    finally:
        shutil.rmtree(PLACE)


def main() -> None:
    """Make the folder of a version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version")
    target = Path(__file__).with_name(parser.parse_args().version)
    target.mkdir()
    with _made() as root:
        root.mkdir()
        shutil.copyfile(TOPICS, root / "topics.toml")
        write_sources(root, PORT)
        fill(Desk(root))
        same, new = edition(LAST), edition(LAST, held_back="")
        write_site(same, root / "same.json")
        changed = {name: page for name, page in new.items() if page != same.get(name)}
        write_site(changed, root / "new.json")
        pack(root, target)
        answers = Installation(root).all_answers()
        text = json.dumps(answers, ensure_ascii=False, indent=0)
        (target / "answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
