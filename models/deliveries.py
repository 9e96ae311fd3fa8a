"""Writing what was told: who has had which mail. A delivery is claimed and committed before the relay is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from models.store import Store, upsert
from models.tables import DeliveryArticle, DeliveryRow


@dataclass(frozen=True, slots=True)
class Claim:
    """One day's mail to one reader, as `reports.mail.send` wants to claim and mark it."""

    store: Store
    reader: str
    day: str
    message_id: str
    articles: Sequence[int]
    now: datetime

    def take(self) -> str | None:
        """None: the delivery is ours now, and its articles count as had. Else the state that is in the way. A refused
        one certainly did not go out and is taken again, with today's articles."""
        with self.store.change() as conn:
            mine = (DeliveryRow.reader == self.reader, DeliveryRow.day == self.day)
            found = conn.execute(select(DeliveryRow.id, DeliveryRow.state).where(*mine)).first()
            if found is not None and found.state != "refused":
                return str(found.state)
            if found is not None:
                conn.execute(delete(DeliveryArticle).where(DeliveryArticle.delivery_id == found.id))
                conn.execute(delete(DeliveryRow).where(*mine))
            row = (
                upsert(conn, DeliveryRow)
                .values(
                    reader=self.reader,
                    day=self.day,
                    state="claimed",
                    message_id=self.message_id,
                    claimed_at=self.now,
                    detail="",
                )
                .on_conflict_do_nothing()
                .returning(DeliveryRow.id)
            )
            made = conn.execute(row).scalar_one_or_none()
            if made is None:
                return "claimed"  # another process was a moment faster
            rows = [{"delivery_id": made, "article_id": article} for article in self.articles]
            if rows:
                conn.execute(insert(DeliveryArticle), rows)
            return None

    def mark(self, state: str, detail: str) -> None:
        """How the sending ended. Only a delivery still `claimed` is marked: a process that comes second must not turn
        the `sent` of the first into `unknown`."""
        with self.store.change() as conn:
            conn.execute(
                update(DeliveryRow)
                .where(DeliveryRow.reader == self.reader, DeliveryRow.day == self.day, DeliveryRow.state == "claimed")
                .values(state=state, detail=detail[:1000], sent_at=self.now if state == "sent" else None)
            )


class Deliveries:
    """Writing side of tell."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def claim(self, reader: str, day: str, message_id: str, articles: Sequence[int], now: datetime) -> Claim:
        return Claim(self.store, reader, day, message_id, articles, now)
