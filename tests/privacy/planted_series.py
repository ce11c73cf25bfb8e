"""Small PET series full of canaries: at the top, in sequences, in private groups, in each vendor's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pydicom import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.sop_class import PositronEmissionTomographyImageStorage

from simulator.phantom import Phantom
from simulator.phantom_series import PhantomSeries
from tests.privacy.canaries import NOT_IN_A_DATASET, Breeder, Canary, plant

SLICES: Final = 4
SENDER: Final = "127.9.8.77"
IDENTITY: Final = (0x0020000D, 0x0020000E, 0x00200052)
TIMES: Final = (0x00181072, 0x00181078)
Change = Callable[[Dataset], None]


@dataclass(frozen=True)
class Association:
    """What an association request tells besides the images."""

    calling: Canary
    called: Canary
    version: Canary
    user: Canary

    @classmethod
    def breed(cls, breeder: Breeder) -> Association:
        """Make four canaries."""
        names = ("calling AE title", "called AE title", "implementation version name", "user identity")
        return cls(*(breeder.make(name, "AE") for name in names))

    def send(self, port: int, series: list[Dataset]) -> list[int]:
        """Store a series from an address of its own; return the statuses."""
        entity = AE(self.calling.value)
        entity.implementation_version_name = self.version.value
        syntax = series[0].file_meta.TransferSyntaxUID
        entity.add_requested_context(PositronEmissionTomographyImageStorage, syntax)
        identity = UserIdentityNegotiation()
        identity.user_identity_type = 1
        identity.primary_field = self.user.value.encode()
        association = entity.associate(
            "127.0.0.1",
            port,
            ae_title=self.called.value,
            bind_address=(SENDER, 0),
            ext_neg=[identity],
        )
        assert association.is_established
        statuses = [int(association.send_c_store(one).Status) for one in series]
        association.release()
        return statuses


def series(run: int, canaries: dict[int, Canary], change: Change, *, implicit: bool = False) -> list[Dataset]:
    """Return a series whose identity and times are canaries, changed by `change`."""
    made = PhantomSeries(Phantom(slices=SLICES, rows=24, columns=20, seed=run), implicit=implicit)
    return [_instance(one, run, number, canaries, change) for number, one in enumerate(made.instances())]


def _instance(one: Dataset, run: int, number: int, canaries: dict[int, Canary], change: Change) -> Dataset:
    for tag in (0x00080021, 0x00080031, 0x00080022, 0x00080032):
        one.add_new(tag, canaries[tag].vr, canaries[tag].value)
    drug = one.RadiopharmaceuticalInformationSequence[0]
    for tag in TIMES:
        drug.add_new(tag, canaries[tag].vr, canaries[tag].value)
    change(one)
    for tag in IDENTITY:
        one.add_new(tag, "UI", f"{canaries[tag].value}.{run}")
    one.SOPInstanceUID = f"{canaries[0x00080018].value}.{run}.{number}"
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    return one


def at_the_top(canaries: dict[int, Canary], further: dict[int, Canary], drug: Canary, icon: Canary) -> Change:
    """Plant every attribute in the dataset itself."""

    def change(one: Dataset) -> None:
        plant(one, {tag: canary for tag, canary in canaries.items() if tag not in NOT_IN_A_DATASET})
        plant(one, further)
        item = one.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical = drug.value
        item.RadiopharmaceuticalCodeSequence[0].CodeMeaning = drug.texts[0]
        one.IconImageSequence = Sequence([_icon(icon)])

    return change


def of_a_patient(canaries: dict[int, Canary]) -> Change:
    """Plant what a model may ask of the patient; sex and age have few values to choose from."""

    def change(one: Dataset) -> None:
        plant(one, {tag: canaries[tag] for tag in (0x00101020, 0x00101030)})
        one.PatientSex, one.PatientAge = "O", "093Y"

    return change


def in_sequences(canaries: dict[int, Canary]) -> Change:
    """Plant every attribute three sequences deep, and beside the radiopharmaceutical."""
    allowed = {tag: canary for tag, canary in canaries.items() if tag >> 16 > 0x0008 or tag & 0xFFFF}
    allowed = {tag: canary for tag, canary in allowed.items() if tag >> 16 not in {0x0000, 0x0002}}

    def change(one: Dataset) -> None:
        deepest = plant(Dataset(), {tag: c for tag, c in allowed.items() if tag != 0xFFFCFFFC})
        for _ in range(3):
            outer = Dataset()
            outer.ReferencedImageSequence = Sequence([deepest])
            deepest = outer
        one.ReferencedImageSequence = deepest.ReferencedImageSequence
        drug = one.RadiopharmaceuticalInformationSequence[0]
        plant(drug, {tag: c for tag, c in allowed.items() if tag not in TIMES and tag != 0xFFFCFFFC})

    return change


def in_private_groups(canaries: dict[int, Canary]) -> Change:
    """Plant every value in private elements of three groups, and in a private sequence."""

    def change(one: Dataset) -> None:
        inner = Dataset()
        for number, canary in enumerate(canaries.values()):
            group, place = 0x0009 + 2 * (number // 200 % 5), number % 200
            creator = f"MAKER {group:04X}"
            if canary.vr == "SQ":
                block = one.private_block(group, creator, create=True)
                block.add_new(place, "SQ", Sequence([canary.value]))
            else:
                vr = canary.vr if canary.vr in {"OB", "OW", "UN", "AS", "US"} else "UT"
                one.private_block(group, creator, create=True).add_new(place, vr, canary.value)
                inner.private_block(group, creator, create=True).add_new(place, vr, canary.value)
        one.private_block(0x0013, "MAKER OF ITEMS", create=True).add_new(1, "SQ", Sequence([inner]))

    return change


def vendors(breeder: Breeder) -> Iterator[tuple[dict[str, Canary], Change]]:
    """Yield canaries inside of what is read, for each known way of writing a reconstruction."""
    for maker in ("SIEMENS", "CPS", "Mediso", "GE MEDICAL SYSTEMS", "UIH", "Philips Medical Systems"):
        names = ("ManufacturerModelName", "ConvolutionKernel", "ReconstructionMethod", "Radiopharmaceutical")
        found = {name: breeder.make(f"{name} of {maker}", "LO") for name in (*names, "private text")}
        yield found, _vendor(maker, found)


def _vendor(maker: str, found: dict[str, Canary]) -> Change:
    def change(one: Dataset) -> None:
        one.Manufacturer = maker
        one.ManufacturerModelName = f"Biograph {found['ManufacturerModelName'].value}"
        one.ConvolutionKernel = f"G2.00 {found['ConvolutionKernel'].value}"
        one.ReconstructionMethod = f"PSF+TOF 3i21s {found['ReconstructionMethod'].value}"
        item = one.RadiopharmaceuticalInformationSequence[0]
        item.Radiopharmaceutical = f"FDG {found['Radiopharmaceutical'].value}"
        text = found["private text"].value
        ge = one.private_block(0x0009, "GEMS_PETD_01", create=True)
        for place in (0xB2, 0xB3, 0xBA):
            ge.add_new(place, "LO", text)
        one.private_block(0x0067, "UIH", create=True).add_new(0x21, "LO", text)

    return change


def refused(texts: dict[str, Canary]) -> Change:
    """Plant where the gateway refuses the series: a refusal must not quote what it refuses."""

    def change(one: Dataset) -> None:
        one.PatientName, one.PatientID = texts["PatientName"].value, texts["PatientID"].value
        one.Units = texts["Units"].value
        one.DecayCorrection = texts["DecayCorrection"].value

    return change


def _icon(canary: Canary) -> Dataset:
    icon = Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows = icon.Columns = 4
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon.add_new(0x7FE00010, "OB", canary.raw)
    return icon
