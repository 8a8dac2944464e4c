"""Serving the desk until it is stopped."""

import socket
from collections.abc import Callable

import uvicorn

from flows.desk.app import create_app
from flows.desk.guard import LOOPBACK
from tasks.settings import ConfigError, Settings
from warehouse.layers.layout import Layout


def serve_desk(
    layout: Layout, settings: Settings, host: str, port: int, say: Callable[[str], None]
) -> None:
    """Serve the desk until Ctrl-C or SIGTERM; ConfigError when the port or the host is refused.

    Other machines reach it only with a password, PRESSWATCH_DESK_PASSWORD.
    """
    password = settings.desk_password.get_secret_value()
    if host not in LOOPBACK and not password:
        raise ConfigError(
            [f"--host {host} lets other machines read the articles: set PRESSWATCH_DESK_PASSWORD"]
        )
    app = create_app(layout, settings, password=password)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False)
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host.strip("[]"), port))
        except OSError as error:
            why = f"{host}:{port} cannot be used ({error.strerror}): name another with --port"
            raise ConfigError([why]) from None
        say(f"The desk: http://{host}:{listening.getsockname()[1]}/ (Ctrl-C ends it)")
        server.run(sockets=[listening])
