"""Debian's Chromium for the tests that look at pages; skipped where it is not installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update")
NO_HOSTS = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@contextmanager
def chromium(*names: str) -> Iterator[Browser]:
    """A browser without a window, in English, that reaches this machine alone, also by `names`."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    rules = ", ".join([*(f"MAP {name} 127.0.0.1" for name in names), NO_HOSTS])
    arguments = [*QUIET, "--lang=en-US", f"--host-resolver-rules={rules}", *root]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()
