from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from petfectior.pet.instance import WANTED, InstanceFacts, facts, read_index, write_index

LITTLE = "1.2.840.10008.1.2.1"
BIG = "1.2.840.10008.1.2.2"


def of(header: dict[int, bytes], syntax: str = LITTLE) -> InstanceFacts:
    return facts(
        header,
        sop_class_uid="1.2",
        sop_instance_uid="1.2.3",
        transfer_syntax_uid=syntax,
        digest="d",
        offset=0,
        size=1,
    )


def test_values_are_read_from_their_bytes() -> None:
    read = of(
        {
            0x00200032: b"-199.0\\-199.0\\38.9199999028999 ",
            0x00280030: b"2.08333\\2.08333",
            0x00280010: b"\xc0\x00",
            0x00541000: b"WHOLE BODY\\IMAGE",
            0x00281053: b"0.184427",
        }
    )
    assert read.position == (-199.0, -199.0, 38.9199999028999)
    assert read.pixel_spacing == (2.08333, 2.08333)
    assert read.rows == 192
    assert read.series_type == ("WHOLE BODY", "IMAGE")
    assert read.slope == 0.184427


def test_binary_values_follow_the_byte_order_of_the_syntax() -> None:
    assert of({0x00280010: b"\x00\xc0"}, BIG).rows == 192


def test_identity_is_kept_as_a_digest_only() -> None:
    one, padded = of({0x00100020: b"SECRET-1"}), of({0x00100020: b"SECRET-1 "})
    assert one.identity["PatientID"] == padded.identity["PatientID"]
    assert "SECRET" not in one.model_dump_json()
    assert one.identity["PatientID"] != of({0x00100020: b"SECRET-2"}).identity["PatientID"]


@given(st.dictionaries(st.sampled_from(sorted(WANTED)), st.binary(max_size=40)))
def test_odd_values_never_crash_and_come_back_from_the_index(header: dict[int, bytes]) -> None:
    read = of(header)
    assert list(read_index(write_index([read]))) == [read]
