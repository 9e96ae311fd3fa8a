"""JSON-LD of a page: parse with repair, walk, and choose the node that is the article."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_BLOCKS = 40  # per page; real pages have at most a dozen
MAX_BLOCK_CHARS = 2_000_000
MAX_NODES = 2_000
MAX_DEPTH = 8
MAX_REFERENCES = 100  # entries of a list that are looked up among the nodes; an article has a few authors

Node = dict[str, Any]

_ARTICLE_TYPES = frozenset(
    ("newsarticle", "article", "blogposting", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle",
     "reviewnewsarticle", "backgroundnewsarticle", "liveblogposting", "techarticle", "report", "scholarlyarticle",
     "medicalwebpage", "socialmediaposting", "review", "advertisercontentarticle", "creativework", "webpage",
     "itempage")
)  # fmt: skip
_WEAK_TYPES = frozenset(("webpage", "itempage", "creativework", "medicalwebpage"))
# Under these names stand texts of their own, with their own days and authors: the posts of a live blog, comments.
_OTHERS = frozenset(("liveBlogUpdate", "comment"))
_WRAPPER = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)+|(?:-->|//\s*\]\]>|\]\]>|;)+\s*$"
)
_ARTICLE_TYPE = re.compile(r'"@type"\s*:\s*"((?:News|Reportage\w*|Blog\w*)?Article|BlogPosting)"', re.IGNORECASE)
_PLAIN_FIELD = re.compile(r'"(datePublished|dateModified|headline)"\s*:\s*"([^"\n]{4,400})"\s*[,}]')
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_CONTROL = re.compile(r"[\x00-\x1f]+")


def parse_blocks(blocks: list[str], warnings: list[str]) -> list[Node]:
    """All nodes of all blocks, depth first, at most MAX_NODES; a block that stays broken leaves a warning."""
    nodes: list[Node] = []
    for block in blocks[:MAX_BLOCKS]:
        try:
            _walk(_loads(block[:MAX_BLOCK_CHARS]), 0, nodes)
        except (ValueError, RecursionError):
            warnings.append("broken JSON-LD")
            nodes.extend(_salvaged(block[:MAX_BLOCK_CHARS]))
    return nodes


def _salvaged(block: str) -> list[Node]:
    """The plain fields of an article in a block that is no JSON: a quotation mark inside a text is enough."""
    kind = _ARTICLE_TYPE.search(block)
    if kind is None:
        return []
    fields = {match[1]: match[2] for match in _PLAIN_FIELD.finditer(block[kind.start() :])}
    return [{"@type": kind[1], **fields}] if fields else []


def _loads(block: str) -> Any:
    text = _WRAPPER.sub("", block.strip()).strip()
    if not text:
        return None
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(_TRAILING_COMMA.sub("", _CONTROL.sub(" ", text)), strict=False)


def _walk(value: Any, depth: int, nodes: list[Node]) -> None:
    if depth > MAX_DEPTH or len(nodes) >= MAX_NODES:
        return
    if isinstance(value, list):
        for part in value:
            _walk(part, depth + 1, nodes)
    elif isinstance(value, dict):
        nodes.append(value)
        for name, part in value.items():
            if isinstance(part, dict | list) and name not in _OTHERS:
                _walk(part, depth + 1, nodes)


def types_of(node: Node) -> set[str]:
    """The @type values of a node, lower case, without a namespace."""
    value = node.get("@type")
    values = value if isinstance(value, list) else [value]
    return {part.rsplit("/", 1)[-1].lower() for part in values if isinstance(part, str)}


def article_node(nodes: list[Node]) -> Node:
    """The node that says most about the article, {} where none is of an article's type."""
    best, best_rank = {}, 0.0
    for node in nodes:
        kinds = types_of(node) & _ARTICLE_TYPES
        if not kinds:
            continue
        rank = 1.0 + bool(node.get("headline")) + 2 * bool(node.get("datePublished"))
        rank += bool(node.get("author")) + bool(node.get("articleBody"))
        if kinds <= _WEAK_TYPES:
            rank -= 3
        if rank > best_rank:
            best, best_rank = node, rank
    return best


def text_of(value: Any) -> str:
    """A JSON-LD value as a string: itself, its @value or name, or the first of a list."""
    for _ in range(MAX_DEPTH):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = value.get("@value") or value.get("name")
        else:
            break
    return value if isinstance(value, str) else ""


def resolve(value: Any, nodes: list[Node]) -> Any:
    """`{"@id": x}` alone replaced by the node that has this id; of a list no more than MAX_REFERENCES entries."""
    if isinstance(value, list):
        return [part if isinstance(part, list) else resolve(part, nodes) for part in value[:MAX_REFERENCES]]
    if isinstance(value, dict) and "@id" in value and "name" not in value:
        return next((node for node in nodes if node.get("@id") == value["@id"] and "name" in node), value)
    return value
