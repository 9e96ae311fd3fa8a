"""The grammar of naming an origin, by language: classes of words for saying and of what is said, and their places.

`cues.py` lists formulas as they stand; here they are composed: a verb of saying behind a subject (`Bloomberg, citing
two officials, estimates`), a word for what is said with the outlet as its owner (`по подсчётам Bloomberg`,
`Reuters-тің дерегіне сүйенсек`), a participle with the outlet as its agent (`aired by AZERTAC`). Words are written as
in print, a `*` stands for the rest of a word; what an outlet says of itself is no origin, so these have a guard.
"""

from __future__ import annotations

import re

from models.text import fold_word

_LETTER = r"[^\W\d_]"
_END = rf"(?!{_LETTER})"
CLAUSE = 90  # characters between a subject and its verb at the end of the sentence in Turkic languages


def words(text: str) -> str:
    """Alternatives out of words parted by a space; in them `_` stands for a space, `*` for letters."""
    told = sorted({fold_word(one) for one in text.split()}, key=lambda one: (-len(one), one))
    return "(?:" + "|".join(re.escape(one).replace("_", " ").replace(r"\*", f"{_LETTER}*") for one in told) + ")"


def _times(stems: str, endings: str) -> str:
    """Each stem with each ending."""
    return " ".join(stem + ending for stem in stems.split() for ending in endings.split())


# ---- English ----------------------------------------------------------------------------------------------------
_EN_SAY = words(
    """understands understood describes described suggests suggested claims claimed calculates calculated
    estimated warns warned predicts predicted believes believed alleges alleged recalls recalled stresses stressed
    observes observed explains explained states stated concludes concluded remarks remarked comments commented
    reveals discloses disclosed relays relayed reprints reprinted posted circulated aired_a aired_an aired_footage
    heard_from heard_that found_that finds_that says_that confirms_that confirmed_that adds_that added_that
    was_first_to was_the_first_to has_more_on has_the_full was_unable_to_verify could_not_verify could_not_reach
    could_not_immediately could_not_independently was_not_able_to sought_comment reached_out_to has_the_details
    has_the_story had_the_details had_the_story broke_the spoke_to spoke_with talked_to ran_a_story
    ran_an_interview carries_the puts_the put_the puts_it reckons reckoned interviewed cautions cautioned
    speculates speculated emphasizes emphasised identifies identified_the"""
)
_EN_WHEN = words(
    """also earlier first later previously on_monday on_tuesday on_wednesday on_thursday on_friday on_saturday
    on_sunday last_week last_month last_year last_night this_week exclusively separately further today yesterday
    has have had"""
)
_EN_SELF = (
    rf"(?![^.!?]{{0,60}}(?<!{_LETTER})(?:its|their|own|itself|it (?:will|would|had|has|is|was|plans)){_END}"
    rf"(?! sources?{_END}))"
)
_EN_SAID = words(
    """report reports interview interviews article articles story stories inquiry enquiry request requests
    question questions query queries analysis analyses estimate estimates calculation calculations tally dispatch
    dispatches source sources account poll survey surveys investigation forecast forecasts editorial column podcast
    broadcast reporting"""
)
_EN_COPY = (
    r"(?:obtained|reviewed|viewed|saw|has seen|had seen|has obtained) (?:an? |the )?(?:[a-z]+ ){0,2}"
    r"(?:copy|copies|draft|document|documents|letter|text|contract|memo|e-?mails?|minutes|filing)"
)
_EN_AGENT = words(
    """aired broadcast run printed posted obtained shared distributed circulated released tweeted relayed reprinted
    surveyed polled contacted asked cited reported disclosed recorded taped collected calculated estimated conducted
    published interviewed quoted compiled reached uncovered revealed"""
)
_EN_GIVEN = words("comments comment remarks statement reply response answer answers letter note e-mail email interview")
EN_BEFORE = (
    rf"(?:{_EN_AGENT} (?:[a-z]+ly |late |earlier |first )?by|{_EN_GIVEN} (?:e-?mailed |sent |given |made |provided )?to"
    r"|(?:spoke|talked|wrote|writing|written|speaks|talks|chatted) (?:[a-z]+ ){0,2}(?:to|with|for)"
    r"|(?:shown|appearing|appeared|aired|interviewed|broadcast|said|speaking|live) on"
    r"|(?:data|figures|numbers|footage|estimates?|calculations?|analysis|reporting|dispatch(?:es)?) (?:from|by|of|in)"
    r"|(?:asked|approached|pressed|reached|seen) by|told a|(?:exchange|conversation|call|chat|briefing|discussion) with"
    r"|(?:comment|respond|reply) to)"
    r"(?: (?:the|a|an|its|state|private|official|daily|weekly|online|news|wire|agency|service|portal|website|newspaper"
    r"|magazine|broadcaster|outlet|correspondents?|journalists?|reporters?|of|from|with|[a-z]{4,12}(?:ian|ish|ese|[a-z]h))"
    r"){0,4}"
)
EN_AFTER = (
    rf"(?:(?: (?:news )?(?:agency|portal|website|newspaper|magazine|tv|channel|service))?(?: {_EN_WHEN}){{0,2}}"
    rf"(?:(?:, [^.!?]{{3,60}},)?(?: {_EN_WHEN})? (?:{_EN_SAY}{_END}|{_EN_COPY}){_EN_SELF}"
    # behind an aside even the plain verbs: `Reuters, citing two officials, reports`
    rf"|, [^.!?]{{3,60}}, (?:reports|reported|informs|informed|writes|wrote|notes|noted|said|says){_END})"
    rf"|'s? (?:[a-z]+ ){{0,2}}{_EN_SAID}{_END}(?! (?:cent|cards?|writers?))"
    rf"| (?:{_EN_SAID}|exclusive){_END}(?! (?:cards?|writers?|about its)))"
)

