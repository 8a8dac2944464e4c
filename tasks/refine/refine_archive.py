"""One raw archive file refined: its pages extracted, cleaned, normalised and staged."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from tasks.archive.read import read_archive, read_payload
from tasks.model import Batch, Capture, CaptureKind, Damage, Extraction
from tasks.process_pool import PagePool
from tasks.progress import advance
from tasks.prompts.page_hints import NO_SITE, Site
from tasks.refine.refine_pages import (
    K,
    Origin,
    Page,
    Refined,
    raw_offset,
    refine_again,
    refine_each,
    refine_page,
    staging,
)
from tasks.refine.site_boilerplate import (
    MAX_FILES,
    BoilerplateCache,
    PageFingerprint,
    find_recurring,
    select_fingerprints,
)
from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import download_archives

# Kinds of captures counted by outcome: a missing robots.txt, for one, is not a rejected page.
COUNTED = (CaptureKind.PAGE, CaptureKind.FILE)


def refine(
    warc: Path, run_id: str, layout: Layout, sources: Mapping[str, Source], pool: PagePool
) -> Batch:
    """Refine one archive file into `stage/<run_id>/<source_id>/`; deterministic.

    Each page is refined by itself. Pages that keep text which recurs on pages of this archive file
    or of the source's earlier ones are then refined again.
    """
    source_id = warc.parent.name
    stage = layout.stage / run_id / source_id
    origin = Origin.of(sources.get(source_id))

    def in_pool(
        pages: Iterable[tuple[K, Page | None]],
    ) -> Iterator[tuple[K, Refined | Extraction | None]]:
        return pool.in_order(
            (key, page and pool.submit(refine_page, page.capture, page.payload, origin, page.site))
            for key, page in pages
        )

    def fingerprints(earlier: Path) -> Iterator[PageFingerprint]:
        pages = refine_each(read_archive(earlier), in_pool)
        return (page.fingerprint for _, page in pages if page.fingerprint)

    def payload_of(capture: Capture) -> bytes:
        return read_payload(warc.parent, f"{warc.name}#{raw_offset(capture)}")

    cache = BoilerplateCache(layout.prints / source_id, origin.made_by, fingerprints)

    def find_sites(pages: Iterator[Refined]) -> Callable[[str], Site]:
        seen = _with_progress(pages, source_id)
        own = select_fingerprints(page.fingerprint for page in seen if page.fingerprint)
        site = NO_SITE
        if own:
            cache.keep(warc, own)
            download_archives(layout, source_id, MAX_FILES)
            site = find_recurring(chain([own], cache.earlier(warc)))
        return lambda _: site

    counts: Counter[str] = Counter()
    damage: list[Damage] = []
    with staging(stage) as put:
        alone = refine_each(read_archive(warc, damage), in_pool)
        for refined in refine_again(alone, find_sites, payload_of, in_pool):
            if refined.capture["kind"] in COUNTED:
                counts[refined.capture["outcome"]] += 1
            put(refined)
    return Batch(run_id, source_id, warc, stage, dict(sorted(counts.items())), tuple(damage))


def _with_progress(pages: Iterable[Refined], source_id: str) -> Iterator[Refined]:
    for number, page in enumerate(pages, 1):
        advance(f"{source_id}: refined", number, None)
        yield page
