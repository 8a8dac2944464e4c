"""Where requests go: redirects, refused addresses, changing names, TLS; and what goes along."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from tasks.collect.fetch.client import Client
from tasks.collect.fetch.ssrf_guard import Resolve, Resolved, system_resolve
from tasks.model import Attempt, CaptureKind, Outcome
from tasks.settings import Limits
from tests.collect.conftest import Get
from tests.support.loopback import AGENT, Loopback, ask, http, redirect

PAGE = http(b"<p>A page.</p>")


def resolving(*answers: str) -> Resolve:
    """A resolver that gives one answer after another; the last one stays."""
    left = list(answers)

    def resolve(host: str, port: int) -> list[Resolved]:
        address = left.pop(0) if len(left) > 1 else left[0]
        family = {4: socket.AF_INET, 6: socket.AF_INET6}[ip_address(address).version]
        return [(family, (address, port))]

    return resolve


@pytest.mark.parametrize(
    ("target", "outcome"),
    [
        ("file:///etc/passwd", Outcome.SCHEME_REFUSED),
        ("ftp://paper.example/", Outcome.SCHEME_REFUSED),
        ("gopher://paper.example/", Outcome.SCHEME_REFUSED),
        ("javascript:alert(1)", Outcome.SCHEME_REFUSED),
        ("data:text/html,x", Outcome.SCHEME_REFUSED),
        ("http://[::1", Outcome.URL_INVALID),
        ("http://127.0.0.1/" + "a" * 40_000, Outcome.URL_TOO_LONG),
        ("http://a:b@127.0.0.1/", Outcome.URL_INVALID),
        ("http://169.254.169.254/latest/meta-data/", Outcome.ADDRESS_REFUSED),
        ("http://100.64.0.1/", Outcome.ADDRESS_REFUSED),
        ("http://[::ffff:169.254.169.254]/", Outcome.ADDRESS_REFUSED),
        ("http://0.0.0.0/", Outcome.ADDRESS_REFUSED),
    ],
)
def test_redirects_that_are_not_followed(get: Get, target: str, outcome: Outcome) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/go", redirect(target)))
        assert attempt.outcome is outcome
        assert len(attempt.exchanges) == 1
        assert attempt.detail


PUBLIC = "93.184.215.14"


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses connected to; what is for PUBLIC arrives at loopback, the rest nowhere."""
    addresses: list[str] = []
    connect = socket.socket.connect

    def carried(self: socket.socket, address: tuple[str, int]) -> None:
        addresses.append(address[0])
        if address[0] != PUBLIC:
            raise OSError(101, "Network is unreachable")
        connect(self, ("127.0.0.1", address[1]))

    monkeypatch.setattr(socket.socket, "connect", carried)
    return addresses


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "127.0.0.1", "localhost", "[::1]", "169.254.169.254", "2130706433"]
)
def test_a_public_page_does_not_lead_to_a_private_one(
    tmp_path: Path, connected: list[str], host: str
) -> None:
    def resolve(name: str, port: int) -> list[Resolved]:
        if name == "paper.example":
            return resolving(PUBLIC)(name, port)
        return system_resolve(name, port)

    with Loopback() as site:
        site.set_answers("/page", PAGE)
        site.set_answers("/go", redirect(f"http://{host}:{site.port}/page"))
        client = Client(Limits(), AGENT, tmp_path, resolve=resolve)
        attempt = ask(client, f"http://paper.example:{site.port}/go", allow_private=False)
        assert attempt.outcome is Outcome.ADDRESS_REFUSED
        assert len(attempt.exchanges) == 1
        assert set(connected) == {PUBLIC}
        assert not site.requests("/page")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f.1", "[::1]", "[::ffff:7f00:1]"])
def test_loopback_is_refused_where_it_is_not_allowed(client: Client, host: str) -> None:
    with Loopback() as site:
        attempt = ask(client, f"http://{host}:{site.port}/", allow_private=False)
        assert attempt.outcome is Outcome.ADDRESS_REFUSED
        assert site.connections == 0


def test_a_refusal_to_one_source_is_none_to_another(client: Client) -> None:
    with Loopback() as site:
        url = site.set_answers("/page", PAGE)
        for allowed in (True, False, True, False):
            outcome = Outcome.FETCHED if allowed else Outcome.ADDRESS_REFUSED
            assert ask(client, url, allow_private=allowed).outcome is outcome


