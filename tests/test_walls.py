"""Walls by headers and content: each maker's own signs, and news about them, which are no walls."""

from __future__ import annotations

import time

import pytest

from crawler.pages import read_page
from crawler.walls import FEW_WORDS, Wall, wall_of
from tests.hostile import article, rss

URL = "https://wire.example/2026/cable-laid"
SENTENCE = "The ships laid the cable along the floor of the sea in the spring, the head of the project said. "
LONG = f"<p>{SENTENCE * 8}</p>"


def html(title: str, body: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>".encode()


# Structure and names as the makers' pages have them, the words ours. (status, headers, body)
CHALLENGES: dict[str, tuple[int, dict[str, str], bytes]] = {
    "cloudflare header": (403, {"cf-mitigated": "challenge", "Server": "cloudflare"}, b""),
    "cloudflare 200 with words": (200, {"CF-Mitigated": "challenge"}, html("Wire", LONG)),
    "cloudflare page": (
        503,
        {"Server": "cloudflare"},
        html("Just a moment...", "<noscript>Turn scripts on</noscript><script>window._cf_chl_opt={cvId:'3'}</script>"),
    ),
    "cloudflare in Russian": (
        403,
        {},
        html("Один момент…", "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>"),
    ),
    "ddos-guard": (
        403,
        {"Server": "ddos-guard", "Set-Cookie": "__ddg1_=x; Path=/, __ddg2_=y"},
        html("DDoS-Guard", "<script src='/.well-known/ddos-guard/js-challenge/index.js'></script>"),
    ),
    "servicepipe": (
        200,
        {"Set-Cookie": "spid=1_2; Path=/"},
        html("", "<noscript>Scripts are off</noscript><script src='https://servicepipe.ru/static/c.js'></script>"),
    ),
    "servicepipe by cookie": (200, {"Set-Cookie": "spsc=17_a; Path=/"}, html("", "<noscript>-</noscript><div id=x>")),
    "imperva": (
        200,
        {"Set-Cookie": "visid_incap_9=x, incap_ses_1_9=y"},
        html("", "<iframe src='/_Incapsula_Resource?CWUDNSAI=9&xinfo=1-2&incident_id=3'>Request unsuccessful</iframe>"),
    ),
    "imperva, bare": (200, {}, b"<html><script src='/_Incapsula_Resource?SWJIYLWA=5,7'></script><body></body></html>"),
    "imperva, refused": (
        200,
        {},
        html(
            "",
            "<iframe src='/_Incapsula_Resource?SW=3&xinfo=3'>Request unsuccessful. Incapsula incident ID: 1-2</iframe>",
        ),
    ),
    "akamai": (
        403,
        {"Server": "AkamaiGHost"},
        html("Access Denied", '<h1>Access Denied</h1>You don\'t have permission to access "/x" on this server.<p>#18'),
    ),
    "akamai interstitial": (
        200,
        {"Set-Cookie": "_abck=x, bm_sz=y"},
        html("", "<div id='sec-if-cpt-container'></div><script src='/_sec/cp_challenge/a.js'></script>"),
    ),
    "qrator": (
        401,
        {"Server": "QRATOR"},
        html("", "<script src='/__qrator/qauth_utm_v2.js'></script><noscript>-</noscript>"),
    ),
    "sucuri": (200, {"X-Sucuri-Block": "BLOCK"}, html("Sucuri", LONG)),
    "sucuri script": (200, {"Server": "Sucuri/Cloudproxy"}, html("Wait", "<script>sucuri_cloudproxy_js=''</script>")),
    "datadome": (
        403,
        {"X-DataDome": "protected"},
        html("wire.example", "<script src='https://ct.captcha-delivery.com/c.js'></script>"),
    ),
    "perimeterx": (
        429,
        {"Set-Cookie": "_pxhd=x"},
        html("Access to this page has been denied", "<div id='px-captcha'></div>Press &amp; Hold to confirm"),
    ),
    "aws": (202, {"x-amzn-waf-action": "challenge"}, b""),
    "anubis": (200, {}, html("Making sure you're not a bot!", "<script id='anubis_challenge'>{}</script>")),
}


@pytest.mark.parametrize(("status", "headers", "body"), CHALLENGES.values(), ids=CHALLENGES)
def test_a_challenge(status: int, headers: dict[str, str], body: bytes) -> None:
    assert wall_of(status, headers, body, URL) == "challenge"


@pytest.mark.parametrize(
    "name",
    [
        "cloudflare page",
        "ddos-guard",
        "akamai",
        "perimeterx",
        "cloudflare 200 with words",
        "imperva, bare",
        "imperva, refused",
    ],
)
def test_a_challenge_under_200_is_never_a_text(name: str) -> None:
    _, headers, body = CHALLENGES[name]
    assert read_page(body, URL, headers=headers).kind == "challenge"


CONSENTS = {
    "google": ("https://consent.google.com/ml?continue=https://news.google.com/rss", html("", "<p>Hello</p>")),
    "yahoo": ("https://guce.yahoo.com/consent?brandType=eu", html("Yahoo", LONG)),
    "interstitial": (
        URL,
        html("Wire", "<h1>We value your privacy</h1><p>We use cookies.</p><button>Accept all</button>"),
    ),
    "turkish": (URL, html("Çerez tercihleri", "<p>Bu site çerez kullanır.</p><button>Tümünü kabul et</button>")),
    "german": (
        URL,
        html("Zustimmung", "<p>Wir und unsere Partner verwenden Cookies.</p><button>Alle akzeptieren</button>"),
    ),
    "russian": (URL, html("", "<p>Мы используем файлы cookie.</p><button>Принять все</button>")),
}


@pytest.mark.parametrize(("url", "body"), CONSENTS.values(), ids=CONSENTS)
def test_a_consent_page(url: str, body: bytes) -> None:
    assert wall_of(200, {}, body, url) == "consent"
    assert read_page(body, url).kind == "consent"


BRIEF = f"<article><h1>%s</h1><p>{SENTENCE * 2}</p></article>"
ORDINARY: dict[str, tuple[int, dict[str, str], bytes]] = {
    "a feed": (200, {"Server": "cloudflare", "Set-Cookie": "__cf_bm=x"}, rss("https://wire.example/1")),
    "a page": (200, {"Server": "ddos-guard", "Set-Cookie": "__ddg1_=x"}, article("Quay").body),
    "about Cloudflare": (
        200,
        {"Server": "cloudflare"},
        html("Cloudflare outage", f"{LONG}<p>Sites showed «Just a moment», then «checking your browser».</p>"),
    ),
    "short, about a challenge": (200, {}, html("Captcha firm DataDome sold", BRIEF % "Captcha firm DataDome sold")),
    "short, access denied": (
        200,
        {"Server": "cloudflare"},
        html("Access denied: minister barred from port", BRIEF % "Access denied"),
    ),
    "short, about cookies": (
        200,
        {},
        html("Cookie consent banners to go", BRIEF % "We use cookies, says the ministry"),
    ),
    "Cloudflare's script on a page": (
        200,
        {"Server": "cloudflare"},
        html("Cable laid", f"{LONG}<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"),
    ),
    "Imperva's script on a page": (
        200,
        {"Set-Cookie": "visid_incap_9=x"},
        html("Cable laid", f"{LONG}<script src='/_Incapsula_Resource?SWJIYLWA=7'></script>"),
    ),
    "a captcha in a comment form": (200, {}, html("Cable laid", f"{LONG}<div class='g-recaptcha'></div>")),
    "a banner under the text": (200, {}, html("Cable laid", f"{LONG}<p>We use cookies <button>Accept all</button>")),
    "a plain 404": (404, {"Server": "cloudflare"}, html("Not found", "<p>Nothing here</p>")),
    "a plain 403": (403, {}, html("403 Forbidden", "<h1>Forbidden</h1><p>nginx</p>")),
    "a plain 503": (503, {"Server": "cloudflare"}, html("503 Service Unavailable", "<h1>Down for maintenance</h1>")),
    "an application's empty shell": (
        200,
        {"Server": "cloudflare", "Set-Cookie": "__cf_bm=x"},
        html("Wire", "<noscript>Scripts are off</noscript><div id='app'></div>"),
    ),
    "scripts before the words": (
        403,
        {"Server": "cloudflare", "Set-Cookie": "__cf_bm=x"},
        html("Wire", f"<noscript>-</noscript><script>{'datadome = 1;' * 20_000}</script>{LONG}"),
    ),
    "nothing": (200, {}, b""),
    "bytes": (200, {"Server": "cloudflare"}, bytes(range(256)) * 10),
}


@pytest.mark.parametrize(("status", "headers", "body"), ORDINARY.values(), ids=ORDINARY)
def test_no_wall(status: int, headers: dict[str, str], body: bytes) -> None:
    assert wall_of(status, headers, body, URL) is None
    if status == 200 and body.startswith(b"<!"):
        assert read_page(body, URL, headers=headers).kind not in ("challenge", "consent")


def test_a_long_text_is_no_wall_whatever_it_says() -> None:
    body = html("Just a moment...", f"<p>Checking your browser before {SENTENCE * 8}</p>")
    assert len(SENTENCE * 8) > FEW_WORDS
    assert wall_of(200, {}, body, URL) is None


@pytest.mark.parametrize(
    "part",
    [
        "<title>",
        "<noscript>",
        "<button>",
        "<!--",
        "<input value='",
        "_pxappid",
        "access denied - a ",
        "<button",
        "\u00a0",
    ],
)
def test_hostile_markup_takes_no_time(part: str) -> None:
    """The patterns run in the crawl's own process: nothing a page repeats may make them slow."""
    body = f"<html><title>{part * 30_000}".encode()[:200_000]
    started = time.process_time()
    found: Wall | None = wall_of(403, {"Server": "cloudflare", "Set-Cookie": "_px" * 9_000}, body, URL)
    assert time.process_time() - started < 1.0
    assert found in (None, "challenge")
