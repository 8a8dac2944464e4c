"""The JSON documents of a data folder: one codec, each document with the number of its format.

A document is a dataclass. When its fields change, raise the number of its format, so that older
versions refuse the document instead of misreading it.
"""

import json
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from warehouse.layers.findings import REMEDIES, Finding, kind_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
_adapter = cache(TypeAdapter)

# Without the link, a folder's store cannot be found again.
_LINK = "restore it from a backup, or begin with an empty data folder"
UPGRADE = "it was written by a newer version of Presswatch; upgrade"


class DocumentError(ValueError):
    """A document of the data folder cannot be read; the message names it and the remedy."""

    def __init__(self, name: object, problem: str, remedy: str) -> None:
        super().__init__(name, problem, remedy)
        self.name, self.problem, self.remedy = name, problem, remedy

    def __str__(self) -> str:
        return f"{self.name} {self.problem}; {self.remedy}"

    @property
    def finding(self) -> Finding:
        """The error as a finding."""
        path = Path(str(self.name))
        return Finding(path, self.problem, self.remedy, kind_of(path))


def encode(
    document: "DataclassInstance",
    *,
    format: int = 1,  # noqa: A002
    indent: int | None = 1,
    sort_keys: bool = False,
) -> bytes:
    """A document as UTF-8 JSON with its checksum, without spaces where `indent` is None."""

    # Not pydantic's encoder: it writes times with Z, but earlier versions wrote +00:00, and a
    # document with other bytes is uploaded again.
    def dump(content: dict[str, Any], indent: int | None) -> str:
        return json.dumps(
            content,
            ensure_ascii=False,
            default=lambda time: time.isoformat(),
            indent=indent,
            separators=(",", ": " if indent else ":"),
            sort_keys=sort_keys,
        )

    content = {"format": format, **asdict(document)}
    content["sha256"] = _checksum(json.loads(dump(content, None)))
    return dump(content, indent).encode()


def _checksum(content: object) -> str:
    """SHA-256 of a document's values, since a JSON document with changed bytes may be readable."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    return sha256(text.encode()).hexdigest()


def document_problem(content: bytes) -> str:
    """The problem of a document of any class; empty if there is none."""
    try:
        document = json.loads(content)
        has_format = isinstance(document, dict) and "format" in document
    except ValueError:
        has_format = False
    if not has_format:
        return "is damaged: not a JSON document with a format"
    # Documents of 0.1.0 have no checksum.
    digest = document.pop("sha256", None)
    if digest is not None and digest != _checksum(document):
        return "is damaged: not what its checksum says"
    return ""


def decode(kind: type[T], content: bytes, name: object, *, format: int = 1) -> T:  # noqa: A002
    """Read a document that `encode` wrote; error messages contain `name`.

    DocumentError when it is damaged, or was written by a newer version of Presswatch.
    """
    path = PurePath(str(name))
    remedy = _LINK if path.name == "store.json" else REMEDIES[kind_of(path)]
    if problem := document_problem(content):
        raise DocumentError(name, problem, remedy)
    try:
        document = json.loads(content)
        document.pop("sha256", None)
        if (found := document.pop("format")) == format:
            value: T = _adapter(kind).validate_python(document)  # type: ignore[arg-type]
            return value
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DocumentError(name, f"is damaged: {where}: {first['msg']}", remedy) from error
    raise newer_version_error(
        name, f"has format {found}, this version of Presswatch reads {format}"
    )


def newer_version_error(name: object, found: str) -> DocumentError:
    """The error for data of a newer version of Presswatch: what was found, and the remedy."""
    return DocumentError(name, found, UPGRADE)
