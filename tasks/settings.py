"""Settings of one installation, read once from the environment."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from tasks.text.toml_reader import ConfigError, describe
from warehouse.store.objects import open_store

__all__ = ["ConfigError", "Limits", "Settings", "Steps", "Upkeep"]

# Upper bounds of parameters and settings: larger values give dates that do not exist, or more
# processes than a machine can start.
MAX_DAYS = 36_500
MAX_PAGES = 1_000_000
MAX_PROCESSES = 1024
MAX_SECONDS = 1_000_000  # a system call waits for 24 days at most
MAX_COUNT = 10**15  # for bytes and the like: code that counts them uses 64-bit integers
_PREFIX = "PRESSWATCH_"
_CONTACT = r"(?a)((https?://|[\w.+-]+@)[\w.-]+[^\s()<>\\\"]*)?"

WAYBACK = "https://web.archive.org"
_ARCHIVE = r"https?://[^\s/?#]+(/[^\s?#]*)?"
_SCHEME = re.compile(r"(?a)[A-Za-z][\w+.-]+:/")
_STORE = re.compile(r"s3:/{1,2}([^/].*)")
_SCHEDULER = r"(?a)((tcp|tls)://([^\s/:]+|\[[0-9a-fA-F:]+\]):\d+)?"

_DURATION = re.compile(r"(\d{1,4})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def matching(pattern: str, wanted: str) -> AfterValidator:
    """Validates that a text matches the pattern as a whole."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {wanted}, got {value!r}")
        return value

    return AfterValidator(check)


def read_steps(value: object) -> object:
    """Durations such as `3h, 1d, 7d` (s, m, h, d, w), each once, the shortest first; off: none."""
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
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Hours = Annotated[int, Field(ge=1, le=MAX_DAYS * 24)]
Seconds = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]


class Limits(BaseModel):
    """Limits on one request, one page, one listing, one source and one shard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: Count = 10_000_000
    """Largest response or saved file, after decompression."""
    max_seconds: Seconds = 60.0
    """Longest request, from connecting to the last byte, over all tries and redirects."""
    connect_seconds: Seconds = 10.0
    """Longest wait for a connection."""
    max_redirects: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 5
    """Redirects followed for one request."""
    max_entries: Count = 500
    """Entries read from one listing, the newest where they have dates."""
    max_new_articles: Count = 200
    """New pages fetched for one source in one run; the rest are deferred to later runs."""
    max_rechecks: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 100
    """Known pages fetched again for one source in one run; 0 turns rechecks off."""
    max_tries: Count = 3
    """Tries for one request, including the first."""
    source_seconds: Seconds = 600.0
    """Time for one source in one run, a tenth of it for a listing; the rest is deferred."""
    load_seconds: Seconds = 30.0
    """How long what is refined waits at most to be loaded, while other sources are collected."""
    page_seconds: Seconds = 10.0
    """Time for extracting one page; a page that takes longer is rejected."""
    failures_to_skip: Count = 3
    """Failed runs in a row after which a source is skipped."""
    first_skip: Duration = timedelta(hours=1)
    """How long a source is skipped at first; each further failure doubles it."""
    longest_skip: Duration = timedelta(days=1)
    """Upper bound of the time for which a source is skipped."""
    shard_bytes: Count = 64 * 1024 * 1024
    """Size of the pieces in which a WARC file is backfilled. Changing it repeats finished work."""
    pages_a_run: Count = 3_000
    """Backfilled pages per load, at least. More is faster and needs memory: 12,000 took 1 GB."""


class Upkeep(BaseModel):
    """What `presswatch maintain` compacts and removes, and after how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    compact_after_days: Days = 2
    """Age at which a UTC day's Parquet files are merged into one."""
    keep_replaced_hours: Hours = 12
    """How long a replaced Parquet file is kept for open readers, at least."""
    keep_snapshots_days: Days = 7
    """Age at which snapshots are removed. The current one always stays, at most three are kept."""
    keep_raw_days: Annotated[int, Field(ge=0, le=MAX_DAYS)] = 0
    """Age at which a run's archive files are removed; 0 keeps all."""
    keep_raw_megabytes: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 0
    """Size of the raw archive above which the oldest runs' files are removed; 0 keeps all."""
    keep_leftovers_hours: Hours = 24
    """Age at which staged rows and markers of dead runs are removed."""


