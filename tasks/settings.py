"""Settings of one installation, read once from the environment."""

import os
import re
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from tasks.toml_reader import ConfigError, describe
from warehouse.store.objects import open_store

__all__ = ["ConfigError", "Limits", "Settings", "Steps", "Upkeep"]

_PREFIX = "PRESSWATCH_"
_CONTACT = re.compile(r"(https?://|[\w.+-]+@)[\w.-]+[^\s()<>\\\"]*", re.ASCII)

_STORE = re.compile(r"s3:/{1,2}([^/].*)")
_SCHEDULER = re.compile(r"(tcp|tls)://[^\s/:]+:\d+|(tcp|tls)://\[[0-9a-fA-F:]+\]:\d+", re.ASCII)

_DURATION = re.compile(r"(\d{1,4})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_steps(value: object) -> object:
    """Durations such as `3h, 1d, 7d` (s, m, h, d, w), each once, the shortest first; off: none.

    Raises:
        ValueError: one of them is no duration.
    """
    if isinstance(value, str):
        value = () if value.strip() == "off" else tuple(re.split(r"\s*,\s*", value.strip()))
    if not isinstance(value, tuple | list):
        return value
    return tuple(sorted(set(map(_duration, value))))


def _duration(value: object, wanted: str = "durations like 3h, 1d, 7d, or off") -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError(f"must be {wanted}, got {value!r}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Steps = Annotated[tuple[timedelta, ...], BeforeValidator(read_steps)]
Duration = Annotated[timedelta, BeforeValidator(partial(_duration, wanted="like 90m, 6h or 1d"))]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Limits(BaseModel):
    """How much one page, one listing, one source may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: Count = 10_000_000
    """Of one response or saved file, after decompression."""
    max_seconds: Seconds = 60.0
    """Of one request, from asking to the last byte."""
    connect_seconds: Seconds = 10.0
    max_redirects: Annotated[int, Field(ge=0)] = 5
    max_entries: Count = 500
    """Of one listing."""
    max_new_articles: Count = 200
    """New pages fetched for one source in one run."""
    max_rechecks: Annotated[int, Field(ge=0)] = 100
    """Known pages asked for again for one source in one run; 0 asks for none."""
    max_tries: Count = 3
    """Of one request, the first included."""
    page_seconds: Seconds = 10.0
    """For extracting one page."""
    failures_to_skip: Count = 3
    """Runs in a row in which a source fails before runs skip it."""
    first_skip: Duration = timedelta(hours=1)
    """How long it is skipped at first; each further failure doubles that."""
    longest_skip: Duration = timedelta(days=1)
    shard_bytes: Count = 64 * 1024 * 1024
    """Of a WARC file that is backfilled in one piece; what was done under another size is done
    again."""
    pages_a_run: Count = 3_000
    """Backfilled pages that are loaded at once, at least; a load of 12,000 took a gigabyte."""


class Upkeep(BaseModel):
    """What `presswatch maintain` does, and after how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    compact_after_days: Count = 2
    """UTC days that ended so many days ago are written again as one file."""
    keep_replaced_hours: Annotated[int, Field(ge=1)] = 12
    """How long a replaced file stays for those who opened it, at least."""
    keep_snapshots_days: Count = 7
    """Older snapshots go; readers' own always stays, and more than three never do."""
    keep_raw_days: Annotated[int, Field(ge=0)] = 0
    """The archive files of runs that are older go; 0 keeps them."""
    keep_raw_megabytes: Annotated[int, Field(ge=0)] = 0
    """The oldest runs' archive files go until the archive is no larger; 0 lets it grow."""
    keep_leftovers_hours: Annotated[int, Field(ge=1)] = 24
    """How long staged rows and marks of runs that are no more lie about."""


class Settings(BaseSettings):
    """What the environment says, under names with the prefix `PRESSWATCH_`.

    A limit is set as `PRESSWATCH_LIMITS__MAX_BYTES=5000000`.

    Raises:
        ConfigError: one line a bad value, naming the variable.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, env_ignore_empty=True
    )

    data: Path = Field(default=Path("data"), validate_default=True)
    """The data folder; kept as an absolute path. Given as s3://bucket/folder, it is `store`."""
    store: str = ""
    """The store that counts, s3://bucket/folder; the data folder is then its working copy.

    Of the folder that PRESSWATCH_DATA names, or ./data.
    """
    sources: Path = Path("deployments/sources.toml")
    """The papers, a TOML file."""
    topics: Path = Path("deployments/topics.toml")
    """The topics, a TOML file."""
    deployments: Path = Path("deployments/prefect.yaml")
    """The deployments and their schedules, as `prefect deploy` reads them."""
    contact: str = ""
    """Mail address or http(s) URL that the User-Agent gives to those who want to complain."""
    limits: Limits = Limits()
    upkeep: Upkeep = Upkeep()
    recheck_after: Annotated[Steps, NoDecode] = tuple(map(_duration, ("3h", "1d", "7d")))
    """How long after an article was first seen its page is asked for again; none: never.

    Set as `PRESSWATCH_RECHECK_AFTER=3h,1d,7d`, or `off`.
    """
    workers: Annotated[int, Field(ge=0)] = 0
    """Processes for extraction; 0 is one for each core this process may use."""
    dask: str = ""
    """Address of a Dask scheduler, whose workers refine what is backfilled; empty: this machine."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401
        try:
            super().__init__(**values)
        except ValidationError as error:
            lines = describe(error, type(self))
            raise ConfigError(map(_as_variable, lines)) from None
        except SettingsError as error:
            # pydantic-settings: error parsing value for field "limits" from source ...
            name = str(error).partition('"')[2].partition('"')[0].upper()
            raise ConfigError([f"{_PREFIX}{name}: {error.__cause__ or error}"]) from None

    @model_validator(mode="before")
    @classmethod
    def _from_a_store(cls, given: dict[str, Any]) -> dict[str, Any]:
        # A path has no empty parts: s3://bucket is s3:/bucket by the time a command has it.
        found = _STORE.fullmatch(str(given.get("data", "")))
        if not found:
            return given
        return {**given, "data": Path("data"), "store": f"s3://{found[1]}"}

    @field_validator("store")
    @classmethod
    def _a_store(cls, store: str) -> str:
        return open_store(store).url if store else ""

    @field_validator("data")
    @classmethod
    def _absolute(cls, data: Path) -> Path:
        return data.expanduser().absolute()

    @field_validator("contact")
    @classmethod
    def _a_contact(cls, contact: str) -> str:
        if contact and not _CONTACT.fullmatch(contact):
            raise ValueError(f"must be a mail address or an http(s) URL, got {contact!r}")
        return contact

    @field_validator("dask")
    @classmethod
    def _a_scheduler(cls, dask: str) -> str:
        if dask and not _SCHEDULER.fullmatch(dask):
            raise ValueError(f"must be an address like tcp://host:8786, got {dask!r}")
        return dask

    @property
    def user_agent(self) -> str:
        """The User-Agent header: project, version, and the contact when there is one."""
        product = f"Presswatch/{version('presswatch')}"
        return f"{product} (+{self.contact})" if self.contact else product

    @property
    def processes(self) -> int:
        """How many processes extract pages."""
        return self.workers or available_cores()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _as_variable(line: str) -> str:
    key, _, wrong = line.partition(": ")
    return f"{_PREFIX}{key.replace('.', '__').upper()}: {wrong}"
