import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation_scaling.pools.sources.alphabet import SYMBOLS, encode, normalise

ALPHABET = "".join(map(chr, range(32, 127))) + "\n"


def test_each_symbol_has_its_own_code() -> None:
    assert encode([ALPHABET]).tolist() == list(range(SYMBOLS))


@given(st.text())
def test_any_text_fits_the_alphabet_and_then_stays(text: str) -> None:
    once = normalise(text)
    assert set(once) <= set(ALPHABET)
    assert normalise(once) == once
    assert len(encode([once, once])) == 2 * len(once)


def test_foreign_characters_are_mapped() -> None:
    assert normalise("a\tb\r\nπ = 3\x0c\x7f") == "a   b\n? = 3??"
    assert (encode(["ab", "c"]) == np.array([65, 66, 67])).all()
