"""The beginning and the end of Presswatch's flows."""

import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Flow, flow
from prefect.flows import FlowStateHook
from prefect.states import Completed

from flows.runs.alerts import check_after_run
from flows.runs.metrics import record_run

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def presswatch_flow(
    name: str,
    *,
    run_name: str = "",  # the flow's name if empty
    checks: bool = False,  # whether its runs check for incidents at their end
    **options: Any,  # noqa: ANN401 - of `prefect.flow`
) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """A flow whose runs write the installation's metrics at their end."""
    hooks: list[FlowStateHook[..., Any]] = [record_run, *([check_after_run] if checks else [])]
    return flow(
        name=name,
        flow_run_name=run_name or name,
        persist_result=False,
        on_completion=hooks,
        on_failure=hooks,
        **options,
    )


def completed(message: str, data: R) -> R:
    """End a run with a message, which is logged too."""
    log.info("%s", message)
    # Prefect takes the state, and returns its data to the caller.
    return Completed(message=message, data=data)  # type: ignore[return-value]
