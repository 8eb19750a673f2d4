import hashlib

import numpy as np
import polars as pl

from curation_scaling.pools.sources.source import uids, uniform_by_uid


def _named(count: int) -> pl.DataFrame:
    high, low = uids(str(i).encode() for i in range(count))
    return pl.DataFrame({"uid_hi": high, "uid_lo": low})


def test_a_uid_is_the_digest_of_the_content_in_two_halves() -> None:
    high, low = uids([b"one", b"two"])
    for i, content in enumerate((b"one", b"two")):
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        assert f"{high[i]:016x}{low[i]:016x}" == digest


def test_numbers_by_uid_are_uniform_and_change_with_the_seed() -> None:
    frame = _named(20_000)
    first, second = uniform_by_uid(frame, 1), uniform_by_uid(frame, 2)
    for numbers in (first, second):
        assert numbers.min() >= 0
        assert numbers.max() < 1
        shares = np.histogram(numbers, 10, (0, 1))[0] / len(numbers)
        assert np.abs(shares - 0.1).max() < 0.01  # five standard deviations
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.03


def test_numbers_by_uid_ignore_the_other_rows() -> None:
    frame = _named(100)
    numbers = uniform_by_uid(frame, 5)
    assert (uniform_by_uid(frame.reverse(), 5)[::-1] == numbers).all()
    assert (uniform_by_uid(frame[10:20], 5) == numbers[10:20]).all()
