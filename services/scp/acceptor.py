"""pynetdicom without its threads: it negotiates, and serves every message that is no C-STORE.

Its reactors are never started. What it sends goes to the socket at once; what it is to hear is handed to
it whole, by the thread that serves the association.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dimse_primitives import C_CANCEL
from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, P_DATA_TF
from pynetdicom.pdu_primitives import A_ABORT, A_ASSOCIATE, A_P_ABORT, A_RELEASE, P_DATA
from pynetdicom.presentation import PresentationContext

from petfectior.dicom.file_meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from services.scp import pdu
from services.scp.connection import Connection, PeerGone, PeerSilent

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
_CONTEXT_NAME_UNKNOWN: Final = pdu.Rejection("application-context-unknown", 1, 1, 2)
_COMMAND_END, _DATA_END = b"\x03", b"\x02"


def entity(ae_title: str) -> AE:
    """Return the application entity that associations are accepted as."""
    made = AE(ae_title=ae_title)
    made.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    made.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    made.maximum_pdu_size = pdu.LONGEST_PDU
    return made


class Acceptor:
    """One association that pynetdicom negotiates over our connection.

    Attributes
    ----------
    contexts
        Presentation context id → the context accepted under it.
    """

    def __init__(self, application_entity: AE, connection: Connection) -> None:
        self._association = Association(application_entity, "acceptor")
        self._association.dul = _DirectProvider(self._association, connection)
        self._association.acceptor.ae_title = application_entity.ae_title
        self._association.acceptor.maximum_length = application_entity.maximum_pdu_size
        self._association.acceptor.implementation_class_uid = application_entity.implementation_class_uid
        version = application_entity.implementation_version_name
        self._association.acceptor.implementation_version_name = version
        self.contexts: dict[int, PresentationContext] = {}

    def negotiate(self, request: bytes, supported: Sequence[PresentationContext]) -> pdu.Rejection | None:
        """Answer an A-ASSOCIATE-RQ PDU with acceptance, or return why it is rejected.

        Raises
        ------
        services.scp.pdu.ProtocolError
            If the request cannot be read.
        services.scp.connection.PeerGone, services.scp.connection.PeerSilent
            If the peer does not take the answer.
        """
        primitive = _decoded(request)
        if primitive.application_context_name != APPLICATION_CONTEXT:
            return _CONTEXT_NAME_UNKNOWN
        self._association.acceptor.supported_contexts = list(supported)
        self._association.requestor.primitive = primitive
        try:
            self._association.acse.negotiate_association()
        except (PeerGone, PeerSilent):
            raise
        except Exception as error:  # pynetdicom raises what it likes on values that it cannot use
            raise pdu.ProtocolError("associate-rq-malformed") from error
        self.contexts = {int(one.context_id or 0): one for one in self._association.accepted_contexts}
        return None

    @property
    def longest_fragment(self) -> int:
        """Bytes of a fragment that the peer takes (PS3.8 D.1)."""
        longest = int(self._association.requestor.maximum_length or pdu.LONGEST_PDU)
        return max(1, min(longest, pdu.LONGEST_PDU) - pdu.PDV_HEAD_BYTES)

    @property
    def refused(self) -> int:
        """Number of presentation contexts that were not accepted."""
        return len(self._association.rejected_contexts)

    def serve(self, context_id: int, command: bytes, dataset: bytes | None) -> bool:
        """Have pynetdicom answer a message; tell whether the association goes on.

        Raises
        ------
        services.scp.pdu.ProtocolError
            If it is no DIMSE message.
        """
        message = DIMSEMessage()
        values = [_COMMAND_END + command] + ([] if dataset is None else [_DATA_END + dataset])
        try:
            for value in values:
                primitive = P_DATA()
                primitive.presentation_data_value_list.append((context_id, value))
                message.decode_msg(primitive, self._association)
            request = message.message_to_primitive()
        except Exception as error:  # see above
            raise pdu.ProtocolError("dimse-message-malformed") from error
        if not isinstance(request, C_CANCEL):  # nothing here lasts long enough to be cancelled
            self._association._serve_request(request, context_id)  # noqa: SLF001 - no public way
        return bool(self._association.is_established)


class _DirectProvider(DULServiceProvider):
    """A DICOM upper layer whose primitives are PDUs on the wire when `send_pdu` returns."""

    _ENCODERS: Final[dict[type[Any], type[Any]]] = {
        A_ABORT: A_ABORT_RQ,
        A_P_ABORT: A_ABORT_RQ,
        A_RELEASE: A_RELEASE_RP,
        P_DATA: P_DATA_TF,
    }

    def __init__(self, association: Association, connection: Connection) -> None:
        super().__init__(association)
        self._connection = connection

    def send_pdu(self, primitive: Any) -> None:  # noqa: ANN401 - any of pynetdicom's primitives
        if isinstance(primitive, A_ASSOCIATE):
            encoder: Any = A_ASSOCIATE_RJ if primitive.result else A_ASSOCIATE_AC
        else:
            encoder = self._ENCODERS[type(primitive)]
        self._connection.send(encoder(primitive).encode())


def _decoded(request: bytes) -> A_ASSOCIATE:
    pdu.check(request)
    decoded = A_ASSOCIATE_RQ()
    try:
        decoded.decode(request)
        primitive = decoded.to_primitive()
    except Exception as error:  # pynetdicom raises what it likes on bytes that it cannot read
        raise pdu.ProtocolError("associate-rq-malformed") from error
    if not primitive.presentation_context_definition_list:
        raise pdu.ProtocolError("associate-rq-malformed")
    return primitive
