"""Addresses: which are public, private, or neither, in all the forms they come in."""

import socket
import threading
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.fetch.ssrf_guard import (
    Resolve,
    Resolved,
    checked_addresses,
    connect,
    is_allowed,
    system_resolve,
)
from tasks.model import Failure, Outcome

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"]
PUBLIC += ["64:ff9b::808:808", "2002:808:808::1"]
NEAR = ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]
NEAR += ["::1", "fd00::1", "fc00::1"]
NEVER = ["169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "ff0e::1", "0.0.0.0", "0.1.2.3"]
NEVER += ["::", "100.64.0.1", "100.127.255.255", "240.0.0.1", "255.255.255.255", "198.18.0.1"]
NEVER += ["192.0.2.1", "192.0.0.9", "192.88.99.1", "203.0.113.7", "2001:db8::1", "3fff::1"]
NEVER += ["fec0::1", "2001:0:1::1", "64:ff9b:1::1", "5f00::1", "100::1"]

PUBLIC_V6 = int(IPv6Address("2606:4700::")) >> 64


def wrapped(address: str) -> list[str]:
    """The IPv4 address in every IPv6 form that carries one."""
    number = int(IPv4Address(address))
    return [
        f"::ffff:{address}",
        f"::{address}",
        f"64:ff9b::{address}",
        str(IPv6Address((0x2002 << 112) | (number << 80) | 1)),
        str(IPv6Address((PUBLIC_V6 << 64) | (0x5EFE << 32) | number)),
        str(IPv6Address((PUBLIC_V6 << 64) | (0x02005EFE << 32) | number)),
    ]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(ip_address(address))
    assert is_allowed(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", NEAR)
def test_loopback_and_private_only_where_allowed(address: str) -> None:
    assert not is_allowed(ip_address(address))
    assert is_allowed(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_everything_else_never(address: str) -> None:
    assert not is_allowed(ip_address(address))
    assert not is_allowed(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", [a for a in NEAR + NEVER if ":" not in a])
def test_an_address_inside_another_is_judged_by_the_inner_one(address: str) -> None:
    for form in wrapped(address):
        if form != "::1":
            assert not is_allowed(ip_address(form)), form


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_no_form_allows_what_the_plain_address_does_not(address: IPv4Address) -> None:
    for form in wrapped(str(address)):
        if not is_allowed(address):
            assert not is_allowed(ip_address(form)), form


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_allow_private_only_adds(address: IPv6Address) -> None:
    assert is_allowed(address, allow_private=True) or not is_allowed(address)


def answers(*addresses: str) -> Resolve:
    def resolve(host: str, port: int) -> list[Resolved]:
        family = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [(family[ip_address(a).version], (a, port)) for a in addresses]

    return resolve


def check(host: str, **options: Any) -> list[Resolved]:
    settings = {"resolve": system_resolve, "allow_private": False, "seconds": 5.0, **options}
    return checked_addresses(host, 80, **settings)


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "::1", "169.254.169.254"]
)
def test_the_resolved_address_counts_not_the_spelling(host: str) -> None:
    with pytest.raises(Failure) as failure:
        check(host)
    assert failure.value.outcome in (Outcome.ADDRESS_REFUSED, Outcome.DNS_FAILED)


def test_a_refusal_names_the_setting_that_would_help() -> None:
    with pytest.raises(Failure, match="allow_private_hosts = true"):
        check("127.0.0.1")
    with pytest.raises(Failure) as failure:
        check("169.254.169.254")
    assert "allow_private_hosts" not in failure.value.detail


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(Failure, match=r"10\.0\.0\.1, which is not a public") as failure:
        check("mixed.example", resolve=answers("8.8.8.8", "10.0.0.1"))
    assert failure.value.outcome is Outcome.ADDRESS_REFUSED


def test_a_resolver_that_fails_or_knows_nothing() -> None:
    def fails(host: str, port: int) -> list[Resolved]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolve in (fails, answers()):
        with pytest.raises(Failure) as failure:
            check("gone.example", resolve=resolve)
        assert failure.value.outcome is Outcome.DNS_FAILED


def test_a_resolver_that_hangs_is_left() -> None:
    may_answer = threading.Event()
    with pytest.raises(Failure, match="no answer within") as failure:
        check("slow.example", resolve=lambda host, port: may_answer.wait(60), seconds=0.05)
    assert not may_answer.is_set()
    may_answer.set()
    assert failure.value.outcome is Outcome.DNS_FAILED


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        targets = [(socket.AF_INET, ("127.0.0.2", port)), (socket.AF_INET, ("127.0.0.1", port))]
        with connect(targets, 1.0, time.monotonic() + 5) as sock:
            assert sock.getpeername() == ("127.0.0.1", port)


def test_no_address_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Failure, match="refused") as failure:
        connect([(socket.AF_INET, ("127.0.0.1", port))], 1.0, time.monotonic() + 5)
    assert failure.value.outcome is Outcome.CONNECT_FAILED
