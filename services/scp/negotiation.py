"""What the node accepts: SOP classes and transfer syntaxes (see docs/conformance.md)."""

from __future__ import annotations

from typing import Final

from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    LegacyConvertedEnhancedPETImageStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
)
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.presentation import PresentationContext, build_context

from petfectior.settings import Settings

PROCESSED: Final = (PositronEmissionTomographyImageStorage, LegacyConvertedEnhancedPETImageStorage)
"""SOP classes that can be processed; all others can only be forwarded."""

VERIFICATION: Final = UID("1.2.840.10008.1.1")

UNCOMPRESSED: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
ENCAPSULATED: Final = (
    JPEGLosslessSV1,
    JPEGLossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
    RLELossless,
)
ONLY_FORWARDED: Final = (JPEGBaseline8Bit, JPEGExtended12Bit)


def contexts(settings: Settings) -> list[PresentationContext]:
    """Return the presentation contexts that are accepted under `settings`."""
    syntaxes: list[str | UID] = [*UNCOMPRESSED, *ENCAPSULATED]
    if settings.accept_deflated:
        syntaxes.append(DeflatedExplicitVRLittleEndian)
    accepted = [build_context(VERIFICATION, list(UNCOMPRESSED))]
    accepted += [build_context(sop_class, syntaxes) for sop_class in PROCESSED]
    if settings.accept_other:
        accepted += [
            build_context(context.abstract_syntax, [*syntaxes, *ONLY_FORWARDED])
            for context in AllStoragePresentationContexts
            if context.abstract_syntax and context.abstract_syntax not in PROCESSED
        ]
    return accepted


def is_processed(sop_class_uid: str, transfer_syntax_uid: str) -> bool:
    """Tell whether such an instance can be processed, and not only forwarded."""
    return sop_class_uid in PROCESSED and transfer_syntax_uid != DeflatedExplicitVRLittleEndian
