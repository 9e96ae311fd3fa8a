"""Small pages of every kind, made here in eight languages and the layouts of news sites: `pages()` and `articles()`.

Headlines and paragraphs are those of tests/data/languages.jsonl; the rest of the words is below. Nothing is copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.article import PageKind

LANGUAGES = ("az", "en", "ka", "kk", "ru", "tr", "uk", "zh")
SITE = "Wire"
_ROWS = [
    json.loads(line) for line in (Path(__file__).parent / "data" / "languages.jsonl").read_text("utf-8").splitlines()
]


def headlines(language: str) -> list[str]:
    return [row["text"] for row in _ROWS if row["variety"] == language and row["form"] == "headline"]


def paragraphs(language: str) -> list[str]:
    return [row["text"] for row in _ROWS if row["variety"] == language and row["form"] == "paragraph"]


@dataclass(frozen=True)
class Words:
    """What a site says in one language around its articles."""

    missing: str  # title of a page that is not there
    sorry: str
    search: str
    found: str  # "found 25 results for"
    latest: str
    read_more: str
    subscribe: str  # the sentence of a stub
    log_in: str
    password: str
    caption: str
    watch: str
    wait: str  # what a challenge says
    cookies: str
    accept: str


WORDS = {
    "en": Words(
        "Page not found", "Sorry, the page you are looking for does not exist or has been moved.",
        "Search results", "25 results found for", "Latest news", "Read more",
        "This article is for subscribers only. Subscribe to continue reading.", "Log in", "Password",
        "The quay in the morning. Photo: Wire", "Watch the video report from the port.",
        "Checking your browser before you open the site.",
        "We use cookies to improve the site. Choose what you allow.", "Accept all",
    ),
    "ru": Words(
        "Страница не найдена", "К сожалению, запрошенная страница не существует или была удалена.",
        "Результаты поиска", "Найдено материалов: 25, запрос", "Последние новости", "Читать далее",
        "Материал доступен только подписчикам. Оформите подписку, чтобы читать дальше.", "Войти", "Пароль",
        "Причал утром. Фото: Wire", "Смотрите видеорепортаж из порта.",
        "Проверка браузера перед переходом на сайт.",
        "Мы используем файлы cookie, чтобы улучшить работу сайта.", "Принять все",
    ),
    "az": Words(
        "Səhifə tapılmadı", "Təəssüf ki, axtardığınız səhifə mövcud deyil və ya silinib.",
        "Axtarış nəticələri", "25 nəticə tapıldı:", "Son xəbərlər", "Ardını oxu",
        "Bu məqalə yalnız abunəçilər üçündür. Oxumağa davam etmək üçün abunə olun.", "Daxil ol", "Şifrə",
        "Səhər körpüdə. Foto: Wire", "Limandan videoreportajı izləyin.",
        "Robot olmadığınızı təsdiqləyin.",
        "Saytımız kukilərdən istifadə edir.", "Hamısını qəbul et",
    ),
    "kk": Words(
        "Бет табылмады", "Өкінішке қарай, сіз іздеген бет жоқ немесе жойылған.",
        "Іздеу нәтижелері", "25 нәтиже табылды:", "Соңғы жаңалықтар", "Толығырақ",
        "Бұл мақала тек жазылушыларға арналған. Жалғасын оқу үшін жазылыңыз.", "Кіру", "Құпиясөз",
        "Таңертеңгі айлақ. Фото: Wire", "Порттан бейнерепортажды көріңіз.",
        "Браузеріңіз тексерілуде, күте тұрыңыз.",
        "Біз cookie файлдарын пайдаланамыз.", "Барлығын қабылдау",
    ),
    "tr": Words(
        "Sayfa bulunamadı", "Aradığınız sayfa mevcut değil veya kaldırılmış olabilir.",
        "Arama sonuçları", "25 sonuç bulundu:", "Son haberler", "Devamını oku",
        "Bu haber yalnızca abonelere açıktır. Devamını okumak için abone olun.", "Giriş yap", "Şifre",
        "Sabah rıhtımda. Fotoğraf: Wire", "Limandan video haberi izleyin.",
        "Robot olmadığınızı doğrulayın.",
        "Sitemizde çerez kullanıyoruz. Tercihlerinizi seçin.", "Tümünü kabul et",
    ),
    "uk": Words(
        "Сторінку не знайдено", "На жаль, сторінка, яку ви шукаєте, не існує або була видалена.",
        "Результати пошуку", "Знайдено матеріалів: 25, запит", "Останні новини", "Читати далі",
        "Матеріал доступний лише для передплатників. Оформіть передплату, щоб читати далі.", "Увійти", "Пароль",
        "Причал уранці. Фото: Wire", "Дивіться відеорепортаж із порту.",
        "Перевірка браузера перед переходом на сайт.",
        "Ми використовуємо файли cookie.", "Прийняти все",
    ),
    "ka": Words(
        "გვერდი ვერ მოიძებნა", "სამწუხაროდ, თქვენ მიერ მოთხოვნილი გვერდი არ არსებობს ან წაშლილია.",
        "ძიების შედეგები", "ნაპოვნია 25 შედეგი:", "ბოლო სიახლეები", "ვრცლად",
        "სტატია ხელმისაწვდომია მხოლოდ გამომწერებისთვის. გამოიწერეთ, რომ გააგრძელოთ კითხვა.", "შესვლა", "პაროლი",
        "ნავმისადგომი დილით. ფოტო: Wire", "უყურეთ ვიდეორეპორტაჟს პორტიდან.",
        "მიმდინარეობს ბრაუზერის შემოწმება.",
        "ჩვენ ვიყენებთ cookie ფაილებს.", "ყველას მიღება",
    ),
    "zh": Words(
        "页面不存在", "抱歉，您访问的页面不存在或已被删除。",
        "搜索结果", "共找到25条结果：", "最新消息", "阅读全文",
        "本文仅限订阅用户阅读。请订阅后继续阅读。", "登录", "密码",
        "清晨的码头。图片来源：Wire", "点击观看港口视频报道。",
        "正在检查您的浏览器，请稍候。",
        "本网站使用cookie以改善体验。", "全部接受",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A page and what it is."""

    name: str
    kind: PageKind
    url: str
    html: str


