"""The environment file that `presswatch env` prints for services, without secrets."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from flows.runs.prefect_settings import server_settings
from tasks.settings import ConfigError, Settings

PREFIX = "PRESSWATCH_"
# Prefect's secrets; of its other variables only those that Presswatch sets are printed.
SECRETS = (
    "PREFECT_API_AUTH_STRING",
    "PREFECT_API_KEY",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
    "PREFECT_SERVER_DATABASE_PASSWORD",
)
# A variable of Presswatch with one of these in its name holds a secret.
SECRET = re.compile("SECRET|PASSWORD|PASSWD|TOKEN|KEY|AUTH|CREDENTIAL")
# Values that systemd, compose and the shell read alike without quotes.
BARE = re.compile(r"[\w./:@%+,=~-]*", re.ASCII)


def env_file(settings: Settings, api: str, environment: Mapping[str, str]) -> str:
    """A sorted line KEY=VALUE for each setting; the environment overrides defaults.

    A secret that is set is named in a comment, without its value. ConfigError for a value that
    cannot be quoted.
    """
    home = environment.get("PREFECT_HOME") or str(settings.data / "prefect")
    # The server copies its pages at its start; by default, among the installed packages.
    pages = {"PREFECT_SERVER_UI_STATIC_DIRECTORY": f"{home}/ui"}
    defaults = server_settings(api, environment) | pages | {"PREFECT_HOME": home}
    values = {name: environment.get(name) or value for name, value in defaults.items()}
    values |= {key: value for key, value in environment.items() if key.startswith(PREFIX) and value}
    if settings.store:
        values[f"{PREFIX}STORE"] = settings.store
    for name in ("data", "sources", "topics", "alerts"):
        path: Path = getattr(settings, name)
        values[f"{PREFIX}{name.upper()}"] = str(path.absolute())
    hidden = {name for name in SECRETS if environment.get(name)}
    lines = []
    for name, value in sorted(values.items()):
        # An address may hold a password: in front of the host, or in its query.
        address = urlsplit(value) if "://" in value else urlsplit("")
        has_secret_name = name.startswith(PREFIX) and SECRET.search(name)
        if name in hidden or has_secret_name or address.username or address.query:
            hidden.add(name)
        elif "'" in value or not value.isprintable():
            raise ConfigError([f"{name}: {value!r} cannot be written into an environment file"])
        else:
            lines.append(f"{name}={value}" if BARE.fullmatch(value) else f"{name}='{value}'")
    return "\n".join([*(f"# left out, holds a secret: {name}" for name in sorted(hidden)), *lines])
