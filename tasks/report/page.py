"""The HTML report: one self-contained file, without network or server."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from tasks.report import chart_images, chart_style, charts, heat_maps
from tasks.report.chart_values import FEW
from tasks.report.completeness import reasons_in_words, warning
from tasks.report.figures import Figures, read_figures
from tasks.report.percent import percent
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout
from warehouse.questions.sources import lost_known, percent_known

Row = TypeVar("Row", bound=Mapping[str, Any])
FOLDER = Path(__file__).parent
KEY = (
    "In the picture, grey: nothing is known; pale: less than 80% collected, or unknown; hollow: of"
    f" fewer than {FEW} articles; thin lines: 95% intervals. Below each chart: what was collected."
)


def write_report(layout: Layout, out: Path, *, is_local: bool = False) -> Figures:
    """Write the report of the current snapshot, and return its figures.

    Errors as for `read_figures`.
    """
    figures = read_figures(layout, is_local=is_local)
    write_whole(out, render(figures, chart_library(layout)).encode())
    return figures


def chart_library(layout: Layout) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, cached, since bundling takes seconds."""
    path = layout.cache / f"vega-{vl_convert.get_vega_version()}-{chart_style.VERSION}.js"
    if not path.exists():
        bundle = vl_convert.javascript_bundle(vl_version=chart_style.VERSION)  # type: ignore[call-arg]
        write_whole(path, bundle.encode())
    return path.read_text(encoding="utf-8")


def style() -> str:
    """The style of the page, with the colours of both schemes as variables."""
    light, dark = map(chart_style.variables, chart_style.COLOURS)
    colours = (
        f":root {{{light}}}\n@media screen and (prefers-color-scheme: dark) {{:root {{{dark}}}}}\n"
    )
    return colours + (FOLDER / "page.css").read_text(encoding="utf-8")


def render(figures: Figures, library: str) -> str:
    """The whole page."""
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    # The page's content security policy admits these two scripts by their hashes.
    hashes = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (library, script)
    )
    articles: dict[Any, dict[str, Any]] = {}
    for row in figures.latest:
        articles.setdefault(row["article_id"], {**row, "quotes": []})["quotes"].append(row)
    environment = Environment(
        loader=PackageLoader("tasks.report", "."),
        autoescape=True,
        undefined=StrictUndefined,  # a misspelt field fails instead of showing nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent,
        day=day,
        link=link,
        number=number,
        words=reasons_in_words,
        known=percent_known,
        lost=lost_known,
        between=between,
        between_ends=lambda share: f"{percent(share.low)} – {percent(share.high)}",
    )
    return environment.get_template("page.html.j2").render(
        figures=figures,
        topics=[_topic(figures, topic) for topic in figures.topics],
        latest=[*articles.values()],
        warning=warning(figures.collected),
        coverage=chart_data(heat_maps.coverage(figures.coverage, figures.unit)),
        few=FEW,
        top=max((topic["high"] or 0 for topic in figures.topics), default=0) or 1,
        series=["collected", *{row["source"] for row in figures.by_source}],
        style=Markup(style()),  # noqa: S704 - our own
        scripts=[Markup(library), Markup(script)],  # noqa: S704 - our own files
        hashes=" ".join(f"'sha256-{digest}'" for digest in hashes),
        made_at=datetime.now(UTC),
    )


def _topic(figures: Figures, topic: Mapping[str, Any]) -> dict[str, Any]:
    names = ("attention", "index", "spikes", "by_source")
    rows = {name: topic_rows(getattr(figures, name), topic["topic_id"]) for name in names}
    known = [row for row in rows["index"] if row["value"] is not None]
    sources = topic_rows(figures.topic_sources, topic["topic_id"])
    top = heat_maps.top_share(figures.by_source)
    return {
        **topic,
        **rows,
        "chart": chart_data(attention_chart(figures, topic["topic_id"])),
        "index_chart": chart_data(charts.index(rows["index"], figures.unit)) if known else None,
        "source_chart": chart_data(heat_maps.by_source(rows["by_source"], figures.unit, top)),
        "sources": sorted(sources, key=itemgetter("name")),
        "top": max((row["high"] or 0 for row in sources), default=0) or 1,
    }


def topic_rows(rows: Iterable[Row], topic_id: str) -> list[Row]:
    """The rows of one topic."""
    return [row for row in rows if row["topic_id"] == topic_id]


def attention_chart(figures: Figures, topic_id: str, height: int = 160) -> chart_style.Spec:
    """The main chart of one topic."""
    rows, spikes = (topic_rows(rows, topic_id) for rows in (figures.attention, figures.spikes))
    return charts.attention(rows, spikes, figures.unit, height=height)


def summary_of_topics(figures: Figures) -> str:
    """The topics and their main charts as Markdown, for a run's page."""
    shown = {
        topic["name"]: attention_chart(figures, topic["topic_id"], height=80)
        for topic in figures.topics
    }
    span = f"{day(figures.first_day)} – {day(figures.last_day)}"
    picture = chart_images.picture(f"Share of articles by {figures.unit}, {span}", shown)
    png = base64.b64encode(chart_images.png(picture, labels=60)).decode()
    late = f"7 days to {day(figures.last_whole_day)}"
    heading = f"| topic | share (95%) | articles | {late} (95%) | audit |"
    head = [f"**{span}**", "", heading, "|:--|--:|--:|--:|:--|"]
    rows = []
    for topic in figures.topics:
        name = re.sub(r"([\\`*_\[\]<>|&])", r"\\\1", topic["name"])
        hits = f"{number(topic['hits'])} of {number(topic['articles'])}"
        shares = [f"{percent(of['share'])} ({between(of)})" for of in (topic, topic["late"])]
        rows.append(f"| {name} | {shares[0]} | {hits} | {shares[1]} | {topic['audit']} |")
    return "\n".join(
        [*head, *rows, "", KEY, "", f"![Share of articles by topic](data:image/png;base64,{png})"]
    )


def chart_data(spec: chart_style.Spec) -> Markup:
    """A chart as JSON for a script element, escaped so that no text can end the element."""
    return htmlsafe_json_dumps(
        chart_style.with_style(spec), ensure_ascii=False, separators=(",", ":")
    )


def between(row: Mapping[str, Any]) -> str:
    """The 95 % interval of a share; a dash without articles."""
    return "–" if row["low"] is None else f"{percent(row['low'])} – {percent(row['high'])}"


def day(value: date | None) -> str:
    """A day such as 3 May 2026."""
    return f"{value.day} {value:%B %Y}" if value else "undated"


def number(value: int | None) -> str:
    """A count with separators; a dash for None."""
    return "–" if value is None else f"{value:,}"


def link(url: str | None) -> str | None:
    """The URL when it is http(s), else None: a page's URL must not become a script."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None
