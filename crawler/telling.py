"""What this process tells the host table, many hosts in one transaction: a crawl of 500 hosts asks for 500 at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from models.errors import KhazriError
from models.gate import Gate, Rest

Told = tuple[float, str | None]  # of models.gate.Gate.hold: seconds to wait, who holds it


class Telling:
    """Holds and releases of one process. What comes while a transaction runs goes into the next one together.

    One transaction a host cost a third of the CPU of a poll that finds nothing new (benchmarks/polling.py). Each host's
    own order is kept: its caller waits for one answer before it asks the next.
    """

    def __init__(self, gate: Gate, holder: str, clock: Callable[[], datetime]) -> None:
        self._gate, self._holder, self._clock = gate, holder, clock
        self._holds: dict[str, tuple[float, asyncio.Future[Told]]] = {}
        self._releases: dict[str, tuple[Rest, asyncio.Future[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def hold(self, host: str, seconds: float) -> Told:
        """As `Gate.hold`, now. One call a host at a time: hosts.HostGate's locks see to that."""
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._holds[host] = (seconds, future)
        self._start()
        return await future

    async def release(self, host: str, rest: Rest) -> None:
        """As `Gate.release`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._releases[host] = (rest, future)
        self._start()
        await future

    async def idle(self) -> None:
        """Wait until everything is told; errors go to those who asked."""
        while self._task is not None and not self._task.done():
            await asyncio.wait({self._task})

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._holds or self._releases:
            releases, self._releases = self._releases, {}
            if releases:
                rests = {host: rest for host, (rest, _) in releases.items()}
                futures: dict[str, Any] = {host: future for host, (_, future) in releases.items()}
                await self._answer(futures, self._gate.release_many, rests, self._holder)
            holds, self._holds = self._holds, {}
            if holds:
                seconds = {host: wanted for host, (wanted, _) in holds.items()}
                futures = {host: future for host, (_, future) in holds.items()}
                await self._answer(futures, self._gate.hold_many, seconds, self._holder, self._clock())

    async def _answer(self, futures: dict[str, Any], tell: Callable[..., Any], *args: Any) -> None:
        try:
            told = await asyncio.to_thread(tell, *args)
        except KhazriError as error:
            for future in futures.values():
                if not future.done():  # cancelled: nobody waits for it any more
                    future.set_exception(error)
            return
        for host, future in futures.items():
            if not future.done():
                future.set_result(told[host] if told is not None else None)