class History(BaseModel):
    """How `presswatch history` asks an archive of the web."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wayback: Annotated[str, matching(_ARCHIVE, "an http(s) address without a query")] = WAYBACK
    """The Wayback Machine, or an archive with its interface."""
    pause_seconds: Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)] = 3.0
    """Pause between two requests to it; in 2026 it takes 24 a minute to its index."""
    backoff_seconds: Seconds = 30.0
    """Longest pause after a first failure there; each further one doubles it, up to a minute."""
    index_rows: Count = 3_000
    """Captures in one answer of its index."""


class Settings(BaseSettings):
    """Settings read from environment variables with the prefix `PRESSWATCH_`.

    Nested settings use two underscores: `PRESSWATCH_LIMITS__MAX_BYTES=5000000`. The docstrings
    below are the table of settings in deployments/README.md. ConfigError names bad variables.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, env_ignore_empty=True
    )

    data: Path = Field(default=Path("data"), validate_default=True)
    """The data folder. With `s3://bucket/folder`, that store, with `./data` as its working copy."""
    store: str = ""
    """Object store to keep the data in, `s3://bucket/folder`; `data` is then its working copy."""
    sources: Path = Path("deployments/sources.toml")
    """The TOML file of sources."""
    topics: Path = Path("deployments/topics.toml")
    """The TOML file of topics."""
    deployments: Path = Path("deployments/prefect.yaml")
    """The Prefect deployments and their schedules."""
    metrics: Path = Path("metrics.prom")
    """File of the metrics for Prometheus, below the data folder unless the path is absolute."""
    log_json: bool = False
    """Write log lines as JSON, an object a line, for programs that collect them."""
    alerts: Path = Path("deployments/alerts.toml")
    """Who is sent alerts and the digest, and when; see production.md."""
    contact: Annotated[str, matching(_CONTACT, "a mail address or an http(s) URL")] = ""
    """Mail address or web page given in the User-Agent. Set it before you fetch."""
    limits: Limits = Limits()
    upkeep: Upkeep = Upkeep()
    history: History = History()
    recheck_after: Annotated[Steps, NoDecode] = tuple(map(_duration, ("3h", "1d", "7d")))
    """When a page is fetched again, counted from its first sight; `off` for never."""
    workers: Annotated[int, Field(ge=0, le=MAX_PROCESSES)] = 0
    """Processes that extract pages; 0 takes one per available core."""
    days: Literal["local", "utc"] = "local"
    """Days of the report, the desk, MCP, alerts, digest: of each source's time zone, or UTC."""
    spike_false_alarms: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    """Days of a topic and year that may be taken for spikes by chance; more finds more spikes."""
    balance: Literal["none", "country", "collection"] = "none"
    """Sources that weigh alike together in `balanced_index`: those of a country or a collection."""
    desk_password: SecretStr = SecretStr("")
    """Password of `presswatch desk`, which it needs to answer other machines."""
    dask: Annotated[str, matching(_SCHEDULER, "an address like tcp://host:8786")] = ""
    """Dask scheduler, `tcp://host:8786`, whose workers refine backfills; empty: this machine."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401
        try:
            super().__init__(**values)
        except ValidationError as error:
            lines = (line.partition(": ") for line in describe(error, type(self)))
            raise ConfigError(
                f"{_PREFIX}{key.replace('.', '__').upper()}: {wrong}" for key, _, wrong in lines
            ) from None
        except SettingsError as error:
            # pydantic-settings: error parsing value for field "limits" from source ...
            name = str(error).partition('"')[2].partition('"')[0].upper()
            raise ConfigError([f"{_PREFIX}{name}: {error.__cause__ or error}"]) from None

    @model_validator(mode="before")
    @classmethod
    def _from_a_store(cls, given: dict[str, Any]) -> dict[str, Any]:
        # Path removes empty parts: commands turn s3://bucket into s3:/bucket.
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
        if _SCHEME.match(str(data)):
            raise ValueError(f"must be a folder or like s3://bucket/folder, got {str(data)!r}")
        folder = data.expanduser().absolute()
        # DuckDB 2.0.1 writes the log of x?y/news.duckdb as x.wal?y/news.duckdb.
        if "?" in str(folder):
            raise ValueError(f"must be a path without a question mark, got {str(folder)!r}")
        return folder

    @property
    def user_agent(self) -> str:
        """The User-Agent header: project, version, and the contact when there is one."""
        product = f"Presswatch/{version('presswatch')}"
        return f"{product} (+{self.contact})" if self.contact else product

    @property
    def is_local(self) -> bool:
        """Whether people are shown days in the time zones of the sources."""
        return self.days == "local"

    @property
    def processes(self) -> int:
        """How many processes extract pages."""
        return self.workers or available_cores()


def misspelt(names: Iterable[str]) -> Iterator[str]:
    """A line for each variable whose name is close to a setting's, but not equal.

    Other variables are accepted: Kubernetes sets PRESSWATCH_PORT for a service of that name.
    """
    known: dict[str, str] = {}  # names of settings, by what may be written for them
    for name, info in Settings.model_fields.items():
        fields = getattr(info.annotation, "model_fields", {})
        known |= {name: name} if not fields else {field: f"{name}__{field}" for field in fields}
    known |= {name.replace("__", "_"): name for name in known.values()}
    for variable in names:
        name = variable.lower().removeprefix(_PREFIX.lower())
        # An unknown key of a setting that exists ends the command with an error of its own.
        if name == variable.lower() or name.partition("__")[0] in Settings.model_fields:
            continue
        for near in difflib.get_close_matches(name.replace("__", "_"), known, n=1, cutoff=0.8):
            yield f"{variable}: no such setting, did you mean {_PREFIX}{known[near].upper()}?"


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
