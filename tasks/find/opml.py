"""Lists of sources in OPML, as feed readers and this project write them."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from os.path import commonprefix
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from tasks.collect.listings.feeds_and_sitemaps import declares_entities
from tasks.find.listed import Listed
from tasks.sources.source import Source
from tasks.text.control_characters import without_controls
from tasks.text.toml_reader import ConfigError
from tasks.text.urls import is_http, registrable_domain

NAMESPACE = "https://github.com/presswatch/opml"  # of keys without an OPML attribute
_OWN = f"{{{NAMESPACE}}}"
_ELSEWHERE = ("id", "name", "feeds")  # keys that outlines hold elsewhere


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
    return [*map(_own_source, sources), *_group_by_site(named)]


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
                if not isinstance(value, str):
                    value = json.dumps(value, ensure_ascii=False, default=_duration)
                outline.set(_OWN + key, value)
        for feed in source.feeds:
            about = {"text": name, "type": "rss", "xmlUrl": feed, "htmlUrl": urljoin(feed, "/")}
            etree.SubElement(outline, "outline", about)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _own_source(outline: etree._Element) -> Listed:
    values: dict[str, Any] = {}
    for name, text in outline.attrib.items():
        if not str(name).startswith(_OWN):
            continue
        key = str(name).removeprefix(_OWN)
        values[key] = str(text)
        if key not in ("id", "language", "timezone"):
            with suppress(ValueError):  # a text is written as it is
                values[key] = json.loads(text)
    urls = (_attributes(each).get("xmlurl", "") for each in outline.iter("{*}outline"))
    feeds = tuple(filter(None, urls))
    return Listed(_attributes(outline).get("text", ""), next(iter(feeds), ""), feeds, values=values)


def _group_by_site(outlines: Sequence[dict[str, str]]) -> Iterator[Listed]:
    """Feeds grouped by their sites: an outlet is a source, whatever number of feeds it has."""
    groups: dict[str, list[dict[str, str]]] = {}
    for one in outlines:
        home = one.get("htmlurl") or one["xmlurl"]
        key = (urlsplit(home).hostname or home) if is_http(home) else home
        bare = re.sub(r"^(?:www|feeds?|rss)\.", "", key)
        # A service that hosts the feeds of many outlets is not their site.
        is_known = bool(one.get("htmlurl")) or registrable_domain(home) != "feedburner.com"
        groups.setdefault(bare if is_known else one["xmlurl"], []).append(one)
    for group in groups.values():
        feeds = tuple(dict.fromkeys(filter(None, (one.get("xmlurl") for one in group))))
        home = next((one["htmlurl"] for one in group if one.get("htmlurl")), "")
        language = next((one["language"] for one in group if one.get("language")), "")
        names = [one.get("title") or one.get("text") or "" for one in group]
        # What the names of its feeds begin with: `Gazette - World`, `Gazette - Sport`.
        name = commonprefix(names).rstrip(" -–—|:,/(»>")  # noqa: RUF071 - no paths
        if len(names) > 1 and len(name) < 3:
            name = names[0]
        yield Listed(name, home, feeds, language=language)


def _attributes(outline: etree._Element) -> dict[str, str]:
    return {str(name).lower(): str(text).strip() for name, text in outline.attrib.items()}


def _duration(step: timedelta) -> str:
    """A duration as sources.toml has it: `3h`."""
    seconds = int(step.total_seconds())
    units = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
    return next(f"{seconds // size}{unit}" for unit, size in units.items() if not seconds % size)
