"""`khazri config check`: what an analyst is told of a name before it floods the archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.checking import check_all

pytestmark = pytest.mark.slow  # imports spaCy's stop words

ROOT = Path(__file__).parents[1]
HEAD = "version: 1\noutlets: {}\ntopics: {}\nentities:\n"


def checked(tmp_path: Path, *entities: str) -> tuple[list[str], list[str]]:
    path = tmp_path / "config.yaml"
    path.write_text(HEAD + "".join(f"  {one}\n" for one in entities), encoding="utf-8")
    return check_all(path)


def entity(name: str, alias: str, kind: str = "org", more: str = "") -> str:
    return f"{name}: {{type: {kind}, name: {{en: {name}}}, aliases: [{alias}]{more}}}"


@pytest.mark.parametrize(
    ("alias", "told"),
    [
        ("However", "one of the commonest words"),
        ("Həmin", "one of the commonest words"),
        ("Germany", "a country, language, month or weekday"),
        ("Наурыз", "a country, language, month or weekday"),
        ("link", "written small"),
    ],
)
def test_a_common_word_is_told(tmp_path: Path, alias: str, told: str) -> None:
    errors, lints = checked(tmp_path, entity("acme", alias))
    assert errors == []
    assert any(told in line and f"'{alias}'" in line for line in lints), lints


@pytest.mark.parametrize(
    "alias",
    ["Bakcell", '{text: However, need: "telecom"}', "{text: link, case: exact}", "აზერტელეკომი", '"Link Group"'],
)
def test_a_name_is_not(tmp_path: Path, alias: str) -> None:
    assert checked(tmp_path, entity("acme", alias)) == ([], [])


def test_a_country_may_be_a_place(tmp_path: Path) -> None:
    assert checked(tmp_path, entity("germany", "Germany", "place")) == ([], [])


def test_two_names_of_one_form_are_told(tmp_path: Path) -> None:
    _, lints = checked(tmp_path, entity("first", "Телеком"), entity("second", "Телекома"))
    assert any("alias 'телекома' is also a form of first" in line for line in lints), lints
    _, lints = checked(
        tmp_path, entity("first", "{text: Телеком, group: t}"), entity("second", "{text: Телекома, group: t}")
    )
    assert lints == []


def test_our_own_watch_list_is_clean() -> None:
    assert check_all(ROOT / "config.yaml") == ([], [])


def test_a_name_in_three_lines(tmp_path: Path) -> None:
    """What watch/entities.yaml promises at its head."""
    added = 'acme: {type: org, name: {en: Acme}, aliases: [Acme, {text: "Acme~Net", case: title}],\n'
    added += '         tests: {match: ["Acme-nin yeni xətti", "Acme Net opened."], reject: ["Acmeville"]}}'
    assert checked(tmp_path, added) == ([], [])
    errors, _ = checked(tmp_path, added.replace("Acmeville", "Acme-yə"))
    assert errors == ["entities.acme.tests: must not match in 'Acme-yə'; found ['acme']"]
