"""The words by which articles name their origin, by language: patterns on folded text beside an outlet's name."""

from __future__ import annotations

import re

from pipelines.sayings import MORE_AFTER, MORE_BEFORE, MORE_ROLES

_LETTER = "[a-zəüiöğşçа-яәіїєґңғүұқөһა-ჰ]"
QUOTES = "\"'«»“”„‘’「」『』《》"

# Right before the name, up to the end of the pattern.
BEFORE: dict[str, str] = {
    "en": (
        r"(?:according to|citing|cites|quoting|quotes|referring to|with reference to|in reference to|reports via|via"
        r"|as reported by|reported by|as reported (?:in|on)|published (?:by|in|on)|publishes|quoted by"
        r"|first reported by|(?:carried|seen|viewed|obtained|reviewed) by"
        r"|an? interview with|an? interview to|told|tells|informed|speaking (?:to|with)|spoke (?:to|with)"
        r"|talking to|as saying by|(?:said|confirmed|explained) to"
        r"|comments? (?:to|in)|(?:statement|e-?mail|letter) to|per|(?:journalists|reporters"
        r"|correspondents) (?:from|of|with)|editorial in"
        r"|commentary in|(?:question|questions|one|those) from|interviewed by|quoted in|appeared in"
        r"|(?:article|piece|story|report|post|column) (?:in|on|by|for)|source:|sources?: "
        r"|informs? referring to|with a link to|learned from|shared by|said on|as per|by the|reprinted from"
        r"|reprint of)"
        r"(?: (?:the|a|an|its|their|local|state|state-run|official|news|agency|portal|website|newspaper|magazine"
        r"|broadcaster|outlet|correspondent of|report by|reports by|report of|an article (?:in|on|by)"
        r"|[a-z-]{2,20}[- ]based|news agency|azerbaijani|kazakh|kazakhstani|turkish|russian|turkmen|georgian"
        r"|ukrainian|chinese|press service of|editorial office of)){0,4}"
    ),
    "ru": (
        r"(?:со ссылкой на|ссылаясь на|с ссылкой на|по данным|по информации|по сообщению|по сведениям|как сообщает"
        r"|как сообщил[аио]?|как сообщили|как передает|как передают|как пишет|как пишут|сообщает|сообщают"
        r"|сообщил[аио]?"
        r"|сообщили|сообщал[аи]?|передает|передают|передал[аи]?|передавал[аи]?|пишет|пишут|написал[аи]?|писал[аи]?"
        r"|стало известно|по версии|на сайте|на портале|подтвердил[аи]?|сказал[аи]?|пояснил[аи]?|уточнил[аи]?"
        r"|признал[аи]?"
        r"|опубликовал[аои]?|обратил[аои]? внимание|напомнил[аои]?|подчеркивает|указывает|цитата по|цит\. по"
        r"|прокомментировал[аи]?|интервью|в эфире|в материале|в статье|в публикации|в сюжете"
        r"|собеседник[аиу]?|собеседников|источник[аиу]?|источников|информирует|уточняет|отмечает|заявил[аи]?"
        r"|согласно|согласно сообщению|согласно данным|согласно информации|в беседе с|в разговоре с|в комментарии"
        r"|в интервью|рассказал[аи]?|рассказали|источник:|цитирует|цитируют|приводит слова|узнал[аи]?"
        # told to: `сообщили в ведомстве агентству «…»`
        r"|(?:сообщил[аио]?|сообщили|рассказал[аи]?|рассказали|заявил[аи]?|пояснил[аи]?|пояснили)[^.!?]{0,60}"
        r" (?:агентству|изданию|порталу|телеканалу|газете|журналистам|корреспонденту|корреспондентам))"
        r"(?: (?:на|об этом|в|во|это|агентство|агентству|агентства|информагентство|информагентства|ия|иа|газета"
        r"|газеты"
        r"|газету|газете|издание|издания|издание|изданию|портал|портала|порталу|сайт|сайта|телеканал|телеканала"
        r"|телеканалу|журнал|журнала|журналу|корреспондент|корреспонденту|корреспондентом|пресс-службу"
        r"|пресс-служба|пресс-службе"
        r"|местное|азербайджанское|казахстанское|турецкое|государственное|информационное|информационный)){0,4}"
    ),
    "uk": (
        r"(?:з посиланням на|із посиланням на|посилаючись на|за даними|за інформацією|за повідомленням|як повідомляє"
        r"|як повідомив|як повідомила|повідомляє|повідомляють|повідомив|повідомила|повідомило|повідомили"
        r"|передає|передало|пише|пишуть|писало|писала"
        r"|інформує|дізналося|дізналася|дізнався|розповіл[аи]|розповів|заявив|заявила|цитує|зазначає|наголошує"
        r"|підкреслює|нагадує|в інтерв'ю"
        r"|інтерв'ю|[ув] коментарі|[ув] розмові з|[ув] матеріалі|[ув] статті|в ефірі|сказав|сказала|сказали"
        r"|підтвердив|підтвердила|підтвердили|пояснив|пояснила|співрозмовник|співрозмовники|співрозмовника"
        r"|співрозмовників|джерело:)"
        r"(?: (?:про це|в|у|агентство|агентства|агентству|видання|виданню|портал|порталу|телеканал|газета|сайт"
        r"|пресслужба|пресслужбу|пресофіс|інформагентство)){0,3}"
    ),
    "az": r"(?:mənbə:|istinad:|bu barədə|bunu|məlumati|xəbəri|açiqlamani|müsahibəni)(?: (?:informasiya agentliyi"
    r"|agentlik"
    r"|portal|saytı)){0,2}",
    "kk": r"(?:дереккөз:|бұл туралы|деп хабарлайды|деп хабарлады|деп жазады|деп жазды|деп мәлімдеді)"
    r"(?: (?:агенттігі|порталы|сайты|халықаралық ақпараттық агенттігі|ақпарат агенттігі)){0,2}",
    "tr": r"(?:kaynak:|muhabiri|konuşan|(?:diye )?(?:yazdi|bildirdi|aktardi|duyurdu|haber verdi))",
    "ka": r"(?:წყარო:|ცნობით|ინფორმაციით|იუწყება|წერს|ავრცელებს|იტყობინება)",
    "zh": r"(?:据|告诉|引述|援引|来源:|来源：|转引自|引自)",
}