# ---- Russian and Ukrainian -----------------------------------------------------------------------------------------
_RU_SAY = words(
    _times(
        """сообща рассказыва указыва уточня поясня добавля напомина подчеркива утвержда подтвержда опроверга
        предполага выясня объясня констатиру прогнозиру публику цитиру информиру переда""",
        "ет ют",
    )
    + " "
    + _times(
        """утвержда выясни установи распространи уточни поясни добави напомни подтверди объясни подели
        опубликова процитирова подсчита указа подчеркну переда разъясни предположи""",
        "л ла ло ли",
    )
    + """ приводит приводят привел привела привело привели ссылается ссылаются сослался сослалась сослалось сослались
    оценивает оценивают оценил оценила оценило говорит говорят полагает считает предупреждает предупредил предупредило
    обращает_внимание обратил_внимание обратило_внимание распространяет распространяют делает_вывод задается_вопросом
    подсчитывает насчитал насчитало насчитала выяснило узнало пересказывает пересказал дополняет рассуждает
    разузнал пишет пишут писал писала писало написал написала написало передает передают узнал узнала
    рассказал рассказала рассказало сообщил сообщила сообщило сообщили разобрался разбирался разобралось
    ознакомился ознакомилась ознакомилось получил_ответ получила_ответ получило_ответ получил_комментарий
    направил_запрос направила_запрос направило_запрос не_удалось_получить не_удалось_связаться обратился_за
    обратилась_за обратилось_за обратился_в получил_копию получило_копию докладывает сообщала
    сообщало раскрывает_детали раскрыл_детали"""
)
# Before its subject; not what a person does to an outlet: `министр оценил Bloomberg`.
_RU_SAY_FIRST = words(
    _times("сообща рассказыва указыва отмеча уточня поясня напомина утвержда выясня публику констатиру", "ет ют")
    + " "
    + _times("выясни установи распространи уточни опубликова подсчита процитирова отмети напомни", "л ла ло ли")
    + " приводит приводят привел привела привело говорит говорят считает полагает распространяет предупреждает"
    " утверждал утверждала утверждало замечает заметил заметило"
    " ознакомился ознакомилась ознакомилось ознакомились видел видело"
)
_RU_SAID = words(
    """публикац* материал материала материале материалу материалом стать* сообщени* репортаж* заметк* расследован*
    обзор* колонк* подкаст* выпуск* сюжет* депеш* цитат* запрос* вопрос вопросу вопросы вопросом просьб* оценк*
    подсчет* расчет* прогноз* мнени* наблюдени* сведени* данным данные данных информаци* версии версия опрос опросу
    опроса опросе утверждени* выкладк* интервью эфире эфир корреспонденту корреспондентам журналистам журналисту
    журналистами корреспондентом источники источник источника источнику источникам источников собеседник* материалах
    телеграмме ленте ленты аналитик* исследовани* лонгрид* распоряжении распоряжение редакцию"""
)
_RU_DONE = words(
    """опубликованн* размещенн* вышедш* появивш* напечатанн* показанн* опрошенн* полученн* процитированн*
    распространенн* собранн* попавш* переданн* вышел вышла вышло вышли появился появилась появилось появились опрошен*
    опубликован опубликована опубликовано опубликованы размещен* приведенн*"""
)
_RU_WITH = words(
    _times("поговори пообща побеседова подели связа", "л ла ли лся лась лись")
    + " беседе разговоре беседы разговора беседуя общаясь интервью переписке комментарии беседу разговор общении"
)
_SLAVIC_PLACE = (
    rf"(?: (?:на|в|во|у|агентств{_LETTER}*|информагентств{_LETTER}*|издани{_LETTER}*|видан{_LETTER}*|портал{_LETTER}*"
    rf"|газет{_LETTER}*|телеканал{_LETTER}*|сайт{_LETTER}*|журнал{_LETTER}*|радио|телекомпани{_LETTER}*|иа|миа|ами"
    rf"|деловой|сегодня|сьогодні|накануне|также|також|корреспондент{_LETTER}*|страниц{_LETTER}*|лент{_LETTER}*"
    rf"|{_LETTER}{{3,14}}(?:ое|ая|ого|ому|ой|ым|ий|ый|ськ{_LETTER}{{1,3}}|не|ного|ному)|про це|об этом)){{0,3}}"
)
_RU_SELF = rf"(?![^.!?]{{0,60}}(?<!{_LETTER})(?:сво[еийяюх]{_LETTER}*|собственн{_LETTER}*){_END}(?! источник))"
_RU_WHEN = (
    r"(?:(?: (?:также|ранее|накануне|сегодня|вчера|уже|первым|первой|первое|теперь|одновременно|тем временем|отдельно"
    r"|в (?:понедельник|вторник|среду|четверг|пятницу|субботу|воскресенье)))|, [^.!?]{3,60},){0,2}"
)
RU_BEFORE = (
    rf"(?:{_RU_SAY_FIRST}|{_RU_SAID}|{_RU_DONE}|{_RU_WITH} (?:[^\W\d_]+ ){{0,2}}(?:с|со)"
    rf"|в ответе?|ответил[аи]?|ответили){_SLAVIC_PLACE}"
)
# noting needs what was noted: an agency also marks its jubilee with the same verb
RU_AFTER = rf"{_RU_WHEN} (?:{_RU_SAY}{_END}{_RU_SELF}|(?:отмечает|отмечают|отметил[аои]?|заметил[аои]?),)"

