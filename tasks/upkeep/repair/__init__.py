"""Repair: what is damaged is made again from a neighbouring layer, or goes into the quarantine."""

from tasks.upkeep.repair.repair import repair
from tasks.upkeep.repair.report import Repaired

__all__ = ["Repaired", "repair"]