# Right behind the name and its ending.
AFTER: dict[str, str] = {
    "en": (
        r"(?:(?: (?:news agency|news portal|news website|agency|news|portal|newspaper|website|magazine|tv|channel"
        r"|correspondent|press service))?"
        r" (?:has |have |had |also |earlier |first |previously |exclusively )?"
        r"(?:reports?|reported|informs?|informed|writes|cites|cited|citing|quotes|quoted|learned|learnt|was told"
        r"|referring to|with reference to|via|carried the|published|broke the|noted|notes|revealed|pointed out"
        r"|argued|argues|estimates"
        # a company may say something of itself; an origin is what ends the sentence: `it sank, Interfax said.`
        r"|(?:said|says|wrote)(?= on |[.,;]|$)))"
        r"|(?:'s (?:report|interview|correspondent|article|story|coverage))"
        r"|(?:'s (?:[^\W\d_]{2,20} ){1,3}(?:reported|reports|wrote|writes))| (?:article|investigation)(?![^\W_])"
        r"|(?: (?:journalist|reporter|correspondent)s?(?![^\W_])[^.!?]{0,40} (?:reported|heard|saw|witnessed"
        r"|learned))"
        r"|(?: (?:portal|website|newspaper|agency) (?:published|carried))"
    ),
    "ru": (
        r"(?: (?:сообщает|сообщают|сообщил[аио]?|сообщили|сообщал[аи]?|передает|передают|передал[аи]?|передавал[аи]?"
        r"|пишет|пишут|написал[аи]?|писал[аи]?|информирует|информируют|отмечает(?=[,.])|цитирует|со ссылкой на"
        r"|ссылаясь на|узнал[аи]?|рассказали|рассказал[аи]?|сказал[аи]?|пояснил[аи]?|подтвердили"
        r"|выяснил[аи]?))|:"
    ),
    "uk": (
        r"(?: (?:повідомляє|повідомляють|повідомив|повідомила|повідомили|передає|пише|пишуть|інформує|дізналося"
        r"|дізналася|дізнався|розповіли|розповів|розповіла|сказав|сказала|пояснив|пояснила|підтвердили"
        r"|з посиланням на|із посиланням на|посилаючись))|:"
    ),
    "az": (
        r"(?: (?:informasiya agentliyin?[a-zəğışçöü]{0,6}|agentliyin?[a-zəğışçöü]{0,6}|xəbər agentliyin?[a-zəü]{0,6}"
        r"|saytin?[a-zə]{0,4}|portalin?[a-zə]{0,4}|qəzetin?[a-zə]{0,4}|telekanalin?[a-zə]{0,4}))?"
        r" (?:istinadən|xəbər verir|xəbər verib|məlumat verir|məlumat verib|bildirir|bildirib|yazir|yazib|yazmişdir"
        r"|məlumatina (?:görə|əsasən)|xəbərinə (?:görə|əsasən)|açiqlamasinda|müsahibəsində|müsahibə verib"
        r"|məlumatinda|yayib|yaydiği|verdiyi|çatdirir|bildirilib|bildirilir|bildiriblər|deyib|deyiblər|söyləyib"
        r"|istinad edərək|danişib|danişarkən|bu barədə|xəbər verilir|açiqlama verib)"
    ),
    "kk": (
        r"(?: (?:агенттігі(?:нің|не|не)?|порталы(?:ның|на)?|сайты(?:ның|на)?|басылымы(?:ның|на)?|газеті(?:нің|не)?"
        r"|халықаралық ақпараттық агенттігі(?:нің|не)?|тілшісі(?:нің|не)?|телеарнасы(?:ның|на)?"
        r"|радиосы(?:ның|на)?|баспасөз қызметі(?:нің|не)?)){0,2}"
        r"(?: (?:хабарлайды|хабарлады|деп хабарлайды|хабарлауынша|мәліметінше|деректерінше|дерегінше|жазды|жазады"
        r"|деп жазады|деп жазды|сілтеме жасап|сілтеме жасай отырып|сілтеме жасайды|мәлімдеді|ақпаратынша|айтуынша"
        r"|мәлімдеуінше|хабарына|хабарлағандай|жазғандай|жазуынша|мәлімдегендей|сілтеме жасаған|айтты|айтқан"
        r"|берген сұхбат|баяндады|таратты|хабарды таратқан|ескертті))"
        r"|(?: (?:тілшісіне|агенттігіне|порталына|сайтына|газетіне|телеарнасына|басылымына)[^.!?]{0,40}"
        r" (?:айтты|деді|білдірді|түсіндірді|мәлімдеді|сұхбат|баяндады))"
        # the verb stands at the end: `Zakon.kz мәміле жабылды деп жазды.`
        r"|(?: [^.!?]{1,80}) деп (?:жазды|жазады|хабарлады|хабарлайды)(?=[.!?]|$)"
    ),
    "tr": (
        r"(?: (?:haber ajansi(?:nin|na|'nin|'na)?|ajansi(?:nin|na|'nin|'na)?|gazetesi(?:nin|ne|'nin|'ne)?"
        r"|sitesi(?:nin|ne)?|muhabirine|televizyonu(?:nun|na)?))?"
        r" (?:göre|haberine göre|bildirdi|bildiriyor|yazdi|yaziyor|duyurdu|aktardi|aktariyor|aktardiğina göre"
        r"|haberinde|haberini|haberine|geçtiği|haber verdi|bildirdiğine göre|dayandirdi|dayanarak|açiklama yapti"
        r"|konuştu|konuşan|muhabirine|verdiği|yaptiği açiklama|dayandirilan|tarafindan (?:servis|geçil|yayim)"
        r"|atifta bulunarak|kaynakli)"
    ),
    "ka": r"(?:[ა-ჰ]{0,3} (?:ცნობით|ინფორმაციით|იუწყება|წერს|იტყობინება|ავრცელებს|განაცხადა|განუცხადა|უთხრა"
    r"|საუბარში|ინტერვიუში|მონაცემებით|მიხედვით|თანახმად))",
    "zh": r"(?:[^，。,.]{0,8}(?:报道|消息|讯|电(?!视|信|缆|力|话)|称|说(?!明|法|服)|表示|援引|引述|(?:记者)?(?:采访"
    r"|专访)|记者(?!节|会|站"
    r"|证)))",
}

