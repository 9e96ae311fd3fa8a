"""The publisher's own address behind the redirectors that search engines, alerts and mails put in front. Pure.

Only what is written in the wrapped address itself is taken; nobody is asked, nothing is guessed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.addresses import LONGEST, is_safe_address, join
from models.article import Entry, Feed
from models.errors import CollectError

MOST_WRAPPINGS = 5  # one inside another: alerts wrap a redirector at most twice, more is a riddle
LONGEST_WRAPPED = 4 * LONGEST  # characters, percent-encoding included

# Host -> (how its path begins, the parameters that may hold the target, in this order). Hosts of many countries below.
_REDIRECTORS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bing.com": ("/news/apiclick.aspx", ("url",)),
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "facebook.com": ("/l.php", ("u",)),
    "l.instagram.com": ("/", ("u",)),
    "vk.com": ("/away.php", ("to",)),
    "m.vk.com": ("/away.php", ("to",)),
    "youtube.com": ("/redirect", ("q",)),
    "linkedin.com": ("/redir/redirect", ("url",)),
    "out.reddit.com": ("/", ("url",)),
    "duckduckgo.com": ("/l/", ("uddg",)),
    "t.umblr.com": ("/redirect", ("z",)),
    "slack-redir.net": ("/link", ("url",)),
    "clck.yandex.ru": ("/redir", ("url",)),
}
_GOOGLE = re.compile(r"^google\.[a-z]{2,3}(?:\.[a-z]{2})?$")
_SAFE_LINKS = ".safelinks.protection.outlook.com"
_AMP_CACHE = ".cdn.ampproject.org"
_NEWS_PATH = re.compile(r"^/(?:__i/)?(?:rss/)?(?:rd/)?(?:articles|read)/([^/]+)$")
_AMP_PATH = re.compile(r"^/(?:amp|[acvwi])/(s/)?(?P<rest>[^/]+\.[^/]+/.*)$")
_OLD_NEWS = b'\x08\x13"'  # how the readable form begins: kind of link, then the address with its length before it


def unwrap(url: str) -> str | None:
    """The address meant: `url` itself where nothing is wrapped, the inner one, or None.

    None for a wrapping that cannot be opened without asking (the opaque form of Google News), one without a target, a
    target that is no public http(s) address, and more than five wrappings.
    """
    for _ in range(MOST_WRAPPINGS + 1):
        if len(url) > LONGEST_WRAPPED or not is_safe_address(url):
            return None
        inner = _inner(url)
        if inner == url:
            return url
        target = join(inner, "") if inner else ""
        if not target:
            return None
        url = target
    return None


def unwrapped(feed: Feed, url: str, *, dates: bool = True) -> Feed:
    """The same feed with the publishers' addresses; an entry whose address stays hidden is left out with a warning.

    dates  False where the feed's dates are those of its own finding, not of publication (Google Alerts): left out.
    Raises CollectError `wrapped_links` where not one of the entries can be opened: such a source brings nothing.
    """
    kept: list[Entry] = []
    for entry in feed.entries:
        link = unwrap(entry.link) if entry.link else ""
        if link is not None:
            kept.append(replace(entry, link=link, published=entry.published if dates else None))
    lost = len(feed.entries) - len(kept)
    if lost and not kept:
        raise CollectError(f"none of {lost} addresses can be read without asking", reason="wrapped_links", url=url)
    if not lost:
        return replace(feed, entries=tuple(kept))
    words = f"{lost} of {len(feed.entries)} entries left out: their address cannot be read without asking"
    return replace(feed, entries=tuple(kept), warnings=(*feed.warnings, words))


def _inner(url: str) -> str | None:
    """What one wrapping holds: the address itself for none, None for one that cannot be opened."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host == "news.google.com":
        found = _NEWS_PATH.match(parts.path)
        return _google_news(found[1]) if found else url
    if _GOOGLE.match(host):
        if parts.path in ("/url", "/imgres"):
            return _parameter(parts.query, ("url", "q", "imgrefurl"))
        return _amp(parts.path) or url if parts.path.startswith("/amp/") else url
    if host.endswith(_AMP_CACHE):
        return _amp(parts.path)
    if host.endswith(_SAFE_LINKS):
        return _parameter(parts.query, ("url",))
    if host == "r.search.yahoo.com":
        hidden = re.search(r"/RU=([^/]+)/", parts.path)
        return unquote(hidden[1]) if hidden else None
    path, names = _REDIRECTORS.get(host, ("", ()))
    return _parameter(parts.query, names) if names and parts.path.startswith(path) and parts.query else url


def _parameter(query: str, names: tuple[str, ...]) -> str | None:
    values = dict(parse_qsl(query))
    found = [values[name] for name in names if values.get(name, "").startswith(("http://", "https://"))]
    return found[0] if found else None


def _amp(path: str) -> str | None:
    found = _AMP_PATH.match(path)
    return f"{'https' if found[1] else 'http'}://{found['rest']}" if found else None


def _google_news(code: str) -> str | None:
    try:
        data = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(_OLD_NEWS):
        return None
    size, at, shift = 0, len(_OLD_NEWS), 0
    while at < len(data) and shift <= 14:  # a length of at most three times seven bits, lowest first
        byte = data[at]
        size, at, shift = size | (byte & 0x7F) << shift, at + 1, shift + 7
        if not byte & 0x80:
            break
    address = data[at : at + size]
    try:
        text = address.decode("ascii")
    except UnicodeDecodeError:
        return None
    return text if len(address) == size and text.startswith(("http://", "https://")) else None
