"""The public preview of a Telegram channel (t.me/s/NAME) to entries. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from trafilatura.utils import load_html

from crawler.addresses import is_home, is_safe_address, join, normalise
from crawler.bodies import is_hostile
from crawler.decoding import decode
from crawler.listings import select
from crawler.plain import one_line
from crawler.unwrap import unwrap
from models.article import Entry, Feed
from models.dates import KnownDate, parse_date, too_far_ahead
from models.errors import CollectError

MAX_MESSAGES = 200  # a preview shows about 20
LONGEST_TITLE = 200  # characters of a message's first line
LEAST_WORDS = 5  # of a message that is an article by itself: below are greetings and captions
POST = (
    "{scheme}://t.me/{channel}/{number}?embed=1"  # the form that holds the message's text; addresses.normalise drops it
)
_CHANNEL = re.compile(r"^/(?:s/)?(?P<name>[A-Za-z0-9_]{3,64})(?:/\d+)?/?$")
_POST = re.compile(r"^(?P<channel>[A-Za-z0-9_]{3,64})/(?P<number>\d{1,12})$")
_OWN_HOSTS = ("t.me", "telegram.me", "telegram.org", "telegra.ph")


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of a preview: its entries, newest last as shown, and the address of the page before it ("" for none)."""

    feed: Feed
    older: str = ""


def read_telegram(
    body: bytes, url: str, *, hosts: Sequence[str] = (), discovers: bool = False, now: datetime | None = None
) -> Preview:
    """The messages of a channel. One that links to an article of the outlet is that article; another is one itself.

    hosts      of the outlet: links to them are its articles. A channel's links elsewhere are other people's articles.
    discovers  every outgoing link is an article of whom it belongs to, and messages without one are left out.
    The date is the message's, with its offset, and only of a message that is an article itself: when a channel pointed
    at a page says nothing of when that was published. Titles are the message's first line. Raises CollectError
    `no_preview` where the channel has none (private, closed, gone), `not_html` and TooLarge.
    """
    markup, warnings = decode(body, url)
    tree = load_html(markup) if markup.strip() and not is_hostile(markup) else None
    messages = select(tree, "div.tgme_widget_message[data-post]")[:MAX_MESSAGES] if tree is not None else []
    if not messages and (tree is None or not select(tree, ".tgme_channel_info, .tgme_channel_history")):
        raise CollectError("no preview of a channel", reason="no_preview", url=url)
    entries: dict[str, Entry] = {}
    silent = 0
    for message in messages:
        found = _entries(message, url, hosts, discovers, now, warnings)
        silent += not found
        for entry in found:
            entries.setdefault(normalise(entry.link), entry)
    if silent:
        warnings.append(
            f"{silent} of {len(messages)} messages have neither a link to an article nor words of their own"
        )
    title = next((one_line(found.text_content()) for found in select(tree, ".tgme_channel_info_header_title")), "")
    return Preview(Feed(tuple(entries.values()), title, None, tuple(dict.fromkeys(warnings))), _older(messages, url))


def _entries(
    message: HtmlElement, url: str, hosts: Sequence[str], discovers: bool, now: datetime | None, warnings: list[str]
) -> list[Entry]:
    lines = _lines(message)
    title = lines[0][:LONGEST_TITLE] if lines else ""
    links = [link for link in _links(message, url) if discovers or _is_on(link, hosts)]
    if links or discovers:
        # Of several links none is the message's headline's: their pages say their titles.
        return [Entry(title if len(links) == 1 else "", link, "", None, "", None) for link in links]
    post = _POST.match(message.get("data-post") or "")
    words = " ".join(lines)
    if post is None or len(words.split()) < LEAST_WORDS:
        return []
    link = POST.format(scheme=urlsplit(url).scheme, channel=post["channel"], number=post["number"])
    return [Entry(title, link, "", _date(message, now, warnings), words, None)]


def _lines(message: HtmlElement) -> list[str]:
    """The lines of a message's own text, a quoted one's left out."""
    texts = [found for found in select(message, ".tgme_widget_message_text") if not _quoted(found)]
    if not texts:
        return []
    for end in texts[0].iter("br"):
        end.tail = f"\n{end.tail or ''}"
    return [line for raw in texts[0].text_content().split("\n") if (line := one_line(raw))]


def _quoted(element: HtmlElement) -> bool:
    return any("tgme_widget_message_reply" in (above.get("class") or "") for above in element.iterancestors())


def _links(message: HtmlElement, url: str) -> list[str]:
    """Outgoing addresses of a message, unwrapped, each once, in its order."""
    found: dict[str, str] = {}
    for element in select(message, ".tgme_widget_message_text a[href], a.tgme_widget_message_link_preview[href]"):
        link = join(url, element.get("href") or "")
        real = unwrap(link) if link else None
        if real and not _is_on(real, _OWN_HOSTS) and not is_home(real) and is_safe_address(real):
            found.setdefault(normalise(real), real)
    return list(found.values())


def _is_on(link: str, hosts: Sequence[str]) -> bool:
    host = urlsplit(link).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in hosts)


def _date(message: HtmlElement, now: datetime | None, warnings: list[str]) -> KnownDate | None:
    times = select(message, "a.tgme_widget_message_date time[datetime]")
    known = parse_date(times[0].get("datetime") or "", origin="feed", now=now) if times else None
    if known is not None and too_far_ahead(known, now):
        warnings.append("date in the future left out")
        return None
    return known


def _older(messages: Sequence[HtmlElement], url: str) -> str:
    numbers = [int(found["number"]) for one in messages if (found := _POST.match(one.get("data-post") or ""))]
    channel = _CHANNEL.match(urlsplit(url).path)
    if not numbers or min(numbers) <= 1 or channel is None:
        return ""
    return f"{urlsplit(url).scheme}://t.me/s/{channel['name']}?before={min(numbers)}"
