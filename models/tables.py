"""SQLAlchemy tables: what is remembered (DESIGN §5). Times are aware UTC; since and until are ledger numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Names for every constraint: without them Alembic cannot drop one on SQLite, and two databases name them differently.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite only autoincrements INTEGER keys; PostgreSQL would run out of 32 bits in a back-fill.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class UTCTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases; SQLite gives naive ones back. A naive value is refused, never guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's shape
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: every time in the store is aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's shape
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute
        datetime: UTCTime(),
        str: Text(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


# --- the ledger -------------------------------------------------------------------------------------------------


class Ledger(Base):
    """One row. Each writing transaction takes the next number here, so numbers are in commit order."""

    __tablename__ = "ledger"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    last: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class LedgerEntry(Base):
    """When each number was taken and what for; `at` never goes backwards, so `--as-of TIME` finds one number."""

    __tablename__ = "ledger_entry"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    what: Mapped[str] = mapped_column(String(40))


# --- versioned: synced from config --------------------------------------------------------------------------------


class OutletVersion(Base):
    """An outlet as config described it from `since` until `until`; `until` null is the current one."""

    __tablename__ = "outlet"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    outlet: Mapped[str] = mapped_column(String(120), index=True)
    name: Mapped[str]  # the name reports show
    names: Mapped[dict[str, Any]]  # language -> name
    country: Mapped[str] = mapped_column(String(2))
    languages: Mapped[list[Any]]
    kind: Mapped[str]
    tier: Mapped[int]
    own: Mapped[bool]
    zone: Mapped[str]
    listed: Mapped[bool]  # false: seen in an import, not in config
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("outlet", "since"),)


class EntityVersion(Base):
    """An entity as config described it from `since` until `until`; `until` null is the current one."""

    __tablename__ = "entity"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    entity: Mapped[str] = mapped_column(String(120), index=True)
    type: Mapped[str] = mapped_column(String(12))
    name: Mapped[str]  # the name reports show
    names: Mapped[dict[str, Any]]  # language -> name
    decoy: Mapped[bool]
    country: Mapped[str] = mapped_column(String(2))
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (UniqueConstraint("entity", "since"),)


# --- collecting ---------------------------------------------------------------------------------------------------


class SourceRow(Base):
    """What we learned about a source by polling it. Its definition stays in config."""

    __tablename__ = "source"
    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    outlet: Mapped[str] = mapped_column(String(120), index=True)
    address: Mapped[str]  # as configured when polled last; another address makes the validators void
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    body_hash: Mapped[str | None] = mapped_column(String(64))  # sha256 of the last body that was parsed
    moved_to: Mapped[str | None]  # where a permanent redirect pointed; asked instead once enough fetches agreed
    moved_agreed: Mapped[int] = mapped_column(default=0)  # fetches in a row that agreed on it
    state: Mapped[str] = mapped_column(String(20), default="new")  # last run's result
    reason: Mapped[str] = mapped_column(default="")
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    polled_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # last time it gave a readable answer, 304 included
    new_item_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]  # first poll of the present run of failures; null while all is well
    retired_at: Mapped[datetime | None]  # it answered 410: not polled again until its address in config changes
    interval_minutes: Mapped[float | None]  # adaptive: how long to wait after the last poll
    cursor: Mapped[
        dict[str, Any] | None
    ]  # what its kind remembers between polls: sub-sitemaps' lastmod, API's last time


class HostRow(Base):
    """One gate per host for all sources, crawls, processes and machines. Times are the machine's, not --now."""

    __tablename__ = "host"
    host: Mapped[str] = mapped_column(String(255), primary_key=True)  # host or host:port
    robots: Mapped[str | None]  # body of robots.txt; "" where there is none
    robots_status: Mapped[int | None]
    robots_at: Mapped[datetime | None]
    crawl_delay: Mapped[float | None]  # seconds, from robots.txt
    next_allowed_at: Mapped[datetime | None]
    holder: Mapped[str | None] = mapped_column(String(120))
    holder_until: Mapped[datetime | None]  # a dead holder's claim ends by itself
    pushbacks: Mapped[int] = mapped_column(default=0)  # answers 429 or 503 in a row


class ItemRow(Base):
    """One entry seen at a source. `due`: its page is still to be fetched; `done`: `outcome` says how it ended."""

    __tablename__ = "item"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    key: Mapped[str]  # guid where the source has a usable one, else the normalised address
    url: Mapped[str]
    address_key: Mapped[str] = mapped_column(index=True)  # identity of the address, see crawler/addresses.py
    title: Mapped[str]
    summary: Mapped[str]
    language: Mapped[str | None] = mapped_column(String(12))
    published: Mapped[datetime | None]
    published_info: Mapped[dict[str, Any] | None]  # precision, zone, origin, conflicts
    entry_hash: Mapped[str] = mapped_column(String(64))  # title, summary, date: another hash makes the item due again
    state: Mapped[str] = mapped_column(String(4))
    tries: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), index=True)
    first_seen: Mapped[datetime]
    done_at: Mapped[datetime | None]
    recheck_at: Mapped[datetime | None] = mapped_column(index=True)  # when its page is asked for again, though done
    rechecks: Mapped[int] = mapped_column(default=0)  # how often that was done
    __table_args__ = (
        UniqueConstraint("source", "key"),
        CheckConstraint("state in ('due', 'done')", name="state"),
        Index("ix_item_state_next_try", "state", "next_try"),
    )


