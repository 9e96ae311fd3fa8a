"""Languages told apart in short texts, where statistics alone fail."""

from __future__ import annotations

import pytest

from crawler.language import language_of

SHORT_TEXTS = [
    ("az", "AzerTelecom fiber-optik kabel çəkir"),
    ("az", "Prezident Astanada görüş keçirib"),
    ("az", "XƏZƏRİN DİBİ İLƏ KABEL"),
    ("tr", "Türkiye ile Azerbaycan arasında yeni kablo"),
    ("tr", "Kablo hattı tamamlandı"),
    ("en", "Cable laid across the Caspian Sea"),
    ("ru", "Кабель по дну Каспия проложат в 2026 году"),
    ("ru", "Новый кабель"),
    ("kk", "Каспий түбімен кабель тартылады, деп хабарлады министр"),
    ("kk", "Қазақстан мен Әзербайжан"),
    ("uk", "Кабель прокладуть дном Каспійського моря"),
    ("ka", "კასპიის ზღვა"),
    ("zh", "里海光缆项目"),
    ("other", "Das Kabel wird durch das Kaspische Meer verlegt"),
    ("other", "Каспий деңизинин түбүнө кабель тартылат, деп билдирди министр"),
    ("other", "カスピ海ケーブル"),
    ("other", "카스피해 케이블"),
    ("other", "Կասպից ծով"),
    ("other", "Кабель праз Каспійскае мора пракладуць у наступным годзе, паведаміў міністр сувязі ў аўторак"),
]


@pytest.mark.parametrize(("language", "text"), SHORT_TEXTS)
def test_short_texts(language: str, text: str) -> None:
    assert language_of(text) == language


def test_no_letters_no_language() -> None:
    assert language_of("12:30 — 2026 !!!") is None


def test_a_quotation_does_not_decide() -> None:
    text = "Министр сообщил журналистам, что строительство линии по дну моря начнётся весной. " * 5
    assert language_of(f"{text} «Кабель layihəsi», сказал он.") == "ru"
