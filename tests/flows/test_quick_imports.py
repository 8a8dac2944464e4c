"""Garbage is left alone during imports, and collected afterwards."""

import gc
import importlib

import pytest

from flows.processes.quick_imports import quick_imports


def test_garbage_is_collected_again_after_a_failed_import() -> None:
    gc.unfreeze()
    with pytest.raises(ModuleNotFoundError), quick_imports():
        importlib.import_module("of_no_package")
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
