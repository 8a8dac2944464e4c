"""The figures of backfilling: `python -m tests.bench --only backfill [--pages N]`.

A WARC file of the gold pages in Common Crawl's shape, and one ten times as large, each backfilled
by a process of its own. Words are shuffled within their sentences by a seed, so that no page is
another's copy. Beside it the bare extraction of the same pages, in as many processes.
"""

import gzip
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from typing import Any
from urllib.parse import urlsplit

from tasks.backfill.captures import Captures
from tasks.backfill.selection import Passed, Selection
from tasks.backfill.shard_processes import shard_pool
from tasks.backfill.shard_runs import Place, grouped, load_shards
from tasks.backfill.shards import ShardJob, Staged, cut_into_shards, open_warcs
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.process_pool import run_or_reject
from tasks.refine.refine_pages import Origin, refine_page
from tasks.settings import Limits, available_cores
from tests.bench.warehouse import Steps, cpu, cpu_with_pools
from tests.support.build_warcs import CRAWLED, Archived, compressed, records_of
from tests.support.publishing import publish
from tests.support.scoring import CORPUS

PAGES = 300
SHARDS, RUNS = 6, 3
"""That the smaller file is cut into: what waits and what is loaded is as much in the larger one."""
TIMES = 5
"""Backfills of the smaller file."""
DATED = re.compile(r"\b20[012]\d-[01]\d-[0-3]\d")
"""Most pages of a day's crawl are a few days old; the gold pages come from years."""
OWN_ADDRESS = re.compile(r"<(?:link|meta)\b[^>]*(?:canonical|og:url)[^>]*>", re.IGNORECASE)
"""By which all variants of a page would be versions of one article."""
SENTENCE = re.compile(r"(?<=[>.!?])[^<>{}.!?]{40,}[.!?]?(?=[<\s])")
MB = 1024 * 1024


def varied(html: str, seed: int) -> str:
    """The page with the words of each sentence in another order, and dated a week or less ago."""
    dice = random.Random(seed)

    def shuffled(found: re.Match[str]) -> str:
        # The last word stays: without sentences a page is no article.
        *words, last = found[0].split() or [""]
        dice.shuffle(words)
        return " ".join([*words, last])

    day = f"2024-04-{24 + seed % 7}"
    return DATED.sub(day, SENTENCE.sub(shuffled, OWN_ADDRESS.sub("", html)) if seed else html)


def archived(pages: int, times: int, first: int = 0) -> Iterator[Archived]:
    """Gold pages as Common Crawl archives them, all of them again and again with other seeds."""
    index = gzip.decompress((CORPUS / "gold" / "index.jsonl.gz").read_bytes())
    about = [json.loads(line) for line in index.splitlines()]
    random.Random(1).shuffle(about)
    about = about[:pages]
    for number in range(first, first + len(about) * times):
        one = about[number % len(about)]
        path = CORPUS / "gold" / f"{one['id']}.html.gz"
        html = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
        host = urlsplit(one["url"] or "").hostname or "paper.co.uk"
        url = f"https://{host}/news/2024/05/01/{one['id']}-{number:06d}.html"
        body = varied(html, number).encode()
        headers = {"X-Crawl-Content-Encoding": "gzip"}
        yield Archived(url, body, headers=headers, crawled=CRAWLED)


def write(path: Path, pages: int, times: int, first: int = 0) -> Path:
    """The WARC file: requests, responses and metadata, each a gzip member."""
    with path.open("wb") as out:
        for page in archived(pages, times, first):
            for record in records_of(page):
                out.write(compressed(path, record))
    return path


def whole(path: Path, folder: Path, size: int, pages: int) -> dict[str, Any]:
    """Backfill a file into a new installation."""
    here = open_installation(SOURCES, TOPICS, folder)
    place = Place(here.layout, here.sources, here.topics, here.settings, Selection())
    return loaded(place, path, size, pages) | {"cpu": cpu_with_pools()}


