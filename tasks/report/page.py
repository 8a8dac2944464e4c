"""The report's page: one HTML file that needs nothing else, neither network nor server."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tasks.report import chart_style, charts
from tasks.report.figures import Figures, read_figures
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout

FOLDER = Path(__file__).parent
KEY = "In the picture, grey: not collected; pale: less than half of it collected."


def write_report(layout: Layout, out: Path) -> Figures:
    """Write the page of the current snapshot; the figures are those that it shows.

    Raises:
        QueryError: nothing has been loaded yet.
    """
    figures = read_figures(layout)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, render(figures, _library(layout)).encode())
    return figures


def _library(layout: Layout) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, kept since it takes seconds to put together."""
    kept = layout.cache / f"vega-{vl_convert.get_vega_version()}-{chart_style.VERSION}.js"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        bundle = vl_convert.javascript_bundle(vl_version=chart_style.VERSION)  # type: ignore[call-arg]
        write_whole(kept, bundle.encode())
    return kept.read_text(encoding="utf-8")


def render(figures: Figures, library: str) -> str:
    """The whole page."""
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("tasks.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, day=day, link=link, number=number)
    return environment.get_template("page.html.j2").render(
        figures=figures,
        topics=[_topic(figures, topic) for topic in figures.topics],
        latest=_by_article(figures.latest),
        coverage=chart_data(charts.coverage(figures.coverage)),
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        scripts=[Markup(library), Markup(script)],  # noqa: S704 - our own files
        hashes=" ".join(f"'sha256-{_sha256(text)}'" for text in (library, script)),
        made_at=datetime.now(UTC),
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _topic(figures: Figures, topic: Mapping[str, Any]) -> dict[str, Any]:
    names = ("attention", "index", "spikes", "by_paper")
    mine = {name: _of(topic["topic_id"], getattr(figures, name)) for name in names}
    index = chart_data(charts.index(mine["index"], figures.unit)) if mine["index"] else None
    return {
        **topic,
        **mine,
        "chart": chart_data(attention_chart(figures, topic["topic_id"])),
        "index_chart": index,
        "paper_chart": chart_data(charts.by_paper(mine["by_paper"], figures.unit)),
        "papers": _by_name(mine["by_paper"]),
    }


def _of(topic_id: str, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["topic_id"] == topic_id]


def attention_chart(figures: Figures, topic_id: str) -> chart_style.Spec:
    """The main chart of one topic."""
    rows, spikes = _of(topic_id, figures.attention), _of(topic_id, figures.spikes)
    return charts.attention(rows, spikes, figures.unit)


def summary_of_topics(figures: Figures) -> str:
    """The topics and the main charts as Markdown, for a run's page."""
    shown = {topic["name"]: attention_chart(figures, topic["topic_id"]) for topic in figures.topics}
    span = f"{day(figures.first_day)} – {day(figures.last_day)}"
    made = chart_style.png(
        chart_style.picture(f"Share of articles by {figures.unit}, {span}", shown)
    )
    head = [f"**{span}**", "", "| topic | share | articles | last 7 days |", "|:--|--:|--:|--:|"]
    rows = [_markdown_row(topic) for topic in figures.topics]
    picture = f"data:image/png;base64,{base64.b64encode(made).decode()}"
    return "\n".join([*head, *rows, "", KEY, "", f"![Share of articles by topic]({picture})"])


def _markdown_row(topic: Mapping[str, Any]) -> str:
    name = re.sub(r"([\\`*_\[\]<>|&])", r"\\\1", topic["name"])
    of = f"{number(topic['hits'])} of {number(topic['articles'])}"
    return f"| {name} | {percent(topic['share'])} | {of} | {percent(topic['late_share'])} |"


def _by_name(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Articles with a mention and all articles of each paper."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        of = found.setdefault(row["paper"], {"hits": 0, "articles": 0})
        of["hits"] += row["hits"] or 0
        of["articles"] += row["articles"] or 0
    return found


def _by_article(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The latest articles in the order of the rows, each with what it says of the topics."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row["article_id"], {**row, "said": []})["said"].append(row)
    return [*found.values()]


def chart_data(spec: chart_style.Spec) -> Markup:
    """A chart as JSON within a script element, where no text of a page can end the element."""
    text = json.dumps(chart_style.complete(spec), ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped above


def percent(share: float | None) -> str:
    """A share for people; a dash where it is not known."""
    if share is None:
        return "–"
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def day(value: date | None) -> str:
    """A day for people."""
    return f"{value.day} {value:%B %Y}" if value else "undated"


def number(value: int | None) -> str:
    """A count for people; a dash where it is not known."""
    return "–" if value is None else f"{value:,}"


def link(url: str | None) -> str | None:
    """The URL when it leads to a web page; anything else is no link."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None
