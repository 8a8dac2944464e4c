"""Configuration files with mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.text.toml_reader import ConfigError


def problems_of(path: Path, text: str, load: Callable[[Path], object]) -> tuple[str, ...]:
    """What loading a file of this text tells, each line without the file's name before it."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert all(line.startswith(f"{path}: ") for line in caught.value.problems)
    return tuple(line.removeprefix(f"{path}: ") for line in caught.value.problems)
