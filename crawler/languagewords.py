"""Words, endings and alphabets that tell the languages of the news apart: frequent words only, no names. Data."""

from __future__ import annotations

import re

_PLAIN = str.maketrans("əığşçöüâ", "eigscoua")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _also_plain(text: str) -> frozenset[str]:
    """As they are spelled, and as they are typed without their marks."""
    return frozenset(word for one in text.split() for word in (one, one.translate(_PLAIN)))


# Not those that Dutch, German, Scandinavian or Romance headlines have, too: in, on, is, was, minister, bank.
ENGLISH = _words(
    "the of and to for with from that this by as at its are were been be will would has have had which who their "
    "they he she after before over under into than about against between during while when where what how why not "
    "new first last next more most says said told set up out off down back year years week month day days today "
    "tomorrow people country countries world deal talks sign signs signed launch launches launched joint venture "
    "agreement agree agrees plan plans rise rises fall falls rate rates price prices oil trade power energy water sea "
    "host hosts hosted meet meets meeting open opens opened close closes start starts begins ends end win wins make "
    "makes take takes keep keeps high higher low lower growth company companies government ministry head chief "
    "cable network railway road airport school hospital court law draft vote voters report reports shows could may "
    "might should can amid despite through across build building built support supply demand help helps because"
)
_AZERI = (
    "və ilə üçün bir bu olan olub edib deyib edir edilib olunub olunur verib alıb keçirilib bildirib bildirilib daha "
    "sonra görə qədər kimi isə həm çox yeni yenə bəzi barədə haqqında ildə ilin ilə gün ölkə ölkənin şirkət dövlət "
    "nazir nazirlik nazirliyi məlumat qiyməti işləri layihə layihəsi arasında üzrə artıq əsas birinci müəssisə "
    "görüş keçirib etdi oldu dedi başlayıb edəcək olacaq iki üç yüz min sabah bunu onun onlar bütün həmin digər "
    "dünya bazarında faiz şəhər şəhərdə rayon rayonda əhali ticarət beynəlxalq hökumət qanun məhsul məhsulları ixrac "
    "kənd təsərrüfatı iqtisadiyyat təhsil səhiyyə nəqliyyat enerji tarifi edilir"
)
_TURKISH = (
    "ve ile için bir bu olan olarak oldu etti dedi ediyor daha sonra göre kadar gibi ise hem çok yeni yeniden bazı "
    "hakkında yıl yılı yılın gün ülke ülkenin şirket devlet bakan bakanlık bakanlığı açıklama açıkladı bilgi fiyatı "
    "fiyatları arasında üzere artık ilk proje projesi ortak karar karara başladı edecek olacak iki üç yüz bin yarın "
    "bunu onun onlar bütün aynı diğer tarafından üzerine nedeniyle değil verdi aldı yaptı yapıldı kuruyor bekleniyor "
    "dünya piyasalarında yüzde şehir şehirde ilçe halk ticaret uluslararası hükümet yasa ürün ürünleri ihracat tarım "
    "ekonomi eğitim sağlık ulaşım enerji elektrik"
)
_TOO_COMMON = _words("bu bin min var son gun on uc is ise ile iki")  # words of other languages once their marks are off
PLAIN_TURKISH = _words(_TURKISH) - {"bin", "enerji", "elektrik", "dünya"}

WORDS = {
    "en": ENGLISH,
    "az": _also_plain(_AZERI) - _TOO_COMMON | {"ilə", "üç"},
    "tr": _also_plain(_TURKISH) - _TOO_COMMON | {"üç"},
    "ru": _words(
        "что это эти из для был была были его её их года году также чтобы более лет будет будут который которые "
        "которая сообщил сообщили сообщает ещё еще или со об уже только между стали стал"
    ),
    "uk": _words(
        "що це ці із для був була були його її їх року році також щоб більше років буде будуть який які яка повідомив "
        "повідомили ще або під зі вже тільки між та від після через"
    ),
    "bg": _words("ще се са че от към след във със през беше които която който си да"),
    "be": _words("што гэта для быў была былі яго яе іх года годзе таксама больш будзе які якія яшчэ пра"),
    "kk": _words(
        "және мен бен пен үшін бойынша туралы деп бір бұл болды болады болып жаңа дейін кейін жылы жылдың екі үш осы "
        "еді екен емес арасында туралы қарай жоқ бар ел елдің деген сайын"
    ),
}

