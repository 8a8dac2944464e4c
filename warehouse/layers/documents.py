"""The JSON documents of a data folder: one codec, each document with the number of its format.

A document is a dataclass. What `encode` writes differs only in `format` when the shape of a class
changes; raise that number then, so that older versions refuse what they would misread.
"""

import json
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


class DocumentError(ValueError):
    """A document of the data folder cannot be read; the message names it and the remedy."""


def encode(
    document: "DataclassInstance",
    *,
    format: int = 1,  # noqa: A002
    indent: int | None = 1,
    sort_keys: bool = False,
) -> bytes:
    """A document as UTF-8 JSON, without spaces where `indent` is None."""
    # Not pydantic's encoder: it writes times with Z, earlier versions wrote +00:00, and a document
    # whose bytes change is uploaded again.
    return json.dumps(
        {"format": format, **asdict(document)},
        ensure_ascii=False,
        default=lambda time: time.isoformat(),
        indent=indent,
        separators=(",", ": " if indent else ":"),
        sort_keys=sort_keys,
    ).encode()


def decode(kind: type[T], content: bytes, name: object, *, format: int = 1) -> T:  # noqa: A002
    """Read a document that `encode` wrote; `name` is what error messages call it.

    DocumentError when it is damaged, or was written by a newer version of Presswatch.
    """
    try:
        document = json.loads(content)
        if (found := document.pop("format")) == format:
            value: T = _adapter(kind).validate_python(document)  # type: ignore[arg-type]
            return value
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DocumentError(f"{name} is damaged: {where}: {first['msg']}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DocumentError(f"{name} is damaged: not a JSON document with a format") from error
    raise newer(f"{name} has format {found}, this version of Presswatch reads {format}")


def newer(found: str) -> DocumentError:
    """The error for what a newer version of Presswatch wrote: what was found, and the remedy."""
    return DocumentError(f"{found}: it was written by a newer version of Presswatch; upgrade")


@cache
def _adapter(kind: type[object]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
