"""A small store for the tests of what is read and told: rows put in by hand, each with the commit that brought it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session

from models.config import Clause, Config, Digest, Entity, Outlet, Politeness, Reader, Source, Topic
from models.tables import (
    ArticleRow,
    AttributionRow,
    Base,
    DeliveryArticle,
    DeliveryRow,
    EntityVersion,
    Ledger,
    LedgerEntry,
    MentionRow,
    OutletVersion,
    RevisionRow,
    SourceRow,
    TopicHitRow,
)

START = datetime(2026, 3, 1, tzinfo=UTC)  # commit n is at START + n hours


def commit_time(number: int) -> datetime:
    return START + timedelta(hours=number)


class Shelf:
    """Puts rows on an empty database. Every method takes the commit number (`since`) it happens at."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        Base.metadata.create_all(engine)
        self._put(Ledger, id=1, last=0)
        self._numbers: set[int] = set()

    def _put(self, table: type[Base], **values: Any) -> Any:
        with self.engine.begin() as connection:
            key = connection.execute(insert(table).values(**values)).inserted_primary_key
        assert key is not None
        return key[0]

    def _commit(self, number: int) -> None:
        if number not in self._numbers:
            self._numbers.add(number)
            self._put(LedgerEntry, number=number, at=commit_time(number), what="test")

    def outlet(self, outlet: str, name: str, since: int = 1, until: int | None = None, **more: Any) -> None:
        self._commit(since)
        values = {
            "country": "AZ",
            "tier": 1,
            "own": False,
            "kind": "agency",
            "zone": "Asia/Baku",
            "listed": True,
        } | more
        self._put(OutletVersion, outlet=outlet, name=name, names={"en": name}, languages=["en"], since=since,
                  until=until, **values)  # fmt: skip

    def entity(self, entity: str, name: str, since: int = 1, until: int | None = None, **more: Any) -> None:
        self._commit(since)
        values = {"type": "org", "decoy": False, "country": "AZ"} | more
        self._put(EntityVersion, entity=entity, name=name, names={"en": name}, since=since, until=until, **values)

    def article(
        self, outlet: str, title: str, published: datetime | None, *, precision: str = "minute", since: int = 1,
        language: str | None = "en", via: str = "crawl", url: str = "", first_seen: datetime | None = None,
    ) -> int:  # fmt: skip
        self._commit(since)
        url = url or f"https://{outlet}.example/{title}"
        values = {"outlet": outlet, "url": url, "address_key": url, "via": via, "since": since}
        article: int = self._put(ArticleRow, first_seen=first_seen or START, **values)
        self.revision(article, 1, title, published, precision=precision, since=since, language=language)
        return article

    def revision(
        self, article: int, number: int, title: str, published: datetime | None, *, precision: str = "minute",
        since: int = 1, language: str | None = "en",
    ) -> int:  # fmt: skip
        self._commit(since)
        info = {"precision": precision, "zone": "known", "origin": "feed", "conflicts": []} if published else None
        revision: int = self._put(
            RevisionRow, article_id=article, number=number, since=since, seen_at=START, title=title, text="text",
            authors=[], language=language, published=published, published_info=info, content_hash=f"{number:064}",
        )  # fmt: skip
        with self.engine.begin() as connection:
            connection.execute(update(ArticleRow).where(ArticleRow.id == article).values(revision_id=revision))
        return revision

    def _fact(self, table: type[Base], article: int, since: int, until: int | None, **values: Any) -> None:
        self._commit(since)
        if until is not None:
            self._commit(until)
        with Session(self.engine) as session:
            row = session.get_one(ArticleRow, article)
            revision = row.revision_id
        self._put(table, article_id=article, revision_id=revision, since=since, until=until, **values)

    def mention(self, article: int, entity: str, since: int = 1, until: int | None = None, **more: Any) -> None:
        values = {
            "part": "text", "start": 0, "end": 11, "surface": entity, "rule": "test", "ambiguous": False,
            "decoy": False, "prominence": "body", "sentence": f"A sentence about {entity}.",
        }  # fmt: skip
        self._fact(MentionRow, article, since, until, entity=entity, **(values | more))

    def topic(
        self, article: int, topic: str, role: str = "primary", since: int = 1, until: int | None = None,
        score: float = 2.0, sentence: str = "The sentence that was hit.",
    ) -> None:  # fmt: skip
        self._fact(TopicHitRow, article, since, until, topic=topic, role=role, score=score, reasons=["test"],
                   sentence=sentence)  # fmt: skip

    def end(self, table: type[OutletVersion] | type[EntityVersion] | type[MentionRow], at: int, **which: Any) -> None:
        """Close the current rows of a table at commit `at`."""
        self._commit(at)
        with self.engine.begin() as connection:
            connection.execute(update(table).filter_by(until=None, **which).values(until=at))

    def attribution(self, article: int, outlet: str | None, name: str, since: int = 1) -> None:
        self._fact(AttributionRow, article, since, None, outlet=outlet, name=name, part="text", start=0, end=6,
                   sentence="")  # fmt: skip

    def delivery(self, reader: str, day: str, state: str, articles: tuple[int, ...]) -> None:
        delivery = self._put(
            DeliveryRow, reader=reader, day=day, state=state, message_id="<x@example>", claimed_at=START
        )
        for article in articles:
            self._put(DeliveryArticle, delivery_id=delivery, article_id=article)

    def polled(self, source: str, outlet: str, state: str, **more: Any) -> None:
        self._put(SourceRow, source=source, outlet=outlet, address="http://x.example", state=state, **more)


def source(id: str, outlet: str, *, enabled: bool = True, every_minutes: int = 60) -> Source:
    return Source(id, outlet, "feed", f"https://{outlet}.example/{id}", "en", "Asia/Baku", every_minutes, enabled)


def config_of(
    *sources: Source, outlets: Mapping[str, str] | None = None, readers: tuple[Reader, ...] = (), **digest: Any
) -> Config:
    """A config with two topics, one entity, and the outlets of `sources` or `outlets` (id -> name)."""
    names = dict(outlets or {}) | {s.outlet: s.outlet.title() for s in sources if s.outlet not in (outlets or {})}
    described = {
        id: Outlet(id, {"en": name}, (name,), "AZ", ("en",), "agency", 1, False, "Asia/Baku", (),
                   tuple(s for s in sources if s.outlet == id))
        for id, name in names.items()
    }  # fmt: skip
    clause = (Clause((("entity:azertelecom",),)),)
    topics = {
        "azertelecom": Topic("azertelecom", {"en": "AzerTelecom"}, clause),
        "trans_caspian_cable": Topic("trans_caspian_cable", {"en": "Trans-Caspian cable"}, clause),
    }
    return Config(
        version=1, path=Path("config.yaml"), database="", outlets=described,
        entities={"azertelecom": Entity("azertelecom", "org", {"en": "AzerTelecom"}, ())}, topics=topics, relations=(),
        politeness=Politeness("test", 1, 10, 1, 1),
        digest=Digest("08:00", readers, "Khazri <khazri@news.example>", **digest),
        zone=ZoneInfo("Asia/Baku"), var=Path("var"),
    )  # fmt: skip
