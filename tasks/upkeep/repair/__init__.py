"""Repair: damaged files are made again from a neighbouring layer, or quarantined."""

from tasks.upkeep.repair.repair import repair
from tasks.upkeep.repair.report import Repaired

__all__ = ["Repaired", "repair"]
