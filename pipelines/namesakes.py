"""What bears a place's name and is not the place: a street called after it, a person whose surname it is."""

from __future__ import annotations

import re

REACH = 60  # characters before a place in which the person's role and given name, or the word for street, stand

# Right behind the bare name: Baku Street, Bakü Caddesi, Bakı küçəsi. The streets of Baku have an ending or a plural.
_STREET_AFTER = re.compile(
    r"[ \u00a0](?:(?:Street|Avenue|Lane)\b|(?:Sokağı|Sokak|Cadde)|[Kk]üçəsi(?!l)|[Pp]rospekti|[Дд]аңғылы|[Кк]өшесі)"
)
# Georgian has the name in the genitive: ბაქოს ქუჩა, but ბაქოს ქუჩები are its streets.
_STREET_AFTER_GEORGIAN = re.compile(r"[ \u00a0](?:ქუჩ(?:ა|ის|ას)|გამზირ(?!ებ))")
_STREET_BEFORE = re.compile(
    r"(?<!\w)(?:улиц(?:а|е|у|ей|ею)|ул\.|проспект(?:а|у|е|ом)?|переул(?:ок|ка|ку|ком|ке)"
    r"|на вулиці|вулиц(?:я|ю|ею)|вул\.) ?[«\"“„]?$",
    re.IGNORECASE,
)

# Callings that papers put before a person's full name. Offices are not among them: `Президент Алиев Баку не покидал`.
_CALLINGS = (
    r"playwright|dramatist|philosopher|lawyer|doctor|blogger|student|writer|novelist|author|poet|sculptor|painter|artist|composer|singer|actor|actress|film-?maker|journalist|historian"
    r"|economist|professor|footballer|coach|designer|architect|photographer|musician|researcher|scientist|scholar"
    r"|писател[ья]|писательница|поэт|поэтесса|скульптор|художник|художница|композитор|пев(?:ец|ица)|акт[её]р|актриса"
    r"|драматург(?:иня)?|философ|філософ(?:иня)?|адвокат(?:ка)?|юрист(?:ка)?|врач|лікар(?:ка)?|блогер(?:ка)?|студент(?:ка)?"
    r"|режисс[её]р|журналист(?:ка)?|историк|экономист|профессор|футболист|тренер|дизайнер|архитектор|фотограф|музыкант"
    r"|уч[её]ный|исследователь"
    r"|письменни(?:к|ця)|поетеса|мисткиня|мистець|дизайнер(?:ка)?|фотограф(?:иня)?|поет|художни(?:к|ця)|співа(?:к|чка)|актор|режисер(?:ка)?|журналіст(?:ка)?|істори(?:к|киня)"
    r"|економіст(?:ка)?|професор(?:ка)?|футболіст(?:ка)?|музикант|дослідни(?:к|ця)"
    r"|dramaturq|filosof|vəkil|həkim|bloqer|avukat|doktor|filozof|yazıçı|yazar|şair|heykəltəraş|heykeltıraş|rəssam|ressam|bəstəkar|besteci|müğənni|şarkıcı|aktyor|aktrisa|oyuncu"
    r"|rejissor|yönetmen|jurnalist|gazeteci|tarixçi|tarihçi|iqtisadçı|ekonomist|profesör|futbolçu|futbolcu|məşqçi|antrenör"
    r"|memar|mimar|fotoqraf|fotoğrafçı|musiqiçi|müzisyen|alim|tədqiqatçı|araştırmacı"
    r"|жазушы|ақын|мүсінші|суретші|әнші|актер|режиссер|журналист|тарихшы|футболшы|жаттықтырушы|сәулетші|ғалым|зерттеуші"
)
_PERSON_BEFORE = re.compile(rf"(?<!\w)(?i:{_CALLINGS}) (?P<given>[^\W\d_]+) $")
# A title, then the place's name as a given name and a surname behind it: `Mr Baku Takahashi`.
_MISTER_BEFORE = re.compile(r"(?<!\w)(?:Mr|Mrs|Ms|Miss|Dr|Sir|господин|госпожа|г-н|г-жа|пан|пані)\.? $")
_NAME_AFTER = re.compile(r"[ \u00a0][^\W\d_a-zа-яіїєәғқңөұүһ][^\W\d_]")
# A second name before the place ends it: `rejissor İbrahimbəyov Bakı haqqında` is a director and the city.
_SURNAME = re.compile(
    r"(?:[oe]v|[oe]va|zadə|zade|oğlu|oglu|li|lı|enko|sk[yi]|[ое]в|[ое]ва|ёв|єв|єва|енко|ский|ська|ський|ұлы|қызы)$"
)


def is_namesake(raw: str, start: int, end: int, *, bare: bool) -> bool:
    """Whether the place's name at raw[start:end] names a street or a person.

    bare  the name has no ending, as a street's and a surname's first form have none.
    """
    before, after = raw[max(0, start - REACH) : start], raw[end : end + REACH]
    if _STREET_BEFORE.search(before) or _STREET_AFTER_GEORGIAN.match(after):
        return True
    if not bare:
        return False
    if _STREET_AFTER.match(after):
        return True
    if _MISTER_BEFORE.search(before) and _NAME_AFTER.match(after):
        return True
    person = _PERSON_BEFORE.search(before)
    return person is not None and person["given"][:1].isupper() and not _SURNAME.search(person["given"].lower())
