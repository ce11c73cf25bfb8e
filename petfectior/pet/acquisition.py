"""How a series came about: one header per series, turned into typed facts with units."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict
from pydicom import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag

from petfectior.dicom import tag_walker
from petfectior.errors import Rejected
from petfectior.pet import decay_reference, header_values, radionuclides, scanners, vendors
from petfectior.pet.header_values import Header
from petfectior.pet.instance import InstanceFacts
from petfectior.pet.reconstruction import Recon

PIXEL_DATA: Final = 0x7FE00010
RADIOPHARMACEUTICALS: Final = 0x00540016
EQUIPMENT: Final = 0x0018A001
LATEST_INJECTION: Final = timedelta(hours=1)
"""An injection that a time alone puts later than this after the scan began was on the day before."""


class Acquisition(BaseModel):
    """What one series' header tells; None or "" where it does not.

    Parameters
    ----------
    manufacturer, model
        As the header writes them; they stay in the house.
    tracer_names
        Radiopharmaceutical, then code meanings, in order of trust; they stay in the house.
    radionuclide
        Name of `petfectior.pet.radionuclides.BY_NAME`.
    dose
        RadionuclideTotalDose, Bq.
    half_life
        RadionuclideHalfLife, s.
    injected, started, reference
        Scanner's local time: injection, begin of the first acquisition, what decay is corrected to.
    weight, height, age
        kg, m, years.
    ours
        Whether a PETfectior made this series.
    """

    model_config = ConfigDict(frozen=True)

    manufacturer: str = ""
    model: str = ""
    reconstruction: Recon = Recon()
    has_radiopharmaceutical: bool = False
    tracer_names: tuple[str, ...] = ()
    radionuclide: str | None = None
    dose: float | None = None
    half_life: float | None = None
    injected: datetime | None = None
    started: datetime | None = None
    reference: datetime | None = None
    decay_correction: str = ""
    weight: float | None = None
    height: float | None = None
    sex: str = ""
    age: int | None = None
    ours: bool = False


def parse_header(dataset: bytes, syntax_uid: str) -> Header:
    """Parse an encoded dataset up to its pixel data.

    Raises
    ------
    Rejected
        ``header-unreadable`` if it is no DICOM dataset.
    """
    if syntax_uid == tag_walker.DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        dataset = tag_walker.inflated(dataset)
    try:
        return read_dataset(
            io.BytesIO(dataset),
            is_implicit_VR=tag_walker.is_implicit(syntax_uid),
            is_little_endian=not tag_walker.is_big_endian(syntax_uid),
            stop_when=_at_pixels,
        )
    except Exception as error:  # pydicom raises anything on odd headers
        raise Rejected("header-unreadable") from error


def read(header: Header, instances: Sequence[InstanceFacts]) -> Acquisition:
    """Read the series' acquisition; never raises on a missing or odd value.

    Parameters
    ----------
    header
        One instance's header, as `parse_header` returns it.
    instances
        All facts of the series, for the first acquisition's begin.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _read(header, instances)


def _read(header: Header, instances: Sequence[InstanceFacts]) -> Acquisition:
    manufacturer = header_values.text(header, 0x00080070)
    items = header_values.items(header, RADIOPHARMACEUTICALS)
    drug = items[0] if items else Dataset()
    started = began(header, instances)
    injected = _injected(drug, started)
    decay = header_values.text(header, 0x00541102)
    return Acquisition(
        manufacturer=manufacturer,
        model=header_values.text(header, 0x00081090),
        reconstruction=vendors.reconstruction(scanners.maker(manufacturer), header),
        has_radiopharmaceutical=bool(items),
        tracer_names=_tracer_names(drug),
        radionuclide=_radionuclide(drug),
        dose=header_values.positive(drug, 0x00181074),
        half_life=header_values.positive(drug, 0x00181075),
        injected=injected,
        started=started,
        reference=_reference(header, decay, injected, started),
        decay_correction=decay,
        weight=header_values.positive(header, 0x00101030),
        height=header_values.positive(header, 0x00101020),
        sex=header_values.text(header, 0x00100040),
        age=header_values.years(header_values.text(header, 0x00101010)),
        ours=_is_ours(header),
    )


def began(header: Header, instances: Sequence[InstanceFacts]) -> datetime | None:
    """Return the begin of the first acquisition; SeriesTime only where no image has one of its own.

    A SeriesTime later than AcquisitionTime means post-processed, so the acquisition's counts.
    """
    day = header_values.text(header, 0x00080021) or header_values.text(header, 0x00080020)
    moments = [header_values.moment(one.acquisition_date or day, one.acquisition_time) for one in instances]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else decay_reference.series_began(header)


def _reference(
    header: Header, decay: str, injected: datetime | None, started: datetime | None
) -> datetime | None:
    """Return what DecayCorrection (0054,1102) corrects to."""
    if decay == "ADMIN":
        return injected
    if decay != "START":
        return None
    return decay_reference.of_start(header, started)[0]


def _injected(drug: Header, started: datetime | None) -> datetime | None:
    """Return the injection's moment; a time without a date is on the scan's day or the one before."""
    full = header_values.moment_of(header_values.text(drug, 0x00181078))
    if full is not None or started is None:
        return full
    day = started.strftime("%Y%m%d").rjust(8, "0")
    moment = header_values.moment(day, header_values.text(drug, 0x00181072))
    if moment is not None and moment - started > LATEST_INJECTION:
        return moment - timedelta(days=1)
    return moment


def _tracer_names(drug: Header) -> tuple[str, ...]:
    texts = [header_values.text(drug, 0x00180031)]
    for sequence in (0x00540304, 0x00540300):
        texts += [header_values.text(item, 0x00080104) for item in header_values.items(drug, sequence)]
    return tuple(text for text in texts if text)


def _radionuclide(drug: Header) -> str | None:
    """Return the nuclide by code, else by a text that names it, else by half-life."""
    codes = header_values.items(drug, 0x00540300)
    texts = [*(header_values.text(item, 0x00080104) for item in codes), *_tracer_names(drug)]
    found = [radionuclides.by_code(header_values.text(item, 0x00080100)) for item in codes]
    found += [radionuclides.by_text(text) for text in texts]
    half_life = header_values.positive(drug, 0x00181075)
    found.append(radionuclides.by_half_life(half_life) if half_life else None)
    return next((one.name for one in found if one is not None), None)


def _is_ours(header: Header) -> bool:
    tags = (0x00080070, 0x00081090, 0x00181020)
    return any(
        "petfectior" in header_values.text(item, tag).lower()
        for item in header_values.items(header, EQUIPMENT)
        for tag in tags
    )


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return bool(tag >= PIXEL_DATA)
