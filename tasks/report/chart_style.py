"""How the charts look, and the picture of them; the page shows the same definitions.

Colours are names such as `@accent`: the page takes them for its CSS variables, which differ in the
light and the dark scheme.
"""

import json
from collections.abc import Mapping
from typing import Any

import vl_convert

Spec = dict[str, Any]

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
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
    "@partial": "#d99a1c",
    "@missing": "#c9c9c5",
}
"""For the run's picture; the page's own are in page.css."""
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"
WIDTH, SCALE = 540, 2
"""Of the run's picture: as wide as the column that Prefect has for it, and sharp there."""
TOPICS = 8
"""Topics that the run's picture shows at most."""

CONFIG: Spec = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "@soft",
        "titleColor": "@soft",
        "gridColor": "@line",
        "domainColor": "@line",
        "tickColor": "@line",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": "@soft",
        "titleColor": "@soft",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "orient": "top",
    },
    "title": {"color": "@ink", "anchor": "start", "fontSize": 15, "fontWeight": 600},
}


def complete(spec: Spec) -> Spec:
    """A chart that stands by itself."""
    return {"$schema": VEGA_LITE, "config": CONFIG, **spec}


def picture(title: str, charts: Mapping[str, Spec]) -> Spec:
    """The attention charts of the first topics below each other, for a fixed width."""
    shown = [
        chart | {"title": name, "width": WIDTH, "height": 80}
        for name, chart in [*charts.items()][:TOPICS]
    ]
    about = {"text": title, "fontSize": 16, "color": "@ink", "anchor": "start", "offset": 12}
    return complete({"title": about, "background": "@paper", "padding": 16, "vconcat": shown})


def png(spec: Spec) -> bytes:
    """The picture of a chart in the light scheme."""
    text = json.dumps(spec)
    for name, colour in COLOURS.items():
        text = text.replace(f'"{name}"', f'"{colour}"')
    made: bytes = vl_convert.vegalite_to_png(
        text.replace('"@labels"', "160"), vl_version=VERSION, scale=SCALE
    )
    return made
