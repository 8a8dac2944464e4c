"""The commands about topics: `topics` and `topics suggest`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flows.cli.console import printable, show_progress
from flows.cli.data_folder import readable_layout
from flows.cli.options import DataFolder, SourcesFile, TopicsFile
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.text.counted import counted
from warehouse.questions.audits import audit_words, audited
from warehouse.read.query import open_snapshot

MAX_LANGUAGES_SHOWN = 8  # languages of a topic

if TYPE_CHECKING:
    from tasks.suggest.suggestions import LanguageSuggestions
    from warehouse.layers.definitions import Topic


def list_topics(
    ctx: typer.Context, sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS
) -> None:
    """List the topics: in which languages they count, and in which they have no alias.

    An article in another language is in no share of a topic, neither as a hit nor in the total.
    """
    if ctx.invoked_subcommand:
        return
    from tasks.topics.languages import without_alias
    from tasks.topics.topic import phrases_of
    from tasks.topics.uncounted_phrases import uncounted_phrases

    installation = open_installation(sources, topics)
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("topic", "name", "phrases", "languages", "sources without an alias"):
        table.add_column(name, justify="right" if name == "phrases" else "left", overflow="fold")
    for topic in installation.topics:
        lacking = Counter(
            source.language
            for source in installation.sources
            if without_alias([topic], source.language)
        )
        codes = topic.languages or ()
        languages = ", ".join(codes[:MAX_LANGUAGES_SHOWN]) if topic.languages is not None else "all"
        if len(codes) > MAX_LANGUAGES_SHOWN:  # a Latin alias covers a hundred
            languages += f" and {len(codes) - MAX_LANGUAGES_SHOWN} more"
        without = ", ".join(
            f"{code} ({counted(n, 'source')})" for code, n in sorted(lacking.items())
        )
        table.add_row(
            printable(topic.topic_id, "cyan"),
            printable(topic.name),
            str(sum(role >= 0 for _, role in phrases_of(topic))),
            languages,
            without or "-",
        )
    wide_console().print(table)
    for line in uncounted_phrases(installation.topics):
        wide_console().print(printable(f"WARN {line}", "yellow"))
    if con := open_snapshot(installation.layout):
        with con:
            for topic in installation.topics:
                words = audit_words(audited(con, topic.topic_id))
                wide_console().print(printable(f"{topic.topic_id}: {words}"))


def wide_console() -> Console:
    """A console that does not wrap rows when the output is a pipe."""
    return Console() if sys.stdout.isatty() else Console(width=sys.maxsize, no_color=True)


def suggest_aliases(
    topic: Annotated[str, typer.Argument(help="A topic's id.")],
    language: Annotated[str, typer.Option(help="Only in this language, such as en.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="Suggestions per language.")] = 20,
    days: Annotated[
        int, typer.Option(min=0, help="Of the last days with articles; 0 takes all.")
    ] = 365,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: DataFolder = None,
) -> None:
    """Suggest aliases: words and phrases that set a topic's articles apart from the others.

    Nothing is added: if a suggestion means the topic, add the printed line to topics.toml.
    """
    from tasks.suggest.suggestions import counted_topic, suggest

    layout = readable_layout(data)
    with show_progress(quiet=True):
        found = suggest(layout, topic, language=language, limit=limit, days=days)
    if as_json:
        answer = [asdict(each) for each in found]
        for one in (one for each in answer for one in each["suggestions"]):
            del one["spellings"]  # as found, before the most frequent one became the phrase
            one |= {name: round(one[name], 3) for name in ("log_odds", "low")}
        print(json.dumps(answer, ensure_ascii=False, indent=1, default=str))
        return
    console = wide_console()
    for each in found:
        console.print(_view(each))
    if any(each.suggestions for each in found):
        console.print(_line_to_add(counted_topic(layout, topic), found))


def _view(found: "LanguageSuggestions") -> Group:
    about = f"{found.in_topic:,} of {counted(found.articles, 'article')} mention it"
    title = Text.assemble((found.language or "language unknown", "bold"), ": ", about)
    if not found.suggestions:
        return Group(title, Text("  no suggestion", style="dim"))
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for name in ("phrase", "adds", "in the topic", "log-odds", "an article that it would add"):
        is_number = name in ("adds", "in the topic", "log-odds")
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for one in found.suggestions:
        numbers = (f"{one.adds:,}", f"{one.in_topic:,}", f"{one.log_odds:.1f}")
        sample = Text()
        if one.sample:
            head = printable(f"{one.sample.published_date.isoformat()} {one.sample.headline}: ")
            sample = Text.assemble(head, printable(one.sample.context, "dim"))
        table.add_row(printable(one.phrase, "cyan"), *numbers, sample)
    return Group(title, Padding(table, (0, 0, 1, 2), expand=False))


def _line_to_add(definition: "Topic", found: Sequence["LanguageSuggestions"]) -> Text:
    from tasks.topics.topic import comparison_key, phrases_of

    topic = definition.topic_id
    fold = partial(
        comparison_key,
        keep_case=definition.case_sensitive,
        fold_diacritics=definition.fold_diacritics,
    )
    given = {fold(phrase) for phrase, _ in phrases_of(definition)}
    # A phrase may be suggested in several languages, but a topic may have it only once.
    phrases = {fold(one.phrase): one.phrase for each in found for one in each.suggestions}
    new = [phrase for folded, phrase in phrases.items() if folded not in given]
    # A string of JSON is one of TOML.
    line = ", ".join(json.dumps(phrase, ensure_ascii=False) for phrase in new)
    if definition.all_of:
        return printable(
            f"To add one that means the topic, put it into the group of all_of of {topic!r} that it"
            " belongs to, in topics.toml; it adds no more articles than hold a phrase of each other"
            f" group near it. Of these:\nall_of = [[..., {line}], ...]"
        )
    return printable(
        f"To add one that means the topic, put it into the aliases of {topic!r} in topics.toml;"
        f" of these:\naliases = [..., {line}]"
    )
