"""Addresses: identity of an article's address, same site or not, which literal addresses are refused. Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

LONGEST_HOST, LONGEST_LABEL = 253, 63  # bytes of a name as DNS sees it (RFC 1035)
MOST_CAPTURES = 5  # one inside another: a capture of a capture is rare, more is a trap
LONGEST = 2_083  # characters of an address that all browsers take; longer ones are data in disguise

# Query parameters that say where the reader came from, never what is shown.
_TRACKING = re.compile(
    r"^(?:utm_\w+|utm|fbclid|gclid|dclid|gbraid|wbraid|yclid|ysclid|msclkid|twclid|igshid|igsh|mc_cid|mc_eid|mkt_tok|"
    r"_ga|_gl|_?openstat|ncid|ocid|cmpid|cmp|campaign_id|at_medium|at_campaign\w*|ito|sr_share|smid|smtyp|wt_mc|wtmc|"
    r"xtor|ref|ref_src|ref_url|referrer|referer|from_rss|mtm_\w+|pk_\w+|piwik_\w+|hsctatracking|_hsenc|_hsmi|vero_id|"
    r"rb_clid|oly_enc_id|oly_anon_id|guccounter|guce_referrer\w*|soc_src|soc_trk|s_kwcid|s_cid|clickid|fb_ref|fb_source|aftr_source|trk|trkcampaign|"
    r"phpsessid|jsessionid)$",
    re.IGNORECASE,
)
# These choose what is shown, unless they have one of these values: then they only choose how.
_FORMS = {
    "output": ("amp", "print"),
    "outputtype": ("amp",),
    "amp": ("", "1", "true"),
    "print": ("", "1", "true", "y", "yes"),
    "view": ("print", "mobile"),
    "source": ("rss", "feed", "twitter", "facebook", "telegram"),
    "from": ("rss", "feed", "twitter", "facebook", "telegram"),
    "mobile": ("", "1", "true"),
    "embed": ("1", "true"),
}
_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.IGNORECASE)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?|jsp)$", re.IGNORECASE)
_EASY_HOST = re.compile(r"^(?:www\d?|amp|m|mobile|mobi|touch|wap)\.(?=[^.]+\.[^.])")
_AMP_PATH = re.compile(r"^/amp(?=/.)|/amp/*$|\.amp(?=\.html?$|$)", re.IGNORECASE)
# https://www-site-com.cdn.ampproject.org/c/s/www.site.com/story: "c" a document, "s" over TLS
_AMP_CACHE = re.compile(
    r"^https?://(?:[\w-]+\.cdn\.ampproject\.org/[acv]|(?:www\.)?google\.[a-z.]{2,6}/amp)/(s/)?([\w-]+\.[^\s]+)$",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
# Browsers take any number of slashes, also the wrong way round, after http: (WHATWG URL, "special authority slashes").
_SLASHES = re.compile(r"^(https?):(?!//[^/\\])[/\\]*", re.IGNORECASE)
_PRINT_PATH = re.compile(r"(?<=.)/(?:print|printable)/*$", re.IGNORECASE)
_SAFE_PATH = "/:@!$&'()*+,;=-._~"
# A capture of the Wayback Machine shows the page whose address it ends with; id_, if_ and the like choose only how.
_CAPTURE = re.compile(r"^https?://web\.archive\.org/web/(\d{4,14})(?:[a-z]{2}_)?/(https?:/{1,2}[^/].*)$", re.IGNORECASE)
_DOTS = re.compile("[\u3002\uff0e\uff61]")  # what domain names take for a full stop
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Second labels under a country that are as public as the country itself, and hosts that lend names to many sites.
_PUBLIC_SECOND = frozenset(
    [
        "com",
        "co",
        "org",
        "net",
        "gov",
        "gob",
        "gouv",
        "edu",
        "ac",
        "mil",
        "info",
        "biz",
        "or",
        "ne",
        "go",
        "in",
        "nom",
        "web",
        "name",
        "pp",
        "sch",
    ]
)
_LENDERS = frozenset(
    ["blogspot.com", "wordpress.com", "livejournal.com", "github.io", "medium.com", "substack.com", "tumblr.com"]
)
# Control characters, and the halves of pairs that no encoding takes.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "arpa")


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- reading it is what checks it
    except ValueError:
        return None
    return parts if parts.scheme.lower() in _DEFAULT_PORTS and parts.hostname else None


def splittable(url: str | None) -> str:
    """The address as it is, "" where nothing can take it apart: an unclosed [ of an IPv6 host, a port that is none."""
    try:
        parts = urlsplit(url or "")
        _ = parts.port
    except ValueError:
        return ""
    return url or ""


def is_web(url: str) -> bool:
    """Whether it is an address of the web, of which something can be asked."""
    return url.startswith(("http://", "https://"))


def normalise(url: str) -> str:
    """The identity of an address: two that give the same string show the same article. A key, not meant to be fetched.

    Scheme, `www.`, mobile, AMP and print forms, default ports, fragments, tracking parameters, trailing slashes, index
    pages, dot segments, percent-encoding and the order of parameters make no difference; a capture of the Wayback
    Machine is the page that it shows. The policy is written down in docs/addresses.md. A path alone gets the same
    treatment; what else is no http(s) address comes back as it is, but for white space. Idempotent.
    """
    url = original_of("".join(char for char in url if char > " "))
    url = _SLASHES.sub(r"\1://", url[:LONGEST])
    if not _SCHEME.match(url):
        return _path_alone(url)
    parts = _split(_unwrapped(f"http:{url}" if url.startswith("//") else url))
    if parts is None or parts.hostname is None:
        return url
    netloc = _host_key(parts.hostname)
    if parts.port not in (None, *_DEFAULT_PORTS.values()):
        netloc = f"{netloc}:{parts.port}"
    query = _query_key(parts.query)
    key = f"//{netloc}{_path_key(parts.path)}{'?' + query if query else ''}"
    return key if len(key) <= LONGEST else key[:LONGEST].rstrip("%/?&=")


def original_of(url: str) -> str:
    """The address of the page that a capture of the Wayback Machine shows; any other address as it is."""
    for _ in range(MOST_CAPTURES):
        found = _CAPTURE.match(url)
        if found is None:
            return url
        url = re.sub(r"^(https?):/+", r"\1://", found[2], flags=re.IGNORECASE)  # some write one slash
    return url


def capture_time(url: str) -> str:
    """The digits of a capture's time (YYYYMMDDhhmmss, UTC, cut where it was), "" for any other address."""
    found = _CAPTURE.match(url)
    return found[1] if found else ""


def _path_alone(url: str) -> str:
    path, _, query = url.partition("#")[0].partition("?")
    if not path and not query:
        return url
    key = f"{_path_key(path, alone=True)}{'?' + found if (found := _query_key(query)) else ''}"
    return key if len(key) <= LONGEST else key[:LONGEST].rstrip("%/?&=")


def _unwrapped(url: str) -> str:
    """The publisher's address where `url` is a copy of its page in an AMP cache."""
    found = _AMP_CACHE.match(url)
    return f"http{'s' if found[1] else ''}://{found[2]}" if found else url


def _host_key(host: str) -> str:
    host = "".join(_DOTS.sub(".", unicodedata.normalize("NFKC", host)).lower().split()).rstrip(".")
    if ":" in host:
        address = _literal(host)
        return f"[{address or host}]"
    try:
        host = host.encode("idna").decode("ascii")
    except UnicodeError:
        # no resolver takes such a host: its letters are its key
        host = quote(host.encode("utf-8", "replace"), safe=".-_%").lower()
    previous = ""
    while previous != host:  # www.m.example.com
        previous, host = host, _EASY_HOST.sub("", host)
    return host


def _path_key(path: str, *, alone: bool = False) -> str:
    path = _without_dots(re.sub(r"/{2,}", "/", _SESSION.sub("", path)))
    shown = unicodedata.normalize("NFC", unquote(path, errors="surrogateescape"))
    path = quote(shown, safe=_SAFE_PATH, errors="surrogateescape")
    previous = ""
    while previous != path:  # /story/index.html/amp/
        previous = path
        path = _PRINT_PATH.sub("", _AMP_PATH.sub("", _INDEX.sub("", path))).rstrip("/")
    return path if path.startswith("/") or not path or alone else f"/{path}"


def _without_dots(path: str) -> str:
    """Without "." and ".." as a browser resolves them before it asks (RFC 3986, 5.2.4)."""
    if "/." not in path or not path.startswith("/"):
        return path
    kept: list[str] = []
    steps = path.split("/")
    for step in steps[1:]:
        if step == ".." and kept:
            kept.pop()
        elif step not in (".", ".."):
            kept.append(step)
    return "/" + "/".join([*kept, *([""] if steps[-1] in (".", "..") and kept else [])])


def _query_key(query: str) -> str:
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape", max_num_fields=None)
        if not _TRACKING.match(name) and value.lower() not in _FORMS.get(name.lower(), ())
    ]
    return urlencode(sorted(kept), errors="surrogateescape")


