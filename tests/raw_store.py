"""C-STORE of bytes as they are, right or wrong, which no toolkit would send."""

from __future__ import annotations

from io import BytesIO

import pydicom
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.sop_class import PositronEmissionTomographyImageStorage

from simulator.stack import wait_for

EXPLICIT = "1.2.840.10008.1.2.1"


def encoded(one: pydicom.Dataset) -> bytes:
    """Encode a dataset in Explicit VR Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, one)
    return bytes(buffer.getvalue())


def store(port: int, named: list[pydicom.Dataset], datasets: list[bytes]) -> list[int]:
    """Store `datasets` under the UIDs of `named`, whatever the bytes say; return the statuses."""
    entity = AE("SCANNER")
    entity.add_requested_context(PositronEmissionTomographyImageStorage, EXPLICIT)
    association = entity.associate("127.0.0.1", port, ae_title="PETFECTIOR")
    assert association.is_established
    context = association.accepted_contexts[0].context_id
    statuses = []
    # Paused for good: the reactor must not take the answers.
    association._reactor_checkpoint.clear()
    wait_for(lambda: association._is_paused, "pynetdicom's reactor does not pause", 60)
    for number, (one, data) in enumerate(zip(named, datasets, strict=True), 1):
        request = C_STORE()
        request.MessageID = number
        request.AffectedSOPClassUID = PositronEmissionTomographyImageStorage
        request.AffectedSOPInstanceUID = one.SOPInstanceUID
        request.Priority = 2
        request.DataSet = BytesIO(data)
        association.dimse.send_msg(request, context)
        _, answer = association.dimse.get_msg(block=True)
        statuses.append(int(answer.Status))
    association.release()
    return statuses
