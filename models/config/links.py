"""Checks between blocks: what refers to what, what is defined twice, and the lints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from models.config import Entity, Outlet, Relation, Topic
from models.config.fields import Problems, did_you_mean
from models.config.yamlfile import Node

# Shorter names are nearly always also something else (KTC, TTK, NDC): they need sentences that hold them in place.
SHORT_ALIAS = 4
Nodes = Mapping[tuple[str, str], Node]


def check_outlets(outlets: Mapping[str, Outlet], nodes: Nodes, problems: Problems) -> None:
    """One host belongs to one outlet. Lints: a source away from its outlet's hosts, a name that two outlets share."""
    hosts: dict[str, str] = {}
    names: dict[str, str] = {}
    for outlet in outlets.values():
        node = nodes["outlets", outlet.id]
        for host in outlet.hosts:
            first = hosts.setdefault(host, outlet.id)
            if first != outlet.id:
                problems.error(node, f"host {host!r} already belongs to {first!r} at {nodes['outlets', first].at()}")
        for name in outlet.names:
            first = names.setdefault(name.casefold(), outlet.id)
            if first != outlet.id:
                problems.lint(
                    node, f"name {name!r} is also a name of {first!r}: an attribution to it cannot be resolved"
                )
        for source in outlet.collect:
            host = urlsplit(source.address).hostname or ""
            if not any(host == own or host.endswith(f".{own}") for own in outlet.hosts):
                problems.lint(node, f"source {source.id!r} is on {host}, which is not among its hosts")


def check_entities(
    entities: Mapping[str, Entity],
    relations: Sequence[Relation],
    nodes: Nodes,
    relation_nodes: Sequence[Node],
    problems: Problems,
) -> None:
    for entity in entities.values():
        node = nodes["entities", entity.id]
        if entity.parent is not None and entity.parent not in entities:
            problems.error(node, f"unknown parent {entity.parent!r}{did_you_mean(entity.parent, entities)}")
        elif _is_own_ancestor(entity, entities):
            problems.error(node, f"is its own ancestor over parent {entity.parent!r}")
        short = next((alias.text for alias in entity.aliases if len(alias.text) < SHORT_ALIAS), "")
        if short and short.isascii() and not (entity.tests.match or entity.tests.reject):
            problems.lint(node, f"alias {short!r} is shorter than {SHORT_ALIAS} letters: give the entity 'tests'")
    for relation, node in zip(relations, relation_nodes, strict=True):
        for end in (relation.subject, relation.object):
            if end and end not in entities:
                problems.error(node, f"unknown entity {end!r}{did_you_mean(end, entities)}")
    _lint_shared_aliases(entities, nodes, problems)


def _is_own_ancestor(entity: Entity, entities: Mapping[str, Entity]) -> bool:
    seen: set[str] = set()
    parent = entity.parent
    while parent is not None and parent in entities and parent not in seen:
        if parent == entity.id:
            return True
        seen.add(parent)
        parent = entities[parent].parent
    return False


def _lint_shared_aliases(entities: Mapping[str, Entity], nodes: Nodes, problems: Problems) -> None:
    """Two entities with one spelling compete: they need a common group, or rules that tell them apart."""
    owners: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entity in entities.values():
        for alias in entity.aliases:
            if not (alias.need or alias.hint or alias.reject):
                owners[alias.text.casefold()].append((entity.id, alias.group))
    for text, found in owners.items():
        ids = sorted({entity for entity, _ in found})
        groups = {group for _, group in found}
        if len(ids) > 1 and (len(groups) > 1 or "" in groups):
            problems.lint(nodes["entities", ids[1]], f"alias {text!r} is also of {ids[0]!r}: give both one 'group'")


def check_topics(topics: Mapping[str, Topic], entities: Mapping[str, Entity], nodes: Nodes, problems: Problems) -> None:
    """Every name in a clause is a term list, a veto (in `unless`) or `entity:<id>`."""
    for topic in topics.values():
        node = nodes["topics", topic.id]
        for number, clause in enumerate(topic.clauses):
            for name in (name for group in clause.all_of for name in group):
                _check_name(name, topic.terms, entities, node, f"clauses[{number}].all", problems)
            for name in clause.unless:
                _check_name(name, {**topic.terms, **topic.veto}, entities, node, f"clauses[{number}].unless", problems)


def _check_name(
    name: str,
    lists: Mapping[str, object],
    entities: Mapping[str, Entity],
    node: Node,
    place: str,
    problems: Problems,
) -> None:
    kind, colon, entity = name.partition(":")
    if colon and kind == "entity":
        if entity not in entities:
            problems.error(node, f"{place}: unknown entity {entity!r}{did_you_mean(entity, entities)}")
    elif name not in lists:
        problems.error(node, f"{place}: unknown term list {name!r}{did_you_mean(name, lists)}")
