"""Answers of news APIs to entries: GDELT DOC 2.0 and WordPress. Pure: what to ask next is told, never asked.

Limits and shapes of GDELT: blog.gdeltproject.org/gdelt-doc-2-0-api-debuts; of WordPress: its REST API handbook.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from crawler.addresses import join
from crawler.plain import gunzip, one_line, plain
from models.article import Entry, Feed
from models.dates import KnownDate, parse_date, too_far_ahead
from models.errors import CollectError

MAX_BYTES = 8_000_000  # of one answer after unpacking; 250 records of GDELT are near 150 kB, 100 whole posts near 2 MB
MOST_RECORDS = 250  # GDELT gives no more in one answer: an answer this long may have been cut
MAX_ENTRIES = 1_000  # of one answer, as of a feed: GDELT gives 250, WordPress 100; who gives more ignores our limit
FLOOR = timedelta(minutes=15)  # GDELT files what it saw by quarters of an hour: a shorter window splits nothing
FIRST_WINDOW = timedelta(days=7)  # of a source never asked before: what a digest calls new (digest.window_days)
# GDELT files an article within a quarter of an hour, its slow languages (translated first) within hours. Entries seen
# again cost one row look-up each, an article missed is lost.
OVERLAP = timedelta(hours=6)
LONGEST_WINDOW = timedelta(days=90)  # the API looks back three months at most
_STAMP = "%Y%m%d%H%M%S"

_ILLEGAL = re.compile(r"[\x00-\x1f\x7f]")
# A pair of backslashes is whole; one before what JSON has no escape for is not.
_ESCAPES = re.compile(r"\\\\|\\(?=u(?![0-9a-fA-F]{4})|[^\"\\/bfnrtu])")
_BEFORE_MARK = re.compile(r"(?<=\S) +(?=[,.;:!?%)\]}»”’](?:\s|$|[,.;:!?)\]}»”’]))")
_AFTER_MARK = re.compile(r"(?<=[(\[{«“‘]) +(?=\S)")
_APOSTROPHE = re.compile(r"(?<=\w) ['’] (?=(?:s|t|re|ve|ll|d|m)\b)")
_TOO_FAST = re.compile(r"limit requests|too many requests|rate limit|one every \d+ seconds", re.IGNORECASE)
_DASHED_DOMAIN = re.compile(r"domain(?:is)?:[^\s()]*-", re.IGNORECASE)

LANGUAGES = {  # as GDELT names them; others are left for the page's own text to tell
    "albanian": "sq", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bengali": "bn",
    "bosnian": "bs", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs",
    "danish": "da", "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr",
    "georgian": "ka", "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu",
    "indonesian": "id", "italian": "it", "japanese": "ja", "kazakh": "kk", "korean": "ko", "kyrgyz": "ky",
    "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "mongolian": "mn", "norwegian": "no",
    "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr",
    "slovak": "sk", "slovenian": "sl", "somali": "so", "spanish": "es", "swedish": "sv", "tajik": "tg",
    "thai": "th", "turkish": "tr", "turkmen": "tk", "ukrainian": "uk", "urdu": "ur", "uzbek": "uz",
    "vietnamese": "vi",
}  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- GDELT


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time that GDELT is asked for, aware, both ends included."""

    start: datetime
    end: datetime

    def halves(self) -> tuple[Window, Window] | None:
        """The earlier and the later half, None where it is too short to be split."""
        if self.end - self.start < 2 * FLOOR:
            return None
        middle = (self.start + (self.end - self.start) / 2).replace(microsecond=0)
        return Window(self.start, middle), Window(middle, self.end)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def next_window(until: str | None, now: datetime) -> Window:
    """What is to be asked for: from the end of what was had (`until`, ISO with offset) less OVERLAP, to `now`.

    A week where nothing was had, three months at most. What cannot be read as a time counts as nothing had.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    start = now - FIRST_WINDOW
    if until:
        try:
            start = datetime.fromisoformat(until).astimezone(UTC) - OVERLAP
        except ValueError:
            start = now - FIRST_WINDOW
    return Window(max(min(start, now - OVERLAP), now - LONGEST_WINDOW), now)


def gdelt_address(address: str, window: Window) -> str:
    """The configured address, asking for this window: its own time span, form and limit are replaced by ours."""
    ours = {
        "mode": "artlist",
        "format": "json",
        "maxrecords": str(MOST_RECORDS),
        "sort": "datedesc",
        "startdatetime": f"{window.start:{_STAMP}}",
        "enddatetime": f"{window.end:{_STAMP}}",
    }
    return _with(address, ours, drop=("timespan",))


def read_gdelt(body: bytes, url: str, *, now: datetime | None = None) -> Feed:  # noqa: ARG001 - all readers' shape
    """An answer of mode artlist to entries: title, link, language; no date, for `seendate` is when GDELT saw the page.

    GDELT tells errors as plain text with status 200: CollectError `api_error`, or `too_many_requests` where it says
    so. Its JSON may hold bare control characters and broken escapes, which are blanked. An empty answer is no error.
    """
    text = gunzip(body, MAX_BYTES, url).decode("utf-8-sig", "replace").strip()
    if not text:
        raise CollectError("GDELT answered with nothing at all", reason="api_error", url=url)
    if not text.startswith("{"):
        said = plain(text)[:200]
        reason = "too_many_requests" if _TOO_FAST.search(said) else "api_error"
        raise CollectError(f"GDELT says: {said}", reason=reason, url=url)
    warnings: list[str] = []
    data = _json(text, url, warnings)
    articles = data.get("articles", []) if isinstance(data, dict) else None
    if not isinstance(articles, list):
        raise CollectError("GDELT's answer has no list of articles", reason="api_error", url=url)
    articles = articles[:MAX_ENTRIES]
    entries = [entry for one in articles if isinstance(one, dict) and (entry := _gdelt_entry(one, url)) is not None]
    if len(entries) < len(articles):
        warnings.append(f"{len(articles) - len(entries)} records without an http address left out")
    if not articles and _DASHED_DOMAIN.search(dict(parse_qsl(urlsplit(url).query)).get("query", "")):
        warnings.append("GDELT finds nothing for a domain: with a dash in it")
    return Feed(tuple(entries), "GDELT", None, tuple(warnings))


def is_full(feed: Feed) -> bool:
    """Whether an answer of GDELT may have been cut at its limit."""
    left_out = sum(int(found[1]) for text in feed.warnings if (found := re.match(r"(\d+) records without", text)))
    return len(feed.entries) + left_out >= MOST_RECORDS


def _gdelt_entry(record: Mapping[str, Any], url: str) -> Entry | None:
    link = join(url, record["url"]) if isinstance(record.get("url"), str) and record["url"].strip() else ""
    if not link:
        return None
    language = LANGUAGES.get(str(record.get("language", "")).strip().lower())
    return Entry(mend_title(str(record.get("title") or "")), link, "", None, "", language)


def mend_title(title: str) -> str:
    """GDELT's titles are cut into words and glued by spaces ("Cable , says minister"): one line without those."""
    text = _APOSTROPHE.sub("'", plain(title))
    return _AFTER_MARK.sub("", _BEFORE_MARK.sub("", text))


