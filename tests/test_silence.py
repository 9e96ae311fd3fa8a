"""Silent deaths in simulated years of 60 sources. Figures of more and fresh seeds: benchmarks/silence.py."""

from __future__ import annotations

from statistics import median

import pytest

from tests.newsyear import KINDS, Scored, rings, score, year

FALSE_ALARMS = 0.3  # a source and year
HEAVY_FALSE_ALARMS = 0.8  # with lognormal gaps and items that bring further ones: more than promised, and told so
HEAVY_DELAY = 1.5  # of the bound, for the same
EVERY_HOURS = 3  # judged; the benchmark does it every hour


def played(seed: int, **more: object) -> list[Scored]:
    return [score(one, rings, 60 * EVERY_HOURS) for one in year(seed, **more)]  # type: ignore[arg-type]


def held(scored: list[Scored], false_alarms: float = FALSE_ALARMS, delay: float = 1.0) -> None:
    """Every death and decay noticed, deaths in time at the median, few false alarms."""
    assert [one.source.name for one in scored if not one.noticed] == []
    deaths = [one.delay / one.bound for one in scored if one.source.fault == "death"]
    assert median(deaths) <= delay, sorted(deaths)
    years = sum(one.healthy_years for one in scored)
    assert sum(one.false_alarms for one in scored) / years <= false_alarms


def test_a_year_is_the_same_for_the_same_seed() -> None:
    assert [one.times for one in year(5, sources=6, faults=2, deaths=2)] == [
        one.times for one in year(5, sources=6, faults=2, deaths=2)
    ]


def test_a_judge_who_never_rings_fails() -> None:
    scored = [score(one, lambda *_: False, 24 * 60) for one in year(5, sources=6, faults=2, deaths=2)]
    with pytest.raises(AssertionError):
        held(scored)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
def test_silent_deaths_are_noticed(seed: int) -> None:
    held(played(seed))


@pytest.mark.long
def test_heavier_tails_than_the_judge_was_made_for() -> None:
    held(played(3, kinds=KINDS[3:], holidays=True), HEAVY_FALSE_ALARMS, HEAVY_DELAY)
