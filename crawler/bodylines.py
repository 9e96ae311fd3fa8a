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
    r"download (?:the|our) .{0,40}app|join (?:us|our) .{0,60}(?:telegram|whatsapp|channel|group)|"
    r"this article (?:has been reviewed|was originally published|first appeared|may contain affiliate)|"
    r"we (?:independently|may earn)\b.{0,200}commission|buying through us|"
    r"(?:©|copyright\b|\(c\) ?\d{4})|all rights reserved|filed under|"
    r"\(?(?:reporting|editing|writing|additional reporting|compiled|edited) by\b|with files from\b|source\s*:|"
    r"les(?:en sie|t) (?:auch|mehr|hier)|mehr zum thema|zum artikel\s*:|lire aussi|à lire|leggi anche|"
    r"lea también|te puede interesar|leia (?:também|mais)|lees ook|läs också|les også|læs også|čtěte|czytaj|"
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
    r"相关(?:阅读|新闻|报道|文章)|延伸阅读|推荐阅读|更多(?:阅读|新闻|精彩)|版权(?:所有|声明)|来源[:：]|编辑[:：]|"
    r"[(（]责任?编辑)",
    re.IGNORECASE,
)


def is_noise(line: str) -> bool:
    """Whether a line's words are what newsrooms print around articles."""
    if len(line) > LONGEST_NOISE:
        return False
    return _WHOLE.fullmatch(line) is not None or _START.match(line) is not None


def squeezed(text: str) -> str:
    """Letters and digits only, case folded: how lines of a body are found again in the tree."""
    return "".join(char for char in unicodedata.normalize("NFKC", text).casefold() if char.isalnum())


def link_blocks(tree: HtmlElement) -> set[str]:
    """The squeezed texts of paragraphs and list entries that are nothing but a link to another page."""
    blocks: set[str] = set()
    for number, link in enumerate(tree.iter("a")):
        if number > MOST_LINKED:
            break
        block = next((up for up in link.iterancestors("p", "li", "h2", "h3", "h4", "h5", "div", "blockquote")), None)
        if block is None or (link.get("href") or "#").startswith("#"):  # a table of contents names our own headings
            continue
        whole, inside = squeezed(_begin(block)), squeezed(_begin(link))
        if LEAST_LINK <= len(inside) <= LONGEST_LINK and len(inside) >= LINK_SHARE * len(whole):
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
    kept = [
        line
        for part in text.splitlines()
        if (line := one_line(part)) and not is_noise(line) and squeezed(line) not in linked
    ]
    return "\n".join(kept) or text
