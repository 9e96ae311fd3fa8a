"""Page bytes to text: size cap, magic numbers, byte order mark, UTF-8, the labels, then statistics. Pure."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

import chardet

from crawler.plain import gunzip
from models.errors import CollectError

MAX_BYTES = (
    25 * 1024 * 1024
)  # unpacked; pages of 20 MB with the article in them exist in tests, larger ones are no pages
MAX_BROKEN_SHARE = 0.02  # broken sequences among the letters beyond ASCII up to which a page still counts as UTF-8
STATISTICS_BYTES = 100_000  # of letters beyond ASCII and their neighbours; more does not change the guess

_BINARY = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a sound or picture"),
    (b"PK\x03\x04", "a zip or office file"),
    (b"\xd0\xcf\x11\xe0", "an office file"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"(\xb5/\xfd", "zstd bytes"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What browsers take these labels for: the larger set that contains the named one.
_LARGER = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030",
    "big5": "big5hkscs", "iso8859-11": "cp874", "shift_jis": "cp932", "euc_kr": "cp949",
}  # fmt: skip
_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic")
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:\-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:\-]+)""", re.IGNORECASE)
_DATA_ADDRESS = re.compile(r"data:[a-z]+/[a-z0-9.+\-]+[;,][^\"'()\s<>]{200,}", re.IGNORECASE)
_TAGS = re.compile(rb"<(script|style)\b.*?</\1|<[^>]*>", re.DOTALL | re.IGNORECASE)


def decode(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> tuple[str, list[str]]:
    """The page's text without `data:` addresses, and warnings.

    Raises TooLarge over MAX_BYTES after decompression, CollectError `not_html` for PDF, pictures, archives.
    """
    body = gunzip(body, MAX_BYTES, url)
    for magic, name in _BINARY:
        if body[:1024].lstrip(b" \t\r\n").startswith(magic):
            raise CollectError(f"not a page but {name}", reason="not_html", url=url)
    warnings: list[str] = []
    text = _marked(body)
    if text is None:
        text = _labelled(body, headers or {}, warnings)
    text = text.replace("\x00", "")
    shorter = _DATA_ADDRESS.sub("data:,", text)
    if len(text) - len(shorter) > 1_000_000:
        warnings.append("large data: addresses left out")
    return shorter, warnings


def _marked(body: bytes) -> str | None:
    """Text of a body that says its encoding by a mark, by zeros, or by being valid UTF-8."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    head = body[:400]
    if len(head) > 20 and head.count(b"\x00") > len(head) // 3:
        return body.decode("utf-16-be" if head[:1] == b"\x00" else "utf-16-le", "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _labelled(body: bytes, headers: Mapping[str, str], warnings: list[str]) -> str:
    header = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    found = [match[1] for match in (_HEADER.search(header),) if match]
    meta = _META.search(body[:8192])
    if meta:
        found.append(meta[1].decode("ascii"))
    labels = [codec for label in found if (codec := _codec(label))]
    if "utf-8" in labels or not labels:
        text = body.decode("utf-8", "replace")
        if _nearly_utf8(body, text):
            warnings.append("broken bytes in utf-8")
            return text
    for label in labels:
        known = _plausible(body, label) if label != "utf-8" else None
        if known:
            return _right_cyrillic(body, label, known, warnings)
    return _by_statistics(body, warnings)


def _codec(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return _LARGER.get(name, name)


def _nearly_utf8(body: bytes, text: str) -> bool:
    high = sum(map(len, re.findall(rb"[\x80-\xff]+", body[:2_000_000])))
    return text[:2_000_000].count("\ufffd") <= max(1, high * MAX_BROKEN_SHARE)


def _plausible(body: bytes, codec: str) -> str | None:
    """The text if no more than a few bytes mean nothing in `codec`."""
    try:
        text = body.decode(codec, "replace")
    except (LookupError, UnicodeError):  # not a text encoding, such as `hex`
        return None
    return text if text.count("\ufffd") <= len(text) // 1000 else None


def _right_cyrillic(body: bytes, label: str, text: str, warnings: list[str]) -> str:
    """Windows-1251 read as KOI8-R, and the reverse, shows as words in capitals: take the reading with small letters."""
    if label not in _CYRILLIC:
        return text
    share, best = _small_share(text), text
    for other in ("cp1251", "koi8-r"):
        if other != label and share < 0.6 and (candidate := _plausible(body, other)):
            candidate_share = _small_share(candidate)
            if candidate_share > max(share, 0.7):
                share, best = candidate_share, candidate
                warnings.append(f"labelled {label}, is {other}")
    return best


def _small_share(text: str) -> float:
    small, large = len(re.findall("[а-яё]", text)), len(re.findall("[А-ЯЁ]", text))
    return small / (small + large) if small + large > 20 else 1.0


def _by_statistics(body: bytes, warnings: list[str]) -> str:
    """chardet over the words; in a tie of the Cyrillic encodings the one that gives small letters."""
    words = _TAGS.sub(b" ", body)[:STATISTICS_BYTES]
    guess = chardet.detect(words if re.search(rb"[\x80-\xff]", words) else body[:STATISTICS_BYTES])["encoding"]
    codec = _codec(guess) if guess else None
    text = _plausible(body, codec) if codec else None
    if text is None or codec is None:
        warnings.append("encoding unknown, read as windows-1252")
        return body.decode("cp1252", "replace")
    warnings.append(f"encoding guessed: {codec}")
    return _right_cyrillic(body, codec, text, warnings)
