"""Proposes an entry for what a search found, each value with its evidence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from tasks.collect.listings.feeds_and_sitemaps import plain_text
from tasks.extract.languages import choose_language, detect, is_language
from tasks.find.countries import COUNTRY_OF, country_code, country_of_domain
from tasks.find.judge import Trial
from tasks.find.search_site import Page, SiteSearchResult
from tasks.find.zones import time_zone
from tasks.text.counted import counted
from tasks.text.urls import fold_url, registrable_domain

_REGION = re.compile(r"[A-Za-z]{2,3}[-_](?:[A-Za-z]{4}[-_])?([A-Za-z]{2})")
# First and last letter of a script, and the least share of a text's letters in it. Japanese mixes
# kana with Chinese characters, so it comes before Chinese.
SCRIPTS = {
    "ko": ("\uac00", "\ud7af", 0.5),
    "ja": ("\u3040", "\u30ff", 0.1),
    "zh": ("\u3400", "\u9fff", 0.5),
    "th": ("\u0e00", "\u0e7f", 0.5),
    "el": ("\u0370", "\u03ff", 0.5),
    "he": ("\u0590", "\u05ff", 0.5),
}
_MIN_DATED = 5  # dated entries, for a rate
RANGE_FACTOR = 4  # a quiet day has the usual number divided by this, a busy one times this


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an entry, None where it cannot be known, and the evidence for people."""

    value: Any
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry for sources.toml, as far as it can be known."""

    values: dict[str, Value]

    @property
    def entry(self) -> dict[str, Any]:
        """The keys of sources.toml that are known."""
        return {key: each.value for key, each in self.values.items() if each.value is not None}

    @property
    def missing(self) -> tuple[str, ...]:
        """Required keys that a person has to give."""
        return tuple(k for k in ("id", "name", "language", "timezone") if k not in self.entry)


def proposal(
    found: SiteSearchResult, given: Mapping[str, str], *, allow_private: bool = False
) -> Proposal:
    """The entry for what was found; `given` are its values, and `country`, that a person knows."""
    taken = found.taken
    region, named = _named_languages(found)
    language = _language(taken, named)
    country = _country(found.home, region, language.value)
    if code := given.get("country"):
        country = Value(code, f"country {code} given")
    printed = [e.published_raw for trial in taken for e in trial.entries if e.published_raw]
    values: dict[str, Value] = {
        "id": Value(f"{country.value or 'xx'}-{outlet(found.home)}", country.why),
        "name": _name(found, taken),
        "language": language,
        "timezone": Value(*time_zone(country.value, printed, country.why)),
    }
    values |= {key: Value(given[key], "given") for key in values if given.get(key)}
    for key, kinds in (
        ("feeds", ("feed", "jsonfeed")),
        ("sitemaps", ("sitemap",)),
        ("sections", ("section",)),
    ):
        if urls := [trial.url for trial in taken if trial.kind in kinds]:
            values[key] = Value(urls, f"{counted(len(urls), 'listing')} taken")
    values["expected_daily"] = _rate(taken)
    if allow_private:
        values["allow_private_hosts"] = Value(True, "asked for")
    return Proposal(values)


def language_of_script(text: str) -> str | None:
    """The language whose script most letters are in, where a script is of one language."""
    # Of headlines, which are short and differ, the identifier is not sure enough in Chinese.
    letters = [char for char in text if char.isalpha()]
    for language, (first, last, share) in SCRIPTS.items():
        if letters and sum(first <= char <= last for char in letters) > share * len(letters):
            return language
    return None


def outlet(url: str) -> str:
    """The part of an id that names an outlet: `nikkei-asia` of https://asia.nikkei.com/."""
    host = re.sub(r"^(?:www|feeds?|rss)\.", "", urlsplit(url).hostname or "")
    domain = registrable_domain(url) or host
    own = domain.partition(":")[0]
    name = own if own.replace(".", "").isdigit() else own.partition(".")[0]
    below = host.removesuffix(own).strip(".") if host != own else ""
    text = "-".join([name, *reversed(below.split("."))]) if below else name
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "outlet"


