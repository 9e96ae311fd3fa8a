"""Which words of a page are its article: noise by its words and by its markup, parts in several containers."""

from __future__ import annotations

import pytest
from trafilatura.utils import load_html

from crawler.bodies import body_of
from crawler.bodylines import is_head_line, is_noise, link_blocks, squeezed, without_noise
from crawler.bodyparts import completed, missing_share, paragraphs_of, prose_share, standfirst

NOISE = [
    "Article content",
    "Advertisement 3",
    "Story continues below",
    "Read more: The port of Aktau is dredged",
    "© 2026 The Harbour Times",
    "Sign up for our morning newsletter",
    "Читайте также: Порт Актау углубят",
    "Подписывайтесь на наш Telegram-канал",
    "Həmçinin oxuyun: Liman dərinləşdirilir",
    "Bizi Telegram kanalında izləyin",
    "Bunu da okuyun: Liman derinleştiriliyor",
    "Сондай-ақ оқыңыз: Порт тереңдетіледі",
    "Читайте також: Порт поглиблять",
    "ასევე წაიკითხეთ: პორტი",
    "相关阅读：港口",
    "***",
]
WORDS = [
    "The cable was laid along the sea floor by two ships.",
    "Read the contract, said the minister, before you sign it.",
    "Источник: так назывался проект до 2019 года, и многие помнят это имя, потому что оно стояло на всех бумагах, "
    "которые тогда подписывали обе стороны, и на плакатах в порту, где собирались журналисты из Баку, Актау и других "
    "городов, чтобы увидеть корабль.",
    "Фото кабеля показали журналистам.",
    "Reklamçılar iclasa gəlmədi.",
    "Share prices fell by two per cent.",
    "Follow-up talks are planned for May.",
    "评论员说，电缆将于五月铺设。",
]


@pytest.mark.parametrize("line", NOISE)
def test_what_newsrooms_print_around_articles_is_noise(line: str) -> None:
    assert is_noise(line)


@pytest.mark.parametrize("line", WORDS)
def test_what_an_article_says_is_not(line: str) -> None:
    assert not is_noise(line)


def paragraph(number: int, words: str = "the ships lay the cable from the western shore") -> str:
    return f"On day {number} of the work {words}, the harbour office said in its report of that morning."


def test_a_paragraph_that_is_only_a_link_leads_elsewhere() -> None:
    tree = load_html(
        "<html><body><p>Prose with <a href='/a'>a linked name of a ship</a> in it goes on.</p>"
        "<p><a href='/b'>Another article of the same site</a></p>"
        "<ul><li><a href='#part'>The second part of this text</a></li></ul>"
        "<h2>The second part of this text</h2></body></html>"
    )
    text = (
        "Prose with a linked name of a ship in it goes on.\nAnother article of the same site\n"
        "- The second part of this text\nThe second part of this text"
    )
    kept = without_noise(text, link_blocks(tree))
    assert "Another article" not in kept
    assert "linked name of a ship" in kept
    assert "The second part" in kept, "a table of contents names the page's own headings"


def test_a_body_of_nothing_but_noise_is_kept() -> None:
    assert without_noise("Read more: x", set()) == "Read more: x"


def page(*containers: str, kind: str = "chunk", between: str = "<aside>An advertisement of somebody</aside>") -> str:
    blocks = between.join(f"<div class='{kind}'><div class='inner'>{inner}</div></div>" for inner in containers)
    return f"<html><body><main><h1>The cable</h1>{blocks}</main></body></html>"


def block(*numbers: int) -> str:
    return "".join(f"<p>{paragraph(number)}</p>" for number in numbers)


def test_paragraphs_of_the_bodys_own_shape_complete_it_in_order() -> None:
    tree = load_html(page(block(1, 2, 3), block(4, 5), block(6, 7)))
    paragraphs = paragraphs_of(tree)
    body = "\n".join(paragraph(number) for number in (1, 2, 3, 6))
    assert missing_share(body, paragraphs) == pytest.approx(3 / 7, abs=0.02)
    assert completed(body, paragraphs) == "\n".join(paragraph(number) for number in range(1, 8))


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"<div class='chunk'><div class='other'>{block(8, 9)}</div></div>",  # another shape
        f"<h1>Another article</h1><div class='chunk'><div class='inner'>{block(8, 9)}</div></div>",  # an endless page
        f"<article><div class='chunk'><div class='inner'>{block(8, 9)}</div></div></article>",
        f"<footer><div class='chunk'><div class='inner'>{block(8, 9)}</div></div></footer>",
    ],
)
def test_what_is_not_the_articles_own_does_not(elsewhere: str) -> None:
    tree = load_html(page(block(1, 2, 3)).replace("</main>", f"{elsewhere}</main>"))
    body = "\n".join(paragraph(number) for number in (1, 2, 3))
    assert completed(body, paragraphs_of(tree)) == body


def test_how_much_of_a_body_is_the_pages_prose() -> None:
    paragraphs = paragraphs_of(load_html(page(block(1, 2))))
    assert prose_share(paragraph(1), paragraphs) == pytest.approx(1.0)
    assert prose_share(f"{paragraph(1)}\n{paragraph(3)}", paragraphs) == pytest.approx(0.5, abs=0.02)
    assert prose_share("", paragraphs) == 0.0


