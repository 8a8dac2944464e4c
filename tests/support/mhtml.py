"""MHTML files, as Chromium writes them: an article, and an image beside it."""

import base64
import quopri

URL = "https://courier.example/ferry"
TEXT = "".join(
    f"<p>The harbour board heard {n} skippers on Monday, and then it put the vote off again.</p>"
    for n in range(12, 20)
)
BODY = f"<body><article><h1>Ferry sails</h1>{TEXT}</article></body>"


def mhtml(*parts: tuple[str, bytes], url: str = URL, boundary: str = "--b--") -> bytes:
    """An MHTML file of parts: headers without encoding, content."""
    top = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {url}\n"
        "Date: Mon, 2 Mar 2026 10:00:00 -0000\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/related; type="text/html"; boundary="{boundary}"\n'
    )
    lines = [top]
    for headers, content in parts:
        is_image = headers.startswith("Content-Type: image")
        encoding = "base64" if is_image else "quoted-printable"
        encoded = base64.encodebytes(content) if is_image else quopri.encodestring(content)
        lines.append(f"--{boundary}\n{headers}\nContent-Transfer-Encoding: {encoding}\n")
        lines.append(encoded.decode())
    return "\n".join([*lines, f"--{boundary}--\n"]).encode()


def part(content_type: str, location: str = URL) -> str:
    return f"Content-Type: {content_type}\nContent-Location: {location}"


PAGE = part("text/html; charset=iso-8859-1"), f"<html>{BODY}".encode()
IMAGE = part("image/png", "https://courier.example/ferry.png"), bytes(200)