# Right behind the bare name, its ending first: in Turkic languages the case says what the outlet was told, asked or
# wrote, and the verb stands at the end of the sentence.
ROLES: dict[str, str] = {
    "az": (
        r"(?:y?[aə](?![^\W_])[^.!?]{0,80} (?:açiqla|müsahibə|danişan|danişib|deyib|bildirib|bildirilib|bildirən|söylə"
        r"|məlumat ver|şərh)"
        r"|n?[iuü]n (?:[^.!?]{0,20} )?(?:məlumat|xəbər|sual|müxbir|yazdiği|verdiyi|əldə etdiyi)"
        r"|[dt][aə](?![^\W_]) (?:[^.!?]{0,30} )?(?:dərc|yer al|yayim|çap)"
        r"|[dt][aə]n (?:[^.!?]{0,15} )?(?:alinan|verilən|bildirilib|götürül)"
        r"|(?: agentliyi| saytı| qəzeti)?,? [^.!?]{3,80} (?:yazir|yazib|xəbər verir|məlumat verir|bildirir)(?= ki"
        r"|[.!?:]|$))"
    ),
    "kk": (
        r"(?:(?:ға|ге|қа|ке|на|не)(?![^\W_])[^.!?]{0,60} (?:айт|мәлімде|сұхбат|пікір|түсінді|түсінік|жауап|деді"
        r"|хабарла)"
        r"|[нтд][ыі]ң (?:[^.!?]{0,20} )?(?:мәлімет|хабар|дерек|ақпарат|жазу|сұра|сауал|тілшісі)"
        r"| (?:тілшісі|агенттігі|порталы)[^.!?]{0,60} (?:хабарлайды|хабарлады|жазады|жазды|растады)"
        r"| (?:мәліметі|мәліметтері|деректері|дерегі|ақпараты|хабары) бойынша)"
    ),
    "tr": (
        r"(?:y?[ae](?![^\W_])[^.!?]{0,60} (?:konuş|açikla|bilgi ver|demeç|röportaj|söyle|anlat|değerlendir)"
        r"|n?[iuü]n (?:[^.!?]{0,25} )?(?:haberi(?:n|ne|nde)? |sorular|bilgiye|bilgilere|muhabir|aktardiği"
        r"|duyurduğu|bildirdiği"
        r"|yazdiği)"
        r"|[dt][ae]n (?:edinilen|alinan|aktarilan|öğrenilen)"
        r"|[^.!?]{0,12} muhabir[^.!?]{0,40} (?:edindiği|aktar|bilgi)"
        r"|(?: haber ajansi| ajansi| gazetesi| kanali)?,? [^.!?]{3,100} (?:bildirdi|yazdi|duyurdu|aktardi"
        r"|haber verdi|öne sürdü"
        r"|iddia etti)(?=[.!?]|$))"
    ),
}

