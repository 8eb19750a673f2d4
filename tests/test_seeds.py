import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.seeds import derive_seed, mix64

U64 = st.integers(0, 2**64 - 1)


@given(seed=st.integers(0, 2**63 - 1), identity=st.lists(st.one_of(st.text(max_size=4), st.integers()), max_size=3))
def test_seeds_fit_a_signed_integer_and_depend_on_the_identity_alone(seed, identity):
    found = derive_seed(seed, *identity)
    assert 0 <= found < 2**63
    assert found == derive_seed(seed, *identity)
    assert found != derive_seed(seed, *identity, "more")


def test_parts_of_an_identity_do_not_run_together():
    seeds = {derive_seed(1, "train", "ab", "c"), derive_seed(1, "train", "a", "bc"), derive_seed(1, "train", "abc")}
    assert len(seeds) == 3


def test_seeds_do_not_change_between_versions():
    """Old runs keep their bytes only while this number stays."""
    assert derive_seed(7, "train", "bucket1", 0, 1) == 5548014937375373005


@given(st.lists(st.tuples(U64, U64), min_size=1, max_size=20), st.integers(0, 2**63 - 1))
def test_mix_depends_on_each_sample_alone(uids, seed):
    high, low = (np.array(part, dtype=np.uint64) for part in zip(*uids, strict=True))
    whole = mix64(high, low, seed)
    assert whole.dtype == np.uint64
    assert [int(mix64(high[i : i + 1], low[i : i + 1], seed)[0]) for i in range(len(uids))] == whole.tolist()


def test_mix_is_the_reference_splitmix64():
    """Vigna's splitmix64, state 0: first and second output; here the finaliser of 0 and of its own output."""
    first = 0xE220A8397B1DCDAF
    zero = np.zeros(1, np.uint64)
    once = int(mix64(np.array([first], np.uint64), zero, 0)[0])  # finalise(finalise(0) ^ first) = finalise(0)
    assert once == first


def test_mixed_numbers_are_spread_evenly():
    n = 4096
    low = np.arange(n, dtype=np.uint64)
    for high in (low * 0, low):
        values = mix64(high, low, 5)
        counts = np.bincount((values >> np.uint64(60)).astype(int), minlength=16)
        assert ((counts - n / 16) ** 2 / (n / 16)).sum() < 40  # chi-squared, 15 degrees of freedom: p < 1e-3
        assert len(np.unique(values)) == n
