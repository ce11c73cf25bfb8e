"""Text is shown in the characters that the dataset declares, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petfectior.dicom.text import display, encode


@pytest.mark.parametrize(
    ("value", "charset", "shown"),
    [
        (b"Buc^J\xe9r\xf4me", b"ISO_IR 100", "Buc^Jérôme"),
        ("Wang^XiaoDong=王^小东".encode("gb18030"), b"GB18030", "Wang^XiaoDong=王^小东"),
        (b"\xbb\xee\xda\xe1", b"ISO_IR 144", "\u041b\u044e\u043a\u0441"),
        ("Ümit ".encode(), b"ISO_IR 192 ", "Ümit"),
        (b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", b"\\ISO 2022 IR 87", "Yamada^Tarou=山田^太郎"),
        (b"line\r\nbreak\x1b\0 ", b"", "linebreak"),
        (b"plain", b"NO SUCH SET", "plain"),
    ],
)
def test_values_are_decoded(value: bytes, charset: bytes, shown: str) -> None:
    assert display(value, charset) == shown


@given(
    st.binary(max_size=60), st.one_of(st.binary(max_size=20), st.sampled_from([b"\\ISO 2022 IR 149", b"GBK"]))
)
def test_nothing_raises_and_nothing_controls_the_terminal(value: bytes, charset: bytes) -> None:
    assert all(character.isprintable() or character.isspace() for character in display(value, charset))


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [(b"ISO_IR 192", "Análisis μ".encode()), (b"ISO_IR 100", b"An\xe1lisis ?"), (b"", b"Analisis ?")],
)
def test_characters_that_the_set_lacks_are_replaced(charset: bytes, encoded: bytes) -> None:
    assert encode("Análisis μ", charset, 64) == encoded


@given(
    st.text(max_size=100),
    st.sampled_from([b"", b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"GB18030"]),
)
def test_encoded_text_fits_and_decodes(text: str, charset: bytes) -> None:
    raw = encode(text, charset, 64)
    assert len(display(raw, charset)) <= 64
    assert b"\\" not in raw or charset == b"GB18030"
