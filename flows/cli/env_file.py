"""The settings of server and workers as a file that systemd, compose and the shell all read."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from flows.runs.prefect_settings import server_settings
from tasks.settings import ConfigError, Settings

PREFIX = "PRESSWATCH_"
SECRETS = (
    "PREFECT_API_AUTH_STRING",
    "PREFECT_API_KEY",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_PASSWORD",
)
"""Of Prefect; no other variable of Prefect is printed either, but for those that we set."""
SECRET = re.compile("SECRET|PASSWORD|PASSWD|TOKEN|KEY|AUTH|CREDENTIAL")
"""In the name of a variable of our own."""
BARE = re.compile(r"[\w./:@%+,=~-]*", re.ASCII)
"""Values that are read alike without quotes."""


def env_file(settings: Settings, api: str, environment: Mapping[str, str]) -> str:
    """A line KEY=VALUE a setting, sorted; what is set in the environment counts.

    A secret that is set is named in a comment and left out.

    Raises:
        ConfigError: a value that no quoting carries into such a file.
    """
    wanted = _wanted(settings, api, environment)
    hidden = {name for name in SECRETS if environment.get(name)}
    hidden |= {name for name, value in wanted.items() if _is_secret(name, value)}
    lines = [_line(name, wanted[name]) for name in sorted(wanted.keys() - hidden)]
    return "\n".join([*(f"# left out, holds a secret: {name}" for name in sorted(hidden)), *lines])


def _wanted(settings: Settings, api: str, environment: Mapping[str, str]) -> dict[str, str]:
    defaults = server_settings(api) | {"PREFECT_HOME": str(settings.data / "prefect")}
    known = {name: environment.get(name) or value for name, value in defaults.items()}
    own = {name: value for name, value in environment.items() if name.startswith(PREFIX) and value}
    paths: dict[str, Path] = {
        f"{PREFIX}{name.upper()}": getattr(settings, name) for name in ("data", "sources", "topics")
    }
    if settings.store:
        own[f"{PREFIX}STORE"] = settings.store
    return known | own | {name: str(path.absolute()) for name, path in paths.items()}


def _is_secret(name: str, value: str) -> bool:
    """By the name of a variable of our own, or by a user or a query in an address."""
    if name.startswith(PREFIX) and SECRET.search(name):
        return True
    parts = urlsplit(value) if "://" in value else None
    return bool(parts and (parts.username or parts.query))


def _line(name: str, value: str) -> str:
    if "'" in value or not value.isprintable():
        raise ConfigError([f"{name}: {value!r} cannot be written into an environment file"])
    return f"{name}={value}" if BARE.fullmatch(value) else f"{name}='{value}'"