def document(
    language: str, title: str, body: str, *, head: str = "", heading: str = "", bare: bool = False, aside: bool = True
) -> str:
    """A whole page of a site: menu, main part, side column with the latest headlines, footer."""
    words, heads = WORDS[language], headlines(language)
    menu = "".join(f"<li><a href='/{language}/s{n}'>{one.split()[0]}</a></li>" for n, one in enumerate(heads[:8]))
    latest = "".join(f"<li><a href='/{language}/n/{n}'>{one}</a></li>" for n, one in enumerate(heads[8:14]))
    column = f"<aside class='sidebar'><h3>{words.latest}</h3><ul>{latest}</ul></aside>" if aside else ""
    h1 = f"<h1>{heading}</h1>" if heading else ""
    around = "" if bare else f"<header><nav><ul>{menu}</ul></nav></header>"
    foot = "" if bare else f"{column}<footer><p>© 2026 {SITE}</p></footer>"
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body>{around}<main>{h1}{body}</main>{foot}</body></html>"
    )


def _card(language: str, number: int, *, teaser: bool, tag: str = "div") -> str:
    heads = headlines(language)
    head = heads[number % len(heads)]
    more = (heads[(number + step) % len(heads)] for step in (1, 2, 3))
    said = f"<p class='lead'>{'. '.join(more)}.</p>" if teaser else ""
    return (
        f"<{tag} class='card'><img src='/i/{number}.jpg' alt=''><h3><a href='/{language}/n/{number}'>{head}</a></h3>"
        f"<span class='date'>{number % 28 + 1:02}.03.2026 12:{number + 10}</span>{said}</{tag}>"
    )


def _cards(language: str, count: int, *, teaser: bool = False, tag: str = "div") -> str:
    return "<div class='list'>" + "".join(_card(language, n, teaser=teaser, tag=tag) for n in range(count)) + "</div>"


