"""What is an edit: two texts of one article compared, and when its page is looked at again. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from models.dates import KnownDate

# Words beside a number that count readers, not facts; in the languages we read.
_COUNTED = (
    r"views?|reads?|comments?|shares?|likes?|просмотр\w*|прочтени\w*|комментари\w*|перегляд\w*|коментар\w*|baxış\w*|"
    r"baxılıb|oxunma\w*|oxunub|oxunuş|şərh\w*|okunma\w*|görüntülenme\w*|yorum\w*|paylaşım\w*|қаралым\w*|қаралды|"
    r"пікір\w*|ნახვა|კომენტარი|次浏览|次阅读|评论|阅读"
)
_NUMBER = r"\d[\d .,\u00a0]*(?:[kmкмт]\b)?"
_UNIT = (
    r"seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|months?|секунд\w*|минут\w*|мин|час\w*|день|дн\w+|недел\w*|"
    r"saniyə|dəqiqə|saat|gün|həftə|saniye|dakika|hafta|секунд|сағат|күн|апта|хвилин\w*|годин\w*|წუთის|საათის|დღის|"
    r"分钟|小时|天"
)
_AGO = r"ago|назад|əvvəl|öncə|önce|бұрын|тому|წინ|前"
_UNSTABLE = re.compile(
    rf"(?:{_NUMBER}\s*(?:{_COUNTED})|(?:{_COUNTED})\s*[:：]?\s*{_NUMBER}|"
    rf"(?:\d+|an?|one)\s*(?:{_UNIT})\s*(?:{_AGO}))(?!\w)",
    re.IGNORECASE,
)
_ALIKE = str.maketrans(
    {**dict.fromkeys("«»„“”‟″", '"'), **dict.fromkeys("‘’‚‛′`ʼ", "'"), **dict.fromkeys("‐‑‒–—―−", "-"),
     **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff"), "…": "..."}
)  # fmt: skip
SHINGLE_WORDS = 3
SAME_SHARE = 0.6  # of the shorter text's shingles; copies of one text with real noise lie above it (docs/addresses.md)
COARSE = timedelta(hours=36)  # a day, and any zone's shift of it


def settled(text: str) -> str:
    """The text without what changes by itself: white space, kinds of quotes and dashes, invisible letters, counters
    of views, comments and shares, and "2 hours ago"."""
    plain = " ".join(unicodedata.normalize("NFKC", text).translate(_ALIKE).split())
    return " ".join(_UNSTABLE.sub(" ", plain).split())


def changes(before: tuple[str, str, KnownDate | None], after: tuple[str, str, KnownDate | None]) -> tuple[str, ...]:
    """What an editor changed between two (title, text, published): of "headline", "text" and "date", in this order."""
    found = []
    if settled(before[0]) != settled(after[0]):
        found.append("headline")
    if settled(before[1]) != settled(after[1]):
        found.append("text")
    if _date_changed(before[2], after[2]):
        found.append("date")
    return tuple(found)


def _date_changed(before: KnownDate | None, after: KnownDate | None) -> bool:
    """A date gained is a change, one lost is a page that was read worse; one read from words ("an hour ago") or known
    to the day may move within the day."""
    if after is None:
        return False
    if before is None:
        return True
    stated = before.precision == after.precision == "minute" and "text" not in (before.origin, after.origin)
    apart = abs(after.value - before.value)
    return apart >= timedelta(minutes=1) if stated else apart > COARSE


def is_same_text(before: str, after: str) -> bool:
    """Whether two texts are one and the same article's, edited or not: they share most of the shorter one's words in
    order. False where either is too short to tell."""
    one, other = _shingles(before), _shingles(after)
    return bool(one and other) and len(one & other) >= SAME_SHARE * min(len(one), len(other))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = settled(text).casefold().split()
    return {tuple(words[place : place + SHINGLE_WORDS]) for place in range(len(words) - SHINGLE_WORDS + 1)}


def next_recheck(first: datetime, hours: Sequence[int], now: datetime) -> datetime | None:
    """When an article stored at `first` is looked at again: the first of its hours still ahead, None after the last.
    Those missed while nothing ran are not made up for one by one."""
    return next((at for hour in hours if (at := first + timedelta(hours=hour)) > now), None)