def site_of(url: str) -> str:
    """The registered name of an address: "trend.az" for "https://az.trend.az/x"; "" for no http(s) address.

    By a short rule rather than a public suffix list: two labels, three where the second is as public as `com.tr`.
    """
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return ""
    host = _host_key(parts.hostname)
    labels = host.split(".")
    if ":" in host or host.replace(".", "").isdigit() or len(labels) <= 2:
        return host
    if ".".join(labels[-2:]) in _LENDERS or (len(labels[-1]) == 2 and labels[-2] in _PUBLIC_SECOND):
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def same_site(a: str, b: str) -> bool:
    """Whether two addresses belong to one registered name; False where either is no http(s) address."""
    site = site_of(a)
    return bool(site) and site == site_of(b)


def is_plausible_canonical(canonical: str, url: str) -> bool:
    """Whether a page at `url` may say that its address is `canonical`: an http(s) address of the same site, in the same
    language, and neither the home page nor a section that the page lies in. Templates that print one canonical address
    on every page would make one article of a whole site."""
    if not same_site(canonical, url):
        return False
    own, named = normalise(url), normalise(canonical)
    if own == named:
        return True
    if is_home(canonical) or language_label(own) != language_label(named):
        return False
    own_path, _, own_query = own.partition("?")
    path, _, query = named.partition("?")
    above = own_path.startswith(f"{path}/") or (own_path == path and own_query and not query)
    return not (above and _is_section(path))


