"""`read_feed` in the shape that the feed scorer of the evaluation data asks for: a list of dicts per body.

Our refusals (HTML, empty, over a cap) count as a feed without entries; any other exception is the scorer's to count.
"""

from __future__ import annotations

from typing import Any

from crawler.feeds import read_feed
from models.errors import CollectError


def parse(data: bytes, url: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Entries as dicts of title, link, id, published (aware datetime or None) and summary."""
    try:
        feed = read_feed(data, url, headers=headers)
    except CollectError:
        return []
    return [
        {
            "title": entry.title,
            "link": entry.link,
            "id": entry.id,
            "published": entry.published.value if entry.published else None,
            "summary": entry.summary,
        }
        for entry in feed.entries
    ]
