"""Walls: challenge and consent pages that stand where an answer should be, told by headers and content. Pure.

A wall is a refusal: it is recorded and respected, never solved and never stored as a text. Signs are of two strengths.
Some only a wall sends (`cf-mitigated: challenge`, a challenge's own script); others are on every page of a guarded site
too (`Server: cloudflare`, `/cdn-cgi/challenge-platform/scripts/jsd`) and say nothing without a page that has no words.
The names are those that the makers' public documentation and the pages themselves show.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from crawler.plain import plain

Wall = Literal["challenge", "consent"]

FEW_WORDS = 600  # characters of text; a wall says little
# Of a body; Cloudflare's challenge has about 30,000, ServicePipe's 1,700. Pages of news with that few words in so much
# markup are of scripts: 22 of 1,136 labelled pages looked like walls when 200,000 bytes of larger ones were read.
MOST_BYTES = 100_000
MARKUP_CHARS = 200_000  # of a page's markup looked at for marks
WORDLESS = 50  # characters; less is no text at all
BARE_CHARS = 5_000  # of markup; a page without words is larger than that, were it an application's
BARE_TEXT = 200  # of a challenge's script with a sentence in whatever language
WALL_STATUSES = (200, 202, 401, 403, 405, 406, 429, 503)  # with which walls were seen

# Headers that only a wall sends: name -> what its value must hold.
_HEADERS: tuple[tuple[str, str], ...] = (
    ("cf-mitigated", "challenge"),
    ("x-amzn-waf-action", ""),  # challenge or captcha
    ("x-vercel-mitigated", "challenge"),
    ("x-sucuri-block", ""),
    ("x-dd-b", ""),  # DataDome, on the answers it keeps back
)
HEADERS = (*(name for name, _ in _HEADERS), "server", "set-cookie")  # what `wall_of` looks at

# What only a challenge holds: its script, its form, its words to us.
_MARKS = re.compile(
    r"_cf_chl_opt|cf-chl-|cf_chl_|/cdn-cgi/challenge-platform/h/[bg]/|cf-browser-verification|"  # Cloudflare
    r"/\.well-known/ddos-guard/|check\.ddos-guard\.net|"  # DDoS-Guard
    r"servicepipe\.(?:ru|tech)|"
    r"incapsula incident id|_incapsula_resource\?[^\"'<>]{0,80}(?:incident|xinfo)|"  # Imperva
    r"sec-if-cpt|sec-cpt-if|/_sec/cp_challenge|errors\.edgesuite\.net|bm-verify|"  # Akamai
    r"__qrator/|qrator\.net/|qauth|"
    r"sucuri_cloudproxy_js|sucuri website firewall|"
    r"captcha-delivery\.com|"  # DataDome
    r"px-captcha|_pxappid[^<]{0,400}captcha|captcha\.px-cdn\.net|"  # PerimeterX
    r"awswaf\.com|window\.gokuprops|"
    r"anubis_challenge|kp_uid|stormwall-challenge|_event_transid|"
    r"smartcaptcha\.yandexcloud\.net|challenges\.cloudflare\.com/turnstile|challenge-form",
    re.IGNORECASE,
)
# On every page of some guarded sites, or in any comment form.
_WEAK_MARKS = re.compile(
    r"/cdn-cgi/challenge-platform|_incapsula_resource|ddos-guard|g-recaptcha|h-captcha|datadome|perimeterx|/akam/|"
    r"qrator|servicepipe|imperva",
    re.IGNORECASE,
)
_SERVERS = re.compile(r"cloudflare|ddos-guard|qrator|akamaighost|sucuri|imperva|incapsula|servicepipe|datadome", re.I)
_COOKIES = re.compile(
    r"(?:^|[\s,;])(?:__cf_bm|cf_chl_\w+|__ddg\w*_|qrator_\w+|incap_ses_\w+|visid_incap_\w+|_abck|bm_sz|datadome|_px\w*)=",
    re.IGNORECASE,
)
# Set by a challenge only, to be sent back with its answer.
_CHALLENGE_COOKIES = re.compile(r"(?:^|[\s,;])(?:cf_chl_\w+|spsc|spid|sucuri_cloudproxy_uuid_\w+)=", re.IGNORECASE)
# Whole titles of challenges: "Access denied" is one, "Access denied to striking dockers" is a headline.
_TITLE = re.compile(
    r"^\W*(?:just a moment|one moment,? please|attention required!?|access (?:is |to this page has been )?denied|"
    r"please wait|checking (?:your|the) browser.{0,40}|verify(?:ing)? (?:that )?you are (?:a )?human|robot or human\?|"
    r"human verification|bot verification|security check(?:point)?|are you (?:a robot|human)\??|"
    r"pardon our interruption|request unsuccessful|ddos[- ]guard|ddos protection.{0,40}|"
    r"making sure you.?re not a bot!?|проверка (?:вашего )?браузера|вы (?:не )?робот\??|"
    r"доступ (?:ограничен|запрещ[её]н)|"
    r"bir dakika lütfen|güvenlik kontrolü)\W*(?:[|\-–—]\s*[\w.-]+(?:\s+[\w.-]+){0,3})?$",
    re.IGNORECASE,
)
# Sentences of challenges that no news begins or ends with.
_WORDS = re.compile(
    r"checking (?:your|if the site connection is secure|the) browser before|enable javascript and cookies to continue|"
    r"verify(?:ing)? (?:that )?you are (?:a )?human|needs to review the security of your connection|"
    r"please (?:solve|complete) (?:the|this) captcha|why have i been blocked|press (?:&|and) hold to confirm|"
    r"you don.?t have permission to access .{0,200} on this server|the requested url was rejected|"
    r"request unsuccessful\. incapsula incident|"
    r"подтвердите, что (?:вы|запросы).{0,40}робот|проверка браузера|проверяем ваш браузер|"
    r"robot deyiləm|robot olmadığınızı|brauzer\w* yoxlan|tarayıcı\w* kontrol ed|"
    r"підтвердьте, що (?:ви|запити).{0,40}робот|перевірка (?:вашого )?браузера|перевіряємо ваш браузер|"
    r"браузер\w* тексеріл|ბრაუზერის შემოწმება|正在检查您的浏览器|请完成.{0,6}验证|人机验证",
    re.IGNORECASE,
)
_CONSENT_HOSTS = re.compile(
    r"^(?:consent|cmp|guce)\.(?:[\w-]+\.)*[\w-]+\.\w+$", re.IGNORECASE
)  # consent.google.com, consent.youtube.com, guce.yahoo.com
_CONSENT = re.compile(
    r"before you continue|(?:we )?value your privacy|your privacy (?:choices|is important)|"
    r"consent to (?:the )?(?:use of )?cookies|cookie (?:consent|settings|preferences)|"
    r"(?:use|store) cookies|использу\w+ (?:файлы )?cookie|файл\w* cookie|cookie[- ]файл|çerez|kukilər|"
    r"cookies? verwenden|verwende[nt] (?:wir )?cookies|cookie[- ]ფაილ|使用\s?cookie",
    re.IGNORECASE,
)
_BUTTONS = re.compile(
    r"(?:accept|agree|reject|allow|refuse) (?:to )?(?:all|and (?:continue|close))|i (?:accept|agree)\b|"
    r"manage (?:options|preferences|settings|choices)|more options|"
    r"принять (?:все|и продолжить)|отклонить все|согла(?:сен|шаюсь)|"
    r"tümünü (?:kabul et|reddet)|kabul et|hamısını qəbul et|qəbul edirəm|прийняти все|"
    r"alle (?:cookies )?(?:akzeptieren|ablehnen)|(?:ich stimme|allen) zu(?:stimmen)?\b|tout (?:accepter|refuser)|"
    r"барлығын қабылдау|қабылдаймын|келісемін|погоджуюс|ყველას მიღება|ვეთანხმები|razıyam|全部接受|接受所有|我同意",
    re.IGNORECASE,
)
_HTML = re.compile(r"<(?:!doctype html|html|head|body|title|meta|script|div|noscript)\b", re.IGNORECASE)
_FEED = re.compile(r"<(?:rss|feed|rdf:rdf|urlset|sitemapindex|channel)\b", re.IGNORECASE)
HEAD_CHARS = 2_000  # in which a body shows what it is
TITLE_CHARS = 300  # of a title looked at
_TITLE_TAG = re.compile(r"<title[^<>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_OUTSIDE = re.compile(r"<(title|noscript)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)


def wall_by_headers(headers: Mapping[str, str]) -> Wall | None:
    """A wall that its headers alone give away."""
    lower = {name.lower(): value.lower() for name, value in headers.items()}
    found = any(name in lower and part in lower[name] for name, part in _HEADERS)
    return "challenge" if found else None


def wall_of(status: int, headers: Mapping[str, str], body: bytes, url: str) -> Wall | None:
    """The wall that an answer is, None for everything else: a feed, a page with words, a plain error.

    url  where the answer came from after redirects: `consent.google.com` is a wall whatever it shows.
    """
    found = wall_by_headers(headers)
    if found is not None:
        return found
    if is_consent_host(url):
        return "consent"
    if status not in WALL_STATUSES or len(body) > MOST_BYTES:
        return None
    head = body[:HEAD_CHARS].decode("utf-8", "replace")
    if not _HTML.search(head) or _FEED.search(head):
        return None
    markup = body.decode("utf-8", "replace")
    title = plain(match[1]) if (match := _TITLE_TAG.search(markup)) else ""
    text = plain(_OUTSIDE.sub(" ", markup))
    if len(text) >= FEW_WORDS:
        return None
    lower = {name.lower(): value for name, value in headers.items()}
    cookies = lower.get("set-cookie", "")
    if len(text) < WORDLESS and _CHALLENGE_COOKIES.search(cookies):
        return "challenge"
    guarded = bool(_SERVERS.search(lower.get("server", "")) or _COOKIES.search(cookies))
    # A guard's own page that has nothing to say. Under 200 a noscript alone may be an application's empty shell.
    if guarded and status == 200 and len(text) < WORDLESS and _WEAK_MARKS.search(markup):
        return "challenge"
    if guarded and status != 200 and (_WEAK_MARKS.search(markup) or "<noscript" in markup.lower()):
        return "challenge"
    return wall_in(title, text, markup)


def wall_in(title: str, text: str, markup: str) -> Wall | None:
    """The wall that a page of few words is, by its words and marks. A text of FEW_WORDS or more is none."""
    if len(text) >= FEW_WORDS:
        return None
    title = title[:TITLE_CHARS]
    words = f"{title}\n{text}"
    markup = markup[:MARKUP_CHARS]
    telling = _TITLE.match(title) or _WORDS.search(words)
    marked = _MARKS.search(markup)
    if marked and (telling or len(text) < WORDLESS or (len(text) < BARE_TEXT and len(markup) < BARE_CHARS)):
        return "challenge"
    if telling and (_WEAK_MARKS.search(markup) or _TITLE.match(title) or len(text) < FEW_WORDS // 2):
        return "challenge"
    if len(text) < WORDLESS and len(markup) < BARE_CHARS and _WEAK_MARKS.search(markup):
        return "challenge"  # nothing but a guard's script
    return "consent" if _CONSENT.search(words) and _BUTTONS.search(f"{text}\n{_labels(markup)}") else None


def is_consent_host(url: str) -> bool:
    """Whether an address is a consent service's own, where redirects of some publishers end."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return _CONSENT_HOSTS.match(host) is not None


def _labels(markup: str) -> str:
    """The words of buttons: extractors leave them out."""
    return plain("\n".join(shown or value for shown, value in _BUTTON.findall(markup)))


_BUTTON = re.compile(
    r"<button\b[^<>]*>(.{0,200}?)</button|<input\b[^<>]{0,200}?value=[\"']([^\"'<>]{1,60})", re.I | re.S
)