_UK_SAY = words(
    _times(
        """стверджу поширю публіку оціню нагаду зауважу пояснює уточню констату прогнозу розповіда наголошу підкреслю
        підтверджу припуска вважа попереджа зазнача дода повідомля переказу спростову інформу поясню""",
        "є ють",
    )
    + " "
    + _times(
        "з'ясува опублікува оціни нагада зауважи поясни уточни підтверди зазначи підрахува процитува",
        "в ла ло ли",
    )
    + """ наводить наводять навів навела навело навели посилається посилаються послався поширив поширила поширило
    дізналось додав додала додало твердить пише писав писало написало підкреслив наголосив розповіло переказало"""
)
_UK_SAY_FIRST = words(
    """стверджує з'ясував з'ясувала з'ясувало поширює поширив поширило публікує опублікував опублікувало уточнює
    констатує наводить навело підрахував підрахувало вважає попереджає зауважує нагадує уточнив додає припускає"""
)
_UK_SAID = words(
    """публікац* матеріал* стать* статт* повідомленн* репортаж* розслідуванн* огляд* колонц* подкаст* сюжет* цитат*
    запит запитом запиту запитання запитанню оцінк* оцінок підрахунк* розрахунк* прогноз* спостереженн* висновк*
    даними даних інформаці* версіє* версії опитуванн* інтерв'ю ефірі кореспонденту кореспондентам журналістам
    журналістові джерела джерел джерелам джерело джерелу співрозмовник* кореспондентові"""
)
_UK_DONE = words(
    """опублікован* розміщен* вийшл* показан* опитан* отриман* процитован* поширен* зібран* оприлюднен* наведен*"""
)
_UK_WITH = words(
    "поділився поділилася поділилися поспілкувався поспілкувалася поговорив поговорила"
    " розмові бесіді розмови спілкуванні"
)
_UK_SELF = rf"(?![^.!?]{{0,60}}(?<!{_LETTER})(?:сво[єїйяюґ]{_LETTER}*|власн{_LETTER}*){_END}(?! джерел))"
_UK_WHEN = (
    r"(?:(?: (?:також|раніше|напередодні|сьогодні|вчора|уже|вже|першим|першою|в|у (?:понеділок|вівторок|середу|четвер"
    r"|п'ятницю|суботу|неділю)))|, [^.!?]{3,60},){0,2}"
)
UK_BEFORE = (
    rf"(?:{_UK_SAY_FIRST}|{_UK_SAID}|{_UK_DONE}|{_UK_WITH} (?:[^\W\d_]+ ){{0,2}}(?:з|із|зі)|відпові(?:в|ла|ли))"
    rf"{_SLAVIC_PLACE}"
)
UK_AFTER = rf"{_UK_WHEN} {_UK_SAY}{_END}{_UK_SELF}"

