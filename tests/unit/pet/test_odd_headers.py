"""Whatever a header holds, no reader crashes, and what is read fits what may leave."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from petfectior.dicom.tag_walker import EXPLICIT_VR_LITTLE_ENDIAN
from petfectior.errors import Rejected
from petfectior.pet import acquisition, description, vendors
from petfectior.pet.manifest import Person
from petfectior.pet.reconstruction import Recon

VENDORS = [*vendors.READERS, "other"]
TEXTS = {
    0x00181210: "SH",
    0x00541103: "LO",
    0x00090010: "LO",
    0x00189749: "CS",
    0x00671021: "LO",
}
NUMBERS = {0x000910B2: "SL", 0x000910B3: "SL", 0x000910BB: "FL", 0x000910DC: "FL", 0x00189739: "US"}
SERIES = {
    0x00080020: "DA",
    0x00080021: "DA",
    0x00080031: "TM",
    0x00080070: "LO",
    0x00081090: "LO",
    0x00101010: "AS",
    0x00101020: "DS",
    0x00101030: "DS",
    0x00100040: "CS",
    0x00541102: "CS",
    0x0018A001: "SQ",
    0x00540016: "SQ",
}
DRUG = {
    0x00180031: "LO",
    0x00181072: "TM",
    0x00181074: "DS",
    0x00181075: "DS",
    0x00181078: "DT",
    0x00540300: "SQ",
    0x00540304: "SQ",
}
odd = st.one_of(
    st.binary(max_size=80),
    st.from_regex(rb"[A-Z+ ]{0,9}\d{0,40}[ -]?[is]?\d{0,400}s?\d{0,9}\.?\d*(mm)?", fullmatch=True),
    st.sampled_from([b"", b"\\", b"inf", b"1e999", b"-1", b"NaN", b"19000231", b"2500", b"999Y", b"1\\2"]),
)


def values(tags: dict[int, str]) -> st.SearchStrategy[dict[int, bytes]]:
    return st.dictionaries(st.sampled_from(sorted(tags)), odd)


def dataset(raw: dict[int, bytes]) -> Dataset:
    """Return a dataset whose elements are as unread as a file's."""
    vrs = TEXTS | NUMBERS | SERIES | DRUG
    return Dataset(
        {
            Tag(tag): RawDataElement(Tag(tag), vrs[tag], len(value), value, 0, False, True)  # noqa: FBT003
            for tag, value in raw.items()
        }
    )


@pytest.mark.parametrize("maker", VENDORS)
@settings(deadline=None)
@given(header=values(TEXTS | NUMBERS))
def test_no_vendor_s_reader_crashes(maker: str, header: dict[int, bytes]) -> None:
    read = vendors.reconstruction(maker, dataset(header))
    assert isinstance(read, Recon)
    description.reconstruction_part(read)


@settings(deadline=None)
@given(header=values(TEXTS | NUMBERS | SERIES), drug=values(DRUG))
def test_no_header_crashes_the_acquisition(header: dict[int, bytes], drug: dict[int, bytes]) -> None:
    made = dataset(header)
    if 0x00540016 not in header:
        made.RadiopharmaceuticalInformationSequence = [dataset(drug)]
    told = acquisition.read(made, [])
    person = description.person(told)
    assert person is None or isinstance(person, Person)


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_header_are_read_or_refused(data: bytes) -> None:
    try:
        header = acquisition.parse_header(data, EXPLICIT_VR_LITTLE_ENDIAN)
    except Rejected as refused:
        event(refused.reason.code)
        return
    acquisition.read(header, [])
