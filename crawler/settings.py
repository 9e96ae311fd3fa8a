"""Scrapy's settings, derived from config. Each line that differs from Scrapy's default says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.config import Config

ASYNCIO_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def scrapy_settings(config: Config, browser: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Settings for one crawl. `browser`: what a crawl with a browser has besides (crawler/browsing.py)."""
    polite = config.politeness
    return {
        "TWISTED_REACTOR": ASYNCIO_REACTOR,  # one reactor everywhere (DESIGN §7)
        "USER_AGENT": polite.user_agent,
        # Politeness belongs to the host's gate in the database, not to this crawl.
        "ROBOTSTXT_OBEY": False,  # our GateMiddleware obeys, with the copy all processes share
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS": 64,  # one per host at most: the gate sees to that
        "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        # A callback yields one page, and Scrapy starts this many tasks for each: 100 cost a quarter of its CPU.
        "CONCURRENT_ITEMS": 1,
        # Sitemaps are held while their children are asked for; at the default of 5 MB one would stop the others.
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 64_000_000,
        "DOWNLOAD_TIMEOUT": polite.timeout_seconds,
        "DOWNLOAD_MAXSIZE": polite.max_page_bytes,  # after decompression too; the default is 1 GiB
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_ENABLED": False,  # a failed try is an outcome, and its item is due again later
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,  # a page's own words never send us anywhere
        "COOKIES_ENABLED": False,
        # Doors that must not be open: RemoteControl runs Python for whoever holds its token.
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "STATS_DUMP": False,
        "LOG_ENABLED": False,  # the command line sets logging up, once
        # http and https only: the guard refuses the others by their address, and nobody would answer for them either.
        **(browser or {}),
        "DOWNLOAD_HANDLERS": {
            **dict.fromkeys(("data", "file", "ftp", "s3")),
            **(browser or {}).get("DOWNLOAD_HANDLERS", {}),
        },
        "ITEM_PIPELINES": {"pipelines.storing.StoringPipeline": 100},
        "SPIDER_MIDDLEWARES": {
            # Statuses are outcomes here, and referrers and depth say nothing in a one-step crawl.
            "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
            "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
            "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
            "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
        },
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "crawler.fetch.GuardMiddleware": 50,  # before anything else, and after every redirect
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
            "crawler.fetch.GuardedRedirects": 600,
            "crawler.fetch.CodingMiddleware": 595,  # sees a body before HttpCompressionMiddleware (590) unpacks it
            "crawler.fetch.GateMiddleware": 950,  # nearest to the downloader: what is held is really asked for
        },
        "EXTENSIONS": {
            "scrapy.extensions.logstats.LogStats": None,
            "scrapy.extensions.memusage.MemoryUsage": None,
        },
    }
