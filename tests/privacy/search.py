"""Looks for canaries in bytes, however they may have been written there."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.privacy.canaries import Canary, forms, in_base64

NUMBER = re.compile(rb"(?<![0-9A-Za-z_.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
POWERS = (1.0, 1e3, 1e-3, 1e6, 1e-6, 1e2, 1e-2)
PRECISION = 1e-6


@dataclass(frozen=True)
class Find:
    """A canary that is where it must not be."""

    where: str
    canary: str
    form: str


def find(places: Mapping[str, bytes], canaries: Iterable[Canary]) -> list[Find]:
    """Return every canary that shows anywhere, in any encoding."""
    patterns = [(canary, *one) for canary in canaries for one in _patterns(canary)]
    numbers = [canary for canary in canaries if canary.number is not None]
    found = []
    for where, content in places.items():
        lowered = content.lower()
        found += [
            Find(where, canary.where, form)
            for canary, form, pattern, folded in patterns
            if _shows(pattern, lowered if folded else content)
        ]
        if not where.startswith("voxels"):
            found += _numbers(where, content, numbers)
    return found


def _patterns(canary: Canary) -> Iterator[tuple[str, bytes, bool]]:
    """Yield (form, bytes, whether letters were lowered)."""
    for text in canary.texts:
        yield from ((f"text {text!r}", form, True) for form in forms(text))
        yield from (("base64", form, False) for form in in_base64(text.encode()))
    if canary.vr in {"UI", "LO", "PN"}:
        yield from _hashes({str(canary.value), *canary.texts})
    if canary.raw:
        yield "bytes", canary.raw, False
        yield "hex", canary.raw.hex().encode(), True
        yield from (("base64", form, False) for form in in_base64(canary.raw))
    if canary.number is not None:
        yield from (("IEEE 754", struct.pack(f"{order}d", canary.number), False) for order in "<>")


def _hashes(texts: Iterable[str]) -> Iterator[tuple[str, bytes, bool]]:
    """Yield the beginnings of digests: hashes of ids can be searched."""
    for text in texts:
        for name in ("md5", "sha1", "sha256"):
            yield name, hashlib.new(name, text.encode()).hexdigest()[:16].encode(), True


def _shows(pattern: bytes, content: bytes) -> bool:
    if len(pattern) > 8 or not pattern.isdigit():
        return pattern in content
    # Eight digits occur by chance in digests and fractions: a date stands by itself.
    return pattern in content and bool(re.search(rb"(?<![0-9a-z.])" + pattern + rb"(?![0-9a-z])", content))


def _numbers(where: str, content: bytes, canaries: Iterable[Canary]) -> Iterator[Find]:
    values = np.unique(np.array([float(text) for text in NUMBER.findall(content)] or [0.0]))
    for canary in canaries:
        if any(_near(values, canary.number or 0.0, power) for power in POWERS):
            yield Find(where, canary.where, "number")


def _near(values: NDArray[np.float64], number: float, power: float) -> bool:
    wanted = number * power
    return bool(np.any(np.abs(values - wanted) <= PRECISION * wanted))
