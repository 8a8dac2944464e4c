"""Lists of sources in OPML: as readers of feeds write them, and as this project writes them."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from tasks.collect.listings.feeds_and_sitemaps import declares_entities
from tasks.find.listed import Listed
from tasks.sources.source import Source
from tasks.text.control_characters import without_controls
from tasks.text.toml_reader import ConfigError
from tasks.text.urls import is_http, registrable_domain

NAMESPACE = "https://github.com/presswatch/opml"  # of what OPML has no attribute for
_OWN = f"{{{NAMESPACE}}}"
_ELSEWHERE = ("id", "name", "feeds")  # the places that outlines have for them


def read_opml(content: bytes, path: Path) -> list[Listed]:
    """The sources of an OPML file, however deep they lie; feeds of one site are one source.

    ConfigError for what is not OPML, and for a file that declares entities.
    """
    if declares_entities(content):
        raise ConfigError([f"{path}: declares XML entities, which are refused: remove its DOCTYPE"])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ConfigError([f"{path}: not XML: {error}"]) from None
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise ConfigError([f"{path}: not OPML: its first element is not <opml>"])
    own = list(root.iter("{*}outline"))
    sources = [outline for outline in own if f"{_OWN}id" in outline.attrib]
    inside = {feed for source in sources for feed in source.iter("{*}outline")}
    rest = [_attributes(outline) for outline in own if outline not in inside]
    named = [one for one in rest if one.get("xmlurl") or one.get("htmlurl")]
    return [*map(_own_source, sources), *_by_site(named)]


def write_opml(sources: Sequence[Source]) -> bytes:
    """The sources as OPML: an outline each, with its feeds inside and the other keys beside."""
    root = etree.Element("opml", version="2.0", nsmap={"presswatch": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Presswatch"
    body = etree.SubElement(root, "body")
    for source in sources:
        name = without_controls(source.name)
        outline = etree.SubElement(body, "outline", {"text": name, f"{_OWN}id": source.id})
        for key, value in source.model_dump(exclude_defaults=True).items():
            if key not in _ELSEWHERE:
                outline.set(_OWN + key, value if isinstance(value, str) else _as_json(value))
        for feed in source.feeds:
            about = {"text": name, "type": "rss", "xmlUrl": feed, "htmlUrl": _site(feed)}
            etree.SubElement(outline, "outline", about)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _own_source(outline: etree._Element) -> Listed:
    keys = {
        str(name).removeprefix(_OWN): str(text)
        for name, text in outline.attrib.items()
        if str(name).startswith(_OWN)
    }
    values: dict[str, Any] = {}
    for key, text in keys.items():
        is_text = key in ("id", "language", "timezone")
        values[key] = text if is_text else _json(text)
    feeds = (_attributes(each).get("xmlurl", "") for each in outline.iter("{*}outline"))
    named = tuple(filter(None, feeds))
    name = _attributes(outline).get("text", "")
    return Listed(name, named[0] if named else "", named, values=values)


def _by_site(outlines: Sequence[dict[str, str]]) -> Iterator[Listed]:
    """Feeds grouped by their sites: an outlet is a source, whatever number of feeds it has."""
    groups: dict[str, list[dict[str, str]]] = {}
    for one in outlines:
        home = one.get("htmlurl") or one["xmlurl"]
        key = (urlsplit(home).hostname or home) if is_http(home) else home
        bare = re.sub(r"^(?:www|feeds?|rss)\.", "", key)
        # A service that many outlets have their feeds at is no site of theirs.
        is_known = bool(one.get("htmlurl")) or registrable_domain(home) != "feedburner.com"
        groups.setdefault(bare if is_known else one["xmlurl"], []).append(one)
    for group in groups.values():
        feeds = tuple(dict.fromkeys(filter(None, (one.get("xmlurl") for one in group))))
        home = next((one["htmlurl"] for one in group if one.get("htmlurl")), "")
        language = next((one["language"] for one in group if one.get("language")), "")
        yield Listed(_common_name(group), home, feeds, language=language)


def _common_name(group: Sequence[dict[str, str]]) -> str:
    """What the names of a site's feeds begin with: `Gazette - World`, `Gazette - Sport`."""
    names = [one.get("title") or one.get("text") or "" for one in group]
    common = _beginning(names).rstrip(" -–—|:,/(»>")
    return common if len(names) == 1 or len(common) >= 3 else names[0]


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    return first[:same]


def _attributes(outline: etree._Element) -> dict[str, str]:
    return {str(name).lower(): str(text).strip() for name, text in outline.attrib.items()}


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_duration)


def _duration(step: timedelta) -> str:
    """A duration as sources.toml has it: `3h`."""
    seconds = int(step.total_seconds())
    units = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
    return next(f"{seconds // size}{unit}" for unit, size in units.items() if not seconds % size)


def _json(text: str) -> Any:  # noqa: ANN401 - as TOML has it
    try:
        return json.loads(text)
    except ValueError:
        return text
