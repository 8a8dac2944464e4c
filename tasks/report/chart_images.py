"""Pictures of charts, as PNG and SVG."""

import json
import zlib
from collections.abc import Mapping

import vl_convert

from tasks.report.chart_style import COLOURS, VERSION, Spec, with_style

# Pixels: width of a picture's chart, of its labels, of Prefect's column. Scale for sharp screens.
WIDTH, LABELS_WIDTH, COLUMN, SCALE = 900, 160, 540, 2
MAX_TOPICS = 8  # topics in the picture of a run at most


def picture(title: str, charts: Mapping[str, Spec]) -> Spec:
    """The attention charts of the first MAX_TOPICS topics, one below another."""
    first = [*charts.items()][:MAX_TOPICS]
    shown = [chart | {"title": name, "width": COLUMN} for name, chart in first]
    about = {"text": title, "fontSize": 16, "color": "@ink", "anchor": "start", "offset": 12}
    return with_style({"title": about, "vconcat": shown})


def png(spec: Spec, scheme: str = "light", labels: int = LABELS_WIDTH) -> bytes:
    """A chart as PNG, with `labels` pixels on its left for labels."""
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
    """A chart outside of a page: with its own background, width and colours."""
    text = json.dumps(with_style({"padding": 16, **spec, "background": "@paper"}))
    for name, colour in COLOURS[scheme].items():
        text = text.replace(f'"@{name}"', f'"{colour}"')
    for name, pixels in (("@labels", labels), ("@width", WIDTH), ("container", WIDTH)):
        text = text.replace(f'"{name}"', str(pixels))
    return text
