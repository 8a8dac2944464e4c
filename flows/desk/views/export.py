"""Export: charts as pictures, tables as files, the SQL of a view."""

from starlette.requests import Request
from starlette.responses import Response


def export(request: Request) -> Response:
    """X"""
    raise NotImplementedError
