"""Reads `sources.toml`, and the collections of sources that it selects from."""

import difflib
import glob
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError, missing_entries, read_head_and_entries

SHIPPED = Path(__file__).parents[2] / "deployments" / "collections"
ADD_SOURCES = "add one with `presswatch sources find DOMAIN --add`, or `sources import FILE --add`"


class Selection(BaseModel):
    """The collections that a `sources.toml` selects, and the sources that it removes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # Names of shipped files, which are regions, codes of countries, kinds of sources, and paths to
    # files. With a file for each kind most sources would be in two.
    collections: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()  # ids


def load_sources(path: Path, *, may_be_empty: bool = False) -> tuple[Source, ...]:
    """Read `sources.toml` and the collections that it selects.

    ConfigError has one line per problem, naming file, entry and key.
    """
    selection, own = read_sources(path)
    known = {source.id: source for source in selected(selection, path)}
    if not (own or known or may_be_empty):
        raise missing_entries(path, "source", ADD_SOURCES)
    # An entry is replaced as a whole: merged by key, it would change whenever the collection does.
    for source in own:
        if source.collection is None and source.id in known:
            source = source.model_copy(update={"collection": known[source.id].collection})
        known[source.id] = source
    return tuple(known.values())


def load_collections() -> tuple[Source, ...]:
    """The sources of all shipped collections."""
    files = sorted(SHIPPED.glob("*.toml"))
    return tuple(source for file in files for source in read_collection(file))


def selected(selection: Selection, path: Path) -> tuple[Source, ...]:
    """The sources that the `sources.toml` at `path` selects from collections, each once.

    ConfigError for an unknown name, for an id to remove that no collection has, and for an id with
    different values in two files.
    """
    found: dict[str, Source] = {}
    names = selection.collections
    known = () if all(name.endswith(".toml") for name in names) else load_collections()
    for place, name in _numbered(path, "collections", names):
        if name.endswith(".toml"):
            sources = read_collection(path.parent / Path(name).expanduser())
        else:
            sources = by_name(name, known, place)
        for source in sources:
            if found.setdefault(source.id, source) != source:
                files = f"{found[source.id].collection} and {source.collection}"
                raise ConfigError([f"{place}: {source.id} is in {files}, with other values"])
    for place, source_id in _numbered(path, "remove", selection.remove):
        if source_id not in found:
            why = f"no source {source_id!r} in the collections{_suggestion(source_id, found)}"
            raise ConfigError([f"{place}: {why}"])
        del found[source_id]
    return tuple(found.values())


def read_collection(file: Path) -> tuple[Source, ...]:
    """The sources of one file, with its name as their collection."""
    selection, entries = read_sources(file)
    if keys := ", ".join(sorted(selection.model_fields_set)):
        raise ConfigError([f"{file}: {keys}: only sources.toml selects, a collection has entries"])
    return tuple(one.model_copy(update={"collection": file.stem}) for one in entries)


def read_sources(path: Path) -> tuple[Selection, tuple[Source, ...]]:
    """A file's selection from collections, and its own entries; ConfigError as `load_sources`."""
    folder = Path(glob.escape(str(path.absolute().parent)))
    selection, entries = read_head_and_entries(path, Selection, "source", Source)
    sources = []
    for source in entries:
        files = tuple(str(folder / Path(pattern).expanduser()) for pattern in source.files)
        sources.append(source.model_copy(update={"files": files}))
    return selection, tuple(sources)


def by_name(name: str, sources: Sequence[Source], place: str) -> tuple[Source, ...]:
    """The sources of a collection, country or kind; ConfigError, naming `place`, for none."""
    if found := tuple(one for one in sources if name in (one.collection, one.country, one.kind)):
        return found
    known = {str(one) for each in sources for one in (each.collection, each.country, each.kind)}
    where = f"a file in {SHIPPED}, a country or a kind of its sources, or a path ending in .toml"
    raise ConfigError(
        [f"{place}: no collection {name!r}{_suggestion(name, known)}; expected {where}"]
    )


def _numbered(path: Path, key: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((f"{path}: {key}[{number}]", value) for number, value in enumerate(values))


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f", did you mean {near[0]}?" if near else ""
