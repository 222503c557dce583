from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http import HttpClient, NoReply, NoReplyKind, Reply, address_of, json_object, retry_after
from tests.support.peers import HttpAnswer, HttpPeer, Silence, closed_port, patience, running


async def _call(peer: HttpPeer, allowed: str | None = None, **more):
    client = HttpClient(frozenset({allowed or peer.address}), max_bytes=1000)
    try:
        return await client.request("POST", peer.url + "/x", **{"timeout_seconds": patience(*peer.answers), **more})
    finally:
        await client.close()


async def test_the_reply_has_status_body_and_lower_case_headers():
    peer = HttpPeer(HttpAnswer(418, b"tea", {"X-Kind": "green"}))
    async with running(peer):
        reply = await _call(peer)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.headers["x-kind"]) == (418, b"tea", "green")


async def test_json_is_sent_as_json():
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        await _call(peer, json={"tên": "Bình"})
    assert (peer.requests[0].json, peer.requests[0].headers["content-type"]) == ({"tên": "Bình"}, "application/json")


async def test_a_form_is_sent_as_a_form():
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        await _call(peer, form={"a": "1 2", "b": "đ"}, headers={"secret_key": "s"})
    assert (peer.requests[0].form, peer.requests[0].headers["secret_key"]) == ({"a": "1 2", "b": "đ"}, "s")


async def test_an_address_that_is_not_allowed_is_never_called():
    peer = HttpPeer(HttpAnswer())
    async with running(peer):
        reply = await _call(peer, allowed="127.0.0.1:9")
    assert reply == NoReply(NoReplyKind.NOT_SENT, "forbidden_address")
    assert peer.requests == []


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://", "//host/x", "http://a:99999/", "http://u:p@h/"])
def test_only_plain_http_addresses_have_an_address(url: str):
    assert address_of(url) is None


@pytest.mark.parametrize(("url", "address"), [("https://rest.esms.vn/x", "rest.esms.vn:443"), ("http://h", "h:80")])
def test_an_address_always_has_its_port(url: str, address: str):
    assert address_of(url) == address


async def test_a_refused_connection_was_not_sent():
    peer = HttpPeer(HttpAnswer())
    peer.port = await closed_port()
    assert await _call(peer) == NoReply(NoReplyKind.NOT_SENT, "connect")


async def test_a_failed_tls_handshake_was_not_sent():
    peer = HttpPeer(Silence.DROP)
    async with running(peer):
        client = HttpClient(frozenset({peer.address}))
        reply = await client.request("POST", f"https://{peer.address}/", timeout_seconds=1)
        await client.close()
    assert reply == NoReply(NoReplyKind.NOT_SENT, "connect")


@pytest.mark.parametrize(("silence", "code"), [(Silence.DROP, "lost"), (Silence.HANG, "timeout")])
async def test_silence_after_the_request_left_is_uncertain(silence: Silence, code: str):
    peer = HttpPeer(silence)
    async with running(peer):
        assert await _call(peer) == NoReply(NoReplyKind.UNCERTAIN, code)


async def test_silence_on_a_connection_used_before_is_uncertain_too():
    peer = HttpPeer(HttpAnswer(), Silence.HANG)
    async with running(peer):
        client = HttpClient(frozenset({peer.address}))
        await client.request("POST", peer.url, timeout_seconds=10)
        reply = await client.request("POST", peer.url, timeout_seconds=0.2)
        await client.close()
    assert reply == NoReply(NoReplyKind.UNCERTAIN, "timeout")


async def test_a_reply_past_the_cap_is_uncertain():
    peer = HttpPeer(HttpAnswer(200, b"x" * 1001))
    async with running(peer):
        assert await _call(peer) == NoReply(NoReplyKind.UNCERTAIN, "too_large")


async def test_a_reply_of_exactly_the_cap_is_read():
    peer = HttpPeer(HttpAnswer(200, b"x" * 1000))
    async with running(peer):
        reply = await _call(peer)
    assert isinstance(reply, Reply)
    assert len(reply.body) == 1000


async def test_a_redirect_is_not_followed():
    peer = HttpPeer(HttpAnswer(302, b"", {"Location": "/elsewhere"}))
    async with running(peer):
        reply = await _call(peer)
    assert isinstance(reply, Reply)
    assert (reply.status, len(peer.requests)) == (302, 1)


async def test_a_garbled_reply_is_uncertain():
    class Garbled(HttpAnswer):
        def wire(self) -> bytes:
            return b"\x00\x01 this is not HTTP\r\n\r\n"

    peer = HttpPeer(Garbled())
    async with running(peer):
        assert await _call(peer) == NoReply(NoReplyKind.UNCERTAIN, "lost")


DATE = "Fri, 20 Nov 2026 02:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        ("Fri, 20 Nov 2026 02:05:00 GMT", timedelta(minutes=5)),
        ("Fri, 20 Nov 2026 01:00:00 GMT", timedelta()),
        ("Fri, 01 Jan 0001 00:00:00 GMT", timedelta()),
        ("86401", timedelta(days=1)),
        ("999999999", timedelta(days=1)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
        ("1.5", None),
        ("1e3", None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("9" * 400, None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str, wait: timedelta | None):
    assert retry_after(Reply(429, {"retry-after": text, "date": DATE}, b"")) == wait


def test_a_date_to_retry_after_means_nothing_without_the_date_of_the_reply():
    assert retry_after(Reply(429, {"retry-after": DATE}, b"")) is None


@given(st.text(), st.text())
def test_odd_dates_never_raise(after: str, date: str):
    wait = retry_after(Reply(429, {"retry-after": after, "date": date}, b""))
    assert wait is None or timedelta() <= wait <= timedelta(days=1)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"1" * 5000])
def test_anything_but_an_object_is_no_json_object(body: bytes):
    assert json_object(body) is None