RUSSIAN = WORDS["ru"] | _words("в и на с по не о к за до от при под над во после")  # its neighbours have those, too

WRITTEN_IN = {
    **dict.fromkeys(("en", "az", "tr"), "latin"),
    **dict.fromkeys(("ru", "uk", "be", "bg", "kk", "ky", "mn", "tt", "ba"), "cyrillic"),
}

# What cannot stand in a language's words, names of people and brands aside.
FOREIGN_LETTERS = {
    "ru": "іїєґўјљњћђџѓќѕәғқңөұүһҡҙҫҗҝҹҳӣӯҷ",
    "uk": "ыэёъўјљњћђџѓќѕәғқңөұүһҡҙҫҗҝҹҳӣӯҷ",
    "be": "иїєґщъјљњћђџѓќѕәғқңөұүһҡҙҫҗҝҹҳӣӯҷ",
    "bg": "ыэёіїєґўјљњћђџѓќѕәғқңөұүһҡҙҫҗҝҹҳӣӯҷ",
    "kk": "їєґўјљњћђџѓќѕҡҙҫҗҝҹҳӣӯҷ",
    "ky": "әғқұіһїєґўјљњћђџѓќѕҡҙҫҗҝҹҳӣӯҷ",
    "mn": "әғқңұіһїєґўјљњћђџѓќѕҡҙҫҗҝҹҳӣӯҷ",
    "tt": "ғқұіїєґўјљњћђџѓќѕҡҙҫҝҹҳӣӯҷ",
    "ba": "құіїєґўјљњћђџѓќѕҗҝҹҳӣӯҷ",
    "en": "ığşəñõåøæßäöüçčžšćđłżąęėūāőț",
    "az": "wñõåøæßäčžšćđłżąęėūāőțéèêàáíóôãâ",
    "tr": "əqxwñõåøæßäčžšćđłżąęėūāőțéèêàáíóôã",
}
# Endings of words, in Azerbaijani and Turkish also where they are typed without their marks.
ENDINGS = {
    "az": re.compile(
        r"[dlnrtşsmy][iı]b$|(?:ol|ur)ub$|acaq$|l[iıuü]q$|m[ae]q$|q(?!u)(?<!iraq)|[aey]x[ai]|[ae]xs|m[əae]s[iı]$|[ıi]nd[əae]$"
    ),
    "tr": re.compile(r"[iıuü]yor|acak$|[lm][aı][kğ]$|l[iıuü][kğ]$|m[ae]s[iı]$|[ıi]nd[ae]$"),
    "ru": re.compile(r"(?:ть|тся|ого|ему|ых|ый|ий|ии|ов|ией|ами|ями|[аеия]л[аои]?)$"),
    "uk": re.compile(r"(?:ння|ться|ів|ого|ому|ує|[аеия]л[аои]|[аия]в)$"),
    "bg": re.compile(r"(?:ът|ата|ето|ите|ият|ото)$"),
}

# Kazakh in any of its Latin alphabets since 2017: q without u, ǵ or ğ, ń or ñ, and y as a vowel.
_KAZAKH_LETTER = re.compile(r"[ńǵñğūŋ]|q(?!u[aeiéío])")
_KAZAKH_Y = re.compile(r"[bdfgğhjklmnñńpqrsştvz]y(?:[bdfgğhjklmnñńpqrsştvz]|\b)")
_NOT_KAZAKH = re.compile(r"[xwəçčžšłżąęőßøňţ]|c(?!h)|[ʻʼ’'‘]")


def is_latin_kazakh(lower: str) -> bool:
    """Whether a piece of Latin text has the marks of Kazakh, and none of its neighbours'."""
    letters, vowels = len(_KAZAKH_LETTER.findall(lower)), len(_KAZAKH_Y.findall(lower))
    marked = letters + vowels >= 3 if "q" in lower else vowels >= 2 and "j" in lower
    if not letters or not marked or (letters + vowels) * 25 < len(lower):
        return False
    return len(_NOT_KAZAKH.findall(lower)) * 60 <= len(lower)