def loaded(place: Place, path: Path, size: int, pages: int) -> dict[str, Any]:
    """Backfill a file, as the flow does, in shards of a size and runs of so many pages."""
    steps, staged = Steps(), []
    begun, used = time.perf_counter(), cpu()
    with steps.within(), shard_pool(place.settings.processes) as pool:
        shards = pool.shards(open_warcs([path]), size)
        for group in grouped(pool.refined(shards, place.job), pages):
            done = [one for one in group if isinstance(one, Staged)]
            assert len(done) == len(group)
            staged += done
            load_shards(place, done)
        publish(place.layout)
        wall = time.perf_counter() - begun
    seconds = {
        name: sum(one.seconds.get(name, 0) for one in staged)
        for name in ("reading", "extracting", "writing")
    }
    seconds["partition"] = steps.seconds["partition"][1]
    return {
        "pages": sum(one.pages for one in staged),
        "articles": sum(one.counts.get("article", 0) for one in staged),
        "wall": wall,
        "cpu": cpu_with_pools() - used,
        "seconds": seconds,
        "bytes": path.stat().st_size,
    }


def bare(path: Path) -> dict[str, float]:
    """The extraction of the same pages alone, from memory."""
    cores = available_cores()
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_extracted, [path] * cores, range(cores), [cores] * cores))
    return {
        "pages": sum(part["pages"] for part in parts),
        "cpu": sum(part["cpu"] for part in parts),
        "rate": sum(part["pages"] / part["wall"] for part in parts),
    }


def _extracted(path: Path, part: int, parts: int) -> dict[str, float]:
    """The bare extraction of a process's share of the pages; reading them does not count."""
    (shard,) = cut_into_shards(open_warcs([path])[0], 10**12)
    job = ShardJob(shard, Selection(), (), path, 10_000_000, page_seconds=60)
    captures = Captures(job)
    found = map(captures.capture, captures.records(0, path.stat().st_size))
    pages = [one for one in found if not isinstance(one, Passed)][part::parts]
    refine_page(*pages[0], Origin())
    begun, used = time.perf_counter(), time.process_time()
    for capture, payload in pages:
        run_or_reject(refine_page, capture, payload, Origin())
    wall, used = time.perf_counter() - begun, time.process_time() - used
    return {"pages": len(pages), "cpu": used, "wall": wall}


class Peak:
    """The most memory that a process and its children have had together.

    Pages of files are told apart: of libraries, which any process on the machine may share, and
    of what is read as mapped, which the kernel takes back when memory gets short.
    """

    def __init__(self, pid: int) -> None:
        self.bytes = self.own = self.files = self.whole = 0
        self._pid, self._ended = pid, threading.Event()
        self._watch = threading.Thread(target=self._sample)
        self._watch.start()

    def _sample(self) -> None:
        while not self._ended.wait(0.2):
            found = {pid: _held(pid) for pid in family(self._pid)}
            held = sum(each[0] for each in found.values())
            if held > self.bytes:
                self.bytes, self.own = held, found[self._pid][0]
            files = sum(each[1] for each in found.values())
            self.files, self.whole = max(self.files, files), max(self.whole, held + files)

    def end(self) -> dict[str, int]:
        """Stop watching; the most in bytes, how much of it was its own, files, and both."""
        self._ended.set()
        self._watch.join()
        return {"peak": self.bytes, "own": self.own, "files": self.files, "whole": self.whole}


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += (each for child in children.read_text().split() for each in family(int(child)))
    return found


