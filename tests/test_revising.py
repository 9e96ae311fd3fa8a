"""What counts as an edit, and when a page is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from models.dates import KnownDate
from models.revising import changes, is_same_text, next_recheck, settled

NOW = datetime(2026, 3, 23, 6, tzinfo=UTC)
TEXT = "The cable is 341 km long. It was read 5 times in parliament."


def date(value: datetime, precision: str = "minute", origin: str = "json-ld") -> KnownDate:
    return KnownDate(value, precision, "known", origin)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("One  line\nand another", "One line and another "),
        ("A\u00a0quay", "A quay"),
        ("«Kabel» — 341 km", '"Kabel" - 341 km'),
        ("ка\u00adбель", "кабель"),
        ("Text. 1 024 views", "Text. 1 100 views"),
        ("Text. Просмотров: 17", "Text. Просмотров: 23 456"),
        ("Mətn. Baxış sayı 7. 12 baxış", "Mətn. Baxış sayı 7. 15 baxış"),
        ("Metin. 3 yorum", "Metin. 4 yorum"),
        ("2 hours ago Text", "3 hours ago Text"),
        ("Мәтін 5 минут бұрын", "Мәтін 2 сағат бұрын"),
        ("Text an hour ago", "Text 3 days ago"),
    ],
)
def test_what_changes_by_itself_is_no_edit(before: str, after: str) -> None:
    assert settled(before) == settled(after)
    assert changes(("T", before, None), ("T", after, None)) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEXT, TEXT.replace("341", "343")),
        ("It took 2 hours to lay", "It took 3 hours to lay"),
        ("17 countries", "18 countries"),
        ("agreed in 2025", "agreed in 2026"),
        ("Text", "Text."),
        ("AzerTelecom signed", "Azertelecom signed"),
    ],
)
def test_what_an_editor_changed_is_one(before: str, after: str) -> None:
    assert changes(("T", before, None), ("T", after, None)) == ("text",)
    assert changes((before, TEXT, None), (after, TEXT, None)) == ("headline",)


def test_all_three_in_order() -> None:
    assert changes(("A", "b", None), ("C", "d", date(NOW))) == ("headline", "text", "date")


def test_dates_that_move_by_themselves() -> None:
    def moved(before: KnownDate | None, after: KnownDate | None) -> bool:
        return changes(("T", TEXT, before), ("T", TEXT, after)) == ("date",)

    later = NOW + timedelta(hours=2)
    assert moved(None, date(NOW))
    assert moved(date(NOW), date(later))
    assert not moved(date(NOW), None), "the page was read worse"
    assert not moved(date(NOW), date(NOW + timedelta(seconds=30)))
    assert not moved(date(NOW, origin="text"), date(later, origin="text")), '"2 hours ago"'
    assert not moved(date(NOW, "day"), date(later)), "the same day, known better"
    assert moved(date(NOW, "day"), date(NOW + timedelta(days=3), "day"))


def test_one_text_at_two_addresses() -> None:
    words = [f"word{number}" for number in range(100)]
    edited = [*words[:40], "a", "few", "more", *words[40:]]
    other = [f"other{number}" for number in range(100)]
    assert is_same_text(" ".join(words), " ".join(edited))
    assert not is_same_text(" ".join(words), " ".join([*words[:30], *other]))
    assert not is_same_text("too short", "too short")


def test_looked_at_again_after_a_day_and_a_week() -> None:
    hours = (24, 168)
    assert next_recheck(NOW, hours, NOW) == NOW + timedelta(days=1)
    assert next_recheck(NOW, hours, NOW + timedelta(hours=24)) == NOW + timedelta(days=7)
    assert next_recheck(NOW, hours, NOW + timedelta(days=3)) == NOW + timedelta(days=7)
    assert next_recheck(NOW, hours, NOW + timedelta(days=7)) is None
    assert next_recheck(NOW, (), NOW) is None