def test_a_body_that_knows_nothing_of_the_page_gives_way() -> None:
    """The quick way took the long comments; the article is in plain divs."""
    told = "<br><br>".join(paragraph(number) for number in range(12))
    comments = "".join(f"<p>I do not believe a word of what they write here, number {n}.</p>" for n in range(4))
    story, other = f"<div id='text'><div>{told}</div></div>", f"<div class='article-body'>{comments}</div>"
    markup = f"<html><body>{story}{other}</body></html>"
    warnings: list[str] = []
    about = "Ships lay cable from western shore, harbour office said in morning report of work"
    body = body_of(load_html(markup), markup, "", about, warnings)
    assert "On day 3 of the work" in body
    assert any("slower way" in warning for warning in warnings)


@pytest.mark.parametrize(
    "line",
    [
        "- Oops!Something went wrong.Please try again later.",
        "Suscríbete a nuestro newsletter",
        "Our newsletter tells you each morning what is new: sign up here",
        "Please log in to leave a comment.",
        "Photo: The harbour office",
        "Фото: пресс-служба порта",
        "— Anna Rivers (@annar) January 2, 2026",
        "（责任编辑：王小明）",
        "责编：王小明、李海",
        "Most read in Shipping",
    ],
)
def test_credits_and_offers_around_the_text_are_noise(line: str) -> None:
    assert is_noise(line)


@pytest.mark.parametrize(
    "line",
    [
        "By Anna Rivers and Tom Banks",
        "Von Anna Rivers - Aktau - Friday, 2 January 2026",
        "Автор: Анна Речная",
        "Published: 2 January 2026, 08:11 CET",
        "17 noyabr, 2025 / 13:55",
        "05.09.2024 | 12:03",
    ],
)
def test_who_and_when_is_no_text_at_its_top_and_a_heading_further_down(line: str) -> None:
    prose = "\n".join(paragraph(number) for number in range(1, 6))
    assert without_noise(f"{line}\n{prose}", set()) == prose
    assert line in without_noise(f"{prose}\n{line}\n{prose}", set())


@pytest.mark.parametrize("line", ["By the end of May both ships are back.", "Von Aktau nach Baku in drei Tagen"])
def test_a_sentence_that_begins_like_a_byline_stays(line: str) -> None:
    assert not is_head_line(line)


STANDFIRST = "Fishermen of three villages fear for their nets while divers bury copper nearby."


def news(standfirst: str) -> str:
    prose = "".join(f"<p>{paragraph(number)}</p>" for number in range(1, 8))
    head = f"<header><h1>Two ships</h1>{standfirst}</header>"
    return f"<html><body><article>{head}<div>{prose}</div></article></body></html>"


@pytest.mark.parametrize("described", [STANDFIRST, f"{STANDFIRST[:70]}…"])
def test_the_standfirst_is_found_by_the_pages_description(described: str) -> None:
    tree = load_html(news(f"<div class='lead'><p>{STANDFIRST}</p><button>Share</button></div>"))
    assert standfirst(tree, paragraph(1), (described,)) == STANDFIRST
    body = body_of(tree, news(f"<p>{STANDFIRST}</p>"), "", "Two ships", [], (described,))
    assert body.splitlines()[:2] == ["Two ships", STANDFIRST]
    assert body.count("Fishermen") == 1


def test_a_standfirst_that_only_repeats_the_text_is_not_added() -> None:
    said = "On day 3 of the work the ships lay the cable from the western shore, the report of that morning said."
    page = news(f"<p>{said}</p>")
    assert not body_of(load_html(page), page, "", "Two ships", [], (said,)).startswith(said)


@pytest.mark.parametrize("where", ["<aside><p>{}</p></aside>", "<figure><figcaption>{}</figcaption></figure>"])
def test_a_caption_is_no_standfirst(where: str) -> None:
    assert standfirst(load_html(news(where.format(STANDFIRST))), paragraph(1), (STANDFIRST,)) == ""


def test_links_with_dates_before_them_lead_elsewhere() -> None:
    tree = load_html(
        "<html><body><ul><li>19.03.2024 <a href='/a'>The port is dredged again</a></li></ul></body></html>"
    )
    assert squeezed("19.03.2024 The port is dredged again") in link_blocks(tree)


def test_a_table_that_lays_the_page_out_is_no_table() -> None:
    prose = "<br><br>".join(paragraph(number) for number in range(1, 8))
    menu = "<td><a href='/1'>Home</a> <a href='/2'>Archive</a></td>"
    page = f"<html><body><table><tr>{menu}<td><h1>Two ships</h1><div>{prose}</div></td></tr></table></body></html>"
    body = body_of(load_html(page), page, "", "Two ships", [])
    assert "|" not in body
    assert "Archive" not in body
    assert [line for line in body.splitlines() if line.startswith("On day")] == [paragraph(n) for n in range(1, 8)]


def test_a_table_of_data_stays_a_table() -> None:
    prose = "".join(f"<p>{paragraph(number)}</p>" for number in range(1, 8))
    table = "<table><tr><th>Ship</th><th>Days</th></tr><tr><td>Anna</td><td>12</td></tr></table>"
    page = f"<html><body><article><h1>Two ships</h1>{prose}{table}</article></body></html>"
    assert "| Anna | 12 |" in body_of(load_html(page), page, "", "Two ships", [])
