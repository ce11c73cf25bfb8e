"""Which elements of a source slice do not belong into a derived one. See docs/reference/derived-series.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from petfectior.dicom import private_tags

PIXEL_GROUP: Final = 0x7FE0

DROPPED: Final = {
    0x00080001: "LengthToEnd",
    0x00080014: "InstanceCreatorUID",
    0x0008103F: "SeriesDescriptionCodeSequence",
    0x00280108: "SmallestPixelValueInSeries",
    0x00280109: "LargestPixelValueInSeries",
    0x00280110: "SmallestImagePixelValueInPlane",
    0x00280111: "LargestImagePixelValueInPlane",
    0x00280120: "PixelPaddingValue",
    0x00280121: "PixelPaddingRangeLimit",
    0x00281050: "WindowCenter",
    0x00281051: "WindowWidth",
    0x00281055: "WindowCenterWidthExplanation",
    0x00281056: "VOILUTFunction",
    0x00283010: "VOILUTSequence",
    0x00409096: "RealWorldValueMappingSequence",
    0x00880200: "IconImageSequence",
    0x4FFE0001: "MACParametersSequence",
}
"""They describe the source's pixels or its file; the windows come anew where they are set."""

_GRAPHICS: Final = frozenset(range(0x5000, 0x5020, 2)) | frozenset(range(0x6000, 0x6020, 2))
"""Curves and overlays."""


def drops(private_values: Mapping[int, bytes]) -> Callable[[int], bool]:
    """Return the rule for one slice.

    Parameters
    ----------
    private_values
        Its private elements of `petfectior.dicom.private_tags.SAFE_GROUPS`.
    """
    stays = private_tags.kept(dict(private_values))

    def dropped(tag: int) -> bool:
        group = tag >> 16
        if private_tags.is_private(tag):
            return tag not in stays
        return tag in DROPPED or not tag & 0xFFFF or group in _GRAPHICS or group >= PIXEL_GROUP

    return dropped
