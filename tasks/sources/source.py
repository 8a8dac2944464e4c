"""A source, as an entry of `sources.toml` has it; its `strip` and `keep`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from tasks.settings import MAX_PAGES, Steps, matching
from tasks.sources.language_codes import ISO_639_1
from tasks.text.toml_reader import ConfigError
from warehouse.layers.definitions import SourceDefinition

TEXT = "text:"  # prefix of an override that names a block by its text; others are CSS selectors
MAX_INTERVAL = 3600.0  # seconds between two requests: with more, a run makes no progress
WORDS = re.compile(r"[\w\s-]+")
_ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.I)
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[A-Z][a-z]{3})?(-[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """The blocks of a source's pages to strip, and those to keep."""

    strip: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Suffix of `extractor_version` in rows made under these overrides, such as `+4f2e1a`."""
        if not (self.strip or self.keep):
            return ""
        named = repr((sorted(self.strip), sorted(self.keep)))
        return "+" + sha256(named.encode("utf-8", "replace")).hexdigest()[:6]


NO_OVERRIDES = BlockOverrides()


def texts(overrides: tuple[str, ...]) -> list[str]:
    """The texts among overrides."""
    return [override.removeprefix(TEXT) for override in overrides if override.startswith(TEXT)]


def selectors(overrides: tuple[str, ...]) -> list[str]:
    """The CSS selectors among overrides."""
    return [override for override in overrides if not override.startswith(TEXT)]


def checked_override(text: str) -> str:
    """The override; ValueError unless it is a selector, or a text that a page can contain."""
    if text.startswith(TEXT):
        if not any(character.isalnum() for character in text.removeprefix(TEXT)):
            raise ValueError(f"must hold a letter or digit after {TEXT}, got {text!r}")
        return text
    try:
        LexborHTMLParser("").css(text)
    except (SelectolaxError, UnicodeError):
        raise ValueError(f"must be a CSS selector or start with '{TEXT}', got {text!r}") from None
    # "Lesen Sie mehr" is also a valid selector: a <mehr> in a <sie> in a <lesen>.
    if WORDS.fullmatch(text) and not all(map(_is_element, text.split())):
        raise ValueError(f"names no HTML element, write '{TEXT}{text}' for a text, got {text!r}")
    return text


def _is_element(name: str) -> bool:
    if not _ELEMENT.fullmatch(name):
        return False
    node = LexborHTMLParser(f"<{name}>").css_first(name)
    # The parser numbers HTML's elements below 1,024, and any other name far above.
    return "-" in name or node is None or node.tag_id < 1024


def _language(value: str) -> str:
    found = _LANGUAGE.fullmatch(value)
    # A common mistake is a country's code: "jp" for ja, "cn" for zh.
    if not found or (len(found[1]) == 2 and found[1] not in ISO_639_1.split()):
        raise ValueError(f"must be a language code like en, ja or zh-Hant, got {value!r}")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown timezone {value!r}, write it like Europe/London") from None
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or re.search(r"[\s\x00-\x1f\x7f<>\"\\]", value):
        raise ValueError(f"must be an http(s) address with a host, got {value!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _no_repeats(values: tuple[str, ...]) -> tuple[str, ...]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f"repeats {value!r}")
    return values


def _low_high(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(value) != 2:
        raise ValueError(f"must be [low, high], got {list(value)}")
    if not 0 <= value[0] <= value[1] <= MAX_PAGES:
        wanted = f"0 <= low <= high <= {MAX_PAGES:,}"
        raise ValueError(f"must be [low, high] with {wanted}, got {list(value)}")
    return value


def _confirmation(value: Any) -> str | Literal[False] | tuple[str | Literal[False], ...]:  # noqa: ANN401 - of TOML
    named = value if isinstance(value, tuple) else (value,)
    if not all(one is False or (isinstance(one, str) and one.strip()) for one in named):
        raise ValueError("must name a list and its date, be false, or be an array of these")
    return value  # type: ignore[no-any-return]


# Folders and files are named after the id, and file systems limit names to 255 bytes.
MAX_ID_CHARS = 100
Id = Annotated[
    str,
    Field(max_length=MAX_ID_CHARS),
    matching(r"[a-z]{2}-[a-z0-9-]+", "like gb-bbc (country-outlet, a-z 0-9 -)"),
]
Domain = Annotated[
    str, matching(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a domain like bbc.co.uk in small letters")
]
Text = Annotated[str, AfterValidator(_not_blank)]
Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_web_address)], ...], AfterValidator(_no_repeats)
]
Overrides = Annotated[
    tuple[Annotated[str, AfterValidator(checked_override)], ...], AfterValidator(_no_repeats)
]
Kind = Literal[
    "agency",
    "broadcaster",
    "business",
    "magazine",
    "national",
    "online",
    "public-broadcaster",
    "regional",
    "tabloid",
]
Confirmed = Annotated[str | bool | tuple[str | bool, ...] | None, PlainValidator(_confirmation)]


class Source(BaseModel):
    """One source: where its articles are listed, and how many to expect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Id
    name: Text
    # Two letters of ISO 3166; by default those of the id.
    country: Annotated[str, matching(r"[a-z]{2}", "two small letters like gb")] = Field(
        default_factory=lambda given: given["id"][:2]
    )
    kind: Kind | None = None
    collection: Text | None = None  # of a source from a collection: the name of its file
    # The language of its articles, if neither the page nor its text determines it.
    language: Annotated[str, AfterValidator(_language)]
    timezone: Annotated[str, AfterValidator(_timezone)]  # for printed times without an offset
    feeds: Addresses = ()  # RSS, Atom or JSON Feed
    sitemaps: Addresses = ()  # news sitemaps, or indexes of them
    sections: Addresses = ()  # pages whose article links are followed
    # Globs of saved pages, absolute once loaded; relative to the TOML file's folder.
    files: Annotated[tuple[Text, ...], AfterValidator(_no_repeats)] = ()
    # Domains, with all hosts below them, whose pages in archives belong to this source; by default
    # those of its listings.
    domains: Annotated[tuple[Domain, ...], AfterValidator(_no_repeats)] = ()
    min_interval_seconds: Annotated[float, Field(ge=0, le=MAX_INTERVAL, allow_inf_nan=False)] = 2.0
    # Articles a day, low and high: with fewer a day is partial, more is a warning; None: no check.
    expected_daily: Annotated[tuple[int, ...], AfterValidator(_low_high)] | None = None
    allow_private_hosts: bool = False
    # In place of the durations of the settings; an empty list turns rechecks off.
    recheck_after: Steps | None = None
    # Blocks of its pages that are never article text: CSS selectors, or `text:` and the block's
    # text, with a `*` at the end for the beginning of a text.
    strip: Overrides = ()
    keep: Overrides = ()  # blocks that are always article text
    # The stored list that contains its addresses, such as "fundus 2026-08-05", or false: an array
    # with a value for each address of `listings`, or one value for all.
    confirmed: Confirmed = None

    @model_validator(mode="after")
    def _has_a_place_to_look(self) -> Self:
        if not (self.listings or self.files):
            raise ValueError(
                "feeds: missing, one of feeds, sitemaps, sections, files must be given"
            )
        if isinstance(self.confirmed, tuple) and len(self.confirmed) != len(self.listings):
            counts = f"{len(self.listings)} addresses and {len(self.confirmed)} confirmations"
            raise ValueError(f"confirmed: must have one for each address, got {counts}")
        return self

    @property
    def listings(self) -> tuple[str, ...]:
        """Every address that lists articles: feeds, sitemaps, sections."""
        return self.feeds + self.sitemaps + self.sections

    @property
    def confirmed_listings(self) -> tuple[str, ...]:
        """The addresses that a stored list contains."""
        if not isinstance(self.confirmed, tuple):
            return self.listings if self.confirmed else ()
        pairs = zip(self.listings, self.confirmed, strict=True)
        return tuple(address for address, named in pairs if named)

    @property
    def definition(self) -> SourceDefinition:
        """The columns of the source in the warehouse."""
        low, high = self.expected_daily or (None, None)
        return SourceDefinition(
            source_id=self.id,
            name=self.name,
            country=self.country,
            language=self.language,
            timezone=self.timezone,
            expected_low=low,
            expected_high=high,
            kind=self.kind,
            collection=self.collection,
        )

    @property
    def overrides(self) -> BlockOverrides:
        """Its `strip` and `keep` overrides."""
        return BlockOverrides(self.strip, self.keep)


def choose(sources: Sequence[Source], ids: Sequence[str]) -> tuple[Source, ...]:
    """The sources with the given ids, all when none is given; ConfigError for an unknown id."""
    known = {source.id: source for source in sources}
    if unknown := [source_id for source_id in ids if source_id not in known]:
        raise ConfigError([f"no source {unknown[0]!r}; there are: {', '.join(known)}"])
    return tuple(known[source_id] for source_id in dict.fromkeys(ids)) or tuple(sources)
