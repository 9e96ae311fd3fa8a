"""Addresses behind redirectors, and the previews of Telegram channels, whose links are full of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from crawler.addresses import normalise
from crawler.discovery import POST_HINTS, is_post
from crawler.pages import read_page
from crawler.telegram import read_telegram
from crawler.unwrap import MOST_WRAPPINGS, unwrap, unwrapped
from models.article import Entry, Feed
from models.dates import parse_date
from models.errors import CollectError

TARGET = "https://site.example/news/1?a=b&c=%C9%99"
WRAPPED = quote(TARGET, safe="")


def google_news(address: str, start: bytes = b'\x08\x13"', end: bytes = b"\xd2\x01\x00") -> str:
    size = len(address)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    code = base64.urlsafe_b64encode(start + length + address.encode() + end).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{code}?oc=5"


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.google.com/url?rct=j&sa=t&url={WRAPPED}&ct=ga&cd=CAEy&usg=AOv",
        f"https://www.google.co.uk/url?q={WRAPPED}&sa=U",
        f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&tid=1&url={WRAPPED}&c=2&mkt=en-us",
        f"https://l.facebook.com/l.php?u={WRAPPED}&h=AT0",
        f"https://vk.com/away.php?to={WRAPPED}&cc_key=",
        f"https://www.youtube.com/redirect?event=x&q={WRAPPED}",
        f"https://eur02.safelinks.protection.outlook.com/?url={WRAPPED}&data=05",
        f"https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU={WRAPPED}/RK=2/RS=x-",
        f"https://duckduckgo.com/l/?uddg={WRAPPED}&rut=1",
        f"https://www.google.com/url?url={quote(f'https://vk.com/away.php?to={WRAPPED}', safe='')}",
        TARGET,
    ],
)
def test_the_target_is_found(url: str) -> None:
    assert unwrap(url) == TARGET


@pytest.mark.parametrize("size", [0, 60, 120, 1_000])
def test_the_readable_form_of_google_news(size: int) -> None:
    address = f"https://site.example/{'n' * size}"
    assert unwrap(google_news(address)) == address


def test_amp_caches_hold_the_page_s_own_address() -> None:
    assert unwrap("https://www.google.com/amp/s/amp.site.example/1.html") == "https://amp.site.example/1.html"
    assert unwrap("https://site-example.cdn.ampproject.org/c/s/site.example/1.html") == "https://site.example/1.html"


@pytest.mark.parametrize(
    "url",
    [
        google_news("AU_yqLMeIqmZhzvn6uP5My2ud1yQfvKfu"),
        google_news("https://site.example/1", start=b"\x08\x14"),
        "https://news.google.com/rss/articles/CBMiUkFVX3lx!!!",
        "https://news.google.com/rss/articles/CBMi_w",  # a length beyond the end
        "https://www.google.com/url?sa=t&ct=ga",
        "https://www.google.com/url?url=http://127.0.0.1/admin",
        "https://www.google.com/url?url=http://localhost/",
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://www.google.com/url?url=https://u:p@site.example/",
        "ftp://site.example/1",
    ],
)
def test_what_cannot_be_opened_is_never_guessed(url: str) -> None:
    assert unwrap(url) is None


def test_wrappings_without_end_are_refused() -> None:
    url = TARGET
    for _ in range(MOST_WRAPPINGS):
        url = f"https://vk.com/away.php?to={quote(url, safe='')}"
    assert unwrap(url) == TARGET
    assert unwrap(f"https://vk.com/away.php?to={quote(url, safe='')}") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://site.example/?url=https://other.example/",
        "https://vk.com/wall-1_2",
        "https://www.google.com/alerts/feeds/1/2",
        "https://news.google.com/topstories",
        "https://www.youtube.com/watch?v=1",
        "https://www.bing.com/news/search?q=url",
    ],
)
def test_an_address_that_is_no_redirector_stays(url: str) -> None:
    assert unwrap(url) == url


def test_a_feed_tells_what_it_left_out() -> None:
    date = parse_date("2026-03-22T10:00:00Z", origin="feed")
    plain = Entry("a", f"https://www.google.com/url?url={WRAPPED}", "", date, "", None)
    hidden = Entry("b", google_news("AU_yq"), "", date, "", None)
    feed = unwrapped(Feed((plain, hidden)), "https://x.example/", dates=False)
    assert [(entry.link, entry.published) for entry in feed.entries] == [(TARGET, None)]
    assert feed.warnings == ("1 of 2 entries left out: their address cannot be read without asking",)
    assert unwrapped(Feed((plain,)), "https://x.example/").entries[0].published == date
    with pytest.raises(CollectError) as caught:
        unwrapped(Feed((hidden, hidden)), "https://x.example/")
    assert caught.value.reason == "wrapped_links"


# ------------------------------------------------------------------------------------------------------------ Telegram

CHANNEL = "https://t.me/s/xeber"
NOW = datetime(2026, 3, 22, 18, 0, tzinfo=UTC)


def message(number: int, text: str, date: str = "2026-03-22T14:00:00+04:00", more: str = "") -> str:
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        f'<div class="tgme_widget_message js-widget_message" data-post="xeber/{number}">{more}'
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
        f'<div class="tgme_widget_message_footer"><a class="tgme_widget_message_date" '
        f'href="https://t.me/xeber/{number}"><time datetime="{date}" class="time">14:00</time></a></div></div></div>'
    )


def preview(*messages: str) -> bytes:
    return (
        '<html><head><title>x</title></head><body><div class="tgme_channel_info">'
        '<div class="tgme_channel_info_header_title">Xəbər</div></div><section class="tgme_channel_history">'
        f"{''.join(messages)}</section></body></html>"
    ).encode()


LINKED = '<b>Kabel çəkildi</b><br/>Ətraflı: <a href="https://site.example/kabel?utm_source=tg">site.example</a>'
WORDS = "<b>Kabel Aktauya çatdı</b><br/><br/>Gəmi bu gün limana girdi və işə başladı."
ELSEWHERE = 'Başqa bir sayt yazır ki, kabel hazırdır: <a href="https://other.example/1">other.example</a>'


def test_a_message_that_links_to_the_outlet_s_article_is_that_article() -> None:
    feed = read_telegram(preview(message(8, LINKED)), CHANNEL, hosts=["site.example"], now=NOW).feed
    (entry,) = feed.entries
    assert (entry.title, entry.link) == ("Kabel çəkildi", "https://site.example/kabel?utm_source=tg")
    assert entry.published is None, "when a channel pointed at it is not when it was published"
    assert feed.title == "Xəbər"


def test_a_message_of_its_own_words_is_an_article_of_the_channel() -> None:
    feed = read_telegram(preview(message(8, WORDS), message(9, ELSEWHERE)), CHANNEL, hosts=["site.example"]).feed
    first, second = feed.entries
    assert (first.title, first.link) == ("Kabel Aktauya çatdı", "https://t.me/xeber/8?embed=1")
    assert normalise(first.link) == normalise("https://t.me/xeber/8")
    assert first.published is not None
    assert (first.published.value, first.published.zone) == (datetime(2026, 3, 22, 10, tzinfo=UTC), "known")
    assert second.link == "https://t.me/xeber/9?embed=1", "a link to somebody else is no article of the channel"


def test_a_channel_that_discovers_gives_every_link_and_no_words_of_its_own() -> None:
    both = f'{LINKED} <a href="https://vk.com/away.php?to=https%3A%2F%2Fother.example%2F2">2</a>'
    home = 'Bizim səhifə burada və hamı üçün açıqdır: <a href="https://site.example/">site</a>'
    body = preview(message(7, both), message(8, WORDS), message(9, home), message(10, ELSEWHERE))
    feed = read_telegram(body, CHANNEL, discovers=True, now=NOW).feed
    assert [(entry.link, entry.title) for entry in feed.entries] == [
        ("https://site.example/kabel?utm_source=tg", ""),
        ("https://other.example/2", ""),
        ("https://other.example/1", "Başqa bir sayt yazır ki, kabel hazırdır: other.example"),
    ]
    assert feed.warnings == ("2 of 4 messages have neither a link to an article nor words of their own",)


def test_captions_answers_and_the_future_say_nothing() -> None:
    quoted = f'<a class="tgme_widget_message_reply"><div class="tgme_widget_message_text">{WORDS}</div></a>'
    body = preview(message(7, "Foto"), message(8, "Bəli.", more=quoted), message(9, WORDS, "2026-05-01T00:00:00+00:00"))
    feed = read_telegram(body, CHANNEL, now=NOW).feed
    assert [(entry.link, entry.published) for entry in feed.entries] == [("https://t.me/xeber/9?embed=1", None)]
    assert "date in the future left out" in feed.warnings


def test_older_messages() -> None:
    assert read_telegram(preview(message(8, WORDS), message(9, WORDS)), CHANNEL).older == f"{CHANNEL}?before=8"
    assert read_telegram(preview(message(1, WORDS)), CHANNEL).older == ""
    assert read_telegram(preview(), CHANNEL).feed.entries == ()


@pytest.mark.parametrize("body", [b"", b"<html><body><div class='tgme_page'>Send message</div></body></html>"])
def test_a_channel_without_a_preview_is_told(body: bytes) -> None:
    with pytest.raises(CollectError) as caught:
        read_telegram(body, CHANNEL)
    assert caught.value.reason == "no_preview"


def test_the_page_of_a_message_is_its_text() -> None:
    url = "https://t.me/xeber/8?embed=1"
    body = f"<html><head><title>Telegram Widget</title></head><body>{message(8, WORDS)}</body></html>".encode()
    page = read_page(body, url, now=NOW, hints=POST_HINTS)
    assert is_post(url)
    assert "Gəmi bu gün limana girdi" in page.text
    assert page.kind == "article"
    assert not is_post("https://t.me/s/xeber")
