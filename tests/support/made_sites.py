"""Made sites, each with its feeds in another place, for the search for feeds.

All are served by one web server on loopback, distinguished by their hosts.
"""

import gzip

from tests.support.loopback import Answer, Loopback, http, redirect
from tests.support.made_shapes import sites
from tests.support.made_site import CLEAN, Site


class Served:
    """The sites on one server, by their hosts."""

    def __init__(self, web: Loopback) -> None:
        self.web = web
        for site in sites():
            for path, answer in site.answers.items():
                self.web.set_answers(self._key(site, path), self._filled(site, answer))
            self.web.set_answers(f"{site.host}/robots.txt", self._robots(site))

    def address(self, site: Site) -> str:
        """What a person types."""
        return self._fill(site, site.address or "http://{host}:{port}")

    def url(self, site: Site, path: str) -> str:
        """The URL of a path of a site, or of a host and path."""
        key = self._key(site, path)
        host, _, rest = key.partition("/")
        return f"http://{host}:{self.web.port}/{rest}"

    def _robots(self, site: Site) -> Answer:
        return self._filled(site, site.answers.get("/robots.txt", CLEAN))

    def _key(self, site: Site, path: str) -> str:
        return self._fill(site, site.host + path if path.startswith("/") else path)

    def _fill(self, site: Site, text: str) -> str:
        for name, value in (
            ("base", f"http://{site.host}:{self.web.port}"),
            ("scheme", "http"),
            ("host", site.host),
            ("port", str(self.web.port)),
        ):
            text = text.replace("{" + name + "}", value)
        return text

    def _filled(self, site: Site, answer: Answer) -> Answer:
        names = (b"{base}", b"{scheme}", b"{host}")
        if not isinstance(answer, bytes) or not any(name in answer for name in names):
            return answer
        head, _, body = answer.partition(b"\r\n\r\n")
        kind = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-type")]
        body = self._fill(site, body.decode("latin-1")).encode("latin-1")
        if head.startswith(b"HTTP/1.1 302"):
            [where] = [line for line in head.split(b"\r\n") if line.startswith(b"Location: ")]
            return redirect(self._fill(site, where.decode().removeprefix("Location: ")))
        if site.shape == "gz-sitemap":
            body = gzip.compress(body) if b"<urlset" in body else body
        return http(body, Content_Type=kind[0].decode().partition(": ")[2])
