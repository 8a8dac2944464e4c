"""Objects of an S3-compatible store below one URL: complete or absent, and never renamed.

Credentials and the endpoint come from the environment: AWS_ACCESS_KEY_ID and its relatives, and
AWS_ENDPOINT_URL for stores other than Amazon's.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import S3Store

Item = TypeVar("Item")
Result = TypeVar("Result")

SCHEME = "s3://"
# Objects downloaded or uploaded in parallel, since most of the time is spent waiting for the store.
MAX_PARALLEL = 16


class StoreError(OSError):
    """The store does not answer, or answers with an error; local data are unchanged."""


class Missing(StoreError):  # noqa: N818 - named after the event
    """The object does not exist."""


class Changed(StoreError):  # noqa: N818 - named after the event
    """Another machine wrote the object first."""


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in a listing."""

    key: str
    bytes: int
    written_at: datetime
    tag: str  # its ETag


@dataclass(frozen=True, slots=True)
class Store:
    """All objects below `s3://bucket/prefix`; keys are relative to it."""

    url: str

    def read(self, key: str) -> bytes:
        """An object's content; raises Missing when it does not exist."""
        return self.read_tagged(key)[0]

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """An object's content, and the ETag of this content."""
        with self._client(key) as client:
            found = client.get(key)
            return bytes(found.bytes()), found.meta["e_tag"] or ""

    def read_range(self, key: str, start: int, end: int) -> bytes:
        """The bytes of an object from `start` to before `end`; raises Missing without one."""
        with self._client(key) as client:
            return bytes(client.get_range(key, start=start, end=end))

    def write(self, key: str, content: bytes) -> None:
        """Write an object, or overwrite it."""
        self._put(key, content, "overwrite")

    def create(self, key: str, content: bytes | Path) -> str:
        """Create an object, and return its ETag; raises Changed when it already exists."""
        return self._put(key, content, "create")

    def replace(self, key: str, content: bytes, tag: str) -> str:
        """Overwrite an object, and return its new ETag; raises Changed when `tag` is outdated."""
        return self._put(key, content, {"e_tag": tag})

    def keep(self, key: str, content: bytes | Path) -> bool:
        """Write an object whose key identifies its content, unless it exists; return if it was new.

        StoreError when it exists with another size.
        """
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        found = self.size(key)
        if found is None:
            self._put(key, content, "overwrite")
        elif found != size:
            where = f"{self.url}/{key}"
            raise StoreError(f"{where} has {found} bytes, the file here {size}: one is damaged")
        return found is None

    def size(self, key: str) -> int | None:
        """An object's size in bytes; None when it does not exist."""
        try:
            with self._client(key) as client:
                return int(client.head(key)["size"])
        except Missing:
            return None

    def download(self, key: str, path: Path) -> None:
        """Download an object to a file, complete or absent; raises Missing without an object."""
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.{os.getpid()}.half")
        try:
            with self._client(key) as client, half.open("wb") as out:
                for chunk in client.get(key).stream(min_chunk_size=8 << 20):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            half.rename(path)
        finally:
            half.unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterator[ListedObject]:
        """All objects below a folder, by key."""
        with self._client(prefix) as client:
            for page in client.list(prefix or None):
                for each in page:
                    yield ListedObject(
                        each["path"], each["size"], each["last_modified"], each["e_tag"] or ""
                    )

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored."""
        listed = list(keys)
        if listed:
            with self._client(listed[0]) as client:
                client.delete(listed)

    def _put(self, key: str, content: bytes | Path, mode: Any) -> str:  # noqa: ANN401
        with self._client(key) as client:
            return client.put(key, content, mode=mode)["e_tag"] or ""

    @contextmanager
    def _client(self, key: str) -> Iterator["S3Store"]:
        """The client; its errors are raised as StoreErrors, in one line that names the object."""
        # An optional dependency.
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        where = f"{self.url}/{key}"
        try:
            yield _connect(self.url)
        except FileNotFoundError:
            raise Missing(f"{where}: no such object") from None
        except (AlreadyExistsError, PreconditionError):
            raise Changed(f"{where} was written by another machine") from None
        except BaseError as error:
            # The debug source repeats the error over many lines.
            message = " ".join(str(error).partition("\n\nDebug source")[0].split())
            raise StoreError(f"{where}: {message[:500]}") from None


@lru_cache(maxsize=8)
def _connect(url: str) -> "S3Store":
    from obstore.store import S3Store

    parts = urlsplit(url)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    options: Mapping[str, Any] = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "10m"},
        # The timeout is for all attempts of a request that fails with a retryable error.
        retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=30)},
        **options,
    )


def open_store(url: str) -> Store:
    """The store at a URL; ValueError if the URL has no bucket, or the extra `s3` is missing."""
    parts = urlsplit(url)
    if not url.startswith(SCHEME) or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"must be like s3://bucket/folder, got {url!r}")
    try:
        import obstore  # noqa: F401 - only whether it is installed
    except ImportError:
        message = f"{url} needs the extra `s3`: run `pip install 'presswatch[s3]'`"
        raise ValueError(message) from None
    return Store(f"{SCHEME}{parts.netloc}/{parts.path.strip('/')}".rstrip("/"))


def object_at(url: str) -> tuple[Store, str]:
    """The bucket of an object's URL as a store, and the key in it; errors as of `open_store`."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    return open_store(f"{SCHEME}{bucket}"), key


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Call a function for each item, MAX_PARALLEL at a time; results in the order of the items."""
    with ThreadPoolExecutor(MAX_PARALLEL) as pool:
        return list(pool.map(work, items))
