"""The spider for sources that config gives only an address: their kind is what their content is."""

from __future__ import annotations

from typing import Any, ClassVar

from scrapy.http import Response

from crawler.sniffing import ContentKind, sniff
from crawler.spiders.base import SourceSpider
from crawler.spiders.feeds import FeedSpider
from crawler.spiders.listings import ListingSpider
from crawler.spiders.sitemaps import SitemapSpider
from models.article import Feed
from models.config import Source
from models.errors import CollectError

CHANGED = "kind_changed"  # the reason while a change of kind is seen for the first time


class SniffSpider(SitemapSpider, ListingSpider, FeedSpider):
    """Reads each body as what it is, and remembers the kind in the source's cursor.

    A feed or sitemap that turns into a page is believed at the second poll only: the first may be a page that says why
    the site is down, and its menu would be taken for articles.
    """

    name = "sniffed"
    KINDS: ClassVar[dict[ContentKind, type[SourceSpider]]] = {
        "feed": FeedSpider,
        "sitemap": SitemapSpider,
        "listing": ListingSpider,
    }

    def settled(self, source: Source) -> bool:
        reader = self.KINDS.get(super().cursor(source).get("kind", ""))
        return reader is None or bool(reader.settled(self, source))

    def cursor(self, source: Source) -> dict[str, Any]:
        """What the present kind noted; another kind's notes would be misread."""
        said = super().cursor(source)
        now = self.cursors.get(source.id, said)
        return said if said.get("kind") == now.get("kind") else {}

    async def read(self, source: Source, response: Response) -> Feed:
        before = super().cursor(source).get("kind")
        kind = sniff(response.body)
        if kind is None:
            raise CollectError("neither a feed, a sitemap nor a page", reason="unknown_kind", url=response.url)
        known = self.crawl.learned.get(source.id, {})
        if kind == "listing" and before in ("feed", "sitemap") and known.get("reason") != CHANGED:
            raise CollectError(f"was a {before}, is a page", reason=CHANGED, source=source.id, url=response.url)
        if kind != before:
            self.logger.info("%s: its content is a %s%s", source.id, kind, f", no longer a {before}" if before else "")
        self.cursors[source.id] = {"kind": kind}
        reader: Any = self.KINDS[kind]
        try:
            feed: Feed = await reader.read(self, source, response)
        finally:  # also when there is nothing new
            self.cursors[source.id] = {**self.cursors.get(source.id, {}), "kind": kind}
        return feed