# ---- Azerbaijani and Turkish: the verb stands last; cases tell who was told, asked, cited ---------------------------
_AZ_NEWS = words(
    """məlumat* xəbər* iddia* fakt* söz* sitat* açıqlama* bəyanat* görüntü* mətn* video* foto* rəqəm* sənəd*
    təfərrüat* detal* şərh* müsahibə* qərar*"""
)
_AZ_SAY = words(
    _times("iddia hesab qeyd əlavə dərc ehtimal istinad nəşr proqnoz", "_edir _edib _edirlər _ediblər _etmişdi")
    + """ təsdiqləyir təsdiqləyib proqnozlaşdırır proqnozlaşdırıb xatırladır xatırladıb vurğulayır vurğulayıb
    paylaşır paylaşıb sitat_gətirir sitat_gətirib yayır yayıb yayımlayır yayımlayıb deyir deyib çatdırır çatdırıb
    öyrənib müəyyən_edib aşkarlayıb hesablayıb bildirir bildirib yazır yazıb göstərir diqqət_çəkir diqqət_çəkib
    xəbərdarlıq_edir xəbərdarlıq_edib açıqlayır sual_edir"""
)
_AZ_SELF = rf"(?![^.!?]{{0,90}}(?<!{_LETTER})(?:öz|özünün|öz[üu]n[^\W\d_]*){_END})"
_AZ_OF = words(
    """sorğu* hesablama* qiymətləndirmə* proqnoz* iddia* araşdırma* material* efir* saytında saytındakı səhifəsində
    mənbə* reportaj* yazısı* məqalə* təhlil* xəbər* məlumat* sual* müxbir* əməkdaşına jurnalistinə jurnalistlərinə
    yaydığı paylaşdığı apardığı keçirdiyi yazdığına bildirdiyinə bildirdiyi qeydinə dediyinə müsahib* ekran* verilişi*
    canlı_yayım* açıqlaması* redaksiyasına istinad* görə"""
)
AZ_ROLE = (
    r"(?:y?[aə](?![^\W_])[^.!?]{0,60} (?:(?:verilən|verdiyi|ünvanlanan|göndərilən|göndərdiyi) "
    r"(?:[^.!?]{0,15} )?(?:məlumat|açiqlama|müsahibə|şərh|izahat|cavab|mesaj|məktub)|cavab ver|izah ed|şərh ed"
    r"|etiraf ed|təsdiq(?:ləyib|lədi)|söhbət|xatirlat|bildir|müraciət edib)"
    rf"|n?[iuü]n (?:[^.!?]{{0,30}} )?{_AZ_OF}"
    r"|[dt][aə](?![^\W_]) (?:[^.!?]{0,30} )?(?:çixan|göstəril|paylaşil|yayil|oxu[nd])"
    r"|l[aə](?![^\W_]) (?:[^.!?]{0,20} )?(?:söhbət|müsahibə|danişiq|ünsiyyət)"
    rf"|(?: (?:xəbər |informasiya )?(?:agentliyi|sayti|qəzeti|portali|telekanali|nəşri|jurnali))?,?{_AZ_SELF}"
    rf"(?: [^.!?]{{0,{CLAUSE}}})? (?:{_AZ_SAY} ki{_END}"
    rf"|{_AZ_NEWS} (?:[^.!?]{{0,30}} )?{_AZ_SAY}(?=[.!?:,]|$))"
    rf"|(?: agentliyin?| saytin?| qəzetin?)? (?:istinadla|mənbə göstər|əsaslan))"
)
_TR_SAY = words(
    """savundu savunuyor belirtti belirtiyor kaydetti kaydediyor ekledi aktardı aktarıyor paylaştı yayımladı yayınladı
    alıntıladı hatırlattı öngördü öngörüyor tahmin_etti tahmin_ediyor hesapladı ileri_sürdü dikkat_çekti vurguladı
    bildiriyor yazıyor duyuruyor iddia_ediyor öne_sürüyor geçti uyardı uyarıyor haberleştirdi haberleştiriyor
    değerlendirdi manşetine_taşıdı sütunlarına_taşıdı yer_verdi doğruladı yorumladı"""
)
_TR_SELF = rf"(?![^.!?]{{0,100}}(?<!{_LETTER})kendi{_LETTER}*{_END})"
_TR_OF = words(
    """hesap* iddia* tahmin* değerlendirme* analiz* araştırma* anket* veri* derle* belge* bilgi* haber* aktar* duyur*
    yaz* bildir* ulaş* edin* kaynak* öngörü* yorum* tespit* elde_ettiği geçtiği servis_ettiği"""
)
_TR_ASKED = words(
    """sorusu* soruları* muhabir* mikrofonu* yayını*
    programı* ekranları* röportaj* haberini* kaynakları* görüştüğü konuştuğu sorduğu ulaştığı"""
)
TR_ROLE = (
    r"(?:y?[ae](?![^\W_])[^.!?]{0,60} (?:yanit|cevap|itiraf|yorum|doğrula|aktar|ifade|bildir|anlat|beyanat|mülakat)"
    rf"|n?[iuü]n (?:[^.!?]{{0,30}} )?{_TR_OF} (?:[^.!?]{{0,15}} )?göre{_END}"
    rf"|n?[iuü]n (?:[^.!?]{{0,25}} )?{_TR_ASKED}"
    r"|n?[dt][ae]n (?:edinilen|alinan|aktarilan|öğrenilen|derlenen|gelen (?:haber|bilgi))"
    r"|[dt][ae](?![^\W_]) (?:[^.!?]{0,30} )?(?:yer al|yayimlan|yayinlan|çikan|konuşan)"
    r"|y?l[ae](?![^\W_]) (?:[^.!?]{0,20} )?(?:paylaş|konuş|röportaj|söyleşi|görüş)"
    rf"|(?: haber ajansi| ajansi| gazetesi| kanali| sitesi)?,?{_TR_SELF} [^.!?]{{3,100}} {_TR_SAY}(?=[.!?]|$))"
)

