"""Nodes -> the program's own settings: database, politeness, digest, schedule. No watch list here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from models.config import Digest, Politeness, Reader, Schedule, Topic
from models.config.fields import Fields, Problems, did_you_mean
from models.config.yamlfile import Node

# An honest name with a way to reach a person; config.yaml puts the operator's own address in.
USER_AGENT = "Khazri/0.1 (news monitor; set politeness.user_agent to a contact of yours)"
DELAY_SECONDS = 2.0  # between two requests to one host: thirty pages a minute is slower than a person who skims
TIMEOUT_SECONDS = 30
MAX_PAGE_BYTES = 8_000_000  # the largest real article page we hold is under 3 MB
MAX_FEED_BYTES = 8_000_000  # read_feed keeps 2 s up to this size (DESIGN, "Foreign bytes are hostile")
FASTEST_MINUTES = 10  # an agency's feed of 25 entries turns over in 2 to 6 hours; oftener is no gain
SLOWEST_MINUTES = 24 * 60  # a dead source is told within a day even where nothing ever comes
RECHECK_HOURS = (24, 168)  # a day and a week after: what GDELT's difference graph looks at too
MOST_RECHECK_HOURS = 24 * 90
_WEEK_MINUTES = 7 * 24 * 60
DIGEST_AT = "08:00"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_DAY_SECONDS = 24 * 60 * 60


def read_politeness(node: Node | None, problems: Problems) -> Politeness:
    if node is None:
        return Politeness(
            USER_AGENT, DELAY_SECONDS, TIMEOUT_SECONDS, MAX_PAGE_BYTES, MAX_FEED_BYTES, FASTEST_MINUTES,
            SLOWEST_MINUTES, RECHECK_HOURS,
        )  # fmt: skip
    keys = (
        "user_agent", "delay_seconds", "timeout_seconds", "max_page_bytes", "max_feed_bytes", "fastest_minutes",
        "slowest_minutes", "recheck_hours",
    )  # fmt: skip
    fields = Fields(node, problems, keys)
    fastest = fields.count("fastest_minutes", FASTEST_MINUTES, least=1, most=_WEEK_MINUTES)
    slowest = fields.count("slowest_minutes", SLOWEST_MINUTES, least=1, most=_WEEK_MINUTES)
    if fastest > slowest:
        problems.error(node, f"fastest_minutes {fastest} is more than slowest_minutes {slowest}")
    return Politeness(
        user_agent=fields.matching("user_agent", USER_AGENT, str.isprintable, "one line of printable letters"),
        delay_seconds=fields.number("delay_seconds", DELAY_SECONDS),
        timeout_seconds=fields.count("timeout_seconds", TIMEOUT_SECONDS, least=1, most=600),
        max_page_bytes=fields.count("max_page_bytes", MAX_PAGE_BYTES, least=1000),
        max_feed_bytes=fields.count("max_feed_bytes", MAX_FEED_BYTES, least=1000),
        fastest_minutes=fastest,
        slowest_minutes=slowest,
        recheck_hours=_hours(fields, problems),
    )


def _hours(fields: Fields, problems: Problems) -> tuple[int, ...]:
    """`recheck_hours`: growing whole numbers of hours; an empty list means no re-checks."""
    node = fields.get("recheck_hours")
    if node is None:
        return RECHECK_HOURS
    hours: list[int] = []
    for item in fields.items("recheck_hours"):
        if item.kind != "number" or not item.text.isdigit() or not 0 < int(item.text) <= MOST_RECHECK_HOURS:
            problems.error(item, f"must be a whole number of hours between 1 and {MOST_RECHECK_HOURS}")
        elif hours and int(item.text) <= hours[-1]:
            problems.error(item, "the hours must grow")
        else:
            hours.append(int(item.text))
    return tuple(hours)


def read_schedule(node: Node | None, problems: Problems) -> Schedule:
    if node is None:
        return Schedule()
    fields = Fields(node, problems, ("read_every_seconds",))
    default = Schedule()
    return Schedule(
        read_every_seconds=fields.count("read_every_seconds", default.read_every_seconds, least=1, most=_DAY_SECONDS),
    )


def read_digest(node: Node | None, topics: Mapping[str, Topic], problems: Problems) -> Digest:
    """No digest block: no readers, nothing is sent."""
    if node is None:
        return Digest(at=DIGEST_AT, readers=(), sender="")
    keys = ("at", "sender", "readers", "window_days", "first_mail_hours", "top_stories")
    fields = Fields(node, problems, keys)
    readers: dict[str, Reader] = {}
    for item in fields.items("readers"):
        reader = _reader(item, topics, problems)
        if reader.id in readers:
            problems.error(item, f"reader {reader.id!r} is defined twice")
        readers[reader.id] = reader
    return Digest(
        at=fields.matching("at", DIGEST_AT, lambda word: _CLOCK.fullmatch(word) is not None, "a time such as '08:00'"),
        readers=tuple(readers.values()),
        sender=fields.matching("sender", None if readers else "", _is_mail, "an e-mail address"),
        window_days=fields.count("window_days", 7, least=1, most=366),
        first_mail_hours=fields.count("first_mail_hours", 24, least=1, most=24 * 366),
        top_stories=fields.count("top_stories", 3, most=100),
    )


def _reader(node: Node, topics: Mapping[str, Topic], problems: Problems) -> Reader:
    fields = Fields(node, problems, ("id", "email", "language", "topics"))
    wanted = fields.texts("topics")
    for topic in wanted:
        topics_node = fields.get("topics")
        if topic not in topics and topics_node is not None:
            problems.error(topics_node, f"unknown topic {topic!r}{did_you_mean(topic, topics)}")
    return Reader(
        id=fields.text("id"),
        email=fields.matching("email", None, _is_mail, "an e-mail address"),
        language=fields.language("language") or "en",
        topics=wanted,
    )


def _is_mail(word: str) -> bool:
    return _MAIL.fullmatch(word) is not None and word.isprintable()


def read_database(fields: Fields, folder: Path, var: Path) -> str:
    """The SQLAlchemy URL of the file: relative SQLite paths count from its folder, a password is refused."""
    node = fields.get("database")
    if node is None:
        return f"sqlite:///{var / 'khazri.db'}"
    address = fields.text("database")
    if not address:
        return ""
    if has_password(address):
        fields.problems.error(node, "a password does not belong in a file; put the whole address in KHAZRI_DATABASE")
    elif "://" not in address:
        fields.problems.error(node, "must be a database address such as sqlite:///var/khazri.db")
    kind, _, rest = address.partition(":///")
    if kind.partition("+")[0] == "sqlite" and rest and not rest.startswith(("/", ":", "file:")):
        return f"{kind}:///{folder / rest}"
    return address


def read_proxy(fields: Fields) -> str:
    node = fields.get("proxy")
    if node is None:
        return ""
    address = fields.text("proxy")
    if has_password(address):
        fields.problems.error(node, "a password does not belong in a file; put the whole address in KHAZRI_PROXY")
    elif address and not address.startswith(("http://", "https://")):
        fields.problems.error(node, "must be an http address such as http://127.0.0.1:8080")
    return address


def has_password(address: str) -> bool:
    """True for user:password@host, also when the address is too broken to be taken apart otherwise."""
    try:
        return urlsplit(address).password is not None
    except ValueError:
        return "@" in address
