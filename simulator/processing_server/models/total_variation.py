"""Total variation (Chambolle 2004) of scikit-image, slice by slice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from simulator.processing_server.models.stabilised import Slice, noise, root, square


def smooth(slices: Iterable[Slice], _spacing: tuple[float, float, float]) -> Iterator[Slice]:
    """Yield denoised slices."""
    from skimage.restoration import denoise_tv_chambolle  # noqa: PLC0415 - slow, and not every server needs it

    for plane in slices:
        rooted = root(plane)
        sigma = noise(rooted)
        if sigma == 0.0:
            yield plane
            continue
        cleaned = denoise_tv_chambolle(rooted, weight=sigma)  # type: ignore[no-untyped-call]
        yield square(np.asarray(cleaned, np.float32))
