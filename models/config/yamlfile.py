"""YAML text -> a tree of nodes that know their file, line and place; refuses what PyYAML would silently swallow.

PyYAML keeps the last of two equal keys, turns `no` into False and forgets lines once values are built. So we take its
events (from the C scanner where there is one) and keep the marks. `&name` and `*name` work; what they
add up to is counted, so that a small file cannot become an endless tree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from models.errors import ConfigError

NodeKind = Literal["text", "number", "flag", "null", "map", "list"]

MAX_DEPTH = 40  # a watch list is 9 levels deep
MAX_NODES = 200_000  # ours are some 10,000
MAX_BYTES = 8_000_000  # a watch list of 300 outlets and 100 entities is 0.2 MB

_SCALARS: Mapping[str, NodeKind] = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:timestamp": "text",  # 2026-09-01 stays as written
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:bool": "flag",
    "tag:yaml.org,2002:null": "null",
    "tag:yaml.org,2002:value": "text",  # a lone "="
}
_CONTAINERS = {"map": "tag:yaml.org,2002:map", "list": "tag:yaml.org,2002:seq"}
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value. Scalars keep their text as written (`10:30` stays `10:30`); `kind` says what YAML took it for.

    file       as shown to people: relative to the folder of the config file.
    line       1-based, of the value; `key_lines` has the line of each key of a map.
    place      where in the config, e.g. `outlets.report.collect[0]`; "" at the top.
    """

    kind: NodeKind
    file: str
    line: int
    place: str
    text: str = ""
    entries: Mapping[str, Node] = field(default_factory=dict)
    key_lines: Mapping[str, int] = field(default_factory=dict)
    items: Sequence[Node] = ()

    def at(self, line: int | None = None) -> str:
        """`file:line: place`, the opening of every message."""
        head = f"{self.file}:{line or self.line}"
        return f"{head}: {self.place}" if self.place else head


def read_yaml(path: Path, shown: str) -> Node:
    """The file as a node tree. `shown` is the path for messages. Raises ConfigError in one line."""
    try:
        with path.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{shown}: no such file") from None
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror or error}") from None
    return parse_yaml(body, shown)


def parse_yaml(body: bytes, shown: str) -> Node:
    """Bytes -> node tree. Raises ConfigError: not UTF-8, not YAML, empty, too large, duplicate key, foreign tag."""
    if len(body) > MAX_BYTES:
        raise ConfigError(f"{shown}: larger than {MAX_BYTES:,} bytes")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{shown}:{line}: not UTF-8 (byte 0x{body[error.start]:02x}); save the file as UTF-8"
        ) from None
    return _build(text, shown) or Node(kind="null", file=shown, line=1, place="")


def _build(text: str, shown: str) -> Node | None:
    builder = _Builder(shown)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position if isinstance(error.position, int) else 0) + 1
        raise ConfigError(f"{shown}:{line}: not YAML: {_one_line(str(error.reason))}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = _one_line(" ".join(part for part in (error.context, error.problem) if part)) or "syntax error"
        raise ConfigError(f"{shown}:{line}: not YAML: {what}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{shown}: not YAML: {_one_line(str(error))}") from None
    return builder.root


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(slots=True)
class _Open:
    """A map or list that has begun and not yet ended."""

    kind: NodeKind
    line: int
    place: str
    entries: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: str | None = None  # a map's key whose value is still to come
    anchor: str | None = None
    size: int = 1  # nodes in it, those behind aliases too


@dataclass(slots=True)
class _Builder:
    """YAML events -> Node, with a stack of its own: PyYAML's C composer recurses, and 100,000 brackets crash it."""

    shown: str
    root: Node | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)  # with the size of each
    resolver: yaml.resolver.Resolver = field(default_factory=yaml.resolver.Resolver)

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0  # events of a parsed text have it
        match event:
            case yaml.ScalarEvent():
                self._scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                kind: NodeKind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
                if event.tag not in {None, "!", _CONTAINERS[kind]}:
                    raise self._refused(line, f"unknown tag {event.tag!r}")
                if len(self.stack) >= MAX_DEPTH:
                    raise self._refused(line, f"nested deeper than {MAX_DEPTH} levels")
                self.stack.append(_Open(kind, line, self._place(line), anchor=event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(self.stack.pop())
            case yaml.AliasEvent():
                self._alias(event, line)
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self._refused(line, "a second document begins here; one file holds one")
            case _:
                pass  # the beginnings and ends of stream and document carry nothing

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        tag = event.tag
        if tag is None or tag == "!":
            tag = _resolve(self.resolver, event)
        top = self.stack[-1] if self.stack else None
        if top is not None and top.kind == "map" and top.key is None:
            if tag == "tag:yaml.org,2002:bool":
                raise self._refused(line, trap(event.value))
            if event.value in top.entries:
                raise self._refused(line, f"duplicate key {event.value!r}, first on line {top.key_lines[event.value]}")
            top.key = event.value
            top.key_lines[event.value] = line
            return
        kind = _SCALARS.get(tag)
        if kind is None:
            top_place = self._place(line)
            raise ConfigError(f"{self.shown}:{line}: {top_place + ': ' if top_place else ''}unknown tag {tag!r}")
        self._add(Node(kind, self.shown, line, self._place(line), text=event.value), 1, event.anchor)

    def _close(self, done: _Open) -> None:
        node = Node(
            done.kind,
            self.shown,
            done.line,
            done.place,
            entries=done.entries,
            key_lines=done.key_lines,
            items=done.items,
        )
        self._add(node, done.size, done.anchor)

    def _alias(self, event: yaml.AliasEvent, line: int) -> None:
        """The named node once more; messages about it show the place where it was written."""
        if event.anchor not in self.anchors:
            raise self._refused(line, f"*{event.anchor} stands for nothing: no &{event.anchor} ends before it")
        self._place(line)  # refuses an alias as a key
        node, size = self.anchors[event.anchor]
        self._add(node, size, None)

    def _place(self, line: int) -> str:
        """Where the value that comes next belongs."""
        if not self.stack:
            return ""
        top = self.stack[-1]
        if top.kind == "list":
            return f"{top.place}[{len(top.items)}]"
        if top.key is None:
            raise self._refused(line, "a key must be a plain word")
        shown = top.key if top.key.isprintable() else ascii(top.key)  # a message stays one line
        return f"{top.place}.{shown}" if top.place else shown

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = node, size
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        top.size += size
        if top.size > MAX_NODES:
            raise self._refused(node.line, f"more than {MAX_NODES:,} values (aliases that multiply?)")
        if top.kind == "list":
            top.items.append(node)
        elif top.key is not None:
            top.entries[top.key] = node
            top.key = None

    def _refused(self, line: int, message: str) -> ConfigError:
        place = self.stack[-1].place if self.stack else ""
        return ConfigError(f"{self.shown}:{line}: {place + ': ' if place else ''}{message}")


def _resolve(resolver: yaml.resolver.Resolver, event: yaml.ScalarEvent) -> str:
    tag: str = resolver.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
    return tag


def trap(word: str) -> str:
    """What to say when YAML 1.1 took a word for true or false: the country NO, the language `no`, a team `on`."""
    meant = "true" if word.lower() in {"yes", "on", "true"} else "false"
    return f"YAML reads {word} as {meant}; put it in quotes: '{word}'"