def _country(home: str, region: Value, language: str | None) -> Value:
    if country := country_of_domain(home):
        suffix = (urlsplit(home).hostname or "").rpartition(".")[2]
        return Value(country, f"top-level domain {suffix}")
    if region.value:
        return region
    if country := COUNTRY_OF.get(language or ""):
        return Value(country, f"papers in {language} are of {country}, nearly all")
    return Value(None, "the country is not known: xx, give --id")


def _named_languages(found: SiteSearchResult) -> tuple[Value, dict[str, str]]:
    """The country that a language tag names, and the tags of page and feeds."""
    named: dict[str, str] = {}
    if found.page and (node := found.page.tree.css_first("html[lang]")):
        named["html lang"] = (node.attributes["lang"] or "").strip()
    for trial in found.taken:
        if trial.language:
            named.setdefault("feed language", trial.language)
    tags = {"og:locale": _meta(found.page, "og:locale")} | named
    for name, tag in tags.items():
        # Themes and systems come as en-US, whoever uses them.
        is_default = tag.lower().replace("_", "-") == "en-us"
        region = _REGION.fullmatch(tag)
        if region and not is_default and (code := country_code(region[1])):
            return Value(code, f"{name} {tag}"), named
    return Value(None, ""), named


def _language(taken: Sequence[Trial], named: dict[str, str]) -> Value:
    headlines = [e.headline for trial in taken for e in trial.entries if e.headline]
    text = "\n".join(headlines)
    stated = next((tag for tag in named.values() if tag), "")
    by_script = language_of_script(text)
    code = stated.replace("_", "-").partition("-")[0].lower()
    named_code = code if is_language(code) else None
    chosen = by_script or choose_language(named_code, text, None)[0]
    why = [f"{name} {tag}" for name, tag in named.items() if tag]
    if detected := by_script or detect(text):
        why.append(f"{counted(len(headlines), 'headline')} in {detected}")
    if chosen == "zh" and re.search(r"(?i)zh[-_](?:hant|tw|hk|mo)", stated):
        chosen = "zh-Hant"
    return Value(chosen, ", ".join(why) or "neither the page nor its headlines say")


def _name(found: SiteSearchResult, taken: Sequence[Trial]) -> Value:
    if name := _meta(found.page, "og:site_name"):
        return Value(name, "og:site_name")
    if name := next((trial.title for trial in taken if trial.title), ""):
        return Value(name, "title of the feed")
    title = found.page.tree.css_first("title") if found.page else None
    if title and (name := plain_text(title.text()) or ""):
        return Value(re.split(r"\s[|–—-]\s", name)[0], "title of the home page")
    return Value((urlsplit(found.home).hostname or found.asked).removeprefix("www."), "domain")


def _rate(taken: Sequence[Trial]) -> Value:
    """Bounds of articles a day, counted over the time that all listings reach back to."""
    dated = [trial for trial in taken if len(trial.dates) >= _MIN_DATED]
    if not dated:
        return Value(None, "too few entries are dated")
    newest = max(trial.dates[-1] for trial in dated)
    since = max(_earliest_date(trial.dates) for trial in dated)
    by_url: dict[str, datetime] = {
        fold_url(entry.url): entry.published_at
        for trial in dated
        for entry in trial.entries
        if entry.published_at and entry.published_at >= since
    }
    days = (newest - since) / timedelta(days=1)
    if len(by_url) < _MIN_DATED or not days:
        best = max(dated, key=lambda trial: len(trial.dates))
        since, number = _earliest_date(best.dates), len(best.dates)
        days = max((best.dates[-1] - since) / timedelta(days=1), 1 / 24)
    else:
        number = len(by_url)
    a_day = number / days
    span = f"{days:.1f} days" if days >= 1 else f"{days * 24:.1f} hours"
    bounds = [int(a_day / RANGE_FACTOR), ceil(a_day * RANGE_FACTOR)]
    return Value(bounds, f"about {a_day:.0f} a day: {number} entries in {span}")


def _earliest_date(dates: Sequence[datetime]) -> datetime:
    """How far a listing reaches back, without the oldest tenth, which may be pinned."""
    return dates[len(dates) // 10]


def _meta(page: Page | None, name: str) -> str:
    node = page.tree.css_first(f'meta[property="{name}"]') if page else None
    return plain_text(node.attributes.get("content")) or "" if node else ""
