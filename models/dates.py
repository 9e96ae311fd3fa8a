"""Dates with evidence: every date says how it is known (DESIGN §5). No clock here: `now` is always an argument."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from models.date_words import (
    AGO,
    AM,
    AM_ANYWHERE,
    JUST_NOW,
    MONTH_STEMS,
    MONTHS,
    ONE,
    PM,
    PM_ANYWHERE,
    RELATIVE_DAYS,
    UNITS,
    ZONE_ABBREVIATIONS,
    ZONE_NAMES,
)

Precision = Literal["minute", "day", "month", "year"]
ZoneKnown = Literal["known", "assumed"]
Origin = Literal[
    "feed", "feed-updated", "sitemap news", "json-ld", "meta", "microdata", "text", "address", "import", "hint"
]

LONGEST_DATE_TEXT = 200  # characters looked at: the longest bylines with a date that we saw have about 120
MOST_OTHER_WORDS = 2  # "Published on Monday, 17 November 2025"
FUTURE_HOURS = 24  # a date further ahead of `now` is a mistake of the source (DESIGN §5)
OLDEST_YEAR = 1900  # earlier years in feeds and pages are counters and placeholders such as year 1


@dataclass(frozen=True, slots=True)
class KnownDate:
    """A date and how it is known.

    value      aware, UTC. With precision `day`, `month` or `year` it is 00:00 UTC of the first day meant and
               is never shifted into another zone.
    precision  how much of it the source said.
    zone       `known` when the source wrote an offset or zone, `assumed` when the source's configured zone was used.
    origin     where it was read.
    conflicts  other candidates that disagreed, as (origin, ISO text); kept, never silently dropped.
    offset     minutes east of UTC in which the source stated it (written, or of its configured zone): what the source's
               own calendar day is. None where the value is no moment, or where nobody knows.
    """

    value: datetime
    precision: Precision
    zone: ZoneKnown
    origin: str
    conflicts: tuple[tuple[str, str], ...] = field(default=())
    offset: int | None = None

    @property
    def local(self) -> datetime:
        """The same moment on the source's own clock, UTC where that is not known."""
        return self.value.astimezone(timezone(timedelta(minutes=self.offset or 0)))


def too_far_ahead(known: KnownDate, now: datetime | None) -> bool:
    """Whether the date lies more than 24 h after `now` (aware); False where `now` is not given."""
    return now is not None and known.value - now > timedelta(hours=FUTURE_HOURS)


def aware(now: datetime | None) -> datetime | None:
    """A time without a zone is UTC's."""
    return now if now is None or now.tzinfo else now.replace(tzinfo=UTC)


def parse_date(
    text: str,
    *,
    origin: str = "text",
    language: str | None = None,
    zone: str | None = None,
    now: datetime | None = None,
    order: str = "",
) -> KnownDate | None:
    """Read one date out of a short string in any form our sources use; None where it does not say one.

    text      the first 200 characters are read: ISO 8601, RFC 822, asctime, numeric, Chinese, or with month names of
              az en ka kk ru tr uk (and ar de el es fr hu it pt); "yesterday, 12:18" and "2 hours ago" only with `now`.
    language  two letters; only decides between day and month in "03/04/2020".
    zone      IANA name used where the text has no offset, or an abbreviation that names several; UTC when None. An
              unknown name raises ValueError.
    order     "dmy", "mdy" or "ymd": how this source writes dates in numbers, where somebody knows; "" else.
    now       aware. Relative dates and dates without a year are resolved to the latest moment not after it.
    Nothing is invented: an ambiguous or incomplete date gives None.
    """
    folded = _fold(text[:LONGEST_DATE_TEXT])
    if not folded:
        return None
    home = _zone(zone)
    found = _calendar_day(folded, language, zone, order) or _relative_day(folded, home, now)
    if found is None:
        return _ago(folded, origin, now)
    day, rest, year_said = found
    clock = _clock(rest)
    if (clock is None and _BROKEN_CLOCK.search(folded)) or (clock and _BROKEN_OFFSET.search(rest)):
        return None
    try:
        offset = _offset(rest, text) if clock else None
        known = _known(day, clock, offset, home, origin)
        if not year_said:
            known = _latest_year(day, clock, offset, home, origin, now)
    except (ValueError, OverflowError):  # 31 February, hour 25, offset +99:99, or a shift past the year 9999
        return None
    return known if known is not None and known.value.year >= OLDEST_YEAR - 1 else None


def is_date(text: str) -> bool:
    """Whether a short text is little more than a date: at most two words in it are no month, day or zone."""
    words = [word for word in re.findall(_WORD, _fold(text)) if len(word) > 2]
    return len([word for word in words if not month_number(word) and word not in ("utc", "gmt")]) <= MOST_OTHER_WORDS


