"""The only way from a page in Chromium to the network: a proxy on loopback, one a page, with the guard of all fetching.

Chromium resolves names and connects by itself unless it has a proxy. With SOCKS 5 it sends us the name; we resolve it
by our guarded resolver, look at the address, connect to that very address and look at the peer. Where config names an
upstream proxy all goes there, as for any request: it is exempt from the guard, its bytes and connections are counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from crawler import addresses
from crawler.fetch import is_public

LOOPBACK = "127.0.0.1"
MOST_CONNECTIONS = 64  # of one page over its life; Chromium opens at most 32 at once to a proxy
CONNECT_SECONDS = 10.0  # as long as a name look-up may take
CHUNK = 64 * 1024  # bytes

# RFC 1928: version, methods, command, kinds of address, replies.
SOCKS, NO_LOGIN, CONNECT, IPV4, NAME, IPV6 = 5, 0, 1, 1, 3, 4
DONE, FAILED, FORBIDDEN, BAD_COMMAND = 0, 1, 2, 7

Resolve = Callable[[str], Awaitable[str]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forbidden(Exception):
    """An address that we never fetch, or more than a page may have."""


class PageProxy:
    """An async context manager; `address` is what Chromium is given.

    upstream    the proxy of config, "" to connect ourselves
    resolve     name -> IP address; raises what a resolver raises. Never asked with an upstream
    most_bytes  both ways, over all connections; past it everything is cut and `spent` is true
    """

    def __init__(self, upstream: str, resolve: Resolve, most_bytes: int) -> None:
        self.upstream = upstream
        self.resolve = resolve
        self.most_bytes = most_bytes
        self.bytes = 0
        self.connections = 0
        self.refused: list[str] = []  # host:port of what was not connected to
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def spent(self) -> bool:
        return self.bytes > self.most_bytes

    @property
    def address(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return f"{'http' if self.upstream else 'socks5'}://{LOOPBACK}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self.connections < MOST_CONNECTIONS and not self.spent:
                self.connections += 1
                await self._serve(reader, writer)
        except asyncio.CancelledError:  # the page has ended, or had its share: that is no error of anybody's
            return
        except (OSError, EOFError, TimeoutError):  # one side hung up, or never came
            return
        finally:
            self._tasks.discard(task)
            _close(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.upstream:
            there = await self._to_upstream()
        else:
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                found = await self._socks(reader, writer)
            if found is None:
                return
            there = found
        try:
            pipes = {
                asyncio.ensure_future(self._pipe(reader, there[1])),
                asyncio.ensure_future(self._pipe(there[0], writer)),
            }
            try:
                await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pipe in pipes:
                    pipe.cancel()
                await asyncio.gather(*pipes, return_exceptions=True)
        finally:
            _close(there[1])

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            self.bytes += len(data)
            if self.spent:
                self._hang_up()
                return
            writer.write(data)
            await writer.drain()

    async def _to_upstream(self) -> Streams:
        parts = urlsplit(self.upstream)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return await _connect(parts.hostname or "", port, tls=parts.scheme == "https")

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Streams | None:
        """The connection that the client asked for, its greeting answered; None where it is refused, which it is
        told."""
        version, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        if version != SOCKS:
            return None
        writer.write(bytes((SOCKS, NO_LOGIN)))
        _, command, _, kind = await reader.readexactly(4)
        host = await _host(reader, kind)
        port = int.from_bytes(await reader.readexactly(2), "big")
        reply, streams = BAD_COMMAND, None
        if command == CONNECT and host:
            try:
                reply, streams = DONE, await self._guarded(host, port)
            except Forbidden:
                self.refused.append(f"{host}:{port}")
                reply = FORBIDDEN
            except Exception:  # noqa: BLE001 -- a name that does not resolve, a host that is not there: whatever it is
                reply = FAILED
        writer.write(bytes((SOCKS, reply, 0, IPV4, 0, 0, 0, 0, 0, 0)))
        await writer.drain()
        return streams

    async def _guarded(self, host: str, port: int) -> Streams:
        """A connection to a public address. Raises Forbidden, and what resolver and system raise."""
        if not addresses.is_safe_address(f"http://{f'[{host}]' if ':' in host else host}:{port}/"):
            raise Forbidden(host)
        address = await self.resolve(host)
        if not is_public(address):
            raise Forbidden(address)
        streams = await _connect(address, port)
        peer = streams[1].get_extra_info("peername")
        if peer is None or not is_public(str(peer[0])):
            _close(streams[1])
            raise Forbidden(str(peer))
        return streams


async def _connect(host: str, port: int, *, tls: bool = False) -> Streams:
    async with asyncio.timeout(CONNECT_SECONDS):
        return await asyncio.open_connection(host, port, ssl=tls or None)


async def _host(reader: asyncio.StreamReader, kind: int) -> str:
    """The name or literal address of a SOCKS request, "" for one that is neither."""
    if kind == IPV4:
        return str(ipaddress.IPv4Address(await reader.readexactly(4)))
    if kind == IPV6:
        return str(ipaddress.IPv6Address(await reader.readexactly(16)))
    if kind == NAME:
        (length,) = await reader.readexactly(1)
        return (await reader.readexactly(length)).decode("ascii", "replace")
    return ""


def _close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):  # closed already, or its loop is
        writer.close()
