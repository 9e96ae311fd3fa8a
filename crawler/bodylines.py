"""Which lines of a body are no part of the article: invitations to read or subscribe, share bars, advertisement marks.

Judged by their words (what newsrooms print around every article, in our languages and their neighbours) and by the
page's own markup: a paragraph or list entry that is nothing but a link leads to another article. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

from lxml.html import HtmlElement

from crawler.plain import one_line

LONGEST_NOISE = 240  # characters: a longer line says something, however it begins
LONGEST_HEAD_LINE = 110  # characters of a byline with its date
MOST_HEAD_LINES = 4  # lines at the top of a body among which they are; further down a date or a name is a heading
LEAST_LINK = 12  # letters of a link that can be a headline; shorter ones are names and numbers in running text
LONGEST_LINK = 140  # letters; what is longer is prose that somebody linked as a whole
LINK_SHARE = 0.9  # of a block's letters that stand in links: such a block is a link, whatever dots surround it
MOST_BLOCK = 4 * LONGEST_LINK  # characters of a block that are read; one that goes on is more than a link
MOST_PARTS = 500  # pieces of text in it
MOST_LINKED = 4_000  # elements looked at for links

# A line that is only this, whatever punctuation follows.
_WHOLE = re.compile(
    r"(?:article content|story continues below.*|(?:article|story) continues (?:below|after).*|advertisements?\W*\d*|"
    r"advertisement.*continues.*|ad feedback|sponsored(?: content)?|promoted(?: content)?|"
    r"(?:recommended|related|trending|popular|more)(?: (?:videos?|stories|articles?|news|content|topics?|posts?))?|"
    r"trending (?:now|this week|today)|"
    r"(?:most (?:read|popular|viewed)|more|trending) (?:in|on|from) .{1,30}|comments are closed|"
    r"click to (?:hide|expand)|(?:click to )?(?:read more and )?view (?:\d+ )?comments|"
    r"(?:please )?(?:log|sign) ?in to .{0,30}comment.{0,30}|"
    r"mehr themen|zum weiterlesen|weitere informationen(?: zu[mr]? .{1,60})?:|kommentieren|zum thema|ähnliche|"
    r"empfohlener (?:redaktioneller|externer) inhalt|infos? zum zitiervorschlag|más sobre .{1,40}|más información|"
    r"ver más|à lire aussi|sur le même sujet|(?:show)?paywall:?|完了しました|"
    r"(?:you (?:may|might) (?:also )?(?:like|be interested in)).*|read (?:more|also|next|on)|see also|also read|"
    r"most (?:read|popular)|don't miss|up next|more (?:on|from|in) .{1,40}|newsletters?|topics?|tags?|keywords?|"
    r"share(?: (?:this|on|via).{0,40})?|print|close|comments?|leave a (?:comment|reply)|\d+ comments?|copy link|"
    r"photos?|videos?|video player|watch(?: now| live)?|listen(?: now)?|loading|embed|image source.{0,80}|"
    r"thanks for signing up|sorry|oops.{0,60}try again later|hauptinhalt|auch interessant|anzeige|werbung|článek|"
    r"реклама|на правах рекламы|поделиться.{0,40}|комментарии|читать далее|подробнее|теги|метки|фото|видео|"
    r"реклам[аи]|жарнама|бөлісу|пікірлер|пайлашуу|поділитися.{0,40}|коментарі|теґи|"
    r"reklam|paylaş\w*|şərhlər|etiketlər|foto|video|yorumlar|etiketler|haberin devamı|"
    r"რეკლამა|გააზიარე|კომენტარები|ფოტო|ვიდეო|分享(?:让更多人看到)?|评论|关注|收藏|打印|广告|责任编辑.{0,20}|"
    r"[-–—_*•·#~=\s]{1,20}|\|[\s|]*)[\s.:!…»>]*",
    re.IGNORECASE,
)
# A line that begins like this and is short enough to be nothing else.
_START = re.compile(
    r"(?:[-•*→▶►»>|]\s*)?(?:"
    r"(?:read|see|also|watch|listen|more|related)(?: (?:more|also|next|read|on|here|now))?\s*(?::|\|)|"
    r"read (?:more|also|next)\b|also read\b|related(?: (?:stories|articles?|content|coverage))?\s*:|click here\b|"
    r"(?:get|sign up|subscribe|register) (?:.{0,40}?)(?:newsletter|inbox|e-?mail|daily|alerts?|updates|app\b|youtube|"
    r"telegram|whatsapp)|sign up (?:for|to)\b|follow (?:us|him|her|me|them|@|\w+ on)\b|like this story|"
    r"keep an eye on your inbox|thank you for subscribing|there was an error processing|have a tip\b|"
    r"download (?:the|our) .{0,40}app|subscribe (?:now|today)\b|for the latest .{0,60}(?:download|app)|"
    r"(?:please )?read our comment policy|to (?:view|read) the full (?:story|article)|il vous reste [\d.,]+ ?%|"
    r"an dieser stelle (?:finden sie|haben unsere)|ich bin (?:damit )?einverstanden, dass|有料会員|"
    r"(?:contributing|editor|with reporting by)\s*:\s|(?:photo|gallery|image|picture) credits?\b|"
    r"contact .{3,60} at \S+@|(?:foto|photo|bild|фото|сүрөт|şəkil|ფოტო)(?:[:：]| ?[©/])|— .{1,60}\(@\w+\)|"
    r"pic\.twitter\.com/\S+$|"
    r"we recommend the best products|this (?:post|page|story) contains (?:references|affiliate|links)|"
    r"dieses thema im programm|dieser eintrag wurde veröffentlicht|mit dem von dir abgeschickten|lust auf mehr\?|"
    r"join (?:us|our) .{0,60}(?:telegram|whatsapp|channel|group)|"
    r"this article (?:has been reviewed|was originally published|first appeared|may contain affiliate)|"
    r"we (?:independently|may earn)\b.{0,200}commission|buying through us|"
    r"(?:©|copyright\b|\(c\) ?\d{4})|all rights reserved|filed under|"
    r"\(?(?:reporting|editing|writing|additional reporting|compiled|edited) by\b|with files from\b|source\s*:|"
    r"les(?:en sie|t) (?:auch|mehr|hier)|mehr zum thema|zum artikel\s*:|lire aussi|à lire|leggi anche|"
    r"lea también|(?:le|te) puede interesar\b|suscr[íi]bete\b|abonnez-vous|inscrivez-vous|iscriviti|"
    r"te puede interesar|leia (?:também|mais)|lees ook|läs också|les også|læs også|čtěte|czytaj|"
    r"tempo de leitura|\d+ (?:min(?:ute)?n?|мин\w*|dəqiqə|dakika)\W*(?:read|lesezeit|чтени\w*|oxu\w*|okuma)\b|"
    r"(?:читайте|смотрите|слушайте|узнайте)(?: также| больше| ещё| еще| по теме| нас| подробнее)|по теме\s*:|"
    r"(?:подпис(?:ывайтесь|ывайся|аться|ка на)|подпишитесь|подпишись|следите за|присоединяйтесь к)\b|"
    r"(?:при|в случае) (?:использовании|перепечатке|копировании)|все права защищены|нашли ошибку|"
    r"если вы (?:нашли|заметили|обнаружили) (?:ошибку|опечатку)|материалы по теме|другие новости|"
    r"(?:читайте|дивіться) також|підписуйтесь|підпишіться|долучайтесь|якщо ви (?:знайшли|помітили)|усі права|"
    r"(?:həmçinin|bunu da|bunları da) (?:oxu|bax)\w*|oxşar xəbər|əlaqəli xəbər|daha ətraflı\s*:|"
    r"(?:bizi|bizə) .{0,60}(?:izlə|abunə|qoşul)\w*|abunə olun|(?:telegram|whatsapp|youtube) kanal\w*|"
    r"bütün hüquqlar|xəbərdə səhv|(?:ayrıca|bunu da|şunu da) (?:oku|bak)\w*|ilgili haber|"
    r"bizi .{0,60}takip ed\w*|abone ol\w*|tüm hakları|bunlar da ilginizi|"
    r"(?:тағы|сондай-ақ|бұны да|оқи) (?:оқы|отыр|қара)\w*|ұқсас жаңалық|бізге .{0,60}жазыл\w*|"
    r"(?:telegram|instagram|facebook).{0,30}(?:жазылыңыз|парақшамыз)|барлық құқық|"
    r"ასევე (?:წაიკითხეთ|იხილეთ|ნახეთ)|წაიკითხეთ (?:ასევე|მეტი)|გამოგვყევით|გამოიწერეთ|ყველა უფლება|"
    r"[(（【]?(?:责编|责任编辑|编辑|编审|审校|校对|监制|策划)\s*[:：]|相关(?:阅读|新闻|报道|文章)|延伸阅读|推荐阅读|更多(?:阅读|新闻|精彩)|版权(?:所有|声明)|来源[:：]|编辑[:：]|"
    r"[(（]责任?编辑)",
    re.IGNORECASE,
)


# A newsletter is advertised in a line that names it and what to do about it.
_NEWSLETTER = re.compile(
    r"newsletters?\b.{0,120}(?:sign up|subscri|inbox|delivered|anmelde|abonn|posteingang|kostenlos|free\b|inform|"
    r"suscri|inscri|iscriv)|"
    r"(?:sign up|subscri|inbox|melde dich|abonn|posteingang|suscr|inscri|iscriv).{0,120}newsletter",
    re.IGNORECASE,
)
_NO_LETTERS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")
_BULLET = re.compile(r"[-–•*·▪►]\s+(?=\w)")
# Lines between the headline and the text: who and when.
_BY = re.compile(
    r"(?:by|von|par|por|text|автор(?:ы)?|автор статьи|текст|müəllif|yazar|мәтін|ავტორი)\b\s*:?\s*", re.IGNORECASE
)
_BETWEEN_NAMES = frozenset(
    ("and", "und", "et", "y", "e", "и", "та", "və", "ve", "мен", "de", "la", "van", "von", "der", "af", "al", "el",
     "bin", "für", "of", "the", "for", "-", "–", "—", "|", "&", "/")
)  # fmt: skip
_WHEN = re.compile(
    r"(?:(?:published|updated|posted|last updated|veröffentlicht|aktualisiert|stand|publié|mis à jour|publicado|"
    r"actualizado|опубликовано|обновлено|дата|опубліковано|оновлено|yayınlan\w*|güncelle\w*|tarix|dərc\w*|жарияланған)"
    r"\b.{0,40}\d.{0,40}|"
    r"(?:\w{2,12}[,.]? )?(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{2}){1,2}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|"
    r"\d{1,2}\.? [^\W\d]{3,12}\.?,? \d{4}|[^\W\d]{3,12}\.? \d{1,2},? \d{4}|\d{4}年\d{1,2}月\d{1,2}日)"
    r"(?:\W{0,5}(?:um |at |в |saat )?\d{1,2}[:.]\d{2}.{0,24})?|"
    r"\d{1,2}:\d{2}\W{1,4}(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{2}){1,2}|\d{1,2} [^\W\d]{3,12},? \d{4}).{0,12})\W*",
    re.IGNORECASE,
)


def is_noise(line: str) -> bool:
    """Whether a line's words are what newsrooms print around articles."""
    if len(line) > LONGEST_NOISE:
        return False
    if bullet := _BULLET.match(line):
        line = line[bullet.end() :]
    if _WHOLE.fullmatch(line) is not None or _START.match(line) is not None:
        return True
    return _NEWSLETTER.search(line) is not None


