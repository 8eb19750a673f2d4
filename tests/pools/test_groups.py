"""Groups and samples of each: nested in both directions, and what is not there is said."""

import numpy as np
import polars as pl
import pytest

from curation_scaling.errors import InputError
from curation_scaling.pools.groups import draw_groups


@pytest.fixture
def frame() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    sizes = {"a": 5, "b": 7, "c": 9, "d": 4}
    names = [name for name, size in sizes.items() for _ in range(size)]
    uids = rng.integers(0, 2**63, (2, len(names))).astype(np.uint64)
    return pl.DataFrame({"uid_hi": uids[0], "uid_lo": uids[1], "group": names})


def test_as_many_of_each_as_were_asked_for(frame: pl.DataFrame) -> None:
    taken = draw_groups(frame, groups=3, per_group=4, seed=5)
    assert taken.group_by("group").len()["len"].to_list() == [4, 4, 4]
    assert taken["uid_hi"].is_sorted()
    assert draw_groups(frame, groups=None, per_group=None, seed=5).equals(frame.sort("uid_hi", "uid_lo"))


def test_more_contains_fewer_and_rows_may_come_in_any_order(frame: pl.DataFrame) -> None:
    def uids(groups: int, per_group: int, seed: int = 5) -> set[int]:
        shuffled = frame.sample(fraction=1, shuffle=True, seed=groups)
        return set(draw_groups(shuffled, groups=groups, per_group=per_group, seed=seed)["uid_hi"])

    assert uids(2, 2) < uids(3, 2) < uids(3, 4)
    assert uids(2, 2) < uids(2, 3)
    assert len({frozenset(uids(2, 2, seed)) for seed in range(8)}) > 1


def test_too_few_groups_or_samples_are_said(frame: pl.DataFrame) -> None:
    with pytest.raises(InputError, match=r"^groups: 5 are asked for, the source holds 4"):
        draw_groups(frame, groups=5, per_group=1, seed=0)
    with pytest.raises(InputError, match=r"^per_group: 5 are asked for, group 'd' holds 4$"):
        draw_groups(frame, groups=4, per_group=5, seed=0)
