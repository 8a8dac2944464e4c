"""Formats entries of sources.toml, and adds them to a file that a person maintains."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from tasks.text.control_characters import without_controls
from tasks.text.toml_reader import ConfigError, arrays_as_tuples, describe
from warehouse.layers.atomic_write import write_whole

Entry = Mapping[str, Any]  # the keys of one [[source]]


def as_toml(entry: Entry, comments: Mapping[str, str] | None = None) -> str:
    """One `[[source]]` entry; `comments`, by key, follow values, or stand alone without the key."""
    lines = ["[[source]]"]
    noted = comments or {}
    for key in dict.fromkeys((*Source.model_fields, *entry)):
        # Comments quote the site: a line break in them must not start a line of the file.
        note = " ".join(without_controls(noted.get(key, "")).split())[:200]
        if key in entry:
            # A JSON string is a valid TOML string, except that TOML requires DEL to be escaped.
            value = json.dumps(entry[key], ensure_ascii=False).replace("\x7f", "\\u007f")
            lines.append(f"{key} = {value}" + (f"  # {note}" if note else ""))
        elif note:
            lines.append(f"# {key} = {note}")
    return "\n".join(lines) + "\n"


def problems_of(entry: Entry) -> list[str]:
    """The problems of an entry, one line per key; empty for a valid entry."""
    try:
        Source.model_validate(arrays_as_tuples(dict(entry)))
    except ValidationError as error:
        return list(describe(error, Source))
    return []


def add_sources(path: Path, entries: Sequence[Entry]) -> None:
    """Append entries to a sources.toml; its existing text, with comments, is unchanged.

    ConfigError, and nothing is written, when an id exists already, or when the file would not be
    valid. A missing file is created.
    """
    path = path.resolve()  # so that a symbolic link is not replaced
    before = path.read_bytes() if path.exists() else b""
    already = load_sources(path, may_be_empty=True) if before else ()
    known = {source.id for source in already}
    repeated = [entry["id"] for entry in entries if entry["id"] in known]
    if repeated:
        raise ConfigError(
            f"{path}: {each} is there already: give another --id" for each in repeated
        )
    kept = before.decode("utf-8").rstrip()
    text = "\n".join([*([f"{kept}\n"] if kept else []), *map(as_toml, entries)])
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
