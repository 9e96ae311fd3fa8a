"""Folding, casing, look-alike letters, scripts, sentences: one place, no other module changes case or compares letters.

Folded text is what names are matched on. It is made so that equal names look equal whatever the keyboard, the page's
encoder or the shouting of a headline did to them, and so that every place in it leads back to the original.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

Script = Literal["latin", "cyrillic", "georgian", "han", "arabic", "other"]

EVIDENCE_CHARS = 300  # DESIGN §5: what a fact may keep of a text that is not ours
MAX_MARKS = 30  # Unicode's stream-safe limit of combining marks on one letter; more is an attack on the normaliser
# The judges of an article ask for its folded text one after the other, a batch of 64 titles and texts in turn.
REMEMBERED_TEXTS = 160
REMEMBERED_CHARS = 20_000  # a longer text is folded anew, so that what is remembered stays under 30 MB at worst
SENTENCE_REACH = 600  # characters looked at on each side of a place for the ends of its sentence

# Characters that print as nothing and that pages put inside words: soft hyphen, zero-width space and joiners, marks of
# direction, word joiner, byte order mark.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# Those of them that only say where a line may break. What is left joins letters (Persian, emoji) or turns direction.
_LINE_BREAKERS = "\u00ad\u200b\u2060\ufeff"
# Combining marks of the scripts that names are written in here (Latin, Cyrillic and marks for any script).
_MARKS = "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_ODD = re.compile(f"[{INVISIBLE}]|[^{_MARKS}]?[{_MARKS}]+", re.DOTALL)
_ANY_ODD = re.compile(f"[{INVISIBLE}{_MARKS}]")  # one class: 8 times faster to search for than the pattern above

# A chain of `replace` is several times faster than `translate`: most of these are absent from most texts.
_DASHES = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u02bb\u2032\u00b4\uff07"
_SPACES = "\u00a0\u202f\u2002\u2003\u2007\u2009\u200a"
_FOLDS: tuple[tuple[str, str], ...] = (
    ("ı", "i"),
    ("ё", "е"),
    *((dash, "-") for dash in _DASHES),
    *((apostrophe, "'") for apostrophe in _APOSTROPHES),
    *((space, " ") for space in _SPACES),
)
_ASCII_FOLDS = (("`", "'"), ("\n", " "), ("\r", " "), ("\t", " "))

# Pairs that look alike on a page, upper and lower case apart: a Latin H is taken for a Cyrillic Н, a Latin h for һ.
_LATIN = "AaBCcEeHhIiJjKMOoPpSsTXxYyəƏkmt"
_CYRILLIC = "АаВСсЕеНһІіЈјКМОоРрЅѕТХхУуәӘкмт"
_TO_CYRILLIC = dict(zip(_LATIN, _CYRILLIC, strict=True))
_TO_LATIN = dict(zip(_CYRILLIC, _LATIN, strict=True)) | {"Ү": "Y", "ү": "y"}
_LATIN_LETTER = "A-Za-z\u00c0-\u024f\u0259"
_CYRILLIC_LETTER = "\u0400-\u052f"
_ANY_CYRILLIC = re.compile(f"[{_CYRILLIC_LETTER}]")
# A place where the two scripts touch, told by the letter that is rarer in the text: 2 to 5 times faster.
_LATIN_TOUCHES = re.compile(f"[{_LATIN_LETTER}](?:(?=[{_CYRILLIC_LETTER}])|(?<=[{_CYRILLIC_LETTER}].))")
_CYRILLIC_TOUCHES = re.compile(f"[{_CYRILLIC_LETTER}](?:(?=[{_LATIN_LETTER}])|(?<=[{_LATIN_LETTER}].))")
_SAMPLE_EVERY = 61  # characters; enough to see which script a text is written in
_MIXED_WORD = re.compile(f"[{_LATIN_LETTER}{_CYRILLIC_LETTER}]+")
_LONGEST_WORD = 60  # letters; a longer run of mixed letters is no name

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and the way back. Without `starts` every offset is the original's own."""

    text: str
    starts: array[int] | None = None
    ends: array[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's code points for folded[start:end]; `end` must be over `start`."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def position(self, offset: int) -> int:
        """The folded offset of an original one."""
        if self.starts is None:
            return offset
        low, high = 0, len(self.starts)
        while low < high:
            middle = (low + high) // 2
            if self.starts[middle] < offset:
                low = middle + 1
            else:
                high = middle
        return low


def fold(text: str) -> Folded:
    """Lower case (İ I ı i alike), ё as е, one dash, one apostrophe, one kind of space, look-alike letters mended.

    One character in, one out, unless the text holds combining marks or invisible characters: then letters are composed,
    the invisible left out, and `starts`/`ends` say where each folded character was (shared notes, tagging, step 1).
    """
    return _remembered(text) if len(text) <= REMEMBERED_CHARS else _fold(text)


def _fold(text: str) -> Folded:
    if text.isascii():
        return Folded(_fold_ascii(text))
    if _ANY_ODD.search(text) is None:
        return Folded(_fold_letters(text))
    composed, starts, ends = _compose(text)
    return Folded(_fold_letters(composed), starts, ends)


_remembered = lru_cache(maxsize=REMEMBERED_TEXTS)(_fold)


def fold_word(text: str) -> str:
    """The folded form alone, for names out of the configuration."""
    return _fold(text).text


def _fold_ascii(text: str) -> str:
    text = text.lower()
    for old, new in _ASCII_FOLDS:
        text = text.replace(old, new)
    return text


def _fold_letters(text: str) -> str:
    if _ANY_CYRILLIC.search(text) is not None:
        sample = text[::_SAMPLE_EVERY]
        mostly_cyrillic = 3 * len(_ANY_CYRILLIC.findall(sample)) > len(sample)
        touching = _LATIN_TOUCHES if mostly_cyrillic else _CYRILLIC_TOUCHES
        if touching.search(text) is not None:
            text = _mend_look_alikes(text, touching)
    text = _fold_ascii(text.replace("İ", "i"))  # the only letter whose lower case is two characters
    for old, new in _FOLDS:
        text = text.replace(old, new)
    return text


def _compose(text: str) -> tuple[str, array[int], array[int]]:
    """Letters with their marks composed, invisible characters left out, and where each result was."""
    parts: list[str] = []
    starts, ends = array("I"), array("I")
    at = 0
    for match in _ODD.finditer(text):
        start, end = match.span()
        parts.append(text[at:start])
        starts.extend(range(at, start))
        ends.extend(range(at + 1, start + 1))
        at = end
        cluster = match.group()
        if cluster in INVISIBLE:
            continue
        composed = unicodedata.normalize("NFC", cluster[: MAX_MARKS + 1])
        parts.append(composed)
        starts.extend([start] * len(composed))
        ends.extend([end] * len(composed))
    parts.append(text[at:])
    starts.extend(range(at, len(text)))
    ends.extend(range(at + 1, len(text) + 1))
    return "".join(parts), starts, ends


def _mend_look_alikes(text: str, touching: re.Pattern[str]) -> str:
    """Words that mix Latin and Cyrillic get one script where every odd letter has a twin in the other."""
    parts: list[str] = []
    at = 0
    for mixed in touching.finditer(text):
        if mixed.start() < at:
            continue
        begin = mixed.start()
        while begin > at and _MIXED_WORD.match(text[begin - 1]) and mixed.start() - begin < _LONGEST_WORD:
            begin -= 1
        word = _MIXED_WORD.match(text, begin, begin + 2 * _LONGEST_WORD)
        if word is None:
            continue
        parts.append(text[at:begin])
        parts.append(_one_script(word.group()))
        at = word.end()
    parts.append(text[at:])
    return "".join(parts)


def _one_script(word: str) -> str:
    """A mixed word in one script, or as it was: `АзерTелеком` is mended, `AzerTelecomның` only takes an ending."""
    is_cyrillic = ["\u0400" <= letter <= "\u052f" for letter in word]
    stem = len(word)
    while True:
        cyrillic = sum(is_cyrillic[:stem])
        table, odd = (_TO_CYRILLIC, False) if 2 * cyrillic > stem else (_TO_LATIN, True)
        strange = [index for index in range(stem) if is_cyrillic[index] is odd]
        if all(word[index] in table for index in strange):
            return "".join(table[c] if i < stem and is_cyrillic[i] is odd else c for i, c in enumerate(word))
        tail = is_cyrillic[stem - 1]
        while stem > 0 and is_cyrillic[stem - 1] is tail:
            stem -= 1
        if stem == 0:
            return word


def lower(text: str, language: str | None = None) -> str:
    """Lower case as the language writes it: in Azerbaijani and Turkish I is the capital of ı and İ of i."""
    if language in ("az", "tr"):
        return text.replace("İ", "i").replace("I", "ı").lower()
    return text.replace("İ", "i").lower()


def clean(text: str) -> str:
    """What may be stored: NFC, no NUL or control characters but tab and newline, no lone surrogates.

    CRLF and CR become a newline. At most 30 combining marks in a row are kept, because composing more costs the square
    of their number.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    letters = set(text)  # some hundred: asking these is 20 times faster than a pattern over the whole text
    if any(map(_CONTROL.match, letters)):
        text = _CONTROL.sub("", text)
    if text.isascii():
        return text
    # A run over the limit covers one of the places that lie a limit apart: looking there costs a fiftieth of a search.
    if any(map(unicodedata.combining, text[:: MAX_MARKS + 1])):
        text = _all_marks().sub(lambda match: match.group()[:MAX_MARKS], text)
    return unicodedata.normalize("NFC", text)


def without_breakers(text: str) -> str:
    """`text` without soft hyphens and the other characters that print as nothing and only steer the breaking of lines:
    who searches an export for a word must find it."""
    for character in _LINE_BREAKERS:
        text = text.replace(character, "")
    return text


# What a terminal obeys instead of showing: controls, line and paragraph separators, and the marks that turn the
# direction of writing round, with which a line can be made to read as another.
_UNSHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+"
)


def printable(text: str) -> str:
    """One line that a terminal or a log shows as it is: what would move the cursor, colour or reverse it is a space."""
    return _UNSHOWN.sub(" ", text)


@cache
def _all_marks() -> re.Pattern[str]:
    """Runs of combining marks over the limit, of every script Unicode knows."""
    ranges: list[str] = []
    first = last = -2
    for code in [*range(0x300, 0x20000), -1]:
        if code >= 0 and unicodedata.combining(chr(code)):
            first = code if code != last + 1 else first
            last = code
        elif last == code - 1 and last >= 0:
            ranges.append(f"{chr(first)}-{chr(last)}")
    return re.compile(f"[{''.join(ranges)}]{{{MAX_MARKS + 1},}}")


def script_of(letter: str) -> Script:
    """The script of one character."""
    code = ord(letter)
    if code < 0x250 or 0x1E00 <= code < 0x1F00 or letter == "ə":
        return "latin" if letter.isalpha() else "other"
    if 0x400 <= code < 0x530:
        return "cyrillic"
    if 0x10A0 <= code < 0x1100 or 0x1C90 <= code < 0x1CC0 or 0x2D00 <= code < 0x2D30:
        return "georgian"
    if 0x4E00 <= code < 0xA000 or 0x3400 <= code < 0x4DC0 or 0x20000 <= code < 0x32000 or code == 0x3007:
        return "han"
    if 0x600 <= code < 0x780 or 0xFB50 <= code < 0xFE00 or 0xFE70 <= code < 0xFEFF:
        return "arabic"
    return "other"


def word_script(word: str) -> Script:
    """The script of a word's first letter; names in two scripts are decided word by word."""
    for letter in word:
        script = script_of(letter)
        if script != "other":
            return script
    return "other"


# --- sentences -------------------------------------------------------------------------------------------------------

_CLOSERS = "\"'»”’)]』」"
_END = re.compile(f"\n+|[。！？]+[{re.escape(_CLOSERS)}]*|[.!?…]+[{re.escape(_CLOSERS)}]*(?=\\s)")
_OPENERS = "\"'«“„‘([—–- \t\n"
# Written with a dot in the middle of sentences: months, ranks, companies, units. Folded, without the dot.
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no vs jr sr inc ltd co corp jsc llc approx est fig vol jan feb mar apr jun jul aug sep sept
    oct nov dec u.s u.k e.g i.e а г гг в вв тыс млн млрд руб долл ул им др пр стр см тел напр янв фев апр авг сент окт
    нояб дек т.д т.п т.е с ст грн м р рр ж жж б т sən s h c ç il nəf və
    მლნ მლრდ ათ ე.წ ქ""".split()  # noqa: SIM905 a list of words
)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the sentences, trimmed; offsets into `text`. A newline always ends one."""
    start = 0
    for match in _END.finditer(text):
        if not _ends_sentence(text, match):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        yield start, end


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    mark = match.group()
    if mark[0] in "\n。！？!?":
        return True
    after = match.end()
    while after < len(text) and text[after] in _OPENERS:
        after += 1
    # Georgian has no capitals in prose: each of its letters is a small one to Unicode
    if after < len(text) and text[after].islower() and script_of(text[after]) != "georgian":
        return False
    if mark != ".":
        return True
    begin = match.start()
    while begin > 0 and match.start() - begin < 12 and (text[begin - 1].isalpha() or text[begin - 1] == "."):
        begin -= 1
    word = text[begin : match.start()]
    return word.lower() not in _ABBREVIATIONS and not (len(word) == 1 and word.isupper())


def sentence_at(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence around text[start:end], looked for within 600 characters on each side."""
    low, high = max(0, start - SENTENCE_REACH), min(len(text), end + SENTENCE_REACH)
    begin, stop = low, high
    before: list[re.Match[str]] = []
    for match in _END.finditer(text, low, high):
        if match.end() <= start:
            before.append(match)
        elif match.start() >= end and _ends_sentence(text, match):
            stop = match.end()
            break
        else:
            continue
    for match in reversed(before):
        if _ends_sentence(text, match):
            begin = match.end()
            break
    for span in _trimmed(text, begin, stop):
        return span
    return start, end


def evidence(text: str, start: int, end: int) -> str:
    """The sentence around text[start:end] on one line, cut to 300 characters around the place, cuts shown by …"""
    begin, stop = sentence_at(text, start, end)
    if stop - begin > EVIDENCE_CHARS:
        room = max(0, EVIDENCE_CHARS - 2 - (end - start))
        cut_begin = max(begin, min(start - room // 2, stop - EVIDENCE_CHARS + 2))
        cut_stop = min(stop, cut_begin + EVIDENCE_CHARS - 2)
        while begin < cut_begin < start and not text[cut_begin - 1].isspace() and start - cut_begin > room // 4:
            cut_begin += 1
        while end < cut_stop < stop and not text[cut_stop].isspace() and cut_stop - end > room // 4:
            cut_stop -= 1
        words = " ".join(text[cut_begin:cut_stop].split())
        return ("…" if cut_begin > begin else "") + words + ("…" if cut_stop < stop else "")
    return " ".join(text[begin:stop].split())
