"""How far long work is, told through the log: a bar on a terminal, nothing elsewhere."""

import logging

log = logging.getLogger(__name__)


def advance(step: str, done: int, total: int | None) -> None:
    """Say that `done` of `total` units of a step are finished; None when nobody knows the total."""
    log.debug("%s: %d of %s", step, done, total, extra={"step": step, "done": done, "total": total})
