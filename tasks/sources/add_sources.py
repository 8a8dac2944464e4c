"""Writes entries of sources.toml, and adds them to a file that a person keeps."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.sources.source import Source, load_sources
from tasks.text.control_characters import without_controls
from tasks.text.toml_reader import ConfigError, describe, frozen
from warehouse.layers.atomic_write import write_whole

Entry = Mapping[str, Any]  # the keys of one [[source]]


def as_toml(entry: Entry, comments: Mapping[str, str] | None = None) -> str:
    """One `[[source]]` entry; `comments` stand behind the keys, or alone where a key is missing."""
    lines = ["[[source]]"]
    noted = comments or {}
    for key in dict.fromkeys((*Source.model_fields, *entry)):
        # Evidence has words of the site in it, which must not become a line of the file.
        note = " ".join(without_controls(noted.get(key, "")).split())[:200]
        if key in entry:
            # A string of JSON is one of TOML, but for DEL, which TOML wants escaped.
            value = json.dumps(entry[key], ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{key} = {value}" + (f"  # {note}" if note else ""))
        elif note:
            lines.append(f"# {key} = {note}")
    return "\n".join(lines) + "\n"


def problems_of(entry: Entry) -> list[str]:
    """What is wrong with an entry, a line a key; empty for a good one."""
    try:
        Source.model_validate(frozen(dict(entry)))
    except ValidationError as error:
        return list(describe(error, Source))
    return []


def add_sources(path: Path, entries: Sequence[Entry]) -> None:
    """Add entries at the end of a sources.toml; what stands in it stays as it is, comments too.

    ConfigError when an id is there already, or when the file would not be valid: it is then
    unchanged. A missing file is made.
    """
    path = path.resolve()  # a link stays a link
    before = path.read_bytes() if path.exists() else b""
    known = {source.id for source in load_sources(path)} if before.strip() else set()
    repeated = [entry["id"] for entry in entries if entry["id"] in known]
    if repeated:
        raise ConfigError(
            f"{path}: {each} is there already: give another --id" for each in repeated
        )
    text = "\n\n".join(filter(None, (before.decode("utf-8").rstrip(), *map(as_toml, entries))))
    trial = path.with_name(f".{path.name}.trial")  # beside it, as its globs are relative
    write_whole(trial, text.encode())
    try:
        load_sources(trial)
    except ConfigError as error:
        problems = [line.replace(str(trial), str(path)) for line in error.problems]
        raise ConfigError(f"{line}; nothing was added" for line in problems) from None
    finally:
        trial.unlink()
    if (path.read_bytes() if path.exists() else b"") != before:
        raise ConfigError([f"{path}: changed meanwhile, nothing was added: run it again"])
    write_whole(path, text.encode())
