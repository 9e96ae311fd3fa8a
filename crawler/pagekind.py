"""What kind of page this is. Conservative: a page is an article unless something says plainly that it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawler.addresses import is_home, join
from crawler.jsonld import types_of
from crawler.metadata import Head
from crawler.pageshape import Shape, shape_of
from crawler.plain import one_line
from crawler.walls import is_consent_host, wall_by_headers, wall_in
from models.article import PageKind

SHORT = 600  # characters; a wall or an error says little, a longer text is worth keeping whatever it is
STUB = 200  # characters of a page that says it is paid for: more is a short article, seen on two of 1,100 pages
LEAST = 40  # characters of text below which a page says nothing
HAN = 2.5  # characters of other scripts that a Chinese one stands for
SORRY_CHARS = 300  # at the beginning of the page's own words in which an error says so
PROSE = 60  # characters of a line; a page whose own lines are all shorter has labels, not sentences
FILM = 150  # characters of own words beside a player or pictures: a sentence that announces them
PICTURES = 4  # captions that make a gallery
INTRODUCTION = 300  # characters that a list may say of itself; more beside its cards is an article
CARDS = 5  # blocks under linked headlines that make a list
TEASERS = 0.6  # of the own words in such blocks; beside an article they are not in its text at all

_NUMBER = r"(?:40[0-9]|410|50[0-9])"
_ERROR_WORD = r"(?:error|ошибка|xəta(?:sı)?|hata(?:sı)?|қате(?:сі)?|помилка|შეცდომა|错误|錯誤)"
_NOT_FOUND = (
    r"page (?:not found|cannot be found|does not exist)|not found|nothing found|service unavailable|bad gateway|"
    r"internal server error|(?:страница|материал) не (?:найден|существует)\w*|səhifə (?:tapılmadı|mövcud deyil)|"
    r"sayfa bulunamadı|(?:бет|парақ) табылмады|(?:сторінку|сторінка) не (?:знайдено|існує)|გვერდი ვერ მოიძებნა|"
    r"页面不存在|页面未找到|頁面不存在|找不到(?:页面|頁面)|seite nicht gefunden"
)
# Whole titles, the site's name apart: "404 jobs at the port" is a headline.
_ERROR_TITLE = re.compile(
    rf"\W*(?:{_ERROR_WORD}\W*)?{_NUMBER}\W*(?:{_ERROR_WORD}\W*)?|"
    rf"\W*(?:{_ERROR_WORD}?\W*{_NUMBER}\W*(?:{_ERROR_WORD}\W*)?)?(?:{_NOT_FOUND})\W*(?:{_NUMBER}\W*)?",
    re.IGNORECASE,
)
_TITLE_PARTS = re.compile(r"\s+[|–—·•»:-]\s+|\s*[|»]\s*")
_SORRY = re.compile(
    r"page (?:that )?you (?:are looking for|requested|were looking for).{0,40}(?:not|removed|moved)|"
    r"(?:page|article) (?:could not|cannot|can.t) be found|"
    r"(?:страниц\w+|материал\w*).{0,40}(?:не существует|не найден|удал[её]н)|"
    r"səhifə.{0,30}(?:mövcud deyil|tapılmadı|silinib)|sayfa.{0,30}(?:mevcut değil|bulunamadı|kaldırılmış)|"
    r"бет.{0,30}(?:жоқ|табылмады|жойылған)|сторінк\w+.{0,50}(?:не існує|не знайдено|видален)|"
    r"გვერდი.{0,40}(?:არ არსებობს|ვერ მოიძებნა)|页面.{0,10}(?:不存在|已被删除|已删除|未找到)|頁面.{0,10}不存在|"
    r"seite.{0,40}(?:nicht gefunden|existiert nicht)",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe to (?:continue|read|keep reading)|to continue reading|for subscribers only|subscribers? only|"
    r"already a subscriber|только (?:для подписчик|подписчик)|оформите подписку|abunə ol.{0,40}oxu|"
    r"yalnız abunəçilər|yalnızca abone|devamını okumak için abone|(?:лише|тільки) для передплатників|"
    r"оформіть передплату|тек жазылушылар|жалғасын оқу үшін|მხოლოდ გამომწერ|仅限.{0,6}(?:订阅|会员)|订阅后.{0,4}阅读",
    re.IGNORECASE,
)
_LISTING_TYPES = frozenset(("collectionpage", "searchresultspage", "itemlist", "profilepage"))
_GALLERY_TYPES = frozenset(("imagegallery", "videoobject", "mediagallery", "videogallery"))
_HAN = re.compile(r"[\u3400-\u9fff]")


def kind_of(head: Head, title: str, text: str, markup: str, headers: Mapping[str, str] | None = None) -> PageKind:
    """The page's kind from its head, words and marks; "article" where nothing speaks plainly against it."""
    wall = wall_by_headers(headers or {}) or ("consent" if is_consent_host(head.url) else None)
    if wall is not None:
        return wall
    dated = bool(head.article.get("datePublished") or head.article.get("articleBody"))
    is_article = dated or "article" in head.meta("og:type").lower()
    size = _size(text)
    short = size < SHORT
    if short and not is_article:
        wall = wall_in(head.title_tag or title, f"{title}\n{text}", markup)
        if wall is not None:
            return wall
    if not dated and any(_is_error_title(one) for one in (head.title_tag, title, *head.headings[:2])):
        return "error"
    if size < LEAST:
        return _wordless(head, text)
    paid = head.article.get("isAccessibleForFree") in (False, "False", "false")
    if (short and _PAYWALL.search(text)) or (paid and size < STUB):
        return "paywall"
    if is_home(head.url) and not dated:
        return "home"
    return "article" if is_article else _by_shape(head, title, text)


