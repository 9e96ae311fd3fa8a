"""What kind of page this is. Conservative: a page is an article unless something says plainly that it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawler.addresses import is_home
from crawler.jsonld import types_of
from crawler.metadata import Head
from crawler.walls import is_consent_host, wall_by_headers, wall_in
from models.article import PageKind

SHORT = 600  # characters; a wall or an error says little, a longer text is worth keeping whatever it is
STUB = 200  # characters of a page that says it is paid for: more is a short article, seen on two of 1,100 pages
LEAST = 40  # characters of text below which a page says nothing

_ERROR_TITLE = re.compile(
    r"^\W*(?:error )?(?:40[0-9]|50[0-9])\b(?!\W*\w+ (?:people|more))|"
    r"\b404\b.{0,30}(?:not found|не найден|tapılmadı|bulunamadı)|"
    r"^page (?:not found|cannot be found)|^not found$|страница не найдена|səhifə tapılmadı|sayfa bulunamadı|"
    r"бет табылмады|сторінку не знайдено|service unavailable|bad gateway|internal server error|"
    r"გვერდი ვერ მოიძებნა|页面不存在",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe to (?:continue|read|keep reading)|to continue reading|for subscribers only|subscribers? only|"
    r"already a subscriber|только для подписчиков|оформите подписку|abunə ol.{0,40}oxu|"
    r"devamını okumak için abone|лише для передплатників",
    re.IGNORECASE,
)
_LISTING_TYPES = frozenset(("collectionpage", "searchresultspage", "itemlist", "profilepage"))
_GALLERY_TYPES = frozenset(("imagegallery", "videoobject", "mediagallery", "videogallery"))


def kind_of(head: Head, title: str, text: str, markup: str, headers: Mapping[str, str] | None = None) -> PageKind:
    """The page's kind from its head, words and marks; "article" where nothing speaks plainly against it."""
    wall = wall_by_headers(headers or {}) or ("consent" if is_consent_host(head.url) else None)
    if wall is not None:
        return wall
    dated = bool(head.article.get("datePublished") or head.article.get("articleBody"))
    is_article = dated or "article" in head.meta("og:type").lower()
    short = len(text) < SHORT
    if short and not is_article:
        wall = wall_in(head.title_tag or title, f"{title}\n{text}", markup)
        if wall is not None:
            return wall
        if _ERROR_TITLE.search(head.title_tag or title):
            return "error"
    if len(text) < LEAST:
        return _wordless(head, text)
    paid = head.article.get("isAccessibleForFree") in (False, "False", "false")
    if (short and _PAYWALL.search(text)) or (paid and len(text) < STUB):
        return "paywall"
    if is_home(head.url) and not dated:
        return "home"
    if not is_article and _is_listing(head, text):
        return "listing"
    return "article"


def _types(head: Head) -> set[str]:
    return {kind for node in head.nodes for kind in types_of(node)}


def _wordless(head: Head, text: str) -> PageKind:
    if _types(head) & _GALLERY_TYPES or head.meta("og:type").lower().startswith("video"):
        return "gallery"
    if is_home(head.url):
        return "home"
    return "article" if text and head.article.get("datePublished") else "empty"


def _is_listing(head: Head, text: str) -> bool:
    """Said so by its own JSON-LD, or hardly a line of it is a sentence."""
    if _types(head) & _LISTING_TYPES and len(head.headings) != 1:
        return True
    lines = text.splitlines()
    return len(lines) >= 15 and not any(len(line) > 120 for line in lines)