class RunRow(Base):
    """One crawl of one source. entries_seen = already_had + new_items; tries = sum of outcomes; left_due = the rest."""

    __tablename__ = "run"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    source: Mapped[str] = mapped_column(String(120), index=True)
    slot: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(default="")
    status: Mapped[int | None]  # last HTTP status of the source's own address
    entries_seen: Mapped[int] = mapped_column(default=0)
    already_had: Mapped[int] = mapped_column(default=0)
    new_items: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    left_due: Mapped[int] = mapped_column(default=0)
    outcomes: Mapped[dict[str, Any]]


class ArticleRow(Base):
    """One page of one outlet in one language. Title, text and dates live in its revisions."""

    __tablename__ = "article"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    outlet: Mapped[str] = mapped_column(String(120))
    url: Mapped[str]  # canonical address
    address_key: Mapped[str]
    first_seen: Mapped[datetime]
    via: Mapped[str] = mapped_column(String(12))  # crawl | import
    since: Mapped[int] = mapped_column(BigInteger)
    revision_id: Mapped[int | None] = mapped_column(BigInteger)  # the current one
    gone_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("outlet", "address_key"),)


class RevisionRow(Base):
    """One text of an article, the first included; never changed. `since` is the ledger number that brought it."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)
    number: Mapped[int]  # 1, 2, 3 … within the article
    since: Mapped[int] = mapped_column(BigInteger, index=True)
    seen_at: Mapped[datetime]
    title: Mapped[str]
    text: Mapped[str]
    authors: Mapped[list[Any]]
    language: Mapped[str | None] = mapped_column(String(12), index=True)
    published: Mapped[datetime | None] = mapped_column(index=True)
    published_info: Mapped[dict[str, Any] | None]  # precision, zone, origin, conflicts
    modified: Mapped[datetime | None]
    modified_info: Mapped[dict[str, Any] | None]
    content_hash: Mapped[str] = mapped_column(String(64))  # sha256 of title, text and published
    changed: Mapped[str] = mapped_column(
        String(40), default=""
    )  # against the one before: "headline", "text", "date", …
    __table_args__ = (UniqueConstraint("article_id", "number"),)


# --- reading: facts -----------------------------------------------------------------------------------------------


class ReadingRow(Base):
    """A revision has been read by a step of this fingerprint. No row for today's fingerprint = due for reading."""

    __tablename__ = "reading"
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), primary_key=True, autoincrement=False)
    step: Mapped[str] = mapped_column(String(20), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    since: Mapped[int] = mapped_column(BigInteger)


class MentionRow(Base):
    """Fact: one entity at one place of one revision."""

    __tablename__ = "mention"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    entity: Mapped[str] = mapped_column(String(120))
    part: Mapped[str] = mapped_column(String(5))
    start: Mapped[int]  # Python code points
    end: Mapped[int]
    surface: Mapped[str]
    rule: Mapped[str]
    ambiguous: Mapped[bool] = mapped_column(Boolean)
    decoy: Mapped[bool] = mapped_column(Boolean)
    prominence: Mapped[str] = mapped_column(String(8))
    sentence: Mapped[str] = mapped_column(String(300))  # its own evidence, so texts may be retired
    main: Mapped[bool] = mapped_column(Boolean, default=False)  # the article is about the entity
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("ix_mention_article_id_until", "article_id", "until"),
        Index("ix_mention_entity_until", "entity", "until"),
    )


class TopicHitRow(Base):
    """Fact: what an article is to a topic. Role none is kept only where something spoke for it, with the reasons."""

    __tablename__ = "topic_hit"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    topic: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(8))
    score: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[Any]]
    sentence: Mapped[str] = mapped_column(String(300))
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("ix_topic_hit_article_id_until", "article_id", "until"),
        Index("ix_topic_hit_topic_until", "topic", "until"),
    )


class AttributionRow(Base):
    """Fact: the outlet that an article names as its origin; `outlet` null while the name is not resolved."""

    __tablename__ = "attribution"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    outlet: Mapped[str | None] = mapped_column(String(120))
    name: Mapped[str]
    part: Mapped[str] = mapped_column(String(5))
    start: Mapped[int]
    end: Mapped[int]
    sentence: Mapped[str] = mapped_column(String(300))
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_attribution_article_id_until", "article_id", "until"),)


class CandidateRow(Base):
    """Fact: a name found by rules or a model; never counted as watched."""

    __tablename__ = "candidate"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    part: Mapped[str] = mapped_column(String(5))
    start: Mapped[int]
    end: Mapped[int]
    surface: Mapped[str]
    label: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(String(120), default="")  # what the forms of a name have in common
    since: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (Index("ix_candidate_article_id_until", "article_id", "until"),)


# --- telling --------------------------------------------------------------------------------------------------------


class DeliveryRow(Base):
    """One digest to one reader: claimed before it is sent, so a crash never sends twice without our knowing."""

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reader: Mapped[str] = mapped_column(String(120))
    day: Mapped[str] = mapped_column(String(10))  # calendar day in reports.zone, YYYY-MM-DD
    state: Mapped[str] = mapped_column(String(10))  # claimed | sent | unknown | refused
    message_id: Mapped[str]
    claimed_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("reader", "day"),)


class DeliveryArticle(Base):
    """Which articles a delivery told of, or counted in its line of older finds; the reader has had them."""

    __tablename__ = "delivery_article"
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), primary_key=True, autoincrement=False)


# --- the clock ------------------------------------------------------------------------------------------------------


class LeaseRow(Base):
    """Who may run a job now. Ends by itself when its owner dies."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class RunSlotRow(Base):
    """A job has been started for this slot: the same slot never runs twice, whoever asks."""

    __tablename__ = "run_slot"
    job: Mapped[str] = mapped_column(String(120), primary_key=True)
    slot: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    started_at: Mapped[datetime]