# Languages that publishers name in a first folder or label; those of our outlets and of their neighbours.
_LANGUAGES = frozenset(
    ["az", "ru", "en", "kk", "kz", "tr", "uk", "ua", "ka", "ge", "zh", "cn", "uz", "tk", "tg", "ky", "fa", "ar", "hy"]
)


def language_label(url: str) -> str:
    """The language an address names in its first label or folder ("ru" for ru.site.az/x and site.az/ru/x), else ""."""
    parts = _split(f"http:{url}" if url.startswith("//") else url)
    if parts is None or parts.hostname is None:
        return ""
    labels, folders = parts.hostname.lower().split("."), parts.path.lower().split("/")
    if len(labels) > 2 and labels[0] in _LANGUAGES:
        return labels[0]
    return folders[1] if len(folders) > 1 and folders[1] in _LANGUAGES else ""


def _is_section(path: str) -> bool:
    """Whether the last step of a path names a section ("/economy", "/news.php") rather than a story: it has no number
    and at most two words."""
    last = path.rstrip("/").rpartition("/")[2]
    return (
        not any(char.isdigit() for char in last) and len(re.findall(r"[^\W_]+", unquote(last).partition(".")[0])) <= 2
    )


def is_home(url: str) -> bool:
    """Whether the address is a site's front page, also that of a language ("/az", "/en/")."""
    parts = _split(url)
    return (
        parts is not None and not parts.query and re.fullmatch(r"(?:/[A-Za-z]{2})?", _path_key(parts.path)) is not None
    )


