"""Month names and relative-time words, as news pages in our languages write them. Data only; all words are folded.

Folded means: NFC, lower case, no dot above left over from İ, ё written е, no apostrophes. Words of az kk ru tr uk ka
were seen on pages or in the locale tables of public date libraries, a few endings are common knowledge; en de fr es it
pt serve outlets of the wider world. January comes first in each line.
"""

from __future__ import annotations

_MONTHS_BY_LANGUAGE = {
    "en": (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jan febr mar apr may june july aug sept octr nov dec",
    ),
    "az": (
        "yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
        "yan fev mar apr may iyn iyl avq sen okt noy dek",
        "yanvarın fevralın martın aprelin mayın iyunun iyulun avqustun sentyabrın oktyabrın noyabrın dekabrın",
    ),
    "kk": (
        "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
        "қаң ақп нау сәу мам мау шіл там қыр қаз қар жел",
    ),
    "ru": (
        "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "янв февр мар апр май июн июл авг сент окт нояб дек",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
    ),
    "tr": (
        "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
        "oca şub mar nis may haz tem ağu eyl eki kas ara",
    ),
    "uk": (
        "січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "січ лют бер квіт трав черв лип серп вер жовт лист груд",
        "січ лют берез кві тра чер лип сер верес жов листоп гру",
        "січ лют бер кві тра чер лип сер вер жов лис гру",
    ),
    "ka": (
        "იანვარი თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი",
        "იან თებ მარ აპრ მაი ივნ ივლ აგვ სექ ოქტ ნოე დეკ",
    ),
    "de": (
        "januar februar märz april mai juni juli august september oktober november dezember",
        "jän feber mrz apr mai jun jul aug sept okt nov dez",
    ),
    "fr": (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv févr mars avr mai juin juil août sept oct nov déc",
    ),
    "es": ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",),
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",),
    "el": (
        "ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος "
        "δεκέμβριος",
        "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου "
        "δεκεμβρίου",
        "ιαν φεβ μαρ απρ μάι ιούν ιούλ αύγ σεπ οκτ νοε δεκ",
        "ιαν φεβ μάρ απρ μαϊ ιουν ιουλ αυγ σεπτ οκτ νοέ δεκ",
    ),
    "ar": (
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "يناير فبراير مارس ابريل ماي يونيه يوليوز اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",
    ),
    "hu": (
        "január február március április május június július augusztus szeptember október november december",
        "jan feb márc ápr máj jún júl aug szept okt nov dec",
    ),
    "pt": ("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",),
}

MONTHS: dict[str, int] = {
    word: number
    for lines in _MONTHS_BY_LANGUAGE.values()
    for line in lines
    for number, word in enumerate(line.split(), start=1)
}
# The Levant's own names, two of two words; pages write them beside the common ones: "نيسان / أبريل".
_LEVANT = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
MONTHS |= {word: number for number, word in enumerate(_LEVANT.split("|"), start=1) if " " not in word}
# KASIM and ARALIK in capitals lose the dotless ı when they are folded.
MONTHS |= {word.replace("ı", "i"): number for word, number in MONTHS.items() if "ı" in word}

# Inflected forms are their stem and an ending; only stems that begin no common word besides the month.
MONTH_STEMS: tuple[tuple[str, int], ...] = tuple(
    (stem, number)
    for line in (
        "yanvar fevral mart aprel mayı iyun iyul avqust sentyabr oktyabr noyabr dekabr",
        "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазанда қараша желтоқсан",
        "январ феврал март апрел мая июн июл август сентябр октябр ноябр декабр",
        "січ лют берез квіт трав черв лип серп верес жовт листоп груд",
        "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralı",
        "იან თებ მარ აპრ მაი ივნ ივლ აგვ სექ ოქტ ნოე დეკ",
    )
    for number, stem in enumerate(line.split(), start=1)
)

_RELATIVE_LINES = {
    # a site writes "cегодня" with a Latin c; Uzbek stands in both scripts
    0: "today|bu gün|bu gun|bugün|бүгін|сегодня|cегодня|сьогодні|დღეს|今天|今日|бугун|bugun",
    1: "yesterday|dünən|dunen|кеше|вчера|dün|გუშინ|вчора|учора|昨天|昨日|кеча|kecha",
    2: "srağagün|позавчера|позавчора|evvelsi gün|გუშინწინ|前天|бұрнағы күні",
}
# word -> days before the day of `now`
RELATIVE_DAYS: dict[str, int] = {word: back for back, line in _RELATIVE_LINES.items() for word in line.split("|")}

JUST_NOW: tuple[str, ...] = (
    "just now",
    "indicə",
    "bir az əvvəl",
    "жаңа ғана",
    "только что",
    "az önce",
    "ახლახან",
    "щойно",
    "刚刚",
)

# "ago" comes after the unit in all our languages
AGO: tuple[str, ...] = ("ago", "əvvəl", "öncə", "бұрын", "назад", "önce", "წინ", "тому", "前")

_UNIT_LINES = {
    60: "minute minutes min mins dəq dəqiqə мин минут минута минуты минуту dakika dk წთ წუთი წუთის "
    "хв хвилина хвилини хвилин хвилину 分钟 分鐘",
    3_600: "hour hours hr hrs saat сағ сағат ч час часа часов sa სთ საათი საათის "
    "год година години годин годину 小时 小時",
    86_400: "day days gün күн день дня дней дн დღე დღის дні днів 天 日",
    604_800: "week weeks həftə апта неделя недели недель неделю hafta კვირა კვირის тиждень тижні тижнів 周 週",
}
# "an hour ago": a unit with no number before it, or with the word for one
ONE: tuple[str, ...] = ("a", "an", "one", "bir", "бір", "один", "одну", "одна", "ერთი", "一")

# unit word -> seconds
UNITS: dict[str, int] = {word: seconds for seconds, line in _UNIT_LINES.items() for word in line.split()}

# Halves of the day: Latin words count only beside the clock ("am" is German too).
PM: tuple[str, ...] = ("pm", "ös")
AM: tuple[str, ...] = ("am", "öö")
PM_ANYWHERE: tuple[str, ...] = ("下午", "晚", "오후", "مساء")
AM_ANYWHERE: tuple[str, ...] = ("上午", "凌晨", "오전", "صباح")

# Abbreviations that name one offset, in minutes east of UTC. Others mean several things (AMT, IST, GST): those are not
# here, and the source's own zone is used for them. From the tz database and RFC 822.
ZONE_ABBREVIATIONS: dict[str, int] = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "CET": 60, "MET": 60, "MEZ": 60, "BST": 60, "WEST": 60,
    "CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "AZT": 240,
    "EST": -300, "EDT": -240, "ET": -300, "CST": -360, "CDT": -300, "CT": -360, "MST": -420, "MDT": -360, "MT": -420,
    "PST": -480, "PDT": -420, "PT": -480, "SGT": 480, "HKT": 480, "JST": 540, "KST": 540,
    "AZST": 300, "GET": 240, "MSD": 240, "SAMT": 240, "UZT": 300, "TMT": 300, "TJT": 300, "PKT": 300, "YEKT": 300,
    "AQTT": 300, "ORAT": 300, "KGT": 360, "IRST": 210, "AKST": -540, "AKDT": -480, "HST": -600, "NZST": 720,
}  # fmt: skip

# Abbreviations whose offset was changed by law: what they meant depends on the day.
ZONE_NAMES: dict[str, str] = {"MSK": "Europe/Moscow", "ALMT": "Asia/Almaty", "TRT": "Europe/Istanbul"}
