"""Checks that a backup into a folder would not destroy other data there."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tasks.model import Outcome
from tasks.text.counted import counted
from warehouse.layers.commits import commit_path, committed_runs, decode_commit, run_of_commit
from warehouse.layers.definitions import read_definitions
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import begun_commits
from warehouse.store.archive_files import archive_files, expired_archives

MAX_NAMED = 3


def overlap(one: Path, other: Path) -> bool:
    """Whether a file may be in both folders, also by symbolic links."""
    places = _places(one), _places(other)
    return any(a.is_relative_to(b) or b.is_relative_to(a) for a in places[0] for b in places[1])


def _places(folder: Path) -> set[Path]:
    """The folders with the files of a folder: itself, and the targets of its links."""
    here = folder.iterdir() if folder.is_dir() else ()
    return {folder.resolve(), *(path.resolve() for path in here if path.is_symlink())}


def unknown_in(copy: Layout, layout: Layout) -> list[str]:
    """The data in `copy` that a backup of `layout` would delete; empty for an earlier copy.

    Copies carry no mark of their installation: those of earlier versions have none, and a restored
    folder must accept the copies of the lost one. Ids of commits are random, and commits are kept
    for good, also in a rebuild, so an earlier copy has only commits of this folder.
    """
    ours, theirs = _commits(layout), _commits(copy)
    found = [f"run {name}" for name in sorted(theirs - ours)]
    if not theirs and (begun := _begun_runs(copy)):
        stored = {*archive_files(layout), *expired_archives(layout)}
        archived = {Path(name).name.partition(".")[0] for name in stored}
        if begun.isdisjoint(archived.union(map(run_of_commit, ours), _begun_runs(layout))):
            found += [f"archive files of run {name}" for name in sorted(begun)]
    return [*found, *_newer(copy, layout)]


def lost_since(copy: Layout, layout: Layout) -> str:
    """The pages that a repair of `layout` could not restore and `copy` has; empty for none."""
    lost: dict[str, int] = {}
    for name in sorted({*committed_runs(copy.commits)} & {*committed_runs(layout.commits)}):
        there, here = (commit_path(each.commits, name).read_bytes() for each in (copy, layout))
        if there == here:
            continue
        # An unreadable commit of the copy is replaced by the readable one of this folder.
        with suppress(DocumentError):
            before, now = (decode_commit(content, name) for content in (there, here))
            gone = before.attempts - now.attempts
            gone += now.totals[Outcome.LOST] - before.totals[Outcome.LOST]
            if gone > 0:
                lost[before.run_id] = lost.get(before.run_id, 0) + gone
    return ", ".join(f"{counted(count, 'page')} of run {name}" for name, count in lost.items())


def _commits(layout: Layout) -> set[str]:
    """The ids of all commits, including those of an interrupted swap."""
    return {*committed_runs(layout.commits), *committed_runs(layout.next_commits)}


def _begun_runs(layout: Layout) -> set[str]:
    """The runs that have an archive file, finished or not, or Parquet without a commit."""
    archived = {path.name.partition(".")[0] for path in layout.raw.glob("*/[!.]*.warc.gz*")}
    return archived | {run_of_commit(name) for name in begun_commits(layout.commits)}


def _newer(copy: Layout, layout: Layout) -> Iterator[str]:
    """Later changes in the copy that have no commit, made by a load or the upkeep."""
    # An unreadable document of the copy is replaced by the readable one of this folder.
    with suppress(DocumentError):
        versions = [
            {(one.topic_id, one.topic_version, one.definition_hash) for one in definitions.topics}
            for definitions in (read_definitions(copy), read_definitions(layout))
        ]
        for topic_id, number, _ in sorted(versions[0] - versions[1]):
            yield f"version {number} of topic {topic_id}"
    with suppress(DocumentError):
        removed = set(expired_archives(copy)) - set(expired_archives(layout))
        yield from (f"the removal of {place}" for place in sorted(removed))
    # Only the newest: earlier vintages are thinned out.
    days = [
        max((path.stem for path in each.vintages.glob("*/as_of=*.parquet")), default="")
        for each in (copy, layout)
    ]
    if days[0] > days[1]:
        yield f"the index as of {days[0].removeprefix('as_of=')}"


def refusal(copy: Layout, layout: Layout, unknown: list[str]) -> str:
    """Why a backup into a folder is refused, and the remedy."""
    named = ", ".join(unknown[:MAX_NAMED])
    more = f" and {len(unknown) - MAX_NAMED:,} more" if len(unknown) > MAX_NAMED else ""
    return (
        f"{copy.root} has data that {layout.root} lacks: {named}{more}; it is not an earlier copy"
        " of that folder, and a backup would delete it: name another folder"
    )
