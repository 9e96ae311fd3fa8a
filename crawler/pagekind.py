"""What kind of page this is. Conservative: a page is an article unless something says plainly that it is not."""

from __future__ import annotations

import re

from crawler.addresses import is_home
from crawler.jsonld import types_of
from crawler.metadata import Head
from models.article import PageKind

SHORT = 600  # characters; a wall or an error says little, a longer text is worth keeping whatever it is
STUB = 200  # characters of a page that says it is paid for: more is a short article, seen on two of 1,100 pages
LEAST = 40  # characters of text below which a page says nothing

_CHALLENGE_MARKS = re.compile(
    r"cf-chl|cf_chl_|/cdn-cgi/challenge-platform|challenge-form|_incapsula_resource|ddos-guard|"
    r"px-captcha|g-recaptcha|h-captcha|servicepipe|datadome|akamai.{0,40}bot",
    re.IGNORECASE,
)
_CHALLENGE_WORDS = re.compile(
    r"just a moment|checking your browser|verify(?:ing)? (?:that )?you are (?:a )?human|attention required|"
    r"access denied|enable javascript and cookies|are you a robot|pardon our interruption|ddos protection|"
    r"проверка браузера|подтвердите, что вы не робот|robot deyiləm|robot olmadığınızı",
    re.IGNORECASE,
)
_ERROR_TITLE = re.compile(
    r"^\W*(?:error )?(?:40[0-9]|50[0-9])\b(?!\W*\w+ (?:people|more))|"
    r"\b404\b.{0,30}(?:not found|не найден|tapılmadı|bulunamadı)|"
    r"^page (?:not found|cannot be found)|^not found$|страница не найдена|səhifə tapılmadı|sayfa bulunamadı|"
    r"бет табылмады|сторінку не знайдено|service unavailable|bad gateway|internal server error|"
    r"გვერდი ვერ მოიძებნა|页面不存在",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"before you continue|we value your privacy|consent to (?:the use of )?cookies|"
    r"cookie (?:consent|settings|preferences)|мы используем (?:файлы )?cookie|çerez",
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


def kind_of(head: Head, title: str, text: str, markup: str) -> PageKind:
    """The page's kind from its head, words and marks; "article" where nothing speaks plainly against it."""
    dated = bool(head.article.get("datePublished") or head.article.get("articleBody"))
    is_article = dated or "article" in head.meta("og:type").lower()
    short = len(text) < SHORT
    if short and not is_article:
        wall = _wall(f"{head.title_tag}\n{title}\n{text}", head.title_tag or title, markup)
        if wall is not None:
            return wall
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


def _wall(words: str, title: str, markup: str) -> PageKind | None:
    if _CHALLENGE_WORDS.search(words) and (_CHALLENGE_MARKS.search(markup[:200_000]) or len(words) < SHORT):
        return "challenge"
    if _ERROR_TITLE.search(title):
        return "error"
    if _CONSENT.search(words) and len(words) < SHORT:
        return "consent"
    return None


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
