"""Calls to receivers: which addresses may be called, and that nothing a receiver does breaks or fools the caller."""

import asyncio
import socket
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network

import pytest
from aiohttp.abc import AbstractResolver

from tests.support.peers import HttpAnswer, HttpPeer, Silence, closed_port, running
from workers.outbound import BODY_MOST, Answer, Outbound, may_call

LOOPBACK = [ip_network("127.0.0.0/8")]
FORBIDDEN = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2001:0:7f00:1::f5ff:fffe"),
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused(address: str):
    assert not may_call(ip_address(address), [])


@pytest.mark.parametrize("address", ["8.8.8.8", "113.160.0.1", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_a_public_address_may_be_called(address: str):
    assert may_call(ip_address(address), [])


@pytest.mark.parametrize("address", ["10.20.0.7", "::ffff:10.20.0.7", "fd12::7"])
def test_an_allowed_network_of_our_own_may_be_called(address: str):
    allowed = [ip_network("10.20.0.0/16"), ip_network("fd12::/16")]

    assert may_call(ip_address(address), allowed)


def test_a_network_that_is_allowed_allows_no_other():
    assert not may_call(ip_address("10.21.0.7"), [ip_network("10.20.0.0/16")])


class Names(AbstractResolver):
    """Answers every name with these addresses, one list after the other, and counts how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host, port=0, family=socket.AF_INET):  # noqa: ARG002 - the signature of aiohttp
        self.asked += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        found = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [{**found, "host": address} for address in addresses]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def outbound(allowed=(), resolver=None):
    client = Outbound(allowed, most=4, resolver=resolver)
    try:
        yield client
    finally:
        await client.close()


async def post(url: str, allowed=LOOPBACK, resolver=None, *, seconds: float = 2) -> Answer:
    async with outbound(allowed, resolver) as client:
        return await client.post(url, b"{}", {"Content-Type": "application/json"}, seconds)


async def test_a_loopback_receiver_is_refused_by_default():
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        answer = await post(peer.url, allowed=[])

    assert (answer, peer.requests) == (Answer(None, error="forbidden_address"), [])


async def test_a_loopback_receiver_is_called_where_its_network_is_allowed():
    peer = HttpPeer(HttpAnswer(204))
    async with running(peer):
        answer = await post(peer.url)

    assert (answer.status, peer.requests[0].body) == (204, b"{}")


async def test_a_public_name_that_leads_to_a_private_address_is_refused():
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        answer = await post(f"http://nhan.example.gov.vn:{peer.port}/", [], Names(["127.0.0.1"]))

    assert (answer.error, peer.requests) == ("forbidden_address", [])


async def test_a_name_that_leads_to_several_private_addresses_is_refused():
    answer = await post("http://nhan.example.gov.vn/", [], Names(["127.0.0.1", "10.0.0.1"]))

    assert answer.error == "forbidden_address"


async def test_a_name_whose_address_changes_after_the_first_call_is_judged_anew():
    peer = HttpPeer(HttpAnswer(200, headers={"Connection": "close"}))
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with running(peer), outbound(LOOPBACK, names) as client:
        url = f"http://nhan.example.gov.vn:{peer.port}/"
        first, second = [await client.post(url, b"", {}, 2) for _ in range(2)]

    assert (first.status, second.error, names.asked) == (200, "forbidden_address", 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://localhost:{}/"])
async def test_literal_addresses_and_localhost_are_judged_too(url: str):
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        answer = await post(url.format(peer.port), allowed=[])

    assert (answer.error, peer.requests) == ("forbidden_address", [])


async def test_a_redirect_is_an_answer_and_is_not_followed():
    target = HttpPeer(HttpAnswer())
    async with running(target):
        peer = HttpPeer(HttpAnswer(307, headers={"Location": target.url}))
        async with running(peer):
            answer = await post(peer.url)

    assert (answer.status, target.requests) == (307, [])


async def test_a_receiver_that_never_answers_is_cut_off_at_the_deadline():
    peer = HttpPeer(Silence.HANG)
    async with running(peer):
        answer = await post(peer.url, seconds=0.2)

    assert answer == Answer(None, error="timeout")


async def test_a_receiver_that_hangs_up_is_lost():
    peer = HttpPeer(Silence.DROP)
    async with running(peer):
        assert await post(peer.url) == Answer(None, error="lost")


async def test_a_receiver_that_is_not_there_is_no_connection():
    assert await post(f"http://127.0.0.1:{await closed_port()}/") == Answer(None, error="connect")


async def test_an_answer_longer_than_the_cap_counts_by_its_status():
    peer = HttpPeer(HttpAnswer(200, b"x" * (BODY_MOST * 4)))
    async with running(peer):
        assert (await post(peer.url)).status == 200


@asynccontextmanager
async def saying(words: bytes):
    """A server that says these words to whoever begins to speak, and hangs up; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(words)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_an_answer_that_is_broken_off_counts_by_its_status():
    async with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf") as port:
        assert (await post(f"http://127.0.0.1:{port}/")).status == 200


async def test_a_receiver_that_does_not_speak_tls_is_named_so():
    async with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert await post(f"https://127.0.0.1:{port}/") == Answer(None, error="tls")


async def test_retry_after_is_read():
    peer = HttpPeer(HttpAnswer(429, headers={"Retry-After": "90"}))
    async with running(peer):
        answer = await post(peer.url)

    assert answer.retry_after is not None
    assert answer.retry_after.total_seconds() == 90
