"""The linear pass over a feed's bytes before feedparser sees them: caps, mends and refusals (DESIGN §7).

feedparser is quadratic in attributes, in stray `<` and `&`, and slow in deep nesting (measured, shared notes): each
of these is counted or mended here, by one scan that never looks at a byte more than a few times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from models.errors import CollectError, TooLarge

MAX_BYTES = 8 * 1024 * 1024  # after decompression (DESIGN §7)
MAX_ENTRIES = 1_000  # entries kept; the rest is cut off with a warning
MAX_DEPTH = 64  # open elements
MAX_ATTRIBUTES = 200  # on one element; feedparser needs 0.6 s for 5,000
MAX_PIECES = 250_000  # tags and entity references: feedparser spends about 4 µs on each, so this is about a second
MAX_STRAYS = 20_000  # bare `<` and `&` that have to be escaped
MAX_BROKEN_REFERENCES = 20_000  # mended one by one, about 1 µs each; half as many smileys as pairs
MAX_FEEDPARSER_BYTES = 4 * 1024 * 1024  # markup handed on; a longer feed loses its last entries
LAST_CHARACTER = 0x10FFFF  # of Unicode

_ENTRY_NAMES = frozenset((b"item", b"entry"))
# HTML elements that need no end tag: escaped badly, they stand open in real feeds and mean no depth.
_NO_END = frozenset(b"br hr img input meta link p li area base col embed param source track wbr".split())
_NAME = re.compile(rb"[A-Za-z_:\x80-\xff][^\s/>\"'=<]*")
_TAG_END = re.compile(rb"[^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*(>|<|\Z)")
_ATTRIBUTE = re.compile(rb"=\s*[\"']?")
_STRAY_AMP = re.compile(rb"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{0,31};)")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_CONTROL_REFERENCE = re.compile(rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")
# The halves of a UTF-16 pair written as numbers, decimal or hexadecimal, and numbers that may be past U+10FFFF.
_HIGH = rb"0*+(?:55(?:29[6-9]|[3-9]\d\d)|56(?:[0-2]\d\d|3[01]\d))|[xX]0*+[dD][89abAB][0-9a-fA-F]{2}"
_LOW = rb"0*+(?:56(?:3[2-9]\d|[4-9]\d\d)|57(?:[0-2]\d\d|3[0-3]\d|34[0-3]))|[xX]0*+[dD][c-fC-F][0-9a-fA-F]{2}"
_LARGE = rb"\d{7,}+|[xX][0-9a-fA-F]{6,}+"
_BROKEN_REFERENCE = re.compile(
    rb"&#(?:(?P<high>%b);&#(?P<low>%b)|%b|%b|(?P<large>%b));" % (_HIGH, _LOW, _HIGH, _LOW, _LARGE)
)
_UNKNOWN = b"&#65533;"  # U+FFFD, the sign for a character that could not be read
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:\-]+)["'][^>]*\?>""")
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\x00?\x00", "utf-16-le"),
    (b"\x00<\x00?", "utf-16-be"),
)


@dataclass(slots=True)
class _Scan:
    body: bytes
    url: str
    out: list[bytes] = field(default_factory=list)
    open: list[bytes] = field(default_factory=list)
    entries: int = 0
    pieces: int = 0
    strays: int = 0
    warnings: list[str] = field(default_factory=list)


def guard(body: bytes, url: str) -> tuple[bytes, list[str]]:
    """The same feed, safe for feedparser, and what was mended. `body` is unpacked and at most MAX_BYTES long.

    Raises TooLarge over the caps of depth, attributes and pieces, CollectError (`dtd_entities`) for a DTD that
    declares entities. Bodies in UTF-16 or UTF-32 are only counted, not mended.
    """
    if not _ascii_based(body):
        if body.count(b"<") + body.count(b"&") > MAX_PIECES:
            raise TooLarge("too many tags for one feed", url=url)
        return _wide(body, url)
    body, warnings = _utf8_wins(body)
    if _CONTROL.search(body) and b"2022" not in body[:200]:  # ISO-2022 encodings switch sets by ESC
        body = _CONTROL.sub(b"", body)
        warnings.append("control characters removed")
    # In this order: what the first leaves may meet and form a new reference, what the second puts in cannot.
    body = _references(_CONTROL_REFERENCE.sub(b"", body), url, warnings)
    scan = _Scan(body, url, warnings=warnings)
    _walk(scan)
    return b"".join(scan.out), scan.warnings


