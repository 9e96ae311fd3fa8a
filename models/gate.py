"""Who may act now, over all processes and machines: one gate per host, leases and slots for jobs.

Times here are the database's or machine's real time, never `--now`: politeness and leases are physical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from models.store import Store, upsert
from models.tables import HostRow, LeaseRow, RunSlotRow


@dataclass(frozen=True, slots=True)
class Robots:
    """A host's robots.txt as fetched: body ("" where there is none), HTTP status (None: no answer), when."""

    body: str
    status: int | None
    at: datetime


class Gate:
    """Hosts, leases and slots. Every method is one short transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def hold(self, host: str, holder: str, now: datetime, seconds: float) -> tuple[float, str | None]:
        """Take the host for at most `seconds`. Returns (0.0, None) when taken, else (how many seconds to wait before
        asking again, who holds it)."""
        until = now + timedelta(seconds=seconds)
        with self.store.change() as conn:
            statement = upsert(conn, HostRow).values(host=host, holder=holder, holder_until=until)
            free = or_(HostRow.holder.is_(None), HostRow.holder_until < now)
            rested = or_(HostRow.next_allowed_at.is_(None), HostRow.next_allowed_at <= now)
            taken = conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["host"], set_={"holder": holder, "holder_until": until}, where=free & rested
                ).returning(HostRow.host)
            ).first()
            if taken is not None:
                return 0.0, None
            row = conn.execute(
                select(HostRow.next_allowed_at, HostRow.holder, HostRow.holder_until).where(HostRow.host == host)
            ).one()
        if row.next_allowed_at is not None and row.next_allowed_at > now:
            return float((row.next_allowed_at - now).total_seconds()), row.holder
        return 0.25, row.holder  # somebody holds it: ask again soon, four times a second is nothing to the database

    def release(self, host: str, holder: str, next_allowed_at: datetime, pushbacks: int | None = None) -> None:
        """Give the host back; nobody asks it again before `next_allowed_at`. A lost hold changes nothing.

        `pushbacks`: answers 429 or 503 in a row by now, None where the last request taught nothing of that.
        """
        values: dict[str, Any] = {"holder": None, "holder_until": None, "next_allowed_at": next_allowed_at}
        if pushbacks is not None:
            values["pushbacks"] = pushbacks
        with self.store.change() as conn:
            conn.execute(update(HostRow).where(HostRow.host == host, HostRow.holder == holder).values(**values))

    def pushbacks(self, host: str) -> int:
        """How often in a row the host answered 429 or 503."""
        with self.store.read() as conn:
            return conn.execute(select(HostRow.pushbacks).where(HostRow.host == host)).scalar() or 0

    def release_all(self, holder: str) -> None:
        """On the way out: give back whatever this process still holds."""
        with self.store.change() as conn:
            conn.execute(update(HostRow).where(HostRow.holder == holder).values(holder=None, holder_until=None))

    def robots(self, host: str) -> Robots | None:
        with self.store.read() as conn:
            row = conn.execute(
                select(HostRow.robots, HostRow.robots_status, HostRow.robots_at).where(HostRow.host == host)
            ).first()
        if row is None or row.robots_at is None:
            return None
        return Robots(row.robots or "", row.robots_status, row.robots_at)

    def save_robots(self, host: str, robots: Robots, crawl_delay: float | None) -> None:
        values: dict[str, Any] = {
            "robots": robots.body, "robots_status": robots.status, "robots_at": robots.at, "crawl_delay": crawl_delay,
        }  # fmt: skip
        with self.store.change() as conn:
            statement = upsert(conn, HostRow).values(host=host, **values)
            conn.execute(statement.on_conflict_do_update(index_elements=["host"], set_=values))

    # --- jobs

    def take_slot(self, job: str, slot: str, owner: str, now: datetime, ttl_seconds: float) -> bool:
        """True when this process owns the run of `job` for `slot`: nobody else runs it now, or has for this slot."""
        with self.store.change() as conn:
            lease = upsert(conn, LeaseRow).values(name=job, owner=owner, until=now + timedelta(seconds=ttl_seconds))
            mine = conn.execute(
                lease.on_conflict_do_update(
                    index_elements=["name"],
                    set_={"owner": lease.excluded.owner, "until": lease.excluded.until},
                    where=LeaseRow.until < now,
                ).returning(LeaseRow.name)
            ).first()
            if mine is None:
                return False
            run = upsert(conn, RunSlotRow).values(job=job, slot=slot, owner=owner, state="running", started_at=now)
            # The lease was free and yet the slot says running: whoever ran it died, and the run is done again.
            fresh = conn.execute(
                run.on_conflict_do_update(
                    index_elements=["job", "slot"],
                    set_={"owner": owner, "started_at": now},
                    where=RunSlotRow.state == "running",
                ).returning(RunSlotRow.job)
            ).first()
            if fresh is None:
                conn.execute(delete(LeaseRow).where(LeaseRow.name == job, LeaseRow.owner == owner))
            return fresh is not None

    def keep_lease(self, job: str, owner: str, now: datetime, ttl_seconds: float) -> bool:
        """Heartbeat. False: the lease was lost, and the job must stop."""
        with self.store.change() as conn:
            kept = conn.execute(
                update(LeaseRow)
                .where(LeaseRow.name == job, LeaseRow.owner == owner)
                .values(until=now + timedelta(seconds=ttl_seconds))
                .returning(LeaseRow.name)
            ).first()
            return kept is not None

    def end_job(self, job: str, owner: str, *, done: bool = True) -> None:
        """Give the lease back and say that the run is done; without `done` its slot may be taken again."""
        with self.store.change() as conn:
            if done:
                mine = (RunSlotRow.job == job, RunSlotRow.owner == owner, RunSlotRow.state == "running")
                conn.execute(update(RunSlotRow).where(*mine).values(state="done"))
            conn.execute(delete(LeaseRow).where(LeaseRow.name == job, LeaseRow.owner == owner))
