"""Reads alerts.toml: who is sent alerts and the digest, and when."""

import os
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.settings import MAX_DAYS, Settings
from tasks.text.toml_reader import read_table

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = get_args(Weekday)


class Kind(StrEnum):
    """Kinds of incidents."""

    NO_LOAD = "no_load"
    NO_WORKER = "no_worker"
    RUN_FAILED = "run_failed"
    CUT_OFF = "cut_off"
    SOURCE_FAILED = "source_failed"
    SOURCE_NOT_ASKED = "source_not_asked"
    SOURCE_SILENT = "source_silent"
    SECTION_EMPTY = "section_empty"
    ARTICLES_LOST = "articles_lost"
    PAGES_MERGED = "pages_merged"
    LAYOUT_CHANGED = "layout_changed"
    TOPIC_SPIKED = "topic_spiked"


class AlertSettings(BaseModel):
    """The keys of alerts.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    block: str = "presswatch-alerts"
    urls: tuple[str, ...] = ()
    off: tuple[Kind, ...] = ()
    no_load_hours: Annotated[int, Field(ge=1, le=MAX_DAYS * 24)] = 6
    failures: Annotated[int, Field(ge=1)] = 1
    report_url: str = ""
    digest: Literal["off", "daily", "weekly"] = "off"
    digest_hour: Annotated[int, Field(ge=0, le=23)] = 6
    digest_weekday: Weekday = "monday"

    @field_validator("urls", mode="before")
    @classmethod
    def _addresses(cls, urls: object) -> object:
        """The addresses, with environment variables replaced by their values."""
        # No message shows an address, since it may hold a password.
        if not isinstance(urls, tuple) or not all(isinstance(url, str) for url in urls):
            raise ValueError('must be a list of addresses, such as ["mailto://..."]')
        addresses = []
        for number, url in enumerate(urls):
            try:
                address = Template(url).substitute(os.environ)
            except KeyError as missing:
                raise ValueError(f"[{number}] names ${missing.args[0]}, which is not set") from None
            except ValueError:
                why = "has a $ without a name: write $$ for a dollar"
                raise ValueError(f"[{number}] {why}") from None
            from apprise import Apprise  # only here: it takes a while to import

            if not Apprise.instantiate(address, suppress_exceptions=True):
                why = "is not an address that Apprise knows, such as mailto://host?from=...&to=..."
                raise ValueError(f"[{number}] {why}: see github.com/caronc/apprise")
            addresses.append(address)
        return tuple(addresses)


def load_alerts(settings: Settings) -> AlertSettings:
    """Read the file of PRESSWATCH_ALERTS, by default deployments/alerts.toml.

    ConfigError with a line for each problem. Without a file at the default path, the defaults.
    """
    path = settings.alerts
    is_default = path.absolute() == Path(Settings.model_fields["alerts"].default).absolute()
    return AlertSettings() if is_default and not path.exists() else read_table(path, AlertSettings)
