from __future__ import annotations

import random

import pytest

from petfectior.pet.completeness import Limits, assess, expected_count
from petfectior.pet.instance import PET, InstanceFacts
from petfectior.reasons import sentence

LIMITS = Limits(minimum_images=47, spacing_tolerance=0.10)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slices(count: int, **fields: object) -> list[InstanceFacts]:
    """Return an axial stack, feet to head, 3 mm apart."""
    return [one(number, **fields) for number in range(count)]


def one(number: int, **fields: object) -> InstanceFacts:
    values: dict[str, object] = {
        "sop_class_uid": PET,
        "sop_instance_uid": f"1.2.{number}",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "digest": f"{number}",
        "offset": 0,
        "size": 1,
        "position": (0.0, 0.0, 3.0 * number),
        "orientation": AXIAL,
        "series_type": ("WHOLE BODY", "IMAGE"),
    }
    return InstanceFacts.model_validate({**values, **fields})


def test_series_is_complete_when_the_announced_number_is_there() -> None:
    verdict = assess(slices(20, number_of_slices=20), LIMITS)
    assert (verdict.complete, verdict.expected, verdict.received) == (True, 20, 20)


def test_copies_of_an_instance_count_once() -> None:
    some = slices(19, number_of_slices=20)
    verdict = assess(some + some, LIMITS)
    assert (verdict.complete, verdict.received) == (False, 19)


def test_order_of_arrival_means_nothing() -> None:
    series = slices(60)
    random.Random(1).shuffle(series)
    assert assess(series, LIMITS).complete


def test_missing_slice_is_named_with_its_position() -> None:
    series = [facts for facts in slices(20, number_of_slices=20) if facts.sop_instance_uid != "1.2.7"]
    reason = assess(series, LIMITS).reason
    assert reason is not None
    assert reason.code == "series-incomplete-positions"
    assert reason.params["positions"] == "21.0"
    assert "19" in sentence(reason)
    assert "20" in sentence(reason, "es")


@pytest.mark.parametrize(
    ("missing", "index", "code"),
    [
        (range(15, 20), lambda n: n + 1, "series-incomplete-head"),
        (range(5), lambda n: n + 1, "series-incomplete-feet"),
        (range(5), lambda n: 20 - n, "series-incomplete-feet"),
        (range(15, 20), lambda n: 20 - n, "series-incomplete-head"),
    ],
)
def test_missing_end_is_named(missing: range, index: object, code: str) -> None:
    assert callable(index)
    series = [
        one(number, number_of_slices=20, image_index=index(number))
        for number in range(20)
        if number not in missing
    ]
    reason = assess(series, LIMITS).reason
    assert reason is not None
    assert reason.code == code


def test_missing_end_without_numbering_is_not_guessed() -> None:
    reason = assess(slices(15, number_of_slices=20), LIMITS).reason
    assert reason is not None
    assert reason.code == "series-incomplete"


def test_dynamic_series_counts_slices_times_frames() -> None:
    series = slices(3, number_of_slices=3, number_of_time_slices=4, series_type=("DYNAMIC", "IMAGE"))
    assert expected_count(series) == 12


def test_gated_series_counts_intervals_and_slots() -> None:
    gated = {"number_of_slices": 3, "number_of_rr_intervals": 1, "number_of_time_slots": 8}
    assert expected_count(slices(3, series_type=("GATED", "IMAGE"), **gated)) == 24


def test_bed_number_in_number_of_time_slices_of_a_static_series_is_ignored() -> None:
    beds = [
        one(
            number,
            number_of_slices=20,
            number_of_time_slices=number // 4 + 1,
            series_type=("STATIC", "IMAGE"),
        )
        for number in range(20)
    ]
    assert assess(beds, LIMITS).complete


def test_dynamic_series_with_a_missing_frame_names_the_position() -> None:
    frames = [
        one(number, sop_instance_uid=f"1.{frame}.{number}", frame_reference_time=1000.0 * frame)
        for frame in range(3)
        for number in range(5)
        if (frame, number) != (1, 2)
    ]
    known = [
        facts.model_copy(
            update={
                "number_of_slices": 5,
                "number_of_time_slices": 3,
                "series_type": ("DYNAMIC", "IMAGE"),
            }
        )
        for facts in frames
    ]
    reason = assess(known, LIMITS).reason
    assert reason is not None
    assert (reason.code, reason.params["positions"]) == ("series-incomplete-frames", "6.0")


def test_series_of_unknown_length_needs_the_minimum() -> None:
    assert assess(slices(47), LIMITS).complete
    reason = assess(slices(46), LIMITS).reason
    assert reason is not None
    assert reason.code == "series-too-few-images"


def test_series_of_unknown_length_with_a_gap_names_it() -> None:
    series = [facts for facts in slices(60) if facts.sop_instance_uid not in {"1.2.30", "1.2.31"}]
    reason = assess(series, LIMITS).reason
    assert reason is not None
    assert reason.code == "series-has-gaps"
    assert reason.params["positions"] == "90.0, 93.0"


def test_bed_joins_are_no_gaps() -> None:
    joined = [one(n, position=(0.0, 0.0, 3.0 * n + 0.07 * (n // 20))) for n in range(60)]
    assert assess(joined, LIMITS).complete


def test_oblique_series_is_judged_along_its_normal() -> None:
    tilted = (1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
    series = [one(n, orientation=tilted, position=(0.0, -0.6 * 3 * n, 0.8 * 3 * n)) for n in range(60)]
    assert assess(series, LIMITS).complete
    reason = assess(series[:20] + series[21:], LIMITS).reason
    assert reason is not None
    assert reason.params["positions"] == "60.0"


def test_series_without_positions_says_so() -> None:
    reason = assess(slices(60, position=None), LIMITS).reason
    assert reason is not None
    assert reason.code == "series-positions-unknown"
