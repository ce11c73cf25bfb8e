"""Derived UIDs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petfectior.dicom.uids import derived_uid

ROOTS = st.sampled_from(["2.25", "1.2.826.0.1.3680043.8.498", "1.2.3.", "1.2.840.113619.2.55.3.2831"])


@given(ROOTS, st.text(max_size=40), st.text(max_size=40), st.text(max_size=64))
def test_derived_uid_is_valid(root: str, task: str, rule: str, source: str) -> None:
    uid = derived_uid(root, task, rule, source)
    assert len(uid) <= 64
    assert re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", uid)
    assert uid.startswith(root.strip(".") + ".")


def test_same_origin_gives_the_same_uid() -> None:
    assert derived_uid("2.25", "t", "plain", "1.2.3") == derived_uid("2.25", "t", "plain", "1.2.3")


def test_every_part_of_the_origin_counts() -> None:
    origins = [
        ("t", "plain", "1.2.3", None),
        ("u", "plain", "1.2.3", None),
        ("t", "rule", "1.2.3", None),
        ("t", "plain", "1.2.4", None),
        ("t", "plain", "1.2.3", 1),
        ("t", "plain", "1.2.3", 2),
    ]
    assert len({derived_uid("2.25", *origin) for origin in origins}) == len(origins)


def test_root_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        derived_uid("1." + "2" * 31, "t", "plain", "1.2.3")
