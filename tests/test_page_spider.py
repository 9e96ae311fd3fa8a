"""Which page is asked for next: pure decisions of the page spider, no network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request

from crawler.spiders.base import Crawl
from crawler.spiders.pages import PageSpider
from models.collected import Collected, DueItem
from models.config import Config, load_config

pytestmark = pytest.mark.slow  # imports Scrapy

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "demo" / "config.yaml")


def spider(config: Config, names: list[str], **more: Any) -> PageSpider:
    items = [
        DueItem(n, "caspianwire_all", f"http://caspianwire.example/{name}", name, "en", None, 0, None)
        for n, name in enumerate(names, 1)
    ]
    crawl: Any = Crawl(config, *[None] * 3, None, {}, {}, **more)  # type: ignore[arg-type]
    return PageSpider(crawl, items, set())


def next_of(one: PageSpider) -> list[Any]:
    return one._next("caspianwire.example")


def test_a_second_entry_to_a_page_ends_as_the_first_did(config: Config) -> None:
    one = spider(config, ["a", "a?utm_source=x", "b"])
    assert isinstance(next_of(one)[0], Request)
    one.ends[("caspianwire", "//caspianwire.example/a")] = "known"
    (key,) = [key for key in one.ends if key[1].endswith("/a")][:1]
    one.ends[key] = "known"
    ended, request = next_of(one)
    assert isinstance(ended, Collected)
    assert ended.outcome == "known"
    assert request.url.endswith("/b")


def test_a_second_entry_to_a_page_that_failed_stays_due(config: Config) -> None:
    one = spider(config, ["a", "a?utm_source=x", "b"])
    next_of(one)
    (request,) = next_of(one)  # the first has no good end yet: nothing is said of the second
    assert request.url.endswith("/b")


def test_after_the_deadline_nothing_more_is_asked_for(config: Config) -> None:
    one = spider(config, ["a", "b"], deadline=time.monotonic() - 1)
    assert next_of(one) == []
    assert len(one.queues["caspianwire.example"]) == 2