# ---------------------------------------------------------------------------------------------------- pieces of a date


@dataclass(frozen=True, slots=True)
class _Day:
    year: int
    month: int = 0  # 0: not said
    day: int = 0


_Found = tuple[_Day, str, bool]  # the day, the text without it, whether the year was written

_WORD = r"[^\W\d_]+"
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2}|0\d\d(?=-))(?:-0?(\d{2}|\d(?!\d)))?(?![\d])")
_ORDINAL = re.compile(r"^(\d{4})-(\d{3})(?=$|t\d\d:)")
_BASIC = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:t(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_CHINESE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월](?:\s*(\d{1,2})\s*[日号號일]?)?")
_CHINESE_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*月\s*(\d{1,2})\s*[日号號]")
_YEAR_FIRST = re.compile(r"(?<![\d.])(\d{4})\s?([./])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d:.])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d(?![\d:]))")
_TWO_NAMES = re.compile(rf"({_WORD}) ?/ ?({_WORD})")  # a month by both of its names
_DAY_WORD_YEAR = re.compile(
    rf"(?<![\d:])(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[\s\-,.]{{0,3}}(?:de\s+)?({_WORD})"
    rf"(?:(?:\.|,|\s+de)?[\s\-,.]{{0,3}}(?:(\d{{4}})(?!\d)|(?<=[\s\-])(\d\d)(?![\d:.])))?"
)
_WORD_DAY_YEAR = re.compile(rf"({_WORD})\.?\s{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?(?:,\s?|\s)\s?(\d{{4}})(?!\d)")
_ASCTIME = re.compile(
    rf"({_WORD})\s+(\d{{1,2}})\s+(?=\d\d?:\d\d)(\d\d?:\d\d(?::\d\d)?)\s+(?:\S{{1,6}}\s+)?(\d{{4}})(?!\d)"
)
_YEAR_DAY_WORD = re.compile(
    rf"(\d{{4}})\s*(?:жылғы|жылдың|жылы|ж|წლის|წ|-cı il|ci il|il)?[\s.,\-]{{0,3}}(\d{{1,2}})[\s\-]({_WORD})"
)
_YEAR_WORD_DAY = re.compile(rf"(\d{{4}})(?:-|-c[iıuü] il(?:in)? )({_WORD})[- ](\d{{1,2}})(?!\d)")
_WORD_YEAR = re.compile(rf"({_WORD})\.?,?\s+(\d{{4}})(?!\d)")
_CLOCK = re.compile(
    r"(?<![\d:])(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s*((?:am|pm)\b|a\.m|p\.m)?(?!\d)|"
    r"(?<!\d)(\d{1,2})\s*[时時]\s*(?:(\d{1,2})\s*分)?|(?<=[t ])(\d{1,2})\s*(am|pm)\b"
)
_HALF_BEFORE = re.compile(rf"(?<![^\W\d_])({'|'.join(AM + PM)})\s?$")  # "PM 2:26"
_OFFSET = re.compile(r"(?:(utc|gmt)\s*)?(?<![\d/.])([+-])\s?(\d{1,2})(?::?(\d\d))?(?![\d:])")
_BROKEN_CLOCK = re.compile(r"\d-\d\dt\d")  # ISO text that goes on after the T with something that is no time
_BROKEN_OFFSET = re.compile(r":\d\d(?:\.\d+)?\s?[+-]\d\d:(?!\d\d)")  # "11:47:32 +00:zz": nobody knows what moment
_IANA = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_+\-0-9]+")
_ABBREVIATION = re.compile(r"\b([A-Z]{1,5})\b")
_UNIT_AGO = re.compile(rf"(?<!\d)(\d{{1,3}})\s*({_WORD})\.?(?:\s*({_WORD}))?")


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\u0130", "i"))
    text = "".join(" " if ch.isspace() else ch for ch in text.lower() if ch not in "\u0307'’`")
    return re.sub(r" {2,}", " ", text.replace("ё", "е").replace("−", "-").replace("–", "-")).strip()


def _zone(name: str | None) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:  # ValueError: a path out of the zones, a NUL
        raise ValueError(f"unknown time zone {name!r}") from error


def month_number(word: str) -> int:
    """1-12 for a month's name in any case or common inflection, 0 for any other word. `word` is folded by us."""
    word = _fold(word).rstrip(".")
    exact = MONTHS.get(word, 0)
    if exact or len(word) < 3:
        return exact
    return next((number for stem, number in MONTH_STEMS if word.startswith(stem) and len(word) <= len(stem) + 6), 0)


