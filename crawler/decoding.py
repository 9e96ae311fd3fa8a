"""Page bytes to text: size cap, magic numbers, byte order mark, UTF-8, the labels, then statistics. Pure."""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections import deque
from collections.abc import Mapping

import chardet

from crawler.plain import gunzip
from models.errors import CollectError

MAX_BYTES = (
    25 * 1024 * 1024
)  # unpacked; pages of 20 MB with the article in them exist in tests, larger ones are no pages
MOST_PACKED = 2  # times that a body is unpacked: servers that compress what is compressed exist, more is a trick
MOST_CONTROLS = 0.02  # of the characters; compressed or encrypted bytes read as text have a tenth and more
MOST_MARKS = 60  # combining marks on one letter; Unicode's stream-safe form has 30
LARGE = 1_000_000  # characters of markup from which blank space and endless tokens are looked for
CONTROLS_SAMPLE = 20_000  # characters
ZEROS_SAMPLE = 4_000  # bytes by whose zeros UTF-16 and UTF-32 are known
LONG_TAG, MOST_ATTRIBUTES = 20_000, 4_000  # characters from which attributes are counted; libxml2 is quadratic in them
LEAST_STRANGE = 5  # words of nothing but letters beyond ASCII from which a Western label is not believed
MAX_BROKEN_SHARE = 0.02  # broken sequences among the letters beyond ASCII up to which a page still counts as UTF-8
STATISTICS_BYTES = 100_000  # of letters beyond ASCII and their neighbours; more does not change the guess

_BINARY = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a sound or picture"),
    (b"PK\x03\x04", "a zip or office file"),
    (b"PK\x05\x06", "an empty zip file"),
    (b"\xd0\xcf\x11\xe0", "an office file"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"(\xb5/\xfd", "zstd bytes"),
    (b"\x1f\x8b", "gzip bytes in gzip bytes"),
    (b"BZh", "bzip2 bytes"),
    (b"\xfd7zXZ", "xz bytes"),
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
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_ATTRIBUTE = re.compile(r"""[^\s"'=/>]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?""")
# Elements whose content is no markup: one that is never closed would take the rest of the page with it.
_SCRIPT_TAG = re.compile(r"<(/?)script(?![\w-])[^<>]*>?", re.IGNORECASE)
_RAW_TAG = re.compile(
    r"<!--.*?-->|<script(?![\w-]).*?</script|<(/?)(style|textarea|title)(?![\w-])[^<>]*>?", re.IGNORECASE | re.DOTALL
)
_NEXT_BLOCK = re.compile(r"<(?:/?head|body|p|div|h1|h2|article|section|main|table)\b|</(?:body|html)\b", re.IGNORECASE)
_WESTERN = ("cp1252", "cp1254", "cp1257", "iso8859-15", "iso8859-2", "cp1250")
_HIGH_WORD = re.compile(r"(?<!\w)[\u00b3\u00b8\u00c0-\u02af]{4,}(?!\w)")
_SOME_HIGH = re.compile(r"\w*[\u00c0-\u02af]\w*")
_TWICE = re.compile("[\u00c2\u00c3\u00c4\u00c5\u00d0\u00d1][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2010-\u2122]")
_FROM_1252 = {ord(char): byte for byte in range(128, 160) if (char := bytes((byte,)).decode("cp1252", "ignore"))}
_MARK = f"[{''.join(char for char in map(chr, range(0x300, 0x10000)) if unicodedata.combining(char))}]"
_MARKS_SEEN = re.compile(f"{_MARK}{{4}}")  # in every 15th character: where a long run is, and hardly elsewhere
_MARKS_RUN = re.compile(f"(?<={_MARK}{{{MOST_MARKS}}}){_MARK}+")
_REFERENCES = re.compile(rf"(?:&#[xX]?[0-9a-fA-F]{{2,6}};){{{MOST_MARKS},}}")
# Tried only where a run begins: otherwise runs a little shorter than these would cost their square.
_LONG_SPACE = re.compile(r"(?<!\s)\s{1000,}")
_LONG_TOKEN = re.compile(r"(?<![^\s<>])[^\s<>]{100000,}")
_TAGS = re.compile(rb"<(script|style)\b.*?</\1|<[^>]*>", re.DOTALL | re.IGNORECASE)


def decode(body: bytes, url: str, headers: Mapping[str, str] | None = None) -> tuple[str, list[str]]:
    """The page's text without `data:` addresses, and warnings.

    Raises TooLarge over MAX_BYTES after decompression, CollectError `not_html` for PDF, pictures, archives.
    """
    for _ in range(MOST_PACKED):
        body = gunzip(body, MAX_BYTES, url)
    for magic, name in _BINARY:
        if body[:1024].lstrip(b" \t\r\n").startswith(magic):
            raise CollectError(f"not a page but {name}", reason="not_html", url=url)
    warnings: list[str] = []
    text = _marked(body, warnings)
    if text is None:
        text = _labelled(body, headers or {}, warnings)
    sample = text[:CONTROLS_SAMPLE]
    if len(_CONTROLS.findall(sample)) > max(3, MOST_CONTROLS * len(sample)):
        raise CollectError("not a page but bytes that are no text", reason="not_html", url=url)
    text = _fewer_marks(_once(text.replace("\x00", ""), warnings), warnings)
    shorter = _DATA_ADDRESS.sub("data:,", text)
    if len(text) - len(shorter) > 1_000_000:
        warnings.append("large data: addresses left out")
    if len(shorter) > LARGE:
        shorter = _LONG_TOKEN.sub("", _LONG_SPACE.sub("\n", shorter.replace("&nbsp;", " ")))
    return _closed(_fewer_attributes(shorter, warnings), warnings), warnings


