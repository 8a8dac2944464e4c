"""Three figures of a topic, to start a notebook of your own from.

    pip install 'presswatch[notebook]'
    marimo edit deployments/notebook.py -- --data data

A notebook that stays open stays on its snapshot: run its second cell again to see later loads.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium")


@app.cell
def _():
    from datetime import timedelta
    from pathlib import Path

    import marimo as mo

    from tasks.report import charts, heat_maps
    from tasks.report.chart_images import svg
    from tasks.settings import Settings
    from warehouse.layers.layout import Layout
    from warehouse.questions.selection import Selection, choices
    from warehouse.questions.series import series, series_sql, totals
    from warehouse.questions.sources import coverage
    from warehouse.read.query import open_snapshot

    return (
        Layout, Path, Selection, Settings, charts, choices, coverage, heat_maps, mo, open_snapshot,
        series, series_sql, svg, timedelta, totals,
    )  # fmt: skip


@app.cell
def _(Layout, Path, Settings, choices, mo, open_snapshot):
    # A DuckDB connection, read-only: con.sql("select ...").df() works as well.
    con = open_snapshot(Layout(Path(mo.cli_args().get("data") or "data")))
    mo.stop(con is None, mo.md("No snapshot is there yet: run `presswatch ingest`."))
    # By the days of each source; with PRESSWATCH_DAYS=utc by UTC days.
    known = choices(con, is_local=Settings().is_local)
    mo.stop(known.last_day is None, mo.md("No day of any source is known yet."))
    return con, known


@app.cell
def _(known, mo, timedelta):
    topic = mo.ui.dropdown(
        {name: topic_id for topic_id, name in known.topics.items()},
        value=next(iter(known.topics.values())),
        label="Topic",
    )
    year_before = known.last_day - timedelta(days=365)
    days = mo.ui.date_range(value=(max(known.first_day, year_before), known.last_day), label="Days")
    mo.hstack([topic, days], justify="start")
    return days, topic


@app.cell
def _(Selection, days, known, topic):
    selection = Selection(*days.value, unit="week", topics=(topic.value,), is_local=known.is_local)
    return (selection,)


@app.cell
def _(charts, con, mo, selection, series, series_sql, svg, topic, totals):
    # The share by week. Whiskers are 95 % intervals, pale weeks those of which less than 80 % of
    # what was published was collected, or unknown how much. None is unknown, never zero.
    weeks = [row | {"series": topic.selected_key} for row in series(con, selection)]
    total = totals(weeks)
    mo.vstack([
        mo.md(f"## {topic.selected_key}: {total['hits']} of {total['articles']} articles"),
        mo.Html(svg(charts.attention(weeks, [], selection.unit))),
        mo.accordion({"The SQL": mo.md(f"```sql\n{series_sql(selection)}\n```")}),
    ])  # fmt: skip
    return total, weeks


@app.cell
def _(charts, con, known, mo, selection, series, svg):
    # The same by source, on one scale.
    by_source = [
        row | {"series": known.sources[row["part"]]} for row in series(con, selection, "source")
    ]
    mo.vstack([
        mo.md("## By source"), mo.Html(svg(charts.small_multiples(by_source, selection.unit))),
    ])  # fmt: skip
    return (by_source,)


@app.cell
def _(con, coverage, heat_maps, known, mo, selection, svg):
    # What was collected: look here before you believe that a source fell silent.
    collected = coverage(con, known.sources, selection)
    mo.vstack([
        mo.md("## What was collected"), mo.Html(svg(heat_maps.coverage(collected, selection.unit))),
    ])  # fmt: skip
    return (collected,)


if __name__ == "__main__":
    app.run()
