"""Restricts Prefect's UI by a content security policy to requests to its own server.

Prefect 3.9's UI asks a statistics service (`sr-client-cfg.amplitude.com`) for settings on every
page. No setting stops that: PREFECT_SERVER_ANALYTICS_ENABLED and DO_NOT_TRACK concern the server,
the key is in the pages' JavaScript, and the server cannot be told to send a header. So the policy
is written into the pages. tests/server/test_content_policy.py fails when the pages change.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from warehouse.layers.atomic_write import write_whole

# Folder of the server's copy of the pages, made at its first start.
STATIC = "PREFECT_SERVER_UI_STATIC_DIRECTORY"
# Addresses that the pages may request besides their own.
ADDRESSES = ("PREFECT_API_URL", "PREFECT_UI_API_URL", "PREFECT_SERVER_UI_API_URL")
HEAD = re.compile(r'<head>(<meta http-equiv="Content-Security-Policy"[^>]*>)?')


def use_own_pages(home: Path) -> None:
    """Have the server keep its pages under Prefect's home, not among the installed packages."""
    pages = Path(os.environ.setdefault(STATIC, str(home / "ui")))
    pages.mkdir(parents=True, exist_ok=True)


def add_policy(environment: Mapping[str, str]) -> None:
    """Write the policy into this environment's copy of the pages."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(environment)}" />'
    for page in Path(environment[STATIC]).glob("v*/index.html"):
        text = page.read_text(encoding="utf-8")
        write_whole(page, HEAD.sub(f"<head>{meta}", text, count=1).encode())


def policy(environment: Mapping[str, str]) -> str:
    """The content security policy: the pages' own content, and the API's addresses."""
    urls = [urlsplit(environment[name]) for name in ADDRESSES if environment.get(name)]
    hosts = {f"{url.scheme}://{url.netloc}" for url in urls}
    sockets = {host.replace("http", "ws", 1) for host in hosts}
    reached = sorted(hosts | sockets)
    return " ".join(["default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:", *reached])
