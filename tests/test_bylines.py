"""Who wrote a page, however it says so; and who did not."""

from __future__ import annotations

import json

import pytest

from crawler.pages import read_page

TEXT = "<p>The ships laid the cable along the floor of the sea in the spring, the head of the project said.</p>" * 4


def authors_of(body: str, head: str = "", site: str = "The Harbour") -> tuple[str, ...]:
    head = f"<title>Cable</title><meta property='og:site_name' content='{site}'>{head}"
    page = f"<html><head>{head}</head><body><h1>Two ships lay the cable</h1>{body}{TEXT}</body></html>"
    return read_page(page.encode(), "https://harbour.example/x").authors


def meta(name: str, value: str) -> str:
    return f"<meta name='{name}' content='{value}'>"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("<span>By Anna Rivers</span>", ("Anna Rivers",)),
        ("<div><span>von </span><span>Anna Rivers</span></div>", ("Anna Rivers",)),
        (
            "<li>Von: <span><a href='/anna-r'>Anna Rivers</a>, </span><span><a href='/t'>Tom BANKS</a></span></li>",
            ("Anna Rivers", "Tom BANKS"),
        ),
        ("<span>Müəllif: Nigar Əliyeva</span>", ("Nigar Əliyeva",)),
        ("<p><em>Автор: Анна Речная</em></p>", ("Анна Речная",)),
        ("<span>本报记者 王小明、李海</span>", ("王小明", "李海")),
        ("<div>作者：王小明</div>", ("王小明",)),
        ("<p><strong>Anna Rivers/Tom Banks</strong></p>", ("Anna Rivers", "Tom Banks")),
        ("<ul class='authors'><li class='authors__list-item'>von <b>Anna Rivers</b></li></ul>", ("Anna Rivers",)),
    ],
)  # fmt: skip
def test_a_byline_is_found_by_its_words(body: str, names: tuple[str, ...]) -> None:
    assert authors_of(body) == names


@pytest.mark.parametrize(
    "body",
    [
        "<span>By the harbour of Aktau</span>",
        "<span>Автор идеи не назван</span>",
        "<span>责任编辑：王小明</span>",
        "<article class='teaser'><h3>Another</h3><span class='teaser__author'>von Anna Rivers</span></article>",
        "<div class='most-read'><span>By Anna Rivers</span></div>",
        f"{TEXT}<p><strong>Anna Rivers</strong></p>",  # a heading in the text
    ],
)
def test_what_is_no_byline_of_this_page_names_nobody(body: str) -> None:
    assert authors_of(body) == ()


def test_the_outlet_in_one_meta_does_not_hide_the_person_in_the_next() -> None:
    assert authors_of("", meta("author", "The Harbour") + meta("cxenseparse:author", "Anna Rivers")) == ("Anna Rivers",)


def test_an_outlet_with_an_ampersand_is_no_pair_of_people() -> None:
    assert authors_of("", meta("author", "Ships &amp; Ports"), site="Ships &amp; Ports") == ()


def test_the_outlets_region_is_no_person() -> None:
    script = json.dumps({"@type": "NewsArticle", "author": [{"name": "Anna Rivers"}, {"name": "HRB NORTH"}]})
    assert authors_of("", f"<script type='application/ld+json'>{script}</script>", site="HRB") == ("Anna Rivers",)


def test_a_handle_behind_a_name_is_left_out() -> None:
    assert authors_of("", meta("author", "Anna Rivers @annar")) == ("Anna Rivers",)