# Between outlets that are named together: `TASS and Interfax`, «Интерфаксу» и ТАСС.
AND = re.compile(rf"[{QUOTES}]?(?:,|,? (?:and|и|та|й|і|və|ve|мен|және|да|და)|和|与|、) ?(?:the )?[{QUOTES}]?")

# A page that opens with an agency: `(AA) -`, `KAZINFORM –`, `(MENAFN - Trend)`; only at the beginning of the text.
OPENING_BEFORE = re.compile(
    # a dateline of town and day, `БАКУ, 3 марта — `
    r"^[^\d.!?]{2,30}[.,/ ]{1,2}\d{1,2} [^\W\d]{2,12}[.,]? ?(?:[-—–] ?)?[/(]?$|(?:^|\(|/ ?|\. )[^.]{0,30}\($|^\($"
    r"|^/?$"
)
OPENING_AFTER = re.compile(r"^(?:\)| ?[-—–] |/ ?[-—–]? ?|\) ?[-—–]|\. )")

# What an agency signs, wherever the text begins: `LONDON, Jan 1 (Reuters) -`, `(MENAFN - Gulf Times)`, `/TASS/.`
SIGNED_BEFORE = re.compile(r"[(（](?:[^()（）.!?]{0,20}[/ ])?$|(?<![^\W_])[ .]/$")
SIGNED_AFTER = re.compile(r"(?:[/,][^()（）]{1,20})?[)）] ?(?:-|–|—|--)|/(?:\.| ?[-–—])| ?- ?[^()]{3,30}\)")
# or its last word: `… on Monday. (Reuters, AP)`, `… — AFP`
LAST_BEFORE = re.compile(r"[(（][^()（）.!?]{0,30}$|[.!?»”\"。] ?[-–—] ?$")
LAST_AFTER = re.compile(r"(?:[,/] [^()（）.]{1,30})?[)）]?[. ]*$")


