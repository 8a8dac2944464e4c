"""Objects of an S3-compatible store below one address: whole or not there, and never renamed.

Credentials and the endpoint are those of the environment: AWS_ACCESS_KEY_ID and the like,
AWS_ENDPOINT_URL for a store that is not Amazon's.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import S3Store

SCHEME = "s3://"
PATIENCE = timedelta(seconds=30)
"""In which a request that fails for a moment is tried again."""
AT_ONCE = 16
"""Objects fetched or written side by side: most of the time goes to waiting for the store."""
_PIECE = 8 * 1024 * 1024


class StoreError(OSError):
    """The store does not answer, or not as it should; what is on this machine stays as it is."""


class Missing(StoreError):  # noqa: N818 - it is what is the case
    """There is no such object."""


class Changed(StoreError):  # noqa: N818 - it is what is the case
    """Another one was there first."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as listed."""

    key: str
    bytes: int
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """All objects below `s3://bucket/prefix`; keys are relative to it."""

    url: str

    def read(self, key: str) -> bytes:
        """An object's bytes.

        Raises:
            Missing: there is none.
        """
        return self.read_tagged(key)[0]

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """An object's bytes, and the tag of this content of it."""
        import obstore

        with self._told(key):
            found = obstore.get(self._objects, key)
            return bytes(found.bytes()), found.meta["e_tag"] or ""

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """Some of an object's bytes.

        Raises:
            Missing: there is no such object.
        """
        import obstore

        with self._told(key):
            return bytes(obstore.get_range(self._objects, key, start=start, end=end))

    def write(self, key: str, content: bytes) -> None:
        """Write an object, whatever it was before."""
        self._put(key, content, "overwrite")

    def create(self, key: str, content: bytes | Path) -> str:
        """Write an object under a name that nothing has; its tag.

        Raises:
            Changed: something has it.
        """
        return self._put(key, content, "create")

    def replace(self, key: str, content: bytes, tag: str) -> str:
        """Write an object again that has not changed since its tag was seen; its new tag.

        Raises:
            Changed: it has.
        """
        return self._put(key, content, {"e_tag": tag})

    def keep(self, key: str, content: bytes | Path) -> bool:
        """Write an object whose name stands for its content; whether it was not there yet.

        Raises:
            StoreError: there is one of another size.
        """
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        found = self.size(key)
        if found is None:
            self._put(key, content, "overwrite")
        elif found != size:
            raise StoreError(f"{self.url}/{key} has {found} bytes, the file here {size}")
        return found is None

    def size(self, key: str) -> int | None:
        """An object's bytes; None when there is none."""
        import obstore

        try:
            with self._told(key):
                return int(obstore.head(self._objects, key)["size"])
        except Missing:
            return None

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file, which is whole or not there.

        Raises:
            Missing: there is no such object.
        """
        import obstore

        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}.half")
        try:
            with self._told(key), half.open("wb") as out:
                for piece in obstore.get(self._objects, key).stream(min_chunk_size=_PIECE):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            half.rename(path)
        finally:
            half.unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[Found]:
        """All objects below a prefix, which is a folder's name, by name."""
        import obstore

        with self._told(prefix):
            for page in obstore.list(self._objects, prefix or None):
                for each in page:
                    yield Found(each["path"], each["size"], each["last_modified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, also such as are not there."""
        import obstore

        gone = list(keys)
        if gone:
            with self._told(gone[0]):
                obstore.delete(self._objects, gone)

    def _put(self, key: str, content: bytes | Path, mode: Any) -> str:  # noqa: ANN401
        import obstore

        with self._told(key):
            tag: str = obstore.put(self._objects, key, content, mode=mode)["e_tag"] or ""
            return tag

    @property
    def _objects(self) -> "S3Store":
        return _opened(self.url)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Errors of the store as ours, in a line that names the object."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        where = f"{self.url}/{key}"
        try:
            yield
        except FileNotFoundError:
            raise Missing(f"{where}: no such object") from None
        except (AlreadyExistsError, PreconditionError):
            raise Changed(f"{where} was written by another") from None
        except BaseError as error:
            said = " ".join(str(error).partition("\n\nDebug source")[0].split())
            raise StoreError(f"{where}: {said[:500]}") from None


@lru_cache(maxsize=8)
def _opened(url: str) -> "S3Store":
    from obstore.store import S3Store

    parts = urlsplit(url)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    given: Mapping[str, Any] = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "10m"},
        retry_config={"max_retries": 5, "retry_timeout": PATIENCE},
        **given,
    )


def open_store(url: str) -> Store:
    """The store at an address.

    Raises:
        ValueError: it is no address of a bucket, or what talks to stores is not installed.
    """
    parts = urlsplit(url)
    if not url.startswith(SCHEME) or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"must be like s3://bucket/folder, got {url!r}")
    try:
        import obstore  # noqa: F401 - only whether it is there
    except ImportError:
        raise ValueError(f"{url} needs what `pip install 'presswatch[s3]'` installs") from None
    return Store(f"{SCHEME}{parts.netloc}/{parts.path.strip('/')}".rstrip("/"))


def object_at(url: str) -> tuple[Store, str]:
    """The bucket of an object's address, and the object's key in it.

    Raises:
        ValueError: as `open_store` says.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    return open_store(f"{SCHEME}{bucket}"), key


def side_by_side(work: Any, items: Iterable[Any]) -> list[Any]:  # noqa: ANN401
    """Call a function for each of the items, many at a time; what it gives, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))
