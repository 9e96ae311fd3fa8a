"""One tree of errors. Each carries its source and address; `str()` is one line for a tired operator."""

from __future__ import annotations


class KhazriError(Exception):
    """Anything we refuse or fail at on purpose. The command line prints it in one line and ends with 1."""

    def __init__(self, message: str, *, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.url = url

    def __str__(self) -> str:
        where = " ".join(part for part in (self.source, self.url) if part)
        return f"{where}: {self.message}" if where else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions pickle by calling the class with `args`, which our keyword arguments do not survive; errors travel
        # from the worker processes, and one that cannot be unpickled would take the whole pool with it.
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[KhazriError], args: tuple[object, ...], state: dict[str, object]) -> KhazriError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class ConfigError(KhazriError):
    """config.yaml, watch/ or the environment says something we do not know. The message opens with file:line: place."""


class StoreError(KhazriError):
    """The database refused: locked, read-only, full, unreachable, or its schema is older or newer than the program."""


class CollectError(KhazriError):
    """A source or page could not be collected; `reason` is the short word stored as the outcome `failed:<reason>`."""

    def __init__(self, message: str, *, reason: str, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message, source=source, url=url)
        self.reason = reason


class NotAFeed(CollectError):
    """The body is HTML, empty or otherwise no feed. `reason` is `not_a_feed`."""

    def __init__(self, message: str, *, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message, reason="not_a_feed", source=source, url=url)


class NotASitemap(CollectError):
    """The body is a feed, HTML, empty or otherwise no sitemap. `reason` is `not_a_sitemap`."""

    def __init__(self, message: str, *, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message, reason="not_a_sitemap", source=source, url=url)


class TooLarge(CollectError):
    """A body, an attribute count, a depth or an entry count is over its cap. `reason` is `too_large`."""

    def __init__(self, message: str, *, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message, reason="too_large", source=source, url=url)


class WorkerTimeout(CollectError):
    """A worker process passed its time or memory limit and was killed. `reason` is `timeout`."""

    def __init__(self, message: str, *, source: str | None = None, url: str | None = None) -> None:
        super().__init__(message, reason="timeout", source=source, url=url)


class ImportRefused(KhazriError):
    """A row of `khazri import` cannot be taken; the message names file and line."""


class ReportError(KhazriError):
    """A report was asked for something that does not exist or cannot be: an unknown topic, from after to."""
