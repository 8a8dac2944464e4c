"""Configuration files: a plain one, and those with mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.text.toml_reader import ConfigError

ONE_SOURCE = """[[source]]
id = "gb-post"
name = "Post"
language = "en"
timezone = "UTC"
files = ["*.txt"]
"""


def problems_of(path: Path, text: str, load: Callable[[Path], object]) -> tuple[str, ...]:
    """What loading a file of this text tells, each line without the file's name before it."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert all(line.startswith(f"{path}: ") for line in caught.value.problems)
    return tuple(line.removeprefix(f"{path}: ") for line in caught.value.problems)