def _ascii_based(body: bytes) -> bool:
    head = body[:64]
    return head.count(b"\x00") * 4 < len(head) and not head.startswith((b"\xff\xfe", b"\xfe\xff", b"Lo\xa7\x94"))


def _wide(body: bytes, url: str) -> tuple[bytes, list[str]]:
    """UTF-16 and UTF-32: turned into UTF-8 where the marks say how, so that the scan can see the tags."""
    for mark, name in _WIDE_MARKS:
        if body.startswith(mark):
            try:
                text = body.decode(name)
            except UnicodeDecodeError:
                return body, []
            text = re.sub(r"""(<\?xml[^>]*?encoding\s*=\s*)["'][^"']*["']""", r'\1"utf-8"', text, count=1)
            return guard(text.lstrip("\ufeff").encode("utf-8", "replace"), url)
    return body, []


def is_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8 with letters beyond ASCII: no other encoding writes text like that by chance."""
    try:
        return not body.decode("utf-8").isascii()
    except UnicodeDecodeError:
        return False


def _utf8_wins(body: bytes) -> tuple[bytes, list[str]]:
    """Valid UTF-8 with letters beyond ASCII is UTF-8, whatever the declaration says."""
    declared = _DECLARATION.match(body[:400])
    if declared is None or declared[1].lower() in (b"utf-8", b"utf8"):
        return body, []
    if not is_utf8(body):
        return body, []
    start, end = declared.span(1)
    return body[:start] + b"utf-8" + body[end:], [f"labelled {declared[1].decode('ascii')}, is utf-8"]


def _references(body: bytes, url: str, warnings: list[str]) -> bytes:
    """Pairs of surrogates become their character, numbers of no character become U+FFFD: feedparser raises on both."""
    count = 0

    def mended(found: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        if count > MAX_BROKEN_REFERENCES:
            raise TooLarge(f"more than {MAX_BROKEN_REFERENCES:,} broken character references", url=url)
        if found["high"]:
            return b"&#%d;" % (0x10000 + ((_code(found["high"]) - 0xD800) << 10) + _code(found["low"]) - 0xDC00)
        return found[0] if found["large"] and _code(found["large"]) <= LAST_CHARACTER else _UNKNOWN

    mended_body = _BROKEN_REFERENCE.sub(mended, body)
    if mended_body != body:
        warnings.append("broken character references mended")
    return mended_body


def _code(digits: bytes) -> int:
    """The number of a reference; one past the last character for all that are longer than any character's."""
    base = 16 if digits[:1] in b"xX" else 10
    digits = digits.lstrip(b"xX").lstrip(b"0")
    return int(digits or b"0", base) if len(digits) <= 7 else LAST_CHARACTER + 1


def _walk(scan: _Scan) -> None:
    body, at, size = scan.body, 0, len(scan.body)
    while at < size:
        mark = body.find(b"<", at)
        _text(scan, body[at:mark] if mark >= 0 else body[at:])
        if mark < 0:
            return
        end = _markup(scan, mark)
        if end < 0:  # cut: closed and done
            scan.out.extend(b"</" + name + b">" for name in reversed(scan.open))
            return
        at = end


def _text(scan: _Scan, text: bytes) -> None:
    references = text.count(b"&")
    if references:
        scan.pieces += references
        strays = len(_STRAY_AMP.findall(text))
        if strays:
            _count_strays(scan, strays)
            text = _STRAY_AMP.sub(b"&amp;", text)
    scan.out.append(text)


def _count_strays(scan: _Scan, strays: int) -> None:
    if not scan.strays:
        scan.warnings.append("bare & or < escaped")
    scan.strays += strays
    if scan.strays > MAX_STRAYS:
        raise TooLarge(f"more than {MAX_STRAYS:,} bare & or <", url=scan.url)


