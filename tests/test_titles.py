"""Which of a page's titles is its headline: what readers see, unless the page states another one twice."""

from __future__ import annotations

import json

import pytest

from crawler.pages import read_page

TEXT = "<p>The ships laid the cable along the floor of the sea in the spring, the head of the project said.</p>" * 4


def title_of(
    *headings: str,
    headline: str = "",
    shared: str = "",
    tag: str = "",
    site: str = "",
    url: str = "https://a.example/x",
) -> str:
    script = json.dumps({"@type": "NewsArticle", "headline": headline, "datePublished": "2026-01-02"})
    head = f"<title>{tag}</title><script type='application/ld+json'>{script}</script>"
    head += f"<meta property='og:title' content='{shared}'><meta property='og:site_name' content='{site}'>"
    shown = "".join(f"<h1>{text}</h1>" for text in headings)
    return read_page(f"<html><head>{head}</head><body>{shown}{TEXT}</body></html>".encode(), url).title


def test_the_lone_heading_goes_before_titles_that_disagree() -> None:
    seen = "Two ships lay the cable in the spring"
    assert title_of(seen, headline="Cable news: what is known", shared="Why the cable takes until May") == seen


def test_what_json_ld_and_open_graph_agree_on_goes_before_a_heading_of_its_own() -> None:
    said = "Two ships lay the cable in the spring"
    shown = "How hard it is to lay a cable under the sea"
    assert title_of(shown, headline=said, shared=f"{said} | The Harbour", tag=said, site="The Harbour") == said


def test_a_heading_that_other_titles_hold_is_kept() -> None:
    seen = "Two ships lay the cable in the spring"
    assert title_of(seen, headline="Another headline of the page", shared=f"{seen} | The Harbour") == seen


def test_headings_of_boxes_do_not_hide_the_headline() -> None:
    seen = "Two ships lay the cable in the spring"
    assert title_of(seen, "More from Aktau", headline="Cable news: what is known", shared="Why it takes long") == seen


@pytest.mark.parametrize(
    "tag",
    ["Two ships lay the cable in the spring | Sea Diary", "News | Two ships lay the cable in the spring | Sea Diary"],
)
def test_a_heading_that_is_a_piece_of_the_title_tag_is_the_blogs_name(tag: str) -> None:
    assert "Two ships lay the cable in the spring" in title_of("Sea Diary", tag=tag)


def test_a_section_is_not_the_headline_where_both_are_headings() -> None:
    assert (
        title_of("The Harbour International", "Cable is late", tag="Cable is late - The Harbour International")
        == "Cable is late"
    )


def test_a_kicker_glued_to_the_headline_is_cut_off() -> None:
    said = "Two ships lay the cable in the spring"
    assert title_of(f"Markets{said}", headline=said, shared=said, tag=f"Markets - {said}") == said
    assert title_of(f"Markets: {said}", headline=said, shared=said, tag=f"Markets: {said}") == f"Markets: {said}"


def test_a_headline_given_as_the_sites_name_stays_a_headline() -> None:
    said = "Two ships lay the cable in the spring"
    assert title_of(said, shared=f"{said}", site=said, tag=f"{said} - Harbour News") == said
