"""Who may act now, over all processes and machines: one gate per host, leases and slots for jobs.

Times here are the database's or machine's real time, never `--now`: politeness and leases are physical.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from models.store import Store, upsert
from models.tables import HostRow, LeaseRow, RunSlotRow


@dataclass(frozen=True, slots=True)
class Robots:
    """A host's robots.txt as fetched: body ("" where there is none), HTTP status (None: no answer), when."""

    body: str
    status: int | None
    at: datetime


CHUNK = 500  # bound parameters per IN list, as in models.collected

_HOST: Any = HostRow.__table__
_NAMED = _HOST.c.host.in_(bindparam("hosts", expanding=True))
_HOLDERS = select(_HOST.c.host, _HOST.c.next_allowed_at, _HOST.c.holder, _HOST.c.holder_until).where(_NAMED)
_ROBOTS = select(_HOST.c.host, _HOST.c.robots, _HOST.c.robots_status, _HOST.c.robots_at).where(
    _NAMED, _HOST.c.robots_at.is_not(None)
)
_RELEASE = (
    update(_HOST)
    .where(_HOST.c.host == bindparam("of"), _HOST.c.holder == bindparam("by"))
    .values(
        holder=None,
        holder_until=None,
        next_allowed_at=bindparam("rest"),
        pushbacks=func.coalesce(bindparam("pushed", type_=_HOST.c.pushbacks.type), _HOST.c.pushbacks),
    )
)


def _claim(conn: Connection) -> Any:
    """Take a host that is free and rested; any other row stays as it is."""
    until = bindparam("until", type_=_HOST.c.holder_until.type)
    now = bindparam("now", type_=_HOST.c.holder_until.type)
    free = or_(_HOST.c.holder.is_(None), _HOST.c.holder_until < now)
    rested = or_(_HOST.c.next_allowed_at.is_(None), _HOST.c.next_allowed_at <= now)
    statement = upsert(conn, HostRow).values(host=bindparam("host"), holder=bindparam("holder"), holder_until=until)
    return statement.on_conflict_do_update(
        index_elements=["host"],
        set_={"holder": statement.excluded.holder, "holder_until": statement.excluded.holder_until},
        where=free & rested,
    )


def _told(row: Any, claim: Mapping[str, Any], now: datetime) -> tuple[float, str | None]:
    if row.holder == claim["holder"] and row.holder_until == claim["until"]:
        return 0.0, None  # the claim just made: an older one of ours ends at another moment
    if row.next_allowed_at is not None and row.next_allowed_at > now:
        return float((row.next_allowed_at - now).total_seconds()), row.holder
    return 0.25, row.holder  # somebody holds it: ask again soon, four times a second is nothing to the database


@dataclass(frozen=True, slots=True)
class Rest:
    """When a host may be asked again, and how often in a row it answered 429 or 503 by now; None where the last request
    taught nothing of that."""

    until: datetime
    pushbacks: int | None = None


class Gate:
    """Hosts, leases and slots. Every method is one short transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def hold(self, host: str, holder: str, now: datetime, seconds: float) -> tuple[float, str | None]:
        """Take the host for at most `seconds`. Returns (0.0, None) when taken, else (how many seconds to wait before
        asking again, who holds it)."""
        return self.hold_many({host: seconds}, holder, now)[host]

    def hold_many(
        self, seconds: Mapping[str, float], holder: str, now: datetime
    ) -> dict[str, tuple[float, str | None]]:
        """`hold` of several hosts in one transaction, each for its own seconds and by itself."""
        # In one order everywhere, or two processes could wait for each other's rows.
        claims: list[dict[str, Any]] = [
            {"host": h, "holder": holder, "until": now + timedelta(seconds=seconds[h])} for h in sorted(seconds)
        ]
        with self.store.change() as conn:
            conn.execute(_claim(conn), [{**claim, "now": now} for claim in claims])
            rows: dict[str, Any] = {}
            for start in range(0, len(claims), CHUNK):
                part = [claim["host"] for claim in claims[start : start + CHUNK]]
                rows |= {row.host: row for row in conn.execute(_HOLDERS, {"hosts": part})}
        return {claim["host"]: _told(rows[claim["host"]], claim, now) for claim in claims}

    def release(self, host: str, holder: str, rest: Rest) -> None:
        """Give the host back; nobody asks it again before `rest.until`. A lost hold changes nothing."""
        self.release_many({host: rest}, holder)

    def release_many(self, rests: Mapping[str, Rest], holder: str) -> None:
        """`release` of several hosts in one transaction."""
        told = [
            {"of": host, "by": holder, "rest": rests[host].until, "pushed": rests[host].pushbacks}
            for host in sorted(rests)
        ]
        with self.store.change() as conn:
            conn.execute(_RELEASE, told)

    def pushbacks(self, host: str) -> int:
        """How often in a row the host answered 429 or 503."""
        with self.store.read() as conn:
            return conn.execute(select(HostRow.pushbacks).where(HostRow.host == host)).scalar() or 0

    def release_all(self, holder: str) -> None:
        """On the way out: give back whatever this process still holds."""
        with self.store.change() as conn:
            conn.execute(update(HostRow).where(HostRow.holder == holder).values(holder=None, holder_until=None))

    def robots(self, host: str) -> Robots | None:
        return self.robots_of([host]).get(host)

    def robots_of(self, hosts: Iterable[str]) -> dict[str, Robots]:
        """What is stored of these hosts' robots.txt; nothing for a host never asked."""
        names = sorted(set(hosts))
        found: dict[str, Robots] = {}
        with self.store.read() as conn:
            for start in range(0, len(names), CHUNK):
                for row in conn.execute(_ROBOTS, {"hosts": names[start : start + CHUNK]}):
                    found[row.host] = Robots(row.robots or "", row.robots_status, row.robots_at)
        return found

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