def _held(pid: int) -> tuple[int, int]:
    """Bytes that are a process's alone, and of files, its share where several have them (PSS)."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        kinds = {name: 1024 * int(size) for name, size in re.findall(r"^(\w+): +(\d+)", text, re.M)}
        return kinds.get("Pss_Anon", 0) + kinds.get("Pss_Shmem", 0), kinds.get("Pss_File", 0)
    return 0, 0


def measured(path: Path, folder: Path, size: int, pages: int) -> dict[str, Any]:
    """Backfill a file in a process of its own."""
    asked = map(str, (path, folder, size, pages))
    words = [sys.executable, "-m", "tests.bench.backfill", *asked]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        peak = Peak(process.pid)
        out, _ = process.communicate()
        said: dict[str, Any] = json.loads(out.splitlines()[-1])
        return said | peak.end()


def told(title: str, said: dict[str, Any]) -> None:
    """Print the figures of one backfill."""
    cpu, seconds, pages = said["cpu"], said["seconds"], said["pages"]
    print(f"{title}, {said['bytes'] / MB:.0f} MB: {pages} pages", end=", ")
    print(f"{said['articles']} articles in {said['wall']:.1f} s", end=": ")
    print(f"{pages / said['wall']:.1f} pages a second, {1000 * cpu / pages:.1f} ms CPU a page")
    print("  ms CPU a page:", {step: round(1000 * s / pages, 2) for step, s in seconds.items()})
    moved = seconds["reading"] + seconds["writing"] + seconds["partition"]
    print(f"  reading and writing together: {moved / cpu:.1%} of all CPU")
    print(f"  peak memory: {said['peak'] / MB:.0f} MiB", end=", ")
    print(f"{said['own'] / MB:.0f} of it in the process that loads", end="; ")
    print(f"pages of files beside it (PSS): {said['files'] / MB:.0f} MiB")


def run(pages: int = PAGES) -> None:
    """Print every figure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = (write(folder / f"{n}.warc.gz", pages, n) for n in (1, 10))
        size = small.stat().st_size // SHARDS
        compare_memory(folder, small, large, size, pages // RUNS)
        compare_pace(folder, small, large, size)


def compare_memory(folder: Path, small: Path, large: Path, size: int, pages: int) -> None:
    """Print the peaks of both files, cut alike and with a run every so many pages.

    A peak is when all processes happen to have much at once. A long backfill comes to that sooner
    or later, so the smaller file is backfilled again and again, for its highest peak.
    """
    several = [measured(small, folder / f"small-{n}", size, pages) for n in range(TIMES)]
    one = max(several, key=lambda said: said["peak"])
    peaks = ", ".join(f"{said['peak'] / MB:.0f}" for said in several)
    told(f"a file, a run every {pages} pages, the highest of the peaks {peaks}", one)
    ten = measured(large, folder / "large", size, pages)
    told("one ten times as large, cut alike", ten)
    print(f"  {ten['peak'] / one['peak']:.0%} of the smaller one's highest peak")


def compare_pace(folder: Path, small: Path, large: Path, size: int) -> None:
    """Print a backfill's pace as by default, beside bare extraction before and after it."""
    usual, alone = Limits().pages_a_run, [bare(large)]
    less, more = (
        measured(path, folder / f"{path.stem}-usual", size, usual) for path in (small, large)
    )
    alone.append(bare(large))
    told(f"the larger one, a run every {usual} pages as by default", more)
    rates = [said["rate"] for said in alone]
    each = [1000 * said["cpu"] / said["pages"] for said in alone]
    print("bare extraction before and after, pages a second and ms CPU a page:", end=" ")
    print(", ".join(f"{rate:.1f} / {cost:.1f}" for rate, cost in zip(rates, each, strict=True)))
    pace, used = more["pages"] / more["wall"], 1000 * more["cpu"] / more["pages"]
    print(f"  {pace / mean(rates):.0%} of its pace, {used / mean(each):.0%} of its CPU")
    used = 1000 * (more["cpu"] - less["cpu"]) / (more["pages"] - less["pages"])
    print(f"  without the start of processes: {used:.1f} ms a page, {used / mean(each):.0%} of it")


def main() -> None:
    """Backfill one file and print its figures as JSON; for a process of its own."""
    path, folder, size, pages = sys.argv[1:]
    print(json.dumps(whole(Path(path), Path(folder), int(size), int(pages))))


if __name__ == "__main__":
    main()
