"""Guard against server-side request forgery: connect only to addresses that were checked."""

import socket
import threading
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from typing import Any

from tasks.model import Failure, Outcome

Address = IPv4Address | IPv6Address
Resolved = tuple[socket.AddressFamily, tuple[Any, ...]]
# From host and port to arguments of `socket.connect`, in the order to try.
Resolve = Callable[[str, int], list[Resolved]]

# Loopback and private: allowed to sources with `allow_private`. Link-local never is:
# 169.254.169.254 hands out a cloud machine's credentials.
_PRIVATE = tuple(
    ip_network(n)
    for n in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)

# Global by `ipaddress` of some supported Python version, but not by IANA.
_NOT_GLOBAL = tuple(
    ip_network(net)
    for net in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "240.0.0.0/4", "3fff::/20")
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
# NAT64 and the old IPv4-compatible form, which end in an IPv4 address.
_LAST_32_BITS = tuple(IPv6Network(net) for net in ("64:ff9b::/96", "::/96"))
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_allowed(address: Address, allow_private: bool = False) -> bool:
    """Whether a connection to the address is allowed.

    One that contains an IPv4 address (mapped, 6to4, NAT64, ISATAP) is judged by that.
    """
    if isinstance(address, IPv6Address) and address != IPv6Address("::1"):
        inner = address.ipv4_mapped or address.sixtofour
        if any(address in net for net in _LAST_32_BITS) or address.packed[8:12] in _ISATAP:
            inner = IPv4Address(address.packed[12:])
        if inner is not None:
            return is_allowed(inner, allow_private)
    if any(address in net for net in _PRIVATE):
        return allow_private
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in net for net in _NOT_GLOBAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def system_resolve(host: str, port: int) -> list[Resolved]:
    """Ask the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, sockaddr) for family, _, _, _, sockaddr in found]


def checked_addresses(
    host: str, port: int, *, resolve: Resolve, allow_private: bool, seconds: float
) -> list[Resolved]:
    """Resolve the host once; one forbidden address among the answers refuses the host.

    Raises a Failure, DNS_FAILED or ADDRESS_REFUSED.
    """
    # The name is resolved once, and the checked address is used: a name that resolves to a public
    # address first and to loopback a moment later (DNS rebinding) gains nothing.
    answers: SimpleQueue[list[Resolved] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    # getaddrinfo has no timeout of its own and can take minutes with several dead name servers.
    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        addresses = answers.get(timeout=seconds)
    except Empty:
        raise Failure(Outcome.DNS_FAILED, f"{host}: no answer within {seconds:.0f} s") from None
    if isinstance(addresses, OSError) or not addresses:
        raise Failure(Outcome.DNS_FAILED, f"{host}: {addresses or 'no address'}")
    for _, sockaddr in addresses:
        address = ip_address(str(sockaddr[0]).partition("%")[0])
        if not is_allowed(address, allow_private):
            reason = f"{host} resolves to {sockaddr[0]}, which is not a public address"
            if is_allowed(address, allow_private=True):
                reason += "; if the source is yours, set its allow_private_hosts = true"
            raise Failure(Outcome.ADDRESS_REFUSED, reason)
    return addresses


def connect(addresses: list[Resolved], connect_seconds: float, deadline: float) -> socket.socket:
    """Connect to the first of the checked addresses that accepts, each in `connect_seconds`.

    The `deadline` is for all; raises a Failure, CONNECT_FAILED, with the last one's reason.
    """
    reason = "no time left to connect"
    for _, sockaddr in addresses:
        seconds = min(connect_seconds, deadline - time.monotonic())
        if seconds <= 0:
            break
        try:
            # The address is resolved already: no name server is asked.
            sock = socket.create_connection(sockaddr[:2], seconds)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except TimeoutError:
            reason = f"{sockaddr[0]} port {sockaddr[1]}: no answer within {seconds:.1f} s"
        except OSError as error:
            reason = f"{sockaddr[0]} port {sockaddr[1]}: {error.strerror or error}"
    raise Failure(Outcome.CONNECT_FAILED, reason)