def test_a_name_that_changes_its_address_never_leads_to_loopback(
    tmp_path: Path, connected: list[str]
) -> None:
    """The resolver says a public address first and loopback from then on."""
    with Loopback() as site:
        site.set_answers("/page", PAGE)
        for public in (PUBLIC, "8.8.8.8"):
            resolve = resolving(public, "127.0.0.1")
            client = Client(Limits(max_tries=2), AGENT, tmp_path / public, resolve=resolve)
            url = f"http://rebind.example:{site.port}/page"
            for _ in range(3):
                attempt = ask(client, url, allow_private=False)
                assert attempt.outcome in (Outcome.ADDRESS_REFUSED, Outcome.ROBOTS_UNREACHABLE)
                assert "not a public address" in attempt.detail
        assert connected == [PUBLIC, "8.8.8.8"]
        assert not site.requests("/page")


def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    """A name that only the given resolver knows, and a Host header that keeps the name."""
    with Loopback() as site:
        site.set_answers("/page", PAGE)
        client = Client(Limits(), AGENT, tmp_path, resolve=resolving("127.0.0.1"))
        attempt = ask(client, f"http://paper.example:{site.port}/page")
        assert attempt.outcome is Outcome.FETCHED
        assert site.requests("/page")[0].header("Host") == f"paper.example:{site.port}"
        assert attempt.exchanges[0].ip == "127.0.0.1"


@pytest.mark.parametrize("hops", [["/a"], ["/b", "/c", "/a"]])
def test_a_round_of_redirects_ends(get: Get, hops: list[str]) -> None:
    with Loopback() as site:
        for here, there in zip(["/a", *hops], hops, strict=False):
            site.set_answers(here, redirect(there))
        attempt = get(site.url + "/a")
        assert attempt.outcome is Outcome.TOO_MANY_REDIRECTS
        assert len(attempt.exchanges) == len(hops)


def test_redirects_are_counted(tmp_path: Path) -> None:
    client = Client(Limits(max_redirects=3), AGENT, tmp_path)
    with Loopback() as site:
        for hop in range(10):
            site.set_answers(f"/{hop}", redirect(f"{hop + 1}"))
        site.set_answers("/10", PAGE)
        assert ask(client, site.url + "/7").outcome is Outcome.FETCHED
        attempt = ask(client, site.url + "/6")
        assert attempt.outcome is Outcome.TOO_MANY_REDIRECTS
        assert len(attempt.exchanges) == 4


def test_nothing_is_carried_to_the_next_hop_or_host(get: Get) -> None:
    with Loopback() as site, Loopback() as other:
        hop = http(
            status="302 Found", Location=other.set_answers("/page", PAGE), Set_Cookie="id=1; Path=/"
        )
        url = site.set_answers("/go", hop)
        assert get(url).outcome is get(url).outcome is Outcome.FETCHED
        for hit in site.hits + other.hits:
            for name in ("Cookie", "Authorization", "Referer", "Proxy-Authorization"):
                assert hit.header(name) is None


def test_the_environment_does_not_count(
    get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Loopback() as site:
        assert get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED
        assert site.requests("/page")[0].header("Authorization") is None


def certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate and a server's context that shows it."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "presswatch test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


def test_tls_keeps_the_name_and_refuses_others(tmp_path: Path) -> None:
    file, context = certificate(tmp_path, "paper.example")
    names: list[str | None] = []
    context.sni_callback = lambda sock, name, _: names.append(name)
    resolve = resolving("127.0.0.1")
    trusting = Client(Limits(), AGENT, tmp_path, resolve=resolve, ca_bundle=str(file))
    with Loopback(context) as site:
        site.set_answers("/page", PAGE)
        attempt = ask(trusting, f"https://paper.example:{site.port}/page")
        assert attempt.outcome is Outcome.FETCHED
        assert attempt.exchanges[0].response == PAGE
        assert names == ["paper.example"] * 2
        for client, host in ((trusting, "other.example"), (None, "paper.example")):
            client = client or Client(Limits(), AGENT, tmp_path / "other", resolve=resolve)
            recorded: list[Attempt] = []
            ask(client, f"https://{host}:{site.port}/page", record=recorded.append)
            assert recorded[0].outcome is Outcome.TLS_FAILED
            assert "certificate" in recorded[0].detail
            assert recorded[1].outcome is Outcome.ROBOTS_UNREACHABLE
        assert len(site.hits) == 2


def test_no_tls_at_all(get: Get) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}/robots.txt"

        def say() -> None:
            with server.accept()[0] as conn:
                conn.recv(1)
                conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=say, daemon=True).start()
        attempt = get(url, kind=CaptureKind.ROBOTS)
        assert attempt.outcome is Outcome.TLS_FAILED
        assert attempt.exchanges == ()


@pytest.mark.slow
def test_a_handshake_that_never_comes_is_cut_off(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Client(Limits(max_seconds=0.4), AGENT, tmp_path)
        url = f"https://127.0.0.1:{server.getsockname()[1]}/robots.txt"
        attempt = ask(client, url, kind=CaptureKind.ROBOTS)
        assert attempt.outcome is Outcome.TIMED_OUT
