"""The style of the charts, and their pictures as PNG and SVG.

Colours are names such as `@accent`, which a page replaces by its CSS variables for the light or the
dark scheme; `@labels` is the width of the labels left of a chart, `@width` that of its panels.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import vl_convert

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
SERIES = 8  # series that a chart distinguishes
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Liberation Sans', sans-serif"
# Pixels of a picture's chart, of its labels, of Prefect's column, and the scale for sharp screens.
WIDTH, LABELS_WIDTH, COLUMN, SCALE = 900, 160, 540, 2
TOPICS = 8  # topics in the picture of a run at most

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


def complete(spec: Spec) -> Spec:
    """A chart with the schema and the style, as Vega-Lite reads it."""
    return {"$schema": VEGA_LITE, "config": CONFIG, **spec}


def picture(title: str, charts: Mapping[str, Spec]) -> Spec:
    """The attention charts of the first TOPICS topics, one below another."""
    shown = [chart | {"title": name, "width": COLUMN} for name, chart in [*charts.items()][:TOPICS]]
    about = {"text": title, "fontSize": 16, "color": "@ink", "anchor": "start", "offset": 12}
    return complete({"title": about, "vconcat": shown})


def png(spec: Spec, scheme: str = "light", labels: int = LABELS_WIDTH) -> bytes:
    """A chart as PNG, with so many pixels left of it for labels."""
    text = _printed(spec, scheme, labels)
    made = vl_convert.vegalite_to_png(text, vl_version=VERSION, scale=SCALE)
    # vl-convert compresses for speed; Prefect's database keeps a picture of each run, of about 1 MB
    # with six topics. Compressed again it has a sixth of the bytes.
    chunks, at = [], 8
    while at < len(made):
        size = int.from_bytes(made[at : at + 4])
        chunks.append((made[at + 4 : at + 8], made[at + 8 : at + 8 + size]))
        at += size + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    others = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    packed = [*others[:-1], (b"IDAT", zlib.compress(pixels, 9)), others[-1]]
    return made[:8] + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in packed
    )


def svg(spec: Spec, scheme: str = "light") -> str:
    """A chart as SVG."""
    made: str = vl_convert.vegalite_to_svg(_printed(spec, scheme), vl_version=VERSION)
    return made


def _printed(spec: Spec, scheme: str, labels: int = LABELS_WIDTH) -> str:
    """A chart without a page around it: with its own paper, width and colours."""
    text = json.dumps(complete({"padding": 16, **spec, "background": "@paper"}))
    for name, colour in COLOURS[scheme].items():
        text = text.replace(f'"@{name}"', f'"{colour}"')
    for name, pixels in (("@labels", labels), ("@width", WIDTH), ("container", WIDTH)):
        text = text.replace(f'"{name}"', str(pixels))
    return text