def join(base: str, link: str) -> str:
    """`link` as an absolute http(s) address, "" where it is none: also for a host that no resolver takes and for
    control characters, line breaks and tabs apart, which browsers take out."""
    link = re.sub(r"[\n\r\t]", "", link).strip()
    if _UNPRINTABLE.search(link):
        return ""
    try:
        full = urljoin(base, link)
    except ValueError:  # an unclosed [ of an IPv6 host
        return ""
    parts = _split(full)
    return full if parts is not None and _resolvable(_plain_host(parts)) else ""


def _plain_host(parts: SplitResult) -> str:
    return _DOTS.sub(".", unicodedata.normalize("NFKC", parts.hostname or "")).lower()


def _resolvable(host: str) -> bool:
    """Whether a host is as short as DNS demands, label by label; letters beyond ASCII count as their punycode."""
    if ":" in host:  # IPv6
        return True
    if len(host) > LONGEST_HOST + 1:
        return False
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
        for label in host.removesuffix(".").split(".")
    ]
    return all(1 <= len(label) <= LONGEST_LABEL for label in labels) and len(".".join(labels)) <= LONGEST_HOST


# ------------------------------------------------------------------------------------------------------- address guard


def is_safe_address(url: str) -> bool:
    """Whether a literal address may be asked for: http(s), no user, and a host that is no private or local address.

    Numbers are read as the C library reads them, so 127.1, 0x7f000001, 017700000001 and 2130706433 are loopback. Names
    are not resolved here (the resolver checks what they point to); localhost, .local and .internal are refused by name.
    """
    if any(char in " \\" for char in url) or _UNPRINTABLE.search(url) or len(url) > 4 * LONGEST:
        return False
    parts = _split(url)
    if parts is None or parts.hostname is None or "@" in parts.netloc or "%" in parts.netloc:
        return False
    host = _plain_host(parts)
    if not _resolvable(host):
        return False
    host = host.rstrip(".")
    if not host or any(char in "/?#@:\\ " for char in host.replace(":", "" if parts.netloc.startswith("[") else ":")):
        return False
    address = _literal(host)
    if address is not None:
        return is_public(address)
    labels = host.split(".")
    return labels[-1] not in _LOCAL_NAMES and not re.fullmatch(r"0x[0-9a-f]*|\d+", labels[-1])


IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: IPAddress) -> bool:
    """False for loopback, private, link-local, multicast, reserved and unspecified ones, also inside IPv6 wrappings."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        inner = address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and (int(address) >> 32) in (0, 0x64FF9B << 64):  # IPv4-compatible, NAT64
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _literal(host: str) -> IPAddress | None:
    """The address that a host's digits mean, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return _number_forms(host)


def _number_forms(host: str) -> ipaddress.IPv4Address | None:
    labels = host.split(".")
    if len(labels) > 4:
        return None
    numbers = []
    for label in labels:
        base = 16 if label.startswith("0x") else 8 if label.startswith("0") and len(label) > 1 else 10
        digits = label[2:] if base == 16 else label
        if not re.fullmatch({16: r"[0-9a-f]*", 8: r"[0-7]+", 10: r"\d+"}[base], digits) or len(digits) > 20:
            return None
        numbers.append(int(digits or "0", base))
    last_bits = 8 * (5 - len(numbers))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 1 << last_bits:
        return None
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value |= number << (24 - 8 * place)
    return ipaddress.IPv4Address(value)