def _markup(scan: _Scan, at: int) -> int:
    """Copy the construct that begins at `at`; its end, or -1 where the body is cut."""
    body = scan.body
    scan.pieces += 1
    if scan.pieces > MAX_PIECES:
        raise TooLarge(f"more than {MAX_PIECES:,} tags and entities", url=scan.url)
    for opening, closing in ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")):
        if body.startswith(opening, at):
            end = body.find(closing, at + len(opening))
            if end < 0:
                scan.warnings.append(f"unfinished {opening.decode()} cut off")
                return -1
            end += len(closing)
            if opening != b"<!--":  # comments say nothing to a reader, and cost feedparser time
                scan.out.append(body[at:end])
            return end
    if body[at + 1 : at + 9].lower() == b"!doctype":
        return _doctype(scan, at)
    return _tag(scan, at)


def _doctype(scan: _Scan, at: int) -> int:
    end = scan.body.find(b">", at)
    bracket = scan.body.find(b"[", at, end if end >= 0 else len(scan.body))
    if bracket >= 0:
        close = scan.body.find(b"]", bracket)
        inside = scan.body[bracket : close if close >= 0 else len(scan.body)]
        if b"<!ENTITY" in inside.upper():
            raise CollectError("a DTD that declares entities is refused", reason="dtd_entities", url=scan.url)
        end = scan.body.find(b">", close) if close >= 0 else -1
    if end < 0:
        return -1
    scan.out.append(scan.body[at : end + 1])
    return end + 1


def _tag(scan: _Scan, at: int) -> int:
    body = scan.body
    closing = body[at + 1 : at + 2] == b"/"
    name_at = at + 2 if closing else at + 1
    name = _NAME.match(body, name_at)
    ending = _TAG_END.match(body, name.end()) if name else None
    if name is None or ending is None or (ending[1] != b">"):
        return _stray(scan, at, ending is not None and not ending[1])
    tag = body[at : ending.end()]
    lower = name[0].lower()
    if closing:
        _close(scan, lower, name[0])
        scan.out.append(tag)
        return ending.end()
    if lower in _ENTRY_NAMES and not _one_more(scan, at):
        return -1
    if tag.count(b"=") > MAX_ATTRIBUTES and len(_ATTRIBUTE.findall(tag)) > MAX_ATTRIBUTES:
        raise TooLarge(
            f"more than {MAX_ATTRIBUTES} attributes on <{lower[:30].decode('utf-8', 'replace')}>", url=scan.url
        )
    if not tag.endswith(b"/>") and lower not in _NO_END:
        scan.open.append(name[0])
        if len(scan.open) > MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} levels of elements", url=scan.url)
    scan.out.append(_STRAY_AMP.sub(b"&amp;", tag) if b"&" in tag else tag)
    return ending.end()


def _stray(scan: _Scan, at: int, unfinished: bool) -> int:
    if unfinished and scan.open:
        scan.warnings.append("unfinished tag cut off")
        return -1
    _count_strays(scan, 1)
    scan.out.append(b"&lt;")
    return at + 1


def _one_more(scan: _Scan, at: int) -> bool:
    """Whether the entry that opens at `at` is still read."""
    scan.entries += 1
    if scan.entries > MAX_ENTRIES:
        scan.warnings.append(f"only the first {MAX_ENTRIES:,} entries read")
        return False
    if at > MAX_FEEDPARSER_BYTES:
        scan.warnings.append(f"only the entries of the first {MAX_FEEDPARSER_BYTES:,} bytes read")
        return False
    return True


def _close(scan: _Scan, lower: bytes, name: bytes) -> None:
    """Pop to the matching element; an end tag that matches nothing open changes nothing."""
    if scan.open and scan.open[-1] == name:
        scan.open.pop()
        return
    for index in range(len(scan.open) - 1, -1, -1):
        if scan.open[index].lower() == lower:
            del scan.open[index:]
            return
