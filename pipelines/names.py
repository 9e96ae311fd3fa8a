"""Other names near the watched ones: candidates by rules, never counted. Patterns as data; the Matcher is in nlp.py."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from models.text import fold_word

JOINT = "\n\n"  # between title and text in the document; never part of a name
UNKNOWN = "xx"  # spaCy's language of no language; kk and ka have none of their own
RULE_VERSION = 2  # counted up when the rules below change what is found


def _words(text: str) -> list[str]:
    return text.split()


# Written beside an organisation's name, in the languages of our outlets.
LEGAL_FORMS = _words(
    "llc ltd inc jsc plc llp gmbh corp corporation company group holding holdings consortium mmc asc qsc ооо оао зао"
    " пао ао тоо тов прат пат жшс ақ акқ аҡ ltd. inc. co. corp. a.ş. aş şirketi şti holdinq холдинг концерн группа"
)
# Written before a person's name.
OFFICES = _words(
    "president minister chairman chairwoman ceo director ambassador secretary spokesman spokesperson mr mrs ms dr"
    " prezident nazir sədr direktor səfir nazirinin müavini başçısı президент министр глава директор председатель посол"
    " замминистра премьер вице-премьер гендиректор төрағасы министрі президенті директоры елшісі bakanı başkanı"
    " cumhurbaşkanı müdürü президентка міністр голова директорка посол очільник პრეზიდენტი მინისტრი დირექტორი"
)

_NAME_WORD = "[^\\W\\d_a-zа-яёәғқңөұүһіїєґəöüğışçéáâîûა-ჰ一-鿿][\\w'’.-]*"
CAPITALISED = re.compile(f"^{_NAME_WORD}$")
CAMEL = re.compile("^[A-ZА-Я][a-zа-яё]+[A-ZА-Я][A-Za-zА-Яа-яё]+$")
_LEGAL_FORMS, _OFFICES = frozenset(LEGAL_FORMS), frozenset(OFFICES)
# What the Matcher's patterns ask of a word. spaCy keeps the answers with the word: asked once, not at every place.
WORD_RULES: dict[str, Callable[[str], bool]] = {
    "capital": lambda word: CAPITALISED.search(word) is not None,
    "camel": lambda word: CAMEL.search(word) is not None,
    "legal": lambda word: word.lower() in _LEGAL_FORMS,
    "office": lambda word: word.lower() in _OFFICES,
}

_NUMBER = r"\d[\d\s.,]{0,24}\d|\d"  # bounded: a page of digits would cost its square
_SCALE = (
    r"(?:million|billion|trillion|mln|bn|thousand|milyon|milyard|milyar|млн|млрд|тыс|миллион\w*|миллиард\w*|мільйон\w*)"
)
_COIN = (
    r"(?:dollars?|euros?|manats?|tenge|rubles?|usd|eur|azn|kzt|dollar\w*|manat\w*|avro|lira\w*|долл\w*|евро|манат\w*"
    r"|тенге|теңге\w*|руб\w*|гривен\w*|грн|євро)"
)
MONEY = re.compile(
    rf"(?:[$€£₼₸₽₴]\s?(?:{_NUMBER})(?:\s?{_SCALE})?|(?:{_NUMBER})\s?{_SCALE}?\.?\s?{_COIN}\b)", re.IGNORECASE
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|января|февраля|марта"
    r"|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|yanvar|fevral|mart|aprel|iyun|iyul|avqust|sentyabr"
    r"|oktyabr|noyabr|dekabr|ocak|şubat|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık|қаңтар|ақпан|наурыз"
    r"|сәуір|мамыр|маусым|шілде|тамыз|қыркүйек|қазан|қараша|желтоқсан|січня|лютого|березня|квітня|травня|червня|липня"
    r"|серпня|вересня|жовтня|листопада|грудня)\w{0,4}"
)
DATE = re.compile(
    rf"\b(?:\d{{1,2}}\s{_MONTH}(?:\s\d{{4}})?|{_MONTH}\s\d{{1,2}}(?:,?\s\d{{4}})?|\d{{1,2}}\.\d{{1,2}}\.\d{{4}})\b",
    re.IGNORECASE,
)
# Around each number, as far as a date that holds it can reach; the months are not looked for anywhere else.
_NUMBERS = re.compile(r"\d+")
_DATE_BEFORE, _DATE_AFTER = 20, 30


def dates(text: str) -> Iterator[tuple[int, int]]:
    """The spans of DATE in a text, six times as fast as asking the pattern at every word."""
    low = high = 0
    for number in _NUMBERS.finditer(text):
        if number.start() - _DATE_BEFORE > high:
            yield from (found.span() for found in DATE.finditer(text, low, high))
            low = max(0, number.start() - _DATE_BEFORE)
        high = number.end() + _DATE_AFTER
    yield from (found.span() for found in DATE.finditer(text, low, high))


# Cues of an origin with a name we do not know, on the raw text: capitals are what tells the name.
_CAPITAL_RUN = f'(?P<name>[«"“]?{_NAME_WORD}(?: (?:of |and |de )?{_NAME_WORD}){{0,4}}[»"”]?)'
# Each pattern with words of which one must be there: to look for these first is ten times as fast as the pattern.
UNRESOLVED: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("ccording to", "iting", "referring to", "as reported by", "with reference to"),
        re.compile(
            r"(?:[Aa]ccording to|[Cc]iting|referring to|as reported by|with reference to) (?:the )?" + _CAPITAL_RUN
        ),
    ),
    (
        ("о ссылкой на", "как сообщает", "по данным", "по информации"),
        re.compile(r"(?:[Сс]о ссылкой на|как сообщает|по данным|по информации) " + _CAPITAL_RUN),
    ),
    (
        ("посиланням на", "овідомляє", "за даними", "повідомив пресофіс", "пресслужба"),
        re.compile(r"(?:[Зз] посиланням на|[Пп]овідомляє|за даними|повідомив пресофіс|пресслужба) " + _CAPITAL_RUN),
    ),
    (
        (" istinadən",),
        re.compile(r"(?<![\w.])(?P<name>[A-Z][\w.]{0,30}(?: [A-Z][\w.]{0,30}){0,3})(?:['’]?-?[yn]?[əa]) istinadən"),
    ),
    ((": ",), re.compile(f"^(?P<name>{_NAME_WORD}(?: {_NAME_WORD}){{0,2}}): ", re.MULTILINE)),
)
# Capitalised at a sentence's beginning or in titles, but no origins.
_COMMON = frozenset(
    _words(
        "the a an he she it they we this that these his her its their experts officials sources analysts company"
        " ministry president minister data information он она они это эти министерство компания данные эксперты aug"
        " monday tuesday wednesday thursday friday saturday sunday january february march april may june july"
        " august september october november december reprint note keywords photo video source update"
        " qanuna şirkətin nazirliyin"
    )
)


@cache
def stop_words() -> frozenset[str]:
    """spaCy's stop words of our languages, folded; it has none for Georgian."""
    found: set[str] = set()
    for code in ("en", "ru", "az", "kk", "tr", "uk", "zh"):
        with contextlib.suppress(ImportError):  # a language that this spaCy has no list for
            found.update(map(fold_word, import_module(f"spacy.lang.{code}.stop_words").STOP_WORDS))
    return frozenset(found)