def _with_more(formulas: dict[str, str], composed: dict[str, str]) -> dict[str, str]:
    """The formulas of each language and what the grammar of saying adds to them."""
    codes = dict.fromkeys((*formulas, *composed))
    return {code: "|".join(filter(None, (formulas.get(code), composed.get(code)))) for code in codes}


BEFORE_PATTERNS = {
    code: re.compile(rf"(?<![^\W_])(?:{cues})[ :]*[{QUOTES}(]?$" if code != "zh" else rf"(?:{cues})[{QUOTES}]?$")
    for code, cues in _with_more(BEFORE, MORE_BEFORE).items()
}
AFTER_PATTERNS = {
    code: re.compile(rf"(?:[{QUOTES}]-?{_LETTER}{{0,6}}|-{_LETTER}{{1,4}})?[)]?(?:{cues})")
    for code, cues in _with_more(AFTER, MORE_AFTER).items()
}

ROLE_PATTERNS = {
    code: re.compile(rf"[{QUOTES}]?[-']?(?:{roles})") for code, roles in _with_more(ROLES, MORE_ROLES).items()
}

# Origins that are no outlet: local media, казахстанские СМИ; kept by name, resolved to nothing.
MEDIA = re.compile(
    r"(?<![^\W_])(?:(?:local|state|national|foreign|international|kazakh|kazakhstani|azerbaijani|turkmen|turkish"
    r"|russian"
    r"|georgian|ukrainian|chinese) (?:media(?: outlets)?|press)"
    r"|(?:местн|казахстанск|азербайджанск|туркменск|туркменистанск|турецк|российск|украинск|грузинск|китайск"
    r"|зарубежн)"
    r"[а-я]{2,3} (?:сми|пресс[аыу])"
    r"|(?:yerli|qazaxistan|azərbaycan|türkiyə|rusiya) (?:media|kiv|mətbuat)[a-zə]{0,8}"
    r"|(?:жергілікті|қазақстандық|әзербайжан) (?:бақ|баспасөз)"
    r"|(?:yerel|kazak|azerbaycan) (?:medya|basin)[a-z]{0,6})(?![^\W_])"
)

