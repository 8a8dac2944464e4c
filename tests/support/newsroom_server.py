"""The web servers of made newsrooms: one for each source, at an address of its own on loopback."""

import hashlib
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

HANG_SECONDS = 60

Failure = Literal["500", "reset", "hang"]
Answer = Callable[[str, str], tuple[str, str] | Failure]
"""Content type and text of a path for a User-Agent, or how it fails; KeyError: there is none."""


class PaperServer(ThreadingHTTPServer):
    """Serves one source from a thread of its own, until it is closed; answers carry an ETag."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, answer: Answer) -> None:
        self.answer = answer
        self.is_over = threading.Event()
        super().__init__((host, 0), _Handler)

    @property
    def url(self) -> str:
        """Its address, without a path."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def stop(self) -> None:
        """End, and wake requests that hang."""
        self.is_over.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PaperServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        try:
            answer = self.server.answer(self.path, self.headers["User-Agent"])
        except KeyError:
            self._say(404, "text/plain", b"nothing here", "")
            return
        if isinstance(answer, str):
            self._fail(answer)
            return
        content_type, body = answer[0], answer[1].encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._say(304, content_type, b"", etag)
        else:
            self._say(200, content_type, body, etag)

    def _say(self, status: int, content_type: str, body: bytes, etag: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, failure: Failure) -> None:
        if failure == "500":
            self._say(500, "text/plain", b"out of order", "")
            return
        if failure == "hang":
            self.server.is_over.wait(HANG_SECONDS)
        # No time to linger: the connection is reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing."""
