"""Values to PNG: a window from 0 up, dark where activity is high, as PET is read; a change in two colours."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Values = NDArray[np.float32]
LARGEST: Final = 1000
"""Pixels of a picture's longer side, at most."""
CHANGE: Final = 0.2
"""The window of a change, as a share of the window of values."""
_RED: Final = np.array([178, 24, 43], np.float32)
_BLUE: Final = np.array([33, 102, 172], np.float32)
_WHITE: Final = np.array([255, 255, 255], np.float32)


def grey(values: Values, top: float, spacing: tuple[float, float]) -> bytes:
    """Return a PNG: white at 0 and below, black from `top` up.

    Parameters
    ----------
    values
        (lines, columns).
    top
        Upper end of the window, in the units of `values`.
    spacing
        Distance of lines and of columns, mm: the picture's pixels are square.
    """
    shade = 255.0 - np.clip(values / top, 0.0, 1.0) * 255.0
    return _png(Image.fromarray(shade.astype(np.uint8)), spacing)


def change(values: Values, top: float, spacing: tuple[float, float]) -> bytes:
    """Return a PNG: red where values rose, blue where they fell, full at a fifth of `top` and more."""
    share = np.clip(values / (top * CHANGE), -1.0, 1.0)[..., np.newaxis]
    colour = np.where(share > 0, _RED, _BLUE)
    mixed = _WHITE + (colour - _WHITE) * np.abs(share)
    return _png(Image.fromarray(mixed.astype(np.uint8)), spacing)


def _png(image: Image.Image, spacing: tuple[float, float]) -> bytes:
    height, width = image.height * spacing[0], image.width * spacing[1]
    scale = min(1.0 / min(spacing), LARGEST / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(file, "PNG")
    return file.getvalue()
