"""For tests of fetching: a web server on loopback that says exactly what it is told to."""

import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tasks.collect.fetch.client import Client
from tasks.model import Attempt, CaptureKind

AGENT = "Presswatch/0 (+mailto:desk@paper.example)"

Answer = bytes | Callable[[socket.socket], None]


@dataclass
class Hit:
    """One request that came in; times are of the monotonic clock."""

    path: str
    head: bytes
    began: float
    ended: float = 0.0

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


def http(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole response; an underscore in a header's name is a hyphen."""
    fields = {"Content-Type": "text/html", "Content-Length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return http(b"moved", status, Location=location)


class Loopback:
    """Answers by path, or by host and path (`paper.example/feed`), which goes before.

    A path's answers are used up one by one, the last one stays.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.reset()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """Drop all answers and requests."""
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._answers["/robots.txt"] = [http(b"none", "404 Not Found")]
        self.hits: list[Hit] = []
        self.connections = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # close alone does not wake accept
        self._socket.close()

    def set_answers(self, path: str, *answers: Answer) -> str:
        """Set a path's answers; returns its URL."""
        self._answers[path] = list(answers)
        return self.url + path

    def answers(self, path: str) -> list[Answer]:
        """The answers of a path that are left."""
        return list(self._answers[path])

    def requests(self, path: str) -> list[Hit]:
        return [hit for hit in self.hits if hit.path == path]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        began = time.monotonic()
        try:
            with self._tls.wrap_socket(sock, server_side=True) if self._tls else sock as conn:
                hit = self._read(conn, began)
                of_host = (hit.header("Host") or "").partition(":")[0] + hit.path
                self._answer(
                    conn, self._answers_to(of_host if of_host in self._answers else hit.path)
                )
                hit.ended = time.monotonic()
        except OSError:
            pass  # the client went away

    def _read(self, conn: socket.socket, began: float) -> Hit:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = conn.recv(65536)
            if not data:
                raise ConnectionResetError
            head += data
        hit = Hit(head.split(b" ")[1].decode(), head, began)
        self.hits.append(hit)
        return hit

    def _answers_to(self, path: str) -> list[Answer]:
        return self._answers[path]

    def _answer(self, conn: socket.socket, answers: list[Answer]) -> None:
        if not answers:
            conn.sendall(http(b"nothing here", "404 Not Found"))
            return
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, bytes):
            conn.sendall(answer)
        else:
            answer(conn)


def dripping(start: bytes, drop: bytes, seconds: float = 0.05) -> Answer:
    """Says `start` at once and then a drop at a time, without end."""

    def answer(conn: socket.socket) -> None:
        conn.sendall(start)
        while True:
            conn.sendall(drop)
            time.sleep(seconds)

    return answer


def endless(start: bytes, chunk: bytes) -> Answer:
    """Says `start` and then `chunk` over and over, as fast as it is read."""

    def answer(conn: socket.socket) -> None:
        conn.sendall(start)
        while True:
            conn.sendall(chunk)

    return answer


def ask(client: Client, url: str, **options: Any) -> Attempt:
    defaults: dict[str, Any] = {"kind": CaptureKind.PAGE, "min_interval": 0, "allow_private": True}
    return client.get(url, **(defaults | {"record": lambda attempt: None} | options))


def slow_source(web: Loopback) -> str:
    """The entry of a source whose feed never ends."""
    url = web.set_answers(
        "/feed", dripping(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n", b" ")
    )
    entry = '[[source]]\nid = "xx-slow"\nname = "Slow"\nlanguage = "en"\ntimezone = "UTC"\n'
    return f'{entry}feeds = ["{url}"]\nallow_private_hosts = true\n'
