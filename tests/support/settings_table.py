"""The table of settings in deployments/README.md, made from the models in tasks/settings.py.

`python -m tests.support.settings_table` writes it; tests/test_settings.py fails when it is stale.
"""

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.settings import Settings

GUIDE = Path(__file__).parents[2] / "deployments" / "README.md"
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"
UNITS = ("bytes", "megabytes", "seconds", "hours", "days")
LETTERS = {timedelta(days=1): "d", timedelta(hours=1): "h"}


def settings_table() -> str:
    """All settings as a Markdown table, a row each, nested ones last."""
    head = "| variable | default | unit | meaning |\n|---|---|---|---|\n"
    return head + "".join(_rows("PRESSWATCH_", Settings))


def guide() -> str:
    """deployments/README.md with the table as it should be."""
    before, _, rest = GUIDE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + settings_table() + END + rest.partition(END)[2]


def _rows(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    meanings = dict(_docstrings(model))
    fields = model.model_fields.items()
    for name, field in sorted(fields, key=lambda each: isinstance(each[1].default, BaseModel)):
        variable, default = f"{prefix}{name.upper()}", field.default
        if isinstance(default, BaseModel):
            yield from _rows(f"{variable}__", type(default))
            continue
        shown = _shown(default)
        cells = f"`{variable}`", shown and f"`{shown}`", _unit(name, default), meanings[name]
        yield f"| {' | '.join(cells)} |\n"


def _docstrings(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Each field's name and the docstring below it, on one line."""
    [definition] = ast.parse(inspect.getsource(model)).body
    assert isinstance(definition, ast.ClassDef)
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(said))),
            ):
                yield name, " ".join(said.split())


def _unit(name: str, default: object) -> str:
    if isinstance(default, timedelta | tuple):
        return "duration" if isinstance(default, timedelta) else "durations"
    if isinstance(default, str):
        return ""
    return next((unit for unit in UNITS if unit in name.split("_")), "")


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return ",".join(map(_shown, default))
    if isinstance(default, timedelta):
        length, letter = next(each for each in LETTERS.items() if not default % each[0])
        return f"{default // length}{letter}"
    return str(default)


if __name__ == "__main__":
    GUIDE.write_text(guide(), encoding="utf-8")
