"""What a repair did: a line for each file."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Repaired:
    """The files that were repaired, and those that could not be, each with the measure taken."""

    repaired: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    def add_repaired(self, file: Path | str, how: str) -> None:
        """Add a file that is whole again."""
        log.info("%s: %s", file, how)
        self.repaired[str(file)] = how

    def add_lost(self, file: Path | str, what: str) -> None:
        """Add a file, or a record of one, that is lost or in the quarantine."""
        log.warning("%s: %s", file, what)
        self.lost[str(file)] = what

    def __str__(self) -> str:
        if not (self.repaired or self.lost):
            return "nothing to repair"
        return f"{len(self.repaired)} repaired, {len(self.lost)} quarantined or lost"