def _size(text: str) -> float:
    """Characters, a Chinese one counted as the syllable or two that it is."""
    return len(text) + (HAN - 1) * len(_HAN.findall(text))


def _is_error_title(title: str) -> bool:
    parts = [part for part in _TITLE_PARTS.split(title[:200]) if part]
    return any(_ERROR_TITLE.fullmatch(part) for part in (title[:200], *parts[:2]))


def _types(head: Head) -> set[str]:
    return {kind for node in head.nodes for kind in types_of(node)}


def _wordless(head: Head, text: str) -> PageKind:
    if _types(head) & _GALLERY_TYPES or head.meta("og:type").lower().startswith("video"):
        return "gallery"
    if is_home(head.url):
        return "home"
    return "article" if text and head.article.get("datePublished") else "empty"


def _by_shape(head: Head, title: str, text: str) -> PageKind:
    """The kind of a page that does not say that it is an article, by what is its own and what leads away."""
    shape = shape_of(head.tree, head.url)
    own = shape.own(text, title)
    size = _size("\n".join(own))
    if _SORRY.search("\n".join(own)[:SORRY_CHARS]) and (size < SORRY_CHARS or len(shape.cards) >= CARDS):
        return "error"
    if shape.login and size < STUB and all(_size(line) < PROSE for line in own):
        return "paywall"
    film = shape.players > 0 or bool(_types(head) & _GALLERY_TYPES) or head.meta("og:type").lower().startswith("video")
    if size < FILM and (film or len(shape.captions & set(map(one_line, text.splitlines()))) >= PICTURES):
        return "gallery"
    if _is_listing(head, text, shape, own):
        return "home" if _says_home(head) else "listing"
    return _wordless(head, "") if size < LEAST else "article"


def _is_listing(head: Head, text: str, shape: Shape, own: list[str]) -> bool:
    """Said so by its own JSON-LD, most of its words stand under headlines of other pages, or it is short lines and
    most of them are links, captions and figures."""
    if _types(head) & _LISTING_TYPES and len(head.headings) != 1:
        return True
    if len(shape.cards) >= CARDS:
        words, teasers = _size("\n".join(own)), _size("\n".join(shape.teasers(own)))
        if words - teasers < INTRODUCTION and teasers >= TEASERS * words:
            return True
        if all(_size(line) < PROSE for line in own):
            return True
    lines = text.splitlines()
    return len(lines) >= 15 and len(own) * 2 < len(lines) and not any(_size(line) > 120 for line in lines)


def _says_home(head: Head) -> bool:
    """Front pages are served at the addresses of articles that are gone; they still name their own address."""
    named = [one.get("href") or "" for one in head.tree.iter("link") if "canonical" in (one.get("rel") or "").lower()]
    return any(is_home(join(head.url, link)) for link in (*named, head.meta("og:url")) if link)
