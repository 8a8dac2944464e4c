"""Who is sent alerts: a webhook and a mail server on loopback, which keep what they get."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import wait_for


class Kept:
    """A channel that keeps the subjects of messages."""

    def __init__(self, name: str = "kept") -> None:
        self.name, self.subjects = name, list[str]()

    def send(self, subject: str, body: str) -> None:
        self.subjects.append(subject.removeprefix("Presswatch: "))


class Receiver(ThreadingHTTPServer):
    """A webhook that keeps the JSON it is sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.refuses = False
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def apprise_url(self) -> str:
        """Its address for Apprise, which posts a title and a message."""
        return f"json://127.0.0.1:{self.server_port}/hook"

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.bodies]

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.bodies]

    def wait_for_text(self, subject: str) -> str:
        """The text that begins with the subject, once it has come."""

        def found() -> str | None:
            return next((text for text in self.texts if text.startswith(subject)), None)

        return wait_for(f"a message {subject!r} comes, of {self.texts}", found, 120)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuses:
            self.send_response(503)
        else:
            self.server.bodies.append(json.loads(body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (named by http.server)
        """Say nothing."""


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server on loopback that keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        self.to: list[str] = []
        self.mails: list[str] = []
        super().__init__(("127.0.0.1", 0), _Smtp)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Smtp(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 loopback")
        for line in self.rfile:
            word = line.decode().strip()
            if word.lower().startswith("rcpt to:"):
                self.server.to.append(word[8:])
            if word.lower() == "data":
                self._take_mail()
            else:
                self._say("250 ok")

    def _take_mail(self) -> None:
        self._say("354 go on")
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        self.server.mails.append("".join(lines))
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