def _listings(language: str) -> Iterator[Made]:
    words, topic = WORDS[language], headlines(language)[0].split()[0]
    base = f"https://wire.example/{language}"
    yield Made("tag page, teasers", "listing", f"{base}/tag/port", document(
        language, f"{topic} | {SITE}", _cards(language, 12, teaser=True), heading=f"#{topic}"))  # fmt: skip
    yield Made("tag page, headlines", "listing", f"{base}/tag/port", document(
        language, f"{topic} - {SITE}", _cards(language, 20), heading=topic))  # fmt: skip
    results = f"<p>{words.found} «{topic}»</p>{_cards(language, 10, teaser=True, tag='article')}"
    yield Made("search results", "listing", f"{base}/search?q=port", document(
        language, f"{words.search}: {topic}", results, heading=words.search))  # fmt: skip
    section = f"{_cards(language, 15, teaser=True)}<p><a href='?page=2'>2</a> <a href='?page=3'>3</a></p>"
    yield Made("section", "listing", f"{base}/economy", document(language, f"{words.latest} | {SITE}", section))


def _homes(language: str) -> Iterator[Made]:
    words = WORDS[language]
    columns = "".join(
        f"<section><h2>{words.latest} {n}</h2>{_cards(language, 6, teaser=n == 0)}</section>" for n in range(4)
    )
    yield Made("home", "home", "https://wire.example/", document(language, SITE, columns))
    yield Made("home of a language", "home", f"https://wire.example/{language}/", document(language, SITE, columns))
    canonical = "<link rel='canonical' href='https://wire.example/'><meta property='og:type' content='website'>"
    dead = f"https://wire.example/{language}/news/2019/port-1"
    yield Made("home at a dead article's address", "home", dead, document(language, SITE, columns, head=canonical))


def _galleries(language: str) -> Iterator[Made]:
    words, head = WORDS[language], headlines(language)[0]
    photos = "".join(
        f"<figure><img src='/p/{n}.jpg' alt='{words.caption}'><figcaption>{n}. {words.caption}</figcaption></figure>"
        for n in range(1, 13)
    )
    yield Made("photo gallery", "gallery", f"https://wire.example/{language}/photo/port-17", document(
        language, f"{head} | {SITE}", f"<div class='gallery'>{photos}</div>", heading=head))  # fmt: skip
    video = f"<div class='player'><video src='/v/1.mp4' controls></video></div><p>{words.watch}</p>"
    og = "<meta property='og:type' content='video.other'>"
    yield Made("video with a sentence", "gallery", f"https://wire.example/{language}/video/port-18", document(
        language, f"{head} | {SITE}", video, head=og, heading=head))  # fmt: skip
    frame = f"<iframe src='https://www.youtube.com/embed/x1'></iframe><p>{words.watch}</p>"
    yield Made("video in a frame", "gallery", f"https://wire.example/{language}/video/port-19", document(
        language, f"{head} | {SITE}", frame, heading=head))  # fmt: skip


def _walls(language: str) -> Iterator[Made]:
    words, head, text = WORDS[language], headlines(language)[0], paragraphs(language)[0]
    url = f"https://wire.example/{language}/n/9"
    yield Made("paywall stub", "paywall", url, document(
        language, f"{head} | {SITE}", f"<p>{text}</p><div class='paywall'><p>{words.subscribe}</p></div>",
        heading=head))  # fmt: skip
    form = (
        f"<form method='post' action='/login'><label>E-mail</label><input name='email' type='email'>"
        f"<label>{words.password}</label><input name='password' type='password'>"
        f"<button>{words.log_in}</button></form>"
    )
    yield Made("login form", "paywall", url, document(language, words.log_in, form, heading=words.log_in, aside=False))
    consent = f"<div class='consent'><h1>{SITE}</h1><p>{words.cookies}</p><button>{words.accept}</button></div>"
    yield Made("consent", "consent", url, document(language, SITE, consent, bare=True))
    guard = f"<p>{words.wait}</p><noscript>JavaScript</noscript><script src='/.well-known/ddos-guard/js/c.js'></script>"
    yield Made("challenge of DDoS-Guard", "challenge", url, document(language, "DDoS-Guard", guard, bare=True))
    qrator = f"<p>{words.wait}</p><script src='/__qrator/qauth_utm_v2.js'></script>"
    yield Made("challenge of Qrator", "challenge", url, document(language, SITE, qrator, bare=True))
    flare = f"<p>{words.wait}</p><script>window._cf_chl_opt={{cvId:'3'}}</script>"
    yield Made("challenge of Cloudflare", "challenge", url, document(language, "wire.example", flare, bare=True))