def _full_year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (2000 if int(digits) < 70 else 1900)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _calendar_day(text: str, language: str | None, zone: str | None, order: str) -> _Found | None:
    return _numbers_day(text, language, zone, order) or _words_day(text)


def _numbers_day(text: str, language: str | None, zone: str | None, order: str) -> _Found | None:
    if match := _ORDINAL.match(text):
        return _ordinal_day(match)
    if match := _ISO.search(text):
        return _Day(int(match[1]), int(match[2]), int(match[3] or 0)), _without(text, match), True
    if match := _CHINESE.search(text):
        return _Day(int(match[1]), int(match[2]), int(match[3] or 0)), _without(text, match), True
    if match := _CHINESE_DAY.search(text):
        return _Day(0, int(match[1]), int(match[2])), _without(text, match), False
    if match := _YEAR_FIRST.search(text):
        return _Day(int(match[1]), int(match[3]), int(match[4])), _without(text, match), True
    if match := _NUMERIC.search(text):
        day = _numeric_day(match, language, zone, order)
        return None if day is None else (day, _without(text, match), True)
    if match := _BASIC.search(text):
        clock = f" {match[4]}:{match[5]}:{match[6] or '00'}" if match[4] else ""
        rest = f"{text[: match.start()]}{clock} {text[match.end() :]}"
        return _Day(int(match[1]), int(match[2]), int(match[3])), rest, True
    return None


def _ordinal_day(match: re.Match[str]) -> _Found | None:
    """ISO 8601's 2003-335: the day of the year."""
    year, number = int(match[1]), int(match[2])
    if not (year and 1 <= number <= 366):
        return None
    day = date(year, 1, 1) + timedelta(days=number - 1)
    return (_Day(year, day.month, day.day), _without(match.string, match), True) if day.year == year else None


def _numeric_day(match: re.Match[str], language: str | None, zone: str | None, order: str) -> _Day | None:
    """The three numbers of "03/04/25": in the order given, else day and month as language and zone tell."""
    first, second, third = int(match[1]), int(match[3]), match[4]
    if order == "ymd" and len(third) == 2:
        return _Day(_full_year(f"{first:02d}"), second, int(third))
    if order in ("dmy", "mdy"):
        day, month = (first, second) if order == "dmy" else (second, first)
        return _Day(_full_year(third), month, day)
    found = _day_and_month(first, second, match[2], language, zone)
    return None if found is None else _Day(_full_year(third), found[1], found[0])


def _day_and_month(
    first: int, second: int, separator: str, language: str | None, zone: str | None
) -> tuple[int, int] | None:
    """Day and month of "03/04": dots are day first everywhere; slashes are month first only in the Americas."""
    if first > 12 or second > 12 or first == second or separator == ".":
        return (second, first) if second > 12 else (first, second)
    if zone and zone.startswith("America/"):
        return second, first
    if language in (None, "en") and not zone:
        return None
    return first, second


def _words_day(text: str) -> _Found | None:
    text = _TWO_NAMES.sub(
        lambda match: match[2] if month_number(match[1]) == month_number(match[2]) else match[0], text
    )
    for pattern, order in (
        (_YEAR_WORD_DAY, (1, 2, 3)),
        (_ASCTIME, (4, 1, 2)),
        (_YEAR_DAY_WORD, (1, 3, 2)),
        (_WORD_DAY_YEAR, (3, 1, 2)),
    ):
        for match in pattern.finditer(text):
            if month := month_number(match[order[1]]):
                rest = _without(text, match) + (f" {match[3]}" if pattern is _ASCTIME else "")
                if pattern is _ASCTIME:
                    rest += f" {match[0]}"  # the offset stands between clock and year
                return _Day(int(match[order[0]]), month, int(match[order[2]])), rest, True
    return _day_word_year(text) or _month_year(text)


def _day_word_year(text: str) -> _Found | None:
    for match in _DAY_WORD_YEAR.finditer(text):
        if month := month_number(match[2]):
            year = match[3] or match[4]
            return _Day(_full_year(year) if year else 0, month, int(match[1])), _without(text, match), bool(year)
    return None


def _month_year(text: str) -> _Found | None:
    for match in _WORD_YEAR.finditer(text):
        if month := month_number(match[1]):
            return _Day(int(match[2]), month), _without(text, match), True
    return None


