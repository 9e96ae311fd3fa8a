"""Foreign bytes and markup to plain text: un-gzip under a cap, strip tags in linear time. Pure."""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Mapping
from typing import Any

from models.errors import CollectError, TooLarge
from models.text import clean

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[/!?a-zA-Z][^<>]*>?", re.DOTALL)
# What stands inside these elements is program or style, never words.
_SILENT = re.compile(r"<(script|style|template)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:p|div|br|li|tr|h[1-6]|ul|ol|table|blockquote)\b[^<>]*>", re.IGNORECASE)


def gunzip(body: bytes, cap: int, url: str) -> bytes:
    """`body` as it is, or unpacked when it begins with gzip's magic number. TooLarge past `cap` bytes either way."""
    if body[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        try:
            body = unpacker.decompress(body, cap + 1)
        except zlib.error as error:
            raise CollectError(f"damaged gzip: {error}", reason="bad_gzip", url=url) from error
        if not body:
            raise CollectError("damaged gzip: nothing in it can be read", reason="bad_gzip", url=url)
    if len(body) > cap:
        raise TooLarge(f"more than {cap:,} bytes after unpacking", url=url)
    return body


def lowered(headers: Mapping[Any, Any] | None) -> dict[str, str]:
    """The headers of a response by their names in small letters, as text: clients also give bytes, lists of values (the
    first counts) and None for a header that is not there."""
    found: dict[str, str] = {}
    for name, given in (headers or {}).items():
        value = next(iter(given), None) if isinstance(given, list | tuple) else given
        if value is not None:
            found[_latin(name).lower()] = _latin(value)
    return found


def _latin(word: object) -> str:
    return word.decode("latin-1") if isinstance(word, bytes) else str(word)


def one_line(text: str | None) -> str:
    """NFC, no control characters, runs of white space as one space."""
    return " ".join(clean(text or "").split())  # the same white space as \s, seven times as fast


def plain(markup: str | None) -> str:
    """Markup to one line of text: tags out, entities decoded, the content of script and style left out."""
    if not markup:
        return ""
    if "<" in markup:
        markup = _SILENT.sub(" ", markup)
        markup = _TAG.sub("", _BLOCK.sub(" ", markup))
    if "&" in markup:
        markup = html.unescape(markup)
    return one_line(markup)
