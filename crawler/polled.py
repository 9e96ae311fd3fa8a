"""Which kinds of source can be polled, told without importing Scrapy."""

from __future__ import annotations

from models.config import SourceKind

POLLED: frozenset[SourceKind] = frozenset({"feed", "sitemap", "listing", "api", "archive", "url"})
