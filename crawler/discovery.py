"""Whose an item's page is. A source of one outlet finds that outlet's pages; one that discovers finds anybody's. Pure.

A page at a capture of the Wayback Machine belongs to where it was captured from, and was seen when it was captured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from crawler.addresses import capture_time, original_of
from crawler.imported import OutletIndex, unlisted
from models.config import Config, Outlet, PageHints, Source

UNLISTED = "unlisted:"
_POST = re.compile(r"^/[A-Za-z0-9_]{3,64}/\d{1,12}/?$")


class Places:
    """Sources and hosts of one config, looked up once for many items."""

    def __init__(self, config: Config) -> None:
        self.index = OutletIndex(config)
        self.sources: Mapping[str, Source] = {source.id: source for source in config.sources}
        self.outlets: Mapping[str, Outlet] = config.outlets

    def outlet(self, source: str, url: str) -> Outlet:
        """The outlet of an item's page: the source's own, or for a source that discovers the one at the address.

        What config does not list is an outlet `unlisted:<host>`, as in an import, with nothing known of it.
        """
        found = self.sources[source]
        if not found.discovers:
            return self.outlets[found.outlet]
        address = original_of(url)
        listed = self.index.find("", address)
        return listed if listed is not None else _stranger(*unlisted("", address))

    def discovers(self, source: str) -> bool:
        return self.sources[source].discovers

    def zone(self, source: str, url: str) -> str:
        """The IANA zone for dates without an offset."""
        found = self.sources[source]
        return self.outlet(source, url).zone if found.discovers else found.zone

    def refusal(self, source: str, url: str) -> str:
        """Why a page that was only discovered is not asked for: its outlet refuses us. "" where it may be asked for.

        An outlet refuses us when the reason of one of its sources says so and none of its sources is on: an operator
        who is let in switches one on. Its own sources are asked as config says.
        """
        outlet = self.outlet(source, url)
        if not self.discovers(source) or any(own.enabled for own in outlet.collect):
            return ""
        return next((own.reason for own in outlet.collect if own.reason.startswith("refused")), "")


def shown_name(outlet: Outlet) -> str:
    """The name to store with an article of an outlet that config does not list, "" for a listed one."""
    return next(iter(outlet.name.values())) if outlet.id.startswith(UNLISTED) else ""


def captured_at(url: str) -> datetime | None:
    """When the Wayback Machine came by, aware; None for an address that is no capture of it."""
    digits = capture_time(url)
    if len(digits) != len("YYYYMMDDhhmmss"):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:  # 31 February
        return None


def is_post(url: str) -> bool:
    """Whether an address is that of one message of a Telegram channel, as crawler/telegram.py makes them."""
    parts = urlsplit(url)
    return parts.hostname == "t.me" and _POST.match(parts.path) is not None


POST_HINTS = (PageHints(body=".tgme_widget_message_text", verified="2026-11"),)  # of a message's own page


def _stranger(key: str, name: str) -> Outlet:
    return Outlet(
        id=key, name={"en": name}, names=(name,), country="", languages=(), kind="portal", tier=3, own=False,
        zone="UTC", hosts=(),
    )  # fmt: skip
