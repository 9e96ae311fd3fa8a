"""What may be attached to a name, by language: the endings of eight languages as sets of strings on folded text.

A name matches only when all that follows it in the word is an ending of this table. The classes and the share of real
endings they cover (97 to 99 % of name forms in Kazakh, Russian and Turkish) are from the shared notes, tagging, step 3;
chains (plural + possessive + case) are composed here instead of being listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from models.text import word_script

# Letters of Kazakh that Russian has not: an alias with one of them is Kazakh.
KAZAKH_LETTERS = frozenset("әғқңөұүһі") - {"і"}  # і is Ukrainian as well
LANGUAGES = {"latin": ("en", "az", "tr"), "cyrillic": ("ru", "uk", "kk"), "georgian": ("ka",)}


def _joined(*parts: Iterable[str]) -> frozenset[str]:
    return frozenset("".join(pieces) for pieces in product(*parts))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _turkic() -> frozenset[str]:
    """Azerbaijani and Turkish; ı is folded to i, so four vowels of harmony are three."""
    plural = ("", *_words("lar ler lər"))
    owner = ("", *_words("i u ü si su sü im um üm imiz umuz ümüz in un ün iniz unuz ünüz"))
    case = (
        "",
        *_words("in un ün nin nun nün i u ü ni nu nü yi yu yü a e ə ya ye yə na ne nə"),
        *_words("da de də ta te tə nda nde ndə dan den dən tan ten tən ndan nden ndən"),
        *_words("la le lə yla yle ylə"),
    )
    place = _words("da de də ta te tə nda nde ndə in un ün nin nun nün")
    which = _joined(
        ("", *_words("lar ler lər")),
        place,
        _words("ki ku kü"),
        ("", *_words("lar ler lər nin ni nə ne ndə nde ndən nden lara lərə lardan lərdən")),
    )
    more = _words("dir dur dür tir tur tür nca nce ncə li lu lü lik luk lük siz suz süz")
    of_more = _joined(_words("li lu lü lik luk lük"), ("", *_words("lar lər ler")))
    return (
        _joined(plural, owner, case) | which | frozenset(more) | of_more | _joined(plural, case, _words("dir dur dür"))
    )


def _kazakh() -> frozenset[str]:
    plural = ("", *_words("лар лер дар дер тар тер"))
    owner = ("", *_words("ы і сы сі ым ім м ымыз іміз мыз міз ың ің"))
    case = (
        "",
        *_words("ның нің дың дің тың тің ға ге қа ке на не а е ны ні ды ді ты ті н"),
        *_words("да де та те нда нде дан ден тан тен нан нен ндан нден мен бен пен"),
        *_words("дағы дегі тағы тегі ндағы ндегі дікі нікі тікі"),
    )
    plain = frozenset(
        _words(
            "ғы гі қы кі лық лік дық дік тық тік ша ше дағылар дегілер"
            " лықтар ліктер дықтар діктер тықтар тіктер дай дей тай тей сыз сіз"
        )
    )
    return (_joined(plural, owner, case) | plain) - {"а", "е", "м"}


_SLAVIC_NOUN = frozenset(
    _words("а у ю я ы и о е й ь ом ем ой ей ою ею ью ам ям ами ями ах ях ов ев ий ию ию ией иям иями иях")
)
# A name that ends in a consonant is masculine: -ою or -ой makes it an adjective (Донецьк, Донецькою).
_SLAVIC_MASCULINE = frozenset(_words("а у е ы и і ом ем ам ами ах ов ев ів ові еві")) | {""}
# By the last letter of the nominative, both languages in one: what may stand in its place. A class of endings for all
# nouns took other names for the same one: Матвиенков for Матвиенко, казаны for Казань.
_BY_LETTER = {
    letter: frozenset(_words(endings))
    for letters, endings in (
        ("а", "а ы и і е у ой ей ою ею о ам ами ах"),
        ("я", "я и і ї е є ю й ей ею єю ям ями ях"),
        ("о", "о а у ом е і ові ам ами ах"),
        ("еє", "е є я а ю у ем єм ом и і ї ям ями ях ами ах"),
        ("иыії", "и ы і ї ам ами ах ям ями ях ов ів їв ев ей"),
        ("й", "й я ю ем єм е и і ї ям ями ях ев їв еві єві"),
        ("ь", "ь и і я ю е ем єм ью ям ями ях ей еві єві"),
    )
    for letter in letters
}
_SURNAME = frozenset(_words("ым ых ыми им их ими"))  # Асадов: Асадовым; Алієв: Алієвим
_SURNAMES = ("ов", "ев", "єв", "ёв", "ин", "ын", "ін", "їн")
_RU_ADJECTIVE = frozenset(_words("ый ий ой ая яя ое ее ые ие ого его ому ему ым им ом ем ей ую юю ою ых их ими ыми"))
_UK_NOUN = frozenset(_words("і є ї ів їв ові еві єві єм ін ію їю ією єю")) | _SLAVIC_NOUN
_UK_ADJECTIVE = frozenset(_words("ий ій а е я є ого ому ої ою у ю им ім і ї их іх ими іми ього ьому ьої ьою"))


def _georgian() -> frozenset[str]:
    case = _words("ი მა მ ს ის ისა ით ითა ად ო სა ა ას")
    post = _words(
        "თან სთან ისთან ში ზე დან იდან სგან ისგან სთვის ისთვის მდე ამდე სკენ ისკენ თვის გან ისას მიერ"
        " ები ებს ების ებმა ებში ებთან ებით ებზე"
    )
    return frozenset(("", *case, *post, "ც", "იც", "აც", "თ")) | _joined((*case, *post), ("ც", "აც", "ვე"))


ENDINGS: dict[str, frozenset[str]] = {
    "en": frozenset(("", "s")),
    "az": _turkic(),
    "tr": _turkic(),
    "kk": _kazakh(),
    "ru": _SLAVIC_NOUN | {""},
    "uk": _UK_NOUN | {""},
    "ka": _georgian(),
}
ENDED = {code: endings - {""} for code, endings in ENDINGS.items()}
# Behind a hyphen or an apostrophe an ending of any language may stand: `AzerTelecom-ның`, `AzerTelecom-მა`.
AFTER_MARK = frozenset().union(*ENDINGS.values(), _words("ca ce cə ça çe çə")) - {"", "s"}
# with a voiceless end before it, the instrumental is -пен: Мәжілісмен is a member of the Мәжіліс
_KK_VOICELESS = ENDINGS["kk"] - {"мен", "бен"}

_ADJECTIVES = _words("ый ий ой ая яя ое ее")
_UK_ADJECTIVES = _words("ська ський ське чна чний чне ова овий ове нна нний нне льна льний льне ній вне")
_ADJECTIVE_LETTERS = 6  # shorter words with such endings are nouns (Цой, Каспий is both)
_NOUN_DROPS = frozenset("аяоеьйіїиы")
_CONSONANTS = frozenset("бвгґджзклмнпрстфхцчшщ")
_SYNCOPE_LETTERS = 5  # shorter Georgian words keep their vowel
_GEORGIAN_SYNCOPE = frozenset(one for one in _georgian() if one.startswith(("ის", "ით", "ად", "ამდე", "იდან", "ებ")))
_INDECLINABLE: frozenset[str] = frozenset()  # Баку
_NOUN_LETTERS = 4  # shorter words lose nothing


# What may follow a stem: what is left of the word itself, then one of the endings of a shared set.
Tail = tuple[str, frozenset[str]]
BARE: Tail = ("", frozenset(("",)))


class Stem:
    """The part of a word that stays, and by language what may follow it."""

    __slots__ = ("tails", "text")

    def __init__(self, text: str, tails: dict[str, tuple[Tail, ...]]) -> None:
        self.text = text
        self.tails = tails

    def ending(self, tail: str, languages: Iterable[str]) -> str | None:
        """The first language in which `tail` may follow, or None."""
        for language in languages:
            for rest, endings in self.tails.get(language, ()):
                if tail.startswith(rest) and tail[len(rest) :] in endings:
                    return language
        return None


def stems(word: str, *, last: bool, inflect: bool) -> tuple[Stem, ...]:
    """The stems of one folded word of a name.

    last     it is the name's last word; in the Turkic languages and in English no other word takes an ending.
    inflect  False: nothing may follow in any language.
    """
    script = word_script(word)
    if not inflect or script not in LANGUAGES or not word[-1].isalpha():
        return (Stem(word, dict.fromkeys(ENDINGS, (BARE,))),)
    if script == "latin":
        return (Stem(word, {code: (("", ENDINGS[code]) if last else BARE,) for code in LANGUAGES["latin"]}),)
    if script == "georgian":
        return _georgian_stems(word)
    return _cyrillic_stems(word, last=last)


def _georgian_stems(word: str) -> tuple[Stem, ...]:
    """The stem, and a shorter one where a vowel falls out before -ის, -ით, -ად and the plural: დერეფანი, დერეფნის."""
    dropped = word[-1] if word[-1] in "იაე" and len(word) > 2 else ""
    whole = Stem(word.removesuffix(dropped), {"ka": (("", ENDINGS["ka"]), (dropped, ENDINGS["ka"]))})
    if len(word) > _SYNCOPE_LETTERS and word[-1] == "ი" and word[-2] in "ნრლმ" and word[-3] in "აეო":
        return (whole, Stem(word[:-3] + word[-2], {"ka": (("", _GEORGIAN_SYNCOPE),)}))
    return (whole,)


def _cyrillic_stems(word: str, *, last: bool) -> tuple[Stem, ...]:
    kazakh: Tail = ("", _KK_VOICELESS if word[-1] in "кқпстфхцчшщ" else ENDINGS["kk"]) if last else BARE
    if KAZAKH_LETTERS & set(word):
        tails = (kazakh, ("", ENDINGS["ru"])) if last else (BARE,)
        whole_word = Stem(word, dict.fromkeys(LANGUAGES["cyrillic"], tails))
        if word[-1] in "ая" and last:  # Russian papers write Самрук-Қазына with its Kazakh letter, and decline it
            return (whole_word, Stem(word[:-1], {"ru": (("", _BY_LETTER[word[-1]] - {word[-1]}),)}))
        return (whole_word,)
    cut = _adjective_cut(word)
    noun = word[-1] if word[-1] in _NOUN_DROPS and len(word) >= _NOUN_LETTERS else ""
    longest = cut if len(cut) > len(noun) else noun
    kept = longest.removesuffix(noun) if noun else longest  # what of the word stands between the stem and a noun ending
    whole: Tail = (longest, BARE[1])
    # the bare stem of a noun in -а is a genitive plural or another word: refused for names
    plural = noun in tuple("иы") and len(word) > _SYNCOPE_LETTERS  # Черкаси, до Черкас
    bare_is_other = noun in tuple("аяоеиы") and last and not plural
    if not noun and word[-1] in _CONSONANTS:
        masculine = _SLAVIC_MASCULINE | _SURNAME if word.endswith(_SURNAMES) else _SLAVIC_MASCULINE
        case = {"ru": masculine, "uk": masculine}
    else:
        endings = _BY_LETTER.get(noun, _INDECLINABLE) | (frozenset() if bare_is_other else BARE[1])
        case = {"ru": endings, "uk": endings}
    adjective = (("", _RU_ADJECTIVE), ("", _UK_ADJECTIVE)) if cut else ()
    by_language: dict[str, tuple[Tail, ...]] = {
        "ru": (whole, (kept, case["ru"]), *adjective[:1]),
        "uk": (whole, (kept, case["uk"]), *adjective),
        "kk": (whole, (longest, kazakh[1])),
    }
    return (Stem(word.removesuffix(longest), by_language), *_alternations(word))


def _adjective_cut(word: str) -> str:
    if len(word) < _ADJECTIVE_LETTERS - word.endswith("вне"):  # Рівне
        return ""
    for ending in _UK_ADJECTIVES:
        if word.endswith(ending):
            return ending[-2:] if ending.endswith("й") else ending[-1]
    return next((ending for ending in _ADJECTIVES if word.endswith(ending)), "")


def _alternations(word: str) -> Iterable[Stem]:
    """Vowels and consonants that change inside the stem: Харків, Харкова; Ольга, Ользі; Египет, Египта."""
    if len(word) < _NOUN_LETTERS:
        return
    if word[-1] == "ь" and word[-2] in "дтзсцлнжчш":
        yield Stem(word[:-1] + word[-2] + "ю", {"uk": (BARE,)})  # магістраль, магістраллю
    if word.endswith(("ів", "їв")):
        yield Stem(word[:-2] + ("ов" if word.endswith("ів") else "єв"), {"uk": (("", ENDED["uk"]),)})
    if word.endswith("піль"):
        yield Stem(word[:-3] + "ол", {"uk": (("", _BY_LETTER["ь"] - {"ь"}),)})  # Тернопіль, Тернополя
    dropped = {"ец": "ц", "ок": "к", "ет": "т", "ел": "л"}.get(word[-2:])
    if dropped:
        yield Stem(word[:-2] + dropped, dict.fromkeys(("ru", "uk"), (("", ENDED["ru"]),)))
    softer = {"га": "зі", "ка": "ці", "ха": "сі"}.get(word[-2:])
    if softer:
        yield Stem(word[:-2] + softer, {"uk": (BARE,)})
