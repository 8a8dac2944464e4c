"""The style of the charts, and their PNG for a run's page.

Colours are names such as `@accent`, which the HTML page replaces by its CSS variables for the light
or the dark scheme.
"""

import json
from collections.abc import Mapping
from typing import Any

import vl_convert

Spec = dict[str, Any]

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
# Colours of the PNG; those of the HTML page are in page.css.
COLOURS = {
    "@ink": "#1f2328",
    "@soft": "#5b6470",
    "@line": "#d5d9df",
    "@paper": "#ffffff",
    "@accent": "#1f5fa8",
    "@pale": "#9dbbdd",
    "@gap": "#e4e4e1",
    "@spike": "#b3261e",
    "@second": "#a35c00",
    "@observed": "#2f7d5b",
    "@begun": "#a9cfbd",
    "@partial": "#d99a1c",
    "@missing": "#c9c9c5",
}
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"
# Pixels of the PNG's width, that of Prefect's column, and its scale for sharp screens.
WIDTH, SCALE = 540, 2
TOPICS = 8  # topics in the PNG at most

LABELS = {
    "labelColor": "@soft",
    "titleColor": "@soft",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
}
CONFIG: Spec = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {**LABELS, "gridColor": "@line", "domainColor": "@line", "tickColor": "@line"},
    "legend": {**LABELS, "orient": "top"},
    "title": {"color": "@ink", "anchor": "start", "fontSize": 15, "fontWeight": 600},
}


def complete(spec: Spec) -> Spec:
    """A chart with the schema and the style, as Vega-Lite reads it."""
    return {"$schema": VEGA_LITE, "config": CONFIG, **spec}


def picture(title: str, charts: Mapping[str, Spec]) -> Spec:
    """The attention charts of the first TOPICS topics, one below another."""
    shown = [
        chart | {"title": name, "width": WIDTH, "height": 80}
        for name, chart in [*charts.items()][:TOPICS]
    ]
    about = {"text": title, "fontSize": 16, "color": "@ink", "anchor": "start", "offset": 12}
    return complete({"title": about, "background": "@paper", "padding": 16, "vconcat": shown})


def png(spec: Spec) -> bytes:
    """A chart as PNG in the light scheme."""
    text = json.dumps(spec)
    for name, colour in COLOURS.items():
        text = text.replace(f'"{name}"', f'"{colour}"')
    made: bytes = vl_convert.vegalite_to_png(
        text.replace('"@labels"', "160"), vl_version=VERSION, scale=SCALE
    )
    return made
