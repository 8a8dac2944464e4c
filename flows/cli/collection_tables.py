"""The tables of `presswatch sources collections`, as Markdown, which a terminal shows well too."""

from collections.abc import Callable, Iterable, Sequence

from tasks.sources.source import Source

HEAD = ("sources", "addresses", "confirmed", "countries", "languages")


def collections_table(sources: Sequence[Source]) -> str:
    """What each collection holds, and how many sources there are of each kind."""
    rows: list[tuple[str, ...]] = []
    for name, members in _grouped(sources, lambda one: one.collection):
        codes = {one.country for one in members}, {one.language for one in members}
        rows.append((name, *_counts(members)[:3], *(" ".join(sorted(each)) for each in codes)))
    rows.append(("all", *_counts(sources)))
    kinds = [(name, str(len(members))) for name, members in _grouped(sources, lambda one: one.kind)]
    return f"{_table(('collection', *HEAD), rows)}\n{_table(('kind', 'sources'), kinds)}"


def sources_table(sources: Sequence[Source]) -> str:
    """A row for each source: name, kind, language, articles a day, confirmed addresses."""
    head = ("source", "name", "kind", "language", "articles a day", "confirmed")
    rows = []
    for one in sources:
        rate = "–".join(map(str, one.expected_daily or ())) or "-"
        confirmed = f"{len(one.confirmed_listings)} of {len(one.listings)}"
        rows.append((one.id, one.name, one.kind or "-", one.language, rate, confirmed))
    return _table(head, rows)


def _grouped(
    sources: Sequence[Source], key: Callable[[Source], str | None]
) -> list[tuple[str, list[Source]]]:
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(key(source) or "-", []).append(source)
    return sorted(groups.items())


def _counts(sources: Sequence[Source]) -> tuple[str, ...]:
    counts = (
        len(sources),
        sum(len(one.listings) for one in sources),
        sum(len(one.confirmed_listings) for one in sources),
        len({one.country for one in sources}),
        len({one.language for one in sources}),
    )
    return tuple(map(str, counts))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