# ---- Kazakh ---------------------------------------------------------------------------------------------------------
_KK_HEAD = (
    r"(?: (?:(?:халықаралық |ақпарат(?:тық)? |жаңалықтар )?(?:агентті|портал|сайт|газет|басылым|телеарна|радио|тілші"
    rf"|журнал|арна|редакция|ақпарат көз|қызмет){_LETTER}*))?"
)
_KK_NEWS = words(
    """мәлімет* дерек* дерег* ақпарат* хабар* сөз* пікір* мәтін* үзінді* түсініктеме* мәлімдеме* видео* бейнежазба*
    есеб* есеп* бағала* болжам* сауалнама* зерттеу* жазба* сұхбат* цифр* сан* дәйексөз* материал* мақала* жағдай*"""
)
_KK_SAY = words(
    """келтірді келтіреді келтірген жариялады жариялайды жариялаған таратты таратады таратқан ұсынды растады растайды
    растап_отыр мәлім_етті мәлімдеді хабарлады хабарлайды жазды жазады көрсетті көрсетеді"""
)
_KK_SELF = rf"(?![^.!?]{{0,90}}(?<!{_LETTER})(?:өз|өзінің|өз[іи]{_LETTER}*){_END})"
_KK_AS = words(
    """хабарлаған*дай хабарлаған*дей жазған*дай мәлімдеген*дей көрсеткен*дей келтірген*дей айтқан*дай мәлімдеуінше
    бағалауынша есептеуінше айтуынша жазуынша болжауынша есебінше пікірінше"""
)
_KK_THAT = words(
    """санайды есептейді болжайды ескертеді ескертті атап_өтті мәлімдейді жазып_отыр
    хабарлап_отыр жазған хабарлаған келтірді болжады бағалады бағалайды"""
)
KK_ROLE = (
    rf"(?:(?:[нтд][ыі]ң)?{_KK_HEAD}(?: (?:келтірген|берген|таратқан|жариялаған|ұсынған|жинаған|жүргізген))?"
    rf" (?:[^.!?]{{0,20}} )?{_KK_NEWS} (?:бойынша|сүйенсек|қарағанда|сәйкес|негізінде|сүйеніп|сүйене отырып)"
    rf"| (?:сауалына|сұрағына|тілшісіне|тілшілеріне|эфирінде){_END}"
    r"|[нтд][ае]н (?:[^.!?]{0,20} )?(?:алынған|келген|белгілі)"
    rf"|(?:[нтд][ыі]ң)?{_KK_HEAD} (?:[^.!?]{{0,30}} )?{_KK_AS}"
    rf"|{_KK_HEAD},?{_KK_SELF} (?:[^.!?]{{0,{CLAUSE}}} )?{_KK_NEWS} (?:[^\W\d_]+ ){{0,2}}{_KK_SAY}(?=[.!?,]|$)"
    rf"|{_KK_HEAD},?{_KK_SELF} (?:[^.!?]{{0,{CLAUSE}}} )?"
    rf"деп {_KK_THAT}"
    rf"|[нтд][ыі]ң (?:[^.!?]{{0,20}} )?(?:сұрағы|сауалы|эфирінде|мақаласы|материалы|сайтында|сұхбаты"
    r"|тілшісіне|тілшілеріне)"
    r"|(?:мен|пен|бен)(?![^\W_]) (?:[^.!?]{0,25} )?(?:сұхбат|әңгіме)"
    r"|[дт][ае](?![^\W_]) (?:[^.!?]{0,30} )?(?:жариялан|шыққан|жарық көр)"
    rf"|{_KK_HEAD} (?:мәлім етті|мәлімдеді|хабарлап отыр|жазып отыр))"
)

