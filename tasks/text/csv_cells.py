"""Cells of CSV files that a spreadsheet does not take for formulas."""

import re

# Also with quotes before it, so that reading removes just what writing has added.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def as_cell(text: str) -> str:
    """The text with a quote before it where a spreadsheet would run it, such as `=HYPERLINK()`."""
    return f"'{text}" if _FORMULA.match(text) else text


def text_of(cell: str) -> str:
    """The text that `as_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
