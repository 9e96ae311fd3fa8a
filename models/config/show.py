"""Config -> YAML in the shape of config.yaml, secrets as `***`: what `khazri config show` prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from models.config import Alias, Config, Entity, Outlet, PageHints, Source, Topic

HIDDEN = "***"
_SECRET_PARAMETER = re.compile(r"((?:^|&)[^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)


def redact(address: str) -> str:
    """The address with its password, and parameters that are called like one, as `***`."""
    try:
        parts = urlsplit(address)
        has_password = parts.password is not None
    except ValueError:
        return HIDDEN  # too broken to be taken apart: nothing of it is shown
    netloc = parts.netloc
    if has_password:
        login, _, host = netloc.rpartition("@")
        netloc = f"{login.partition(':')[0]}:{HIDDEN}@{host}"
    query = _SECRET_PARAMETER.sub(rf"\1{HIDDEN}", parts.query)
    if netloc == parts.netloc and query == parts.query:
        return address  # urlunsplit would turn sqlite:///x into sqlite:/x
    return urlunsplit(parts._replace(netloc=netloc, query=query))


def show(config: Config) -> str:
    """YAML in one file; the environment's part as comments on top."""
    tree = _without_empty(
        {
            "version": config.version,
            "database": redact(config.database),
            "var": str(config.var),
            "proxy": redact(config.proxy),
            "ner": config.ner,
            "reports": {"zone": config.zone.key},
            "politeness": asdict(config.politeness),
            "digest": _digest(config),
            "schedule": asdict(config.schedule),
            "outlets": {outlet.id: _outlet(outlet) for outlet in config.outlets.values()},
            "entities": {entity.id: _entity(entity) for entity in config.entities.values()},
            "relations": [
                {"s": relation.subject, "p": relation.predicate, "o": relation.object, "years": relation.years}
                for relation in config.relations
            ],
            "topics": {topic.id: _topic(topic) for topic in config.topics.values()},
        }
    )
    head = [f"# {config.path}"]
    if config.smtp_url:
        head.append(f"# KHAZRI_SMTP_URL {redact(config.smtp_url)}")
    if config.now is not None:
        head.append(f"# KHAZRI_NOW {config.now.isoformat()}")
    return "\n".join(head) + "\n" + yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        """Equal values are written out each time, not as &id001; nothing in a config refers to itself."""
        return data is not self


def _without_empty(value: Any) -> Any:
    """Leaves out what says nothing ("" None and empty blocks); tuples become lists."""
    if isinstance(value, Mapping):
        clean = {key: _without_empty(child) for key, child in value.items()}
        return {key: child for key, child in clean.items() if child not in ("", None, [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(child) for child in value]
    return value


def _digest(config: Config) -> dict[str, Any]:
    digest = config.digest
    return {**asdict(digest), "readers": [asdict(reader) for reader in digest.readers]}


def _outlet(outlet: Outlet) -> dict[str, Any]:
    return {
        "name": outlet.name,
        "also_known_as": [name for name in outlet.names if name not in outlet.name.values()],
        "country": outlet.country,
        "languages": outlet.languages,
        "kind": outlet.kind,
        "tier": outlet.tier,
        "own": outlet.own,
        "zone": outlet.zone,
        "hosts": outlet.hosts,
        "collect": [_source(source) for source in outlet.collect],
        "hints": [_hints(hints) for hints in outlet.hints],
        "notes": outlet.notes,
    }


def _hints(hints: PageHints) -> dict[str, Any]:
    return asdict(hints) | {"valid_until": hints.valid_until.isoformat() if hints.valid_until else ""}


def _source(source: Source) -> dict[str, Any]:
    return {
        "id": source.id,
        source.kind: source.address,
        "language": source.language,
        "zone": source.zone,
        "every_minutes": source.every_minutes,
        "enabled": source.enabled,
        "reason": source.reason,
        "verified": source.verified,
        "selectors": asdict(source.selectors),
        "url_pattern": source.url_pattern,
        "min_per_week": source.min_per_week,
        "max_per_week": source.max_per_week,
        "format": source.format,
        "discovers": source.discovers,
        "pages": source.pages,
        "javascript": source.javascript,
    }


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "type": entity.type,
        "name": entity.name,
        "aliases": [_alias(alias) for alias in entity.aliases],
        "decoy": entity.decoy,
        "parent": entity.parent,
        "country": entity.country,
        "roles": entity.roles,
        "notes": entity.notes,
        "tests": asdict(entity.tests),
    }


def _alias(alias: Alias) -> str | dict[str, Any]:
    plain = Alias(text=alias.text)
    changed = {key: value for key, value in asdict(alias).items() if value != getattr(plain, key)}
    return {"text": alias.text, **changed} if changed else alias.text


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "terms": topic.terms,
        "veto": topic.veto,
        "clauses": [
            {"all": clause.all_of, "near": clause.near, "weight": clause.weight, "unless": clause.unless}
            for clause in topic.clauses
        ],
        "primary_at": topic.primary_at,
        "passing_at": topic.passing_at,
    }