def _errors(language: str) -> Iterator[Made]:
    words = WORDS[language]
    url = f"https://wire.example/{language}/n/404404"
    yield Made("plain error", "error", url, document(
        language, f"{words.missing} | {SITE}", f"<p>{words.sorry}</p>", heading="404"))  # fmt: skip
    related = f"<p>{words.sorry}</p><h2>{words.latest}</h2>{_cards(language, 8, teaser=True)}"
    yield Made("error with related links", "error", url, document(
        language, f"{words.missing} - {SITE}", related, heading=words.missing))  # fmt: skip
    yield Made("error named in its heading only", "error", url, document(
        language, SITE, f"<p>{words.sorry}</p>{_cards(language, 6)}", heading=f"404 — {words.missing}"))  # fmt: skip
    yield Made("error named in its words only", "error", url, document(
        language, SITE, f"<div class='message'>{words.sorry}</div>", aside=False))  # fmt: skip


def _empties(language: str) -> Iterator[Made]:
    url = f"https://wire.example/{language}/n/7"
    yield Made("application's shell", "empty", url, document(
        language, SITE, "<div id='app'></div><script src='/app.js'></script>", bare=True))  # fmt: skip
    yield Made("frame of a site without a text", "empty", url, document(language, SITE, "<div class='text'></div>"))


def pages(language: str) -> list[Made]:
    """Pages that are no articles."""
    makers = (_listings, _homes, _galleries, _walls, _errors, _empties)
    return [made for maker in makers for made in maker(language)]


def articles(language: str) -> list[Made]:
    """Articles that look like something else."""
    words, heads, texts = WORDS[language], headlines(language), paragraphs(language)
    url = f"https://wire.example/{language}/n/1"
    body = "".join(f"<p>{one}</p>" for one in texts * 2)
    brief = f"<p>{texts[0]}</p>"
    dated = "<meta property='article:published_time' content='2026-03-20T10:00:00+04:00'>"
    og = "<meta property='og:type' content='article'>"
    banner = f"<div class='cookie'><p>{words.cookies}</p><button>{words.accept}</button></div>"
    photos = "".join(f"<figure><img src='/{n}.jpg'><figcaption>{words.caption}</figcaption></figure>" for n in range(8))

    roundup = "".join(f"<h2><a href='/n/{n}'>{one}</a></h2><p>{texts[n % 2]}</p>" for n, one in enumerate(heads[3:9]))

    def page(name: str, text: str, *, head: str = "", title: str = heads[1], at: str = url) -> Made:
        return Made(name, "article", at, document(language, f"{title} | {SITE}", text, head=head, heading=title))

    return [
        page("plain", f"<article>{body}</article>"),
        page("brief", f"<article>{brief}</article>"),
        page("brief in bare blocks", f"<div class='text'>{brief}</div>"),
        page("brief with a banner", f"<article>{brief}</article>{banner}"),
        page("with related cards", f"<article>{body}</article>{_cards(language, 8, teaser=True)}"),
        page("brief with related headlines", f"<article>{brief}</article>{_cards(language, 12)}", head=og),
        page("with a video", f"<article><video src='/v.mp4'></video>{body}</article>", head=og),
        page("with photos", f"<article>{body}{photos}</article>"),
        page("brief with photos", f"<article>{brief}<p>{texts[1]}</p>{photos}</article>", head=og + dated),
        page("offers a subscription", f"<article>{body}</article><p>{words.subscribe}</p>"),
        page("brief with a login in its menu", f"<article>{brief}</article><form><input type='password'></form>"),
        page("in short lines", "".join(f"<p>{one[:50]}.</p>" for one in texts * 2 + heads)),
        page("tells five stories", roundup, head=og),
        page("about a 404", f"<article>{body}</article>", title=f"404 {heads[2]}"),
        page("under a tag's address", f"<article>{body}</article>", at=f"https://wire.example/{language}/tag/port/1"),
        page("canonical is the home page", f"<article>{body}</article>", head="<link rel='canonical' href='/'>"),
    ]