def trimmed(raw: str, start: int, end: int) -> tuple[int, int] | None:
    """The span of a name without quotes and full stops, or None where it is a common word."""
    while start < end and raw[start] in '«"“ ':
        start += 1
    while end > start and raw[end - 1] in '»"”.,;: ':
        end -= 1
    if end - start < 2 or raw[start:end].split()[0].lower() in _COMMON:
        return None
    return start, end


def matcher_patterns(flags: Mapping[str, int]) -> dict[str, list[list[dict[Any, Any]]]]:
    """spaCy Matcher patterns by label: ORG by legal form, quotes or capitals inside, PERSON after an office, NAME.

    flags  the vocabulary's flags of WORD_RULES, by their names.
    """
    capital: dict[Any, Any] = {flags["capital"]: True}
    legal, office = {flags["legal"]: True}, {flags["office"]: True}
    quote = {"IS_QUOTE": True}
    return {
        "ORG": [
            [{**capital, "OP": "{1,4}"}, legal],
            [legal, quote, {**capital, "OP": "{1,4}"}, quote],
            [quote, {**capital, "OP": "{1,4}"}, quote],
            [{flags["camel"]: True}],
        ],
        "PERSON": [[office, capital, {**capital, "OP": "{1,2}"}]],
        "NAME": [[{**capital, "OP": "{2,5}"}]],
    }


def model_names(ner: str) -> tuple[str, ...]:
    """The spaCy packages that `ner` allows: by convention one small model a language, or the one named."""
    if ner == "off":
        return ()
    if ner != "auto":
        return (ner,)
    return ("en_core_web_sm", "ru_core_news_sm", "uk_core_news_sm", "zh_core_web_sm", "xx_ent_wiki_sm")