def is_head_line(line: str) -> bool:
    """Whether a line is nothing but who wrote the article or when it was published."""
    if len(line) > LONGEST_HEAD_LINE:
        return False
    if bullet := _BULLET.match(line):
        line = line[bullet.end() :]
    return _WHEN.fullmatch(line) is not None or _is_byline(line)


def _is_byline(line: str) -> bool:
    by = _BY.match(line)
    if by is None or line.endswith(("!", "?", ":")):
        return False
    words = line[by.end() :].replace(",", " ").split()
    names = [word for word in words if word.casefold() not in _BETWEEN_NAMES]
    return len(names) >= 2 and all(word[0].isupper() or word[0].isdigit() for word in names)


def squeezed(text: str) -> str:
    """Letters and digits only, case folded: how lines of a body are found again in the tree."""
    return _NO_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold())


def link_blocks(tree: HtmlElement) -> set[str]:
    """The squeezed texts of paragraphs and list entries that are nothing but a link to another page."""
    blocks: set[str] = set()
    for number, link in enumerate(tree.iter("a")):
        if number > MOST_LINKED:
            break
        block = next((up for up in link.iterancestors("p", "li", "h2", "h3", "h4", "h5", "div", "blockquote")), None)
        if block is None or (link.get("href") or "#").startswith("#"):  # a table of contents names our own headings
            continue
        inside = squeezed(_begin(link))
        if not LEAST_LINK <= len(inside) <= LONGEST_LINK:
            continue
        whole = squeezed(_begin(block))
        words = len(whole) if len(whole) <= len(inside) else len(_DIGITS.sub("", whole))  # a date may stand before it
        if len(inside) >= LINK_SHARE * words:
            blocks.add(whole)
    return blocks


def _begin(element: HtmlElement) -> str:
    """An element's text as far as it matters: thousands of links in one block must not read it thousands of times."""
    parts: list[str] = []
    length = 0
    for part in islice(element.itertext(), MOST_PARTS):
        parts.append(part)
        length += len(part.strip())
        if length > MOST_BLOCK:
            break
    return "".join(parts)


def without_noise(text: str, linked: set[str]) -> str:
    """The body without such lines; unchanged where nothing would be left."""
    kept: list[str] = []
    for part in text.splitlines():
        line = one_line(part)
        if not line or is_noise(line) or squeezed(line) in linked:
            continue
        if len(kept) < MOST_HEAD_LINES and is_head_line(line):
            continue
        kept.append(line)
    return "\n".join(kept) or text
