"""The same images as each vendor would write their header."""

from __future__ import annotations

from collections.abc import Callable

from pydicom import Dataset

Alter = Callable[[list[Dataset]], list[Dataset]]


def siemens(images: list[Dataset]) -> list[Dataset]:
    """PSF and TOF in the method's text, the filter in the kernel's."""
    return _all(
        images,
        Manufacturer="SIEMENS",
        ManufacturerModelName="Biograph128_mCT",
        ReconstructionMethod="PSF+TOF 3i21s",
        ConvolutionKernel="XYZ Gauss2.00",
    )


def cps(images: list[Dataset]) -> list[Dataset]:
    """Older Siemens systems call themselves CPS."""
    return _all(
        images,
        Manufacturer="CPS",
        ManufacturerModelName="1094",
        ReconstructionMethod="OSEM3D 4i8s",
        ConvolutionKernel="XYZGAUSSIAN5.00",
    )


def mediso(images: list[Dataset]) -> list[Dataset]:
    """Rounds the other way round, the kernel within the method's text."""
    return _all(
        images,
        Manufacturer="Mediso",
        ManufacturerModelName="AnyScan",
        ReconstructionMethod="Tera-Tomo 3D i8s6 Gauss 3.5 mm",
    )


def ge(images: list[Dataset]) -> list[Dataset]:
    """Rounds and widths in the private group 0009."""
    _all(images, Manufacturer="GE MEDICAL SYSTEMS", ManufacturerModelName="Discovery MI")
    for one in images:
        one.ReconstructionMethod = "VPFXS"
        for tag in [member.tag for member in one.group_dataset(0x0009)]:
            del one[tag]
        block = one.private_block(0x0009, "GEMS_PETD_01", create=True)
        block.add_new(0x0D, "DT", f"{one.SeriesDate}{one.SeriesTime}")
        block.add_new(0xB2, "SL", 3)
        block.add_new(0xB3, "SL", 16)
        block.add_new(0xBB, "FL", 5.0)
    return images


def united_imaging(images: list[Dataset]) -> list[Dataset]:
    """Attributes of the Enhanced PET object, and a tracer by its nuclide's code alone."""
    _all(images, Manufacturer="UIH", ManufacturerModelName="uMI 780", ReconstructionMethod="OSEM")
    for one in images:
        one.add_new(0x00189739, "US", 3)
        one.add_new(0x00189740, "US", 20)
        one.add_new(0x00189749, "CS", "TOF")
        _nuclide_only(one)
    return images


def philips(images: list[Dataset]) -> list[Dataset]:
    """Counts with a private factor to SUV, no tracer's name and no rounds."""
    _all(images, Manufacturer="Philips Medical Systems", ManufacturerModelName="GEMINI TF 64", Units="CNTS")
    for one in images:
        one.ReconstructionMethod = "BLOB-OS-TF"
        block = one.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", "0.000551")
        block.add_new(0x09, "DS", "1.95")
        _nuclide_only(one)
    return images


def unknown(images: list[Dataset]) -> list[Dataset]:
    """A maker that nobody has heard of, with texts that nobody understands."""
    return _all(
        images,
        Manufacturer="ACME Inc.",
        ManufacturerModelName="Prototype 1",
        ReconstructionMethod="secret sauce",
        ConvolutionKernel="?",
    )


ALL: dict[str, Alter] = {
    "siemens": siemens,
    "cps": cps,
    "mediso": mediso,
    "ge": ge,
    "united-imaging": united_imaging,
    "philips-cnts": philips,
    "unknown-vendor": unknown,
}


def _all(images: list[Dataset], **values: object) -> list[Dataset]:
    for one in images:
        for name in ("ReconstructionMethod", "ConvolutionKernel"):
            if name in one:
                delattr(one, name)
        for name, value in values.items():
            setattr(one, name, value)
    return images


def _nuclide_only(one: Dataset) -> None:
    drug = one.RadiopharmaceuticalInformationSequence[0]
    for name in ("Radiopharmaceutical", "RadiopharmaceuticalCodeSequence"):
        if name in drug:
            delattr(drug, name)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "C-111A1", "SRT", "^18^Fluorine"
    drug.RadionuclideCodeSequence = [code]
