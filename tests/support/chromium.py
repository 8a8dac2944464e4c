"""Debian's Chromium for the tests that look at pages; skipped where it is not installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")
AT_HOME = ("--lang=en-US", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
"""Messages in English, and no way to any host but this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    arguments = [*QUIET, *AT_HOME, *root]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()
