"""Calls to addresses that others chose: the receivers of callbacks. Guarded where the connection is made.

The address that a socket is about to be opened to is what is checked, not the name: after DNS, for every address of a
name, for literal addresses too, so that a name that answers differently the second time gains nothing.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from channels.http import Reply, retry_after
from notifier import __version__

Network = IPv4Network | IPv6Network
BODY_MOST = 64 * 1024
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is routed on the Internet (RFC 4291, section 2.4, and the IANA registry)."""


class ForbiddenAddressError(OSError):
    """The address is not public and in no allowed network."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None where no answer came; then `error` is `connect`, `dns`, `tls`, `lost`, `timeout` or `forbidden_address`."""

    status: int | None
    retry_after: timedelta | None = None
    error: str | None = None


def may_call(address: IPv4Address | IPv6Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is public, or in one of our own networks that are allowed.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, NAT64, Teredo) is judged by that one.
    """
    inner = _carried(address)
    if inner is not None:
        return may_call(inner, allowed)
    if any(address.version == network.version and address in network for network in allowed):
        return True
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


class Outbound:
    """A client for one receiver: at most `most` connections, no redirects, no cookies, no proxy.

    Its connections belong to the loop of the first call, and are never shared with a client that allows other networks.
    """

    def __init__(self, allowed: Sequence[Network], *, most: int, resolver: AbstractResolver | None = None) -> None:
        self._allowed = tuple(allowed)
        self._most = most
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> Answer:
        """Post these very bytes. The status counts as soon as it is there, whatever comes of the rest of the answer.

        `timeout_seconds` bounds the whole call. Never raises for what a network or a peer does.
        """
        try:
            async with self._open_session().post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            ) as response:
                await _drain(response)
                said = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, retry_after(Reply(response.status, said, b"")))
        except TimeoutError:
            return Answer(None, error="timeout")
        except aiohttp.ClientConnectorDNSError:
            return Answer(None, error="dns")
        except aiohttp.ClientSSLError:
            return Answer(None, error="tls")
        except aiohttp.ClientConnectorError as error:
            forbidden = isinstance(error.os_error, ForbiddenAddressError)
            return Answer(None, error="forbidden_address" if forbidden else "connect")
        except (aiohttp.ClientError, OSError):
            return Answer(None, error="lost")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _socket(self, info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, target = info
        if not may_call(ip_address(target[0]), self._allowed):
            raise ForbiddenAddressError("the address is not public")
        return socket.socket(family, kind, protocol)

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._most, resolver=self._resolver, socket_factory=self._socket, use_dns_cache=False
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                headers={"User-Agent": f"notifier/{__version__}", "Accept-Encoding": "identity"},
            )
        return self._session


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that the connection can be used again; cut a long or broken one off."""
    read = 0
    with suppress(TimeoutError, aiohttp.ClientError, OSError):
        async for chunk in response.content.iter_any():
            read += len(chunk)
            if read > BODY_MOST:
                break
        else:
            return
    response.close()
