"""The style of the charts.

Colours are names such as `@accent`, which a page replaces by its CSS variables for the light or the
dark scheme; `@labels` is the width of the labels left of a chart, `@width` that of its panels.
"""

from typing import Any

Spec = dict[str, Any]

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
# Name, light, dark. c1 to c8 are the series of a chart: they differ by 25 or more (CIE76) for any
# kind of colour vision (simulated after Machado, 2009), their contrast to the paper 3 or more.
PALETTE = """
    ink #1f2328 #e8eaed     soft #5b6470 #a3acb8      line #d5d9df #3a414a   paper #ffffff #15181c
    card #f6f7f8 #1d2126    mark #fff0b3 #5c4b00      accent #1f5fa8 #6ea8ec pale #9dbbdd #3f618b
    gap #e4e4e1 #3a3d40     spike #b3261e #ff8a80     second #a35c00 #e0a458 shade #5b2a86 #c9a4f0
    observed #2f7d5b #4fae85 begun #a9cfbd #2c5545   partial #d99a1c #d9a441 missing #c9c9c5 #4a4e54
    c1 #1f5fa8 #6ea8ec      c2 #e27407 #e56b26        c3 #00a763 #e1ffe3     c4 #b66793 #ff998e
    c5 #684f00 #e5de3d      c6 #7f46e8 #4defff        c7 #490e05 #8d6542     c8 #323847 #5f7c82
"""
_WORDS = PALETTE.split()
COLOURS = {
    scheme: dict(zip(_WORDS[::3], _WORDS[column::3], strict=True))
    for column, scheme in enumerate(("light", "dark"), start=1)
}
MAX_SERIES = 8  # series that a chart distinguishes
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"

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
    "header": LABELS,
    "title": {"color": "@ink", "anchor": "start", "fontSize": 15, "fontWeight": 600},
}


def variables(scheme: str) -> str:
    """The colours of a scheme as CSS variables."""
    return " ".join(f"--{name}: {colour};" for name, colour in COLOURS[scheme].items())


def with_style(spec: Spec) -> Spec:
    """A chart with the schema and the style, as Vega-Lite reads it."""
    return {"$schema": VEGA_LITE, "config": CONFIG, **spec}