def _marked(body: bytes, warnings: list[str]) -> str | None:
    """Text of a body that says its encoding by a mark, by zeros, or by being valid UTF-8."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace")
    wide = _by_zeros(body[:ZEROS_SAMPLE])
    if wide is not None:
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass  # the labels are asked, unless it is only that halves of UTF-16 pairs were written as UTF-8
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    warnings.append("broken bytes in utf-8")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _by_zeros(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: ASCII markup leaves zeros at every second place, or at three of four."""
    if len(sample) < 20:
        return None
    zeros = [sample[place::4].count(0) / (len(sample) // 4) for place in range(4)]
    if min(zeros[2:]) > 0.9 and zeros[0] < 0.1:
        return "utf-32-le"
    if min(zeros[:2]) > 0.9 and zeros[3] < 0.1:
        return "utf-32-be"
    # A fifth is enough: pages in Cyrillic have letters where others have zeros.
    if min(zeros[1], zeros[3]) > 0.2 and max(zeros[0], zeros[2]) < 0.05:
        return "utf-16-le"
    if min(zeros[0], zeros[2]) > 0.2 and max(zeros[1], zeros[3]) < 0.05:
        return "utf-16-be"
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
        if known and label in _WESTERN and _is_strange(known):
            warnings.append(f"labelled {label}, is not")
            break
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


def _is_strange(text: str) -> bool:
    """Whether most words with letters beyond ASCII have nothing else: no Western or Turkic language writes so, but
    Cyrillic, Greek and others read as Western do."""
    sample = text[:200_000]
    strange = len(_HIGH_WORD.findall(sample))
    return strange >= LEAST_STRANGE and 3 * strange > len(_SOME_HIGH.findall(sample))


def _once(text: str, warnings: list[str]) -> str:
    """UTF-8 that its publisher took for windows-1252 and encoded again, as it was meant; any other text as it is."""
    if not any(letter in text for letter in "ÂÃÄÅÐÑ"):
        return text
    sample = text[:200_000]
    pairs = len(_TWICE.findall(sample))
    if pairs < 10 or 2 * pairs < 0.9 * sum(char > "\x7f" for char in sample):
        return text
    try:
        meant = text.translate(_FROM_1252).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
    warnings.append("was encoded in utf-8 twice")
    return meant


def _fewer_marks(text: str, warnings: list[str]) -> str:
    """Runs of combining marks cut: what sorts them (Unicode's normal forms) is quadratic in their number."""
    shorter = _MARKS_RUN.sub("", text) if _MARKS_SEEN.search(text[:: MOST_MARKS // 4]) else text
    if shorter.count("&#") > MOST_MARKS:
        shorter = _REFERENCES.sub(_without_marks, shorter)
    if len(shorter) < len(text):
        warnings.append("runs of combining marks cut")
    return shorter


def _without_marks(references: re.Match[str]) -> str:
    """References that a text is written in stay as they are, unless they are a run of marks."""
    meant = html.unescape(references[0])
    shorter = _MARKS_RUN.sub("", meant)
    return references[0] if shorter == meant else html.escape(shorter)


def _fewer_attributes(text: str, warnings: list[str]) -> str:
    """Tags with absurdly many attributes lose them all."""
    pieces = text.split("<")
    for place, piece in enumerate(pieces):
        if len(piece) < LONG_TAG or not piece[0].isalpha():
            continue
        tag, end, rest = piece.partition(">")
        if len(tag) < LONG_TAG or sum(1 for _ in _ATTRIBUTE.finditer(tag)) <= MOST_ATTRIBUTES:
            continue
        warnings.append("a tag with too many attributes lost them")
        pieces[place] = f"{tag.split(maxsplit=1)[0]}{end}{rest}"
    return "<".join(pieces)


def _closed(text: str, warnings: list[str]) -> str:
    """The markup with an end for a comment, script, style, textarea or title that has none."""
    end = text.rfind("-->") + 1
    if text.find("<!--", end) >= 0:
        warnings.append("a comment without an end")
        text = text[:end] + text[end:].replace("<!--", "")
    if _may_be_open("script", text):
        scripts = deque(_SCRIPT_TAG.finditer(text), maxlen=1)
        if scripts and not scripts[0][1]:
            text = _with_end("script", scripts[0].end(), text, warnings)
    if not any(_may_be_open(name, text) for name in ("style", "textarea", "title")):
        return text
    # The last of each, outside scripts, which hold markup in strings, and outside comments.
    last = {tag[2].lower(): tag for tag in _RAW_TAG.finditer(text) if tag[2]}
    opened = sorted((tag.end(), name) for name, tag in last.items() if not tag[1])
    for end, name in reversed(opened):  # from the back: places before stay what they are
        text = _with_end(name, end, text, warnings)
    return text


def _may_be_open(name: str, text: str) -> bool:
    """Whether the last thing like an opening tag stands behind the last end tag: quicker than reading the tags."""
    opened = max(text.rfind(f"<{name}"), text.rfind(f"<{name.upper()}"))
    return opened > max(text.rfind(f"</{name}"), text.rfind(f"</{name.upper()}"))


def _with_end(name: str, begin: int, text: str, warnings: list[str]) -> str:
    """An end for the element whose content begins at `begin`, before the next block of the page."""
    following = _NEXT_BLOCK.search(text, begin)
    place = following.start() if following else len(text)
    warnings.append(f"a {name} without an end")
    return f"{text[:place]}</{name}>{text[place:]}"


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