# A name in quotes that no outlet of ours has: with a cue it is an origin only if something says that it is a paper.
QUOTED = re.compile('[«"“„](?P<name>[^«»"“”„\n]{2,60})[»"”“]')
PAPER_BEFORE = re.compile(
    r"(?:газет|издани|видання|виданн|портал|агентств|телеканал|журнал|радио|newspaper|agency|portal|magazine|website"
    r"|outlet|გაზეთ|სააგენტო|报纸)[^ ]{0,4} ?[«\"“„]$"
    r"|(?<![^\W_])(?:пишет|пишут|писал[аи]?|написал[аи]?|пише|пишуть) [«\"“„]$"
)
PAPER_AFTER = re.compile(
    r"[»\"”“](?: (?:qəzet|gazete|газет|agentli|ajans|агентті|портал|portal|sayt|сайт|sites|телеарна|telekanal|басылым"
    r"|журнал|jurnal|dergi|გაზეთ|სააგენტო)"
    r"| (?:yazir|yazib|yaziyor|yazdi|жазды|жазады|writes|wrote|пишет|пише)(?![^\W_]))"
)
PAPER_WORD = re.compile(
    r"(?<![^\W_])(?:вестник|вісник|телеграф|новост|новини|газета|известия|times|post|herald|news|gazette|tribune"
    r"|daily"
    r"|xəbər|haber|хабар)"
)

# Before a colon at the beginning of a line, and no name: `Источник: …`.
LABELS = frozenset(
    """source sources photo video источник источники фото видео автор mənbə foto müəllif kaynak yazar джерело відео
    дереккөз сурет წყარო ფოტო 来源""".split()  # noqa: SIM905 a list of words
)

# An unknown paper without quotes: `Hazar Postası gazetesinin`, `outlet Steppe Daily`; on the raw text, capitals tell.
# A word's letters are counted: 200,000 capitals without a space must not cost their square.
_CAPITAL = "[A-ZА-ЯЁӘҒҚҢӨҰҮҺІЇЄҐİÖÜĞŞÇƏ][\\w'’-]{1,30}"
PAPERS = (
    re.compile(
        f"(?<![^\\W_])(?P<name>{_CAPITAL}(?: {_CAPITAL}){{0,3}})"
        "(?= (?:gazetesi|haber ajansı|ajansı|qəzeti|agentliyi|portalı|saytı|газеті|агенттігі|порталы|телеарнасы))"
    ),
    re.compile(
        f"(?<![^\\W_])(?:The )?(?P<name>{_CAPITAL}(?: (?:of |and |de )?{_CAPITAL}){{1,4}})"
        "(?= (?:newspaper|news agency|news portal|magazine|radio)(?![^\\W_]))"
    ),
    re.compile(
        "(?:outlet|newspaper|news agency|news portal|news website|magazine|газет[аеуы]|портал[ау]?|видання"
        "|издани[еяю])"
        f" (?P<name>{_CAPITAL}(?: {_CAPITAL}){{0,3}})"
    ),
)
# Words with a capital at a sentence's beginning that are no part of such a name.
GENERIC = frozenset(("yerel", "yerli", "жергілікті", "resmi", "rəsmi", "ресми", "devlet", "dövlət", "мемлекеттік"))

# Outlets called by a common word or a first name: with a capital alone a sentence may only begin with it.
COMMON_NAMES = frozenset(("власть", "лада", "капитал", "завтра", "dünya", "фортуна", "ფორტუნა"))
COMMON_NEED = (
    '[«"“„]<|(?:газет|издани|журнал|портал|newspaper|magazine|agency|qəzet|გაზეთ|რადიო).{0,4} <'
    "|> (?:gazete|newspaper|magazine|qəzet|portal)"
)