def _json(text: str, url: str, warnings: list[str]) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        warnings.append("illegal characters in the JSON blanked")
    mended = _ESCAPES.sub(lambda found: found[0] if found[0] == "\\\\" else " ", _ILLEGAL.sub(" ", text))
    try:
        return json.loads(mended)
    except (ValueError, RecursionError) as error:
        raise CollectError(f"broken JSON: {error}", reason="api_error", url=url) from error


# ----------------------------------------------------------------------------------------------------------- WordPress

_NO_SUCH_PAGE = "rest_post_invalid_page_number"


def wordpress_address(address: str, page: int) -> str:
    """The address of the page with this number, from 1; the first is the address as configured."""
    return address if page == 1 else _with(address, {"page": str(page)})


def read_wordpress(
    body: bytes,
    url: str,
    *,
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
) -> Feed:
    """Posts of `wp-json/wp/v2/posts` to entries; the id is the post's number, which outlives its address and title.

    `date_gmt` is UTC, known; only where it is missing `date` counts, in the site's `zone` (assumed). A page past the
    last is a Feed without entries. Raises CollectError `api_error` for the API's own errors and for anything else.
    """
    text = gunzip(body, MAX_BYTES, url).decode("utf-8-sig", "replace")
    start = text.find("[") if not text.lstrip().startswith(("{", "[")) else 0  # notices of PHP before the JSON
    try:
        data = json.loads(text[max(start, 0) :], strict=False)
    except (ValueError, RecursionError) as error:
        raise CollectError("the answer is no JSON", reason="api_error", url=url) from error
    if isinstance(data, dict):
        if data.get("code") == _NO_SUCH_PAGE:
            return Feed((), warnings=("no such page",))
        said = one_line(str(data.get("message") or data.get("code") or "no list of posts"))[:200]
        raise CollectError(f"WordPress says: {said}", reason="api_error", url=url)
    if not isinstance(data, list):
        raise CollectError("the answer is no list of posts", reason="api_error", url=url)
    warnings: list[str] = []
    data = data[:MAX_ENTRIES]
    posts = [post for post in data if isinstance(post, dict)]
    entries = [entry for post in posts if (entry := _post(post, url, language, zone, now, warnings)) is not None]
    if len(entries) < len(data):
        warnings.append(f"{len(data) - len(entries)} posts without an address left out")
    return Feed(tuple(entries), "", language, tuple(dict.fromkeys(warnings)))


def _post(
    post: Mapping[str, Any], url: str, language: str | None, zone: str | None, now: datetime | None, warnings: list[str]
) -> Entry | None:
    link = join(url, post["link"]) if isinstance(post.get("link"), str) and post["link"].strip() else ""
    if not link:
        return None
    published = _post_date(post, zone)
    if published is not None and too_far_ahead(published, now):
        warnings.append("date in the future left out")
        published = None
    number = post.get("id")
    summary = re.sub(r"\s*(?:\[…\]|\[\.\.\.\])$", "", plain(_rendered(post.get("excerpt"))))
    return Entry(
        title=plain(_rendered(post.get("title"))),
        link=link,
        id=f"post {number}" if isinstance(number, int) else "",
        published=published,
        summary=summary,
        language=language,
    )


def _rendered(value: object) -> str:
    text = value.get("rendered") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _post_date(post: Mapping[str, Any], zone: str | None) -> KnownDate | None:
    for name, mark in (("date_gmt", "Z"), ("date", "")):
        text = post.get(name)
        if isinstance(text, str) and not text.startswith("0000"):
            known = parse_date(f"{text.strip()}{mark}", origin="feed", zone=zone)
            if known is not None:
                return known
    return None


# ------------------------------------------------------------------------------------------------------------- shared


def _with(address: str, ours: Mapping[str, str], drop: tuple[str, ...] = ()) -> str:
    """The address with these parameters instead of its own of the same names."""
    parts = urlsplit(address)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in ours and name.lower() not in drop
    ]
    return parts._replace(query=urlencode([*kept, *ours.items()], quote_via=quote)).geturl()
