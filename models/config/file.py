"""config.yaml and all it includes -> Config: gathers the blocks of all files and has them checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from models.config import Checked, Config, Entity, Outlet, Relation, Topic
from models.config.entities import read_entity, read_relation, read_topic
from models.config.environment import Environment, read_environment
from models.config.fields import Fields, Problems, as_text
from models.config.links import check_entities, check_outlets, check_topics
from models.config.outlets import read_outlet
from models.config.settings import read_database, read_digest, read_politeness, read_proxy, read_schedule
from models.config.yamlfile import Node, read_yaml
from models.errors import ConfigError

T = TypeVar("T")
WATCH_KEYS = ("outlets", "entities", "relations", "topics")
SETTING_KEYS = ("database", "var", "proxy", "ner", "reports", "politeness", "digest", "schedule")
TOP_KEYS = ("version", "include", *SETTING_KEYS, *WATCH_KEYS)
DEFAULT_FILE = "config.yaml"
VERSION = 1
REPORTS_ZONE = "Asia/Baku"  # the analysts' calendar (DESIGN, "Days")


@dataclass(slots=True)
class Blocks:
    """What all the files define together, with the node of each block for messages about it."""

    problems: Problems
    outlets: dict[str, Outlet] = field(default_factory=dict)
    entities: dict[str, Entity] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    nodes: dict[tuple[str, str], Node] = field(default_factory=dict)  # ("outlets", id) -> its block
    relation_nodes: list[Node] = field(default_factory=list)
    source_nodes: dict[str, Node] = field(default_factory=dict)

    def add(self, fields: Fields) -> None:
        """Take the outlets, entities, relations and topics of one file."""
        self._add("outlets", fields, self.outlets, self._outlet)
        self._add("entities", fields, self.entities, read_entity)
        self._add("topics", fields, self.topics, read_topic)
        for item in fields.items("relations"):
            self.relations.append(read_relation(item, self.problems))
            self.relation_nodes.append(item)

    def _outlet(self, outlet_id: str, node: Node, problems: Problems) -> Outlet:
        return read_outlet(outlet_id, node, problems, self.source_nodes)

    def _add(self, key: str, fields: Fields, into: dict[str, T], read: Callable[[str, Node, Problems], T]) -> None:
        for block_id, node in fields.blocks(key).items():
            line = fields.node.entries[key].key_lines[block_id]
            first = self.nodes.setdefault((key, block_id), node)
            if first is not node:
                self.problems.error(node, f"is already defined at {first.file}:{first.line}", line=line)
                continue
            into[block_id] = read(block_id, node, self.problems)

    def check(self) -> None:
        check_outlets(self.outlets, self.nodes, self.problems)
        check_entities(self.entities, self.relations, self.nodes, self.relation_nodes, self.problems)
        check_topics(self.topics, self.entities, self.nodes, self.problems)


def read_config(path: Path | str | None) -> Checked:
    """Read and check everything. Errors come in the order of the files; an unreadable file ends it."""
    problems = Problems()
    try:
        environment = read_environment()
        file = Path(path or environment.config or DEFAULT_FILE)
        config = _config(file, environment, problems)
    except ConfigError as error:
        return Checked(None, (*problems.errors, error.message), tuple(problems.lints))
    return Checked(None if problems.errors else config, tuple(problems.errors), tuple(problems.lints))


def _config(file: Path, environment: Environment, problems: Problems) -> Config:
    fields = Fields(read_yaml(file, file.name), problems, TOP_KEYS)
    _check_version(fields)
    blocks = Blocks(problems)
    blocks.add(fields)
    folder = file.absolute().parent
    for included, shown in _included(folder, fields):
        node = read_yaml(included, shown)
        if node.kind != "null":  # a file of comments only
            blocks.add(Fields(node, problems, WATCH_KEYS))
    blocks.check()
    var = folder / fields.text("var", "var")
    reports = fields.get("reports")
    zone = Fields(reports, problems, ("zone",)).zone("zone", REPORTS_ZONE) if reports else REPORTS_ZONE
    database = read_database(fields, folder, var)
    proxy = read_proxy(fields)
    return Config(
        version=VERSION,
        path=file.absolute(),
        database=environment.database or database,
        outlets=blocks.outlets,
        entities=blocks.entities,
        topics=blocks.topics,
        relations=tuple(blocks.relations),
        politeness=read_politeness(fields.get("politeness"), problems),
        digest=read_digest(fields.get("digest"), blocks.topics, problems),
        zone=ZoneInfo(zone),
        var=var,
        proxy=environment.proxy or proxy,
        ner=fields.matching("ner", "auto", str.isidentifier, "'auto', 'off' or the name of a spaCy package"),
        schedule=read_schedule(fields.get("schedule"), problems),
        smtp_url=environment.smtp_url,
        now=environment.now,
    )


def _check_version(fields: Fields) -> None:
    node = fields.need("version")
    if node is not None and fields.count("version", VERSION) != VERSION:
        fields.problems.error(node, f"this program reads version {VERSION}, not {node.text}")


def _included(folder: Path, fields: Fields) -> Iterator[tuple[Path, str]]:
    """(file, how to show it) of every included file; a folder stands for all *.yaml below it, sorted by name."""
    node = fields.get("include")
    if node is None:
        return
    for item in node.items if node.kind == "list" else (node,):
        name = as_text(item, fields.problems)
        if not name:
            continue
        target = folder / name
        files = sorted(target.rglob("*.yaml")) if target.is_dir() else [target]
        if not files:
            fields.problems.error(item, f"no *.yaml file below {name!r}, or it cannot be read")
        for file in files:
            shown = file.relative_to(folder) if file.is_relative_to(folder) else file
            yield file, shown.as_posix()
