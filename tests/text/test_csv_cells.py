"""Cells of CSV files: no formula goes out, and what comes back is the text that it was."""

import pytest

from tasks.text.csv_cells import as_cell, text_of


@pytest.mark.parametrize("text", ["=1", "+972", "-", "@ann", "\tx", "\rx"])
def test_a_formula_is_a_text_and_comes_back(text: str) -> None:
    assert as_cell(text) == f"'{text}"
    assert text_of(as_cell(text)) == text
    assert text_of(as_cell(as_cell(text))) == as_cell(text)


@pytest.mark.parametrize("text", ["", "'", "ann", "'ann'", "a=b", "’=1"])
def test_other_texts_stay(text: str) -> None:
    assert as_cell(text) == text_of(text) == text
