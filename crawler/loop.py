"""The one loop: Scrapy's asyncio reactor with our resolver, run until a coroutine ends or a signal asks to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from scrapy.utils.reactor import install_reactor

from crawler.settings import ASYNCIO_REACTOR

T = TypeVar("T")
RESOLVER_THREADS = 24  # name look-ups at once: without a network each one may hang for its whole time-out


def run(main: Coroutine[Any, Any, T], *, guarded: bool) -> T:
    """Run `main` in the reactor and return its result or raise its error. SIGINT and SIGTERM cancel it, so that its
    `finally` blocks run; KeyboardInterrupt is then raised. `guarded`: names must resolve to public addresses.

    A reactor cannot be started twice: one call a process. The loop is stopped, not the reactor: stopping that joins its
    threads, and a name look-up that hangs would hold the process for as long as it hangs (`cli.main` leaves without
    waiting for such threads; everything is stored by then).
    """
    install_reactor(ASYNCIO_REACTOR)
    from twisted.internet import reactor as installed

    from crawler.fetch import cap_headers, guard_peers, make_resolver

    cap_headers()
    if guarded:
        guard_peers()
    reactor: Any = installed
    make_resolver(reactor, guarded=guarded).install_on_reactor()
    reactor.getThreadPool().adjustPoolsize(maxthreads=RESOLVER_THREADS)
    loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
    outcome: dict[str, Any] = {}

    def start() -> None:
        task = loop.create_task(main)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, _stop, task, outcome)
        task.add_done_callback(lambda done: (outcome.setdefault("task", done), loop.stop()))

    reactor.callWhenRunning(start)
    reactor.run(installSignalHandlers=False)
    task: asyncio.Task[T] = outcome["task"]
    if task.cancelled():
        raise KeyboardInterrupt
    return task.result()


def _stop(task: asyncio.Task[Any], outcome: dict[str, Any]) -> None:
    outcome["stopped"] = True
    task.cancel()
