"""Reads TOML files; each mistake becomes one line that names file, entry and key."""

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

EntryT = TypeVar("EntryT", bound=BaseModel)
HeadT = TypeVar("HeadT", bound=BaseModel)

_KINDS = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "model_type": "a table",
}


class _NoHead(BaseModel):
    """The head of files that have entries only."""


class ConfigError(ValueError):
    """The configuration is wrong; one line per problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    # Otherwise unpickling in another process would pass the text as the problems.
    def __reduce__(self) -> tuple[type["ConfigError"], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


def read_entries(path: Path, table: str, model: type[EntryT]) -> tuple[EntryT, ...]:
    """Read every `[[table]]` of a TOML file into `model`; ConfigError has a line a problem."""
    _, entries = read_head_and_entries(path, _NoHead, table, model)
    if not entries:
        raise missing_entries(path, table)
    return entries


def read_head_and_entries(
    path: Path, head: type[HeadT], table: str, model: type[EntryT]
) -> tuple[HeadT, tuple[EntryT, ...]]:
    """Read the keys of a TOML file into `head`, and its `[[table]]` entries, which may be none.

    ConfigError has a line a problem.
    """
    document = _document(path)
    found = document.pop(table, ())
    if unknown := [key for key in document if key not in head.model_fields]:
        expected = ", ".join((f"[[{table}]]", *head.model_fields))
        raise ConfigError(f"{path}: {key}: unknown key, expected {expected}" for key in unknown)
    try:
        above = head.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{path}: {line}" for line in describe(error, head)) from None
    if not isinstance(found, tuple) or not all(isinstance(entry, dict) for entry in found):
        raise ConfigError([f"{path}: {table}: wrong type, write [[{table}]] above each entry"])
    entries: list[EntryT] = []
    problems: list[str] = []
    repeats: list[str] = []
    first: dict[str, int] = {}
    for number, raw in enumerate(found, 1):
        place = f"{path}: {table} {number}"
        if isinstance(entry_id := raw.get("id"), str):
            place += f" ({entry_id})"
            if first.setdefault(entry_id, number) != number:
                repeats.append(f"{place}: id: repeats {table} {first[entry_id]}")
        try:
            entries.append(model.model_validate(raw))
        except ValidationError as error:
            problems += (f"{place}: {line}" for line in describe(error, model))
    if problems or repeats:
        raise ConfigError(problems + repeats)
    return above, tuple(entries)


def missing_entries(path: Path, table: str, remedy: str = "") -> ConfigError:
    """The error of a file that has no entry; `remedy` says what to do."""
    problem = f"{path}: {table}: missing, the file has no [[{table}]] entry"
    return ConfigError([f"{problem}: {remedy}" if remedy else problem])


def read_table(path: Path, model: type[EntryT]) -> EntryT:
    """Read a TOML file without entries into `model`; ConfigError has a line a problem."""
    try:
        return model.model_validate(_document(path))
    except ValidationError as error:
        raise ConfigError(f"{path}: {line}" for line in describe(error, model)) from None


def describe(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One `key: problem` for each error that pydantic found."""
    for detail in error.errors():
        if detail["type"] == "default_factory_not_called":
            continue  # the error depends on another key, which has its own line
        parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
        key = "".join(parts).removeprefix(".")
        yield f"{key}: {_describe_error(detail, model)}" if key else _describe_error(detail, model)


def _document(path: Path) -> dict[str, Any]:
    try:
        # Windows editors put a byte order mark before UTF-8.
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return {key: arrays_as_tuples(value) for key, value in document.items()}
    except FileNotFoundError:
        raise ConfigError([f"{path}: the file is missing"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not UTF-8 at byte {error.start}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: arrays or tables are nested too deeply"]) from None


def arrays_as_tuples(value: object) -> object:
    """A TOML value with tuples in place of arrays, as frozen models require."""
    if isinstance(value, dict):
        return {key: arrays_as_tuples(inner) for key, inner in value.items()}
    return tuple(map(arrays_as_tuples, value)) if isinstance(value, list) else value


def _describe_error(detail: ErrorDetails, model: type[BaseModel]) -> str:
    match detail["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            *outer, key = map(str, detail["loc"])
            for name in outer:
                inner = model.model_fields[name].annotation if name in model.model_fields else None
                if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
                    return "unknown key"
                model = inner
            near = difflib.get_close_matches(key, model.model_fields, n=1)
            return "unknown key" + (f", did you mean {near[0]}?" if near else "")
        case "value_error":
            return detail["msg"].removeprefix("Value error, ")
        case kind if kind in _KINDS:
            return f"wrong type, must be {_KINDS[kind]}, got {_short_repr(detail['input'])}"
    message = detail["msg"].replace("Input should be", "must be", 1)
    return f"{message}, got {_short_repr(detail['input'])}"


def _short_repr(value: object) -> str:
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."