def _clock(text: str) -> tuple[int, int, int] | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour = int(match[1] or match[5] or match[7])
    minute, second = int(match[2] or match[6] or 0), int(match[3] or 0)
    half = (match[4] or match[8] or "").replace(".", "")
    if not half and (before := _HALF_BEFORE.search(text[: match.start()])):
        half = before[1]
    if (half in PM or any(word in text for word in PM_ANYWHERE)) and hour < 12:
        hour += 12
    elif (half in AM or any(word in text for word in AM_ANYWHERE)) and hour == 12:
        hour = 0
    return hour, minute, min(second, 59)  # a leap second has no place in datetime


def _offset(folded: str, original: str) -> tzinfo | None:
    clock = _CLOCK.search(folded)
    after = folded[clock.end() :] if clock else folded
    if match := _OFFSET.search(after):
        minutes = int(match[3]) * 60 + int(match[4] or 0)
        return timezone(timedelta(minutes=-minutes if match[2] == "-" else minutes))
    if re.match(r"\s*z\b", after):
        return UTC
    if match := _IANA.search(original):
        try:
            return ZoneInfo(match[0])
        except (ZoneInfoNotFoundError, OSError, ValueError):
            return None
    named = [word for word in _ABBREVIATION.findall(original) if word in ZONE_ABBREVIATIONS or word in ZONE_NAMES]
    if not named:
        return None
    if named[-1] in ZONE_NAMES:
        return ZoneInfo(ZONE_NAMES[named[-1]])
    return timezone(timedelta(minutes=ZONE_ABBREVIATIONS[named[-1]]))


def _known(
    day: _Day, clock: tuple[int, int, int] | None, offset: tzinfo | None, home: tzinfo, origin: str
) -> KnownDate | None:
    if not day.year:
        return None
    first = date(day.year, day.month or 1, day.day or 1)
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    zone: ZoneKnown = "known" if offset is not None else "assumed"
    if not day.month:
        return KnownDate(midnight, "year", zone, origin)
    if not day.day:
        return KnownDate(midnight, "month", zone, origin)
    if clock is None:
        return KnownDate(midnight, "day", zone, origin)
    ends = clock[0] == 24 and clock[1] == 0  # 24:00 is the end of the day (ISO 8601)
    hour = 0 if ends else clock[0]
    local = datetime(first.year, first.month, first.day, hour, *clock[1:], tzinfo=home if offset is None else offset)
    local += timedelta(days=ends)
    shift = local.utcoffset() or timedelta(0)
    return KnownDate(local.astimezone(UTC), "minute", zone, origin, offset=int(shift.total_seconds() // 60))


def _latest_year(
    day: _Day,
    clock: tuple[int, int, int] | None,
    offset: tzinfo | None,
    home: tzinfo,
    origin: str,
    now: datetime | None,
) -> KnownDate | None:
    """A date without a year is the latest such day not after `now`; without `now` it stays open."""
    if now is None:
        return None
    for year in (now.year + 1, now.year, now.year - 1):
        known = _known(_Day(year, day.month, day.day), clock, offset, home, origin)
        if known is not None and known.value <= now + timedelta(hours=1):  # an hour for a clock ahead of ours
            return known
    return None


def _relative_day(text: str, home: tzinfo, now: datetime | None) -> _Found | None:
    if now is None:
        return None
    for words, back in RELATIVE_DAYS.items():
        if re.search(rf"(?<!\w){words}(?!\w)", text):
            day = now.astimezone(home).date() - timedelta(days=back)
            return _Day(day.year, day.month, day.day), text, True
    return None


def _ago(text: str, origin: str, now: datetime | None) -> KnownDate | None:
    """ "2 hours ago": to the minute for minutes and hours, to the day for longer units."""
    if now is None:
        return None
    if any(words in text for words in JUST_NOW):
        return KnownDate(now.astimezone(UTC), "minute", "known", origin)
    for match in _UNIT_AGO.finditer(_with_ones(text)):
        unit, ago = match[2], match[3] or ""
        if unit not in UNITS and unit.endswith("前"):
            unit, ago = unit[:-1], "前"
        if unit in UNITS and ago in AGO:
            try:
                value = (now - timedelta(seconds=int(match[1]) * UNITS[unit])).astimezone(UTC)
            except OverflowError:  # before the year 1
                return None
            if UNITS[unit] < 86_400:
                return KnownDate(value, "minute", "known", origin)
            return KnownDate(value.replace(hour=0, minute=0, second=0, microsecond=0), "day", "known", origin)
    return None


def _with_ones(text: str) -> str:
    """ "an hour ago" and "час назад" as "1 hour ago"."""
    words = text.split(" ")
    for place in range(len(words) - 1):
        if words[place] in UNITS and words[place + 1] in AGO:
            before = words[:place]
            if before and before[-1] in ONE:
                before = before[:-1]
            if not before or not before[-1].isdecimal():
                return " ".join((*before, "1", *words[place:]))
    return text
