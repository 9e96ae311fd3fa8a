"""Nodes -> Entity, Alias, Relation and Topic. What they refer to is checked by the loader once all files are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from models.config import Alias, Case, Clause, Entity, EntityTests, EntityType, Inflect, Relation, Topic
from models.config.fields import (
    Fields,
    Problems,
    as_items,
    as_map,
    as_names,
    as_text,
    as_texts,
    is_language,
)
from models.config.yamlfile import Node

ENTITY_KEYS = ("type", "name", "aliases", "decoy", "parent", "country", "roles", "notes", "tests")
ALIAS_KEYS = ("text", "lang", "case", "need", "reject", "hint", "group", "prior", "inflect", "form")
TOPIC_KEYS = ("name", "terms", "veto", "clauses", "primary_at", "passing_at", "query")
CLAUSE_KEYS = ("all", "near", "weight", "unless")


def read_entity(entity_id: str, node: Node, problems: Problems) -> Entity:
    fields = Fields(node, problems, ENTITY_KEYS)
    name_node = fields.need("name")
    tests = fields.get("tests")
    aliases = fields.get("aliases")
    return Entity(
        id=entity_id,
        type=fields.choice("type", get_args(EntityType)),
        name=as_names(name_node, problems) if name_node else {},
        aliases=_aliases(aliases, problems) if aliases else (),
        decoy=fields.flag("decoy", False),
        parent=fields.text("parent", "") or None,
        country=fields.country("country"),
        roles=tuple(_role(item, problems) for item in fields.items("roles")),
        notes=fields.text("notes", ""),
        tests=_tests(tests, problems) if tests else EntityTests(),
    )


def _role(node: Node, problems: Problems) -> Mapping[str, str]:
    fields = Fields(node, problems, ("role", "years"))
    role = {"role": fields.text("role")}
    years = fields.text("years", "")
    return {**role, "years": years} if years else role


def _tests(node: Node, problems: Problems) -> EntityTests:
    fields = Fields(node, problems, ("match", "reject"))
    return EntityTests(match=fields.texts("match"), reject=fields.texts("reject"))


def _aliases(node: Node, problems: Problems) -> tuple[Alias, ...]:
    """A list, or {language: list}; the same spelling under several languages becomes one alias with all of them."""
    found: list[Alias] = []
    if node.kind == "map":
        for language, items in node.entries.items():
            if not is_language(language):
                message = f"{language!r} is not a two-letter language code"
                problems.error(node, message, line=node.key_lines[language])
                continue
            found += [_alias(item, problems, language) for item in as_items(items, problems)]
    else:
        found = [_alias(item, problems, None) for item in as_items(node, problems)]
    return _merged(found)


def _merged(aliases: Sequence[Alias]) -> tuple[Alias, ...]:
    merged: dict[Alias, tuple[str, ...]] = {}
    for alias in aliases:
        key = replace(alias, lang=())
        before = merged.get(key)
        if before is None:
            merged[key] = alias.lang
        elif not before or not alias.lang:
            merged[key] = ()  # one of them holds for every language
        else:
            merged[key] = tuple(dict.fromkeys((*before, *alias.lang)))
    return tuple(replace(key, lang=lang) for key, lang in merged.items() if key.text)


def _alias(node: Node, problems: Problems, language: str | None) -> Alias:
    under = (language,) if language else ()
    if node.kind != "map":
        return Alias(text=as_text(node, problems), lang=under)
    fields = Fields(node, problems, ALIAS_KEYS)
    languages = fields.languages("lang")
    return Alias(
        text=fields.text("text"),
        lang=tuple(dict.fromkeys((*under, *languages))),
        case=fields.choice("case", get_args(Case), "any"),
        need=fields.regex("need"),
        reject=fields.regex("reject"),
        hint=fields.regex("hint"),
        group=fields.text("group", ""),
        prior=fields.number("prior", 1.0),
        inflect=fields.choice("inflect", get_args(Inflect), "last"),
        form=fields.choice("form", ("", "derived"), ""),
    )


def read_relation(node: Node, problems: Problems) -> Relation:
    fields = Fields(node, problems, ("s", "p", "o", "years"))
    return Relation(fields.text("s"), fields.text("p"), fields.text("o"), fields.text("years", ""))


def read_topic(topic_id: str, node: Node, problems: Problems) -> Topic:
    fields = Fields(node, problems, TOPIC_KEYS)
    name_node = fields.need("name")
    terms = {name: _stems(lists, problems) for name, lists in fields.blocks("terms").items()}
    veto = {name: as_texts(stems, problems) for name, stems in fields.blocks("veto").items()}
    query = fields.text("query", "")
    clauses_node = fields.get("clauses") if query else fields.need("clauses")
    clauses = [_clause(item, problems) for item in as_items(clauses_node, problems)] if clauses_node else []
    if query and (clauses or terms or veto):
        problems.error(node, "a topic has either a query or clauses with their terms, not both")
    return Topic(
        id=topic_id,
        name=as_names(name_node, problems) if name_node else {},
        clauses=tuple(clauses),
        terms=terms,
        veto=veto,
        primary_at=fields.number("primary_at", 2.0),
        passing_at=fields.number("passing_at", 1.0),
        query=query,
    )


def _stems(node: Node, problems: Problems) -> Mapping[str, tuple[str, ...]]:
    stems = {}
    for language, words in as_map(node, problems).items():
        if is_language(language):
            stems[language] = as_texts(words, problems)
        else:
            problems.error(node, f"{language!r} is not a two-letter language code", line=node.key_lines[language])
    return stems


def _clause(node: Node, problems: Problems) -> Clause:
    fields = Fields(node, problems, CLAUSE_KEYS)
    groups_node = fields.need("all")
    groups = [as_texts(group, problems) for group in as_items(groups_node, problems)] if groups_node else []
    return Clause(
        all_of=tuple(groups),
        near=fields.count("near", 0),
        weight=fields.number("weight", 1.0, least=-100.0),
        unless=fields.texts("unless"),
    )