# ---- Georgian, Chinese -------------------------------------------------------------------------------------------
_KA_SAY = words(
    """ამტკიცებს ვარაუდობს აღნიშნავს განმარტავს გადმოსცემს აქვეყნებს ადასტურებს გვატყობინებს ირწმუნება იუწყებოდა
    გაავრცელა დაწერა გამოაქვეყნა გადასცა იტყობინებოდა წერდა"""
)
KA_ROLE = (
    r"(?:ს(?![ა-ჰ])[^.!?]{0,60} (?:უთხრა|განუცხადა|აცნობა|უამბო|დაუდასტურა|უპასუხა|განუმარტა|აუხსნა|ესაუბრა)"
    r"|ის (?:[^.!?]{0,20} )?(?:ცნობით|ინფორმაციით|მონაცემებით|შეფასებით|გამოთვლით|კითხვა|კორესპონდენტს|ეთერში|თანახმად"
    r"|მიხედვით|მიერ გავრცელებ|წყაროებ|კვლევით|საიტზე)"
    rf"|[იმ]?ა?(?![ა-ჰ])(?: სააგენტო{_LETTER}*)?,? (?:[^.!?]{{0,40}} )?{_KA_SAY}"
    r"|ში (?:[^.!?]{0,20} )?(?:გამოქვეყნებულ|დაბეჭდილ)|თან (?:[^.!?]{0,20} )?(?:საუბარ|ინტერვიუ))"
)
ZH_AFTER = (
    r"(?:[^，。,.]{0,8}(?:认为|指出|写道|披露|评论|预计|估算|获悉|透露|发文|刊文|播出|撰文|分析|了解到|转述|刊登))"
)

MORE_BEFORE = {"en": EN_BEFORE, "ru": RU_BEFORE, "uk": UK_BEFORE}
MORE_AFTER = {"en": EN_AFTER, "ru": RU_AFTER, "uk": UK_AFTER, "zh": ZH_AFTER}
MORE_ROLES = {"az": AZ_ROLE, "tr": TR_ROLE, "kk": KK_ROLE, "ka": KA_ROLE}
