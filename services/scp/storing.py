"""What becomes of one C-STORE request whose dataset has arrived: its status, and the spool."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final

import structlog

from petfectior import metrics
from petfectior.dicom import tag_walker
from petfectior.settings import Settings
from petfectior.task import Source
from services.scp.messages import Stored
from services.scp.spool import Spool
from services.scp.spool_part import READ, SHOWN, SOP_INSTANCE_UID, Arrival

SUCCESS: Final = 0x0000
OUT_OF_RESOURCES: Final = 0xA700
NOT_THE_SOP_CLASS: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
log = structlog.get_logger()


class Storing:
    """Keeps the instances of one association.

    Parameters
    ----------
    stored
        Called after each one that is durable.
    """

    def __init__(
        self,
        spool: Spool,
        association: Hashable,
        source: Source,
        settings: Callable[[], Settings],
        stored: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._association = association
        self._source = source
        self._settings = settings
        self._stored = stored

    def has_room(self) -> bool:
        """Tell whether the disk has room for instances."""
        try:
            return self._spool.free_bytes() >= self._settings().disk_low_bytes
        except OSError as error:
            log.error("spool.failed", exc_info=error)  # noqa: TRY400 - see petfectior.logs
            return False

    def keep(self, stored: Stored) -> int:
        """Return the status of the response (PS3.4 Table B.2-1); after success the instance is durable."""
        status = self._keep(stored) if stored.dataset.kept else OUT_OF_RESOURCES
        metrics.INSTANCES_RECEIVED.labels(f"{status:04X}").inc()
        if status == SUCCESS:
            metrics.RECEIVED_BYTES.inc(stored.dataset.size)
            self._stored()
        else:
            log.warning("instance.refused", dimse_status=f"{status:04X}")
        return status

    def _keep(self, stored: Stored) -> int:
        request, syntax = stored.request, stored.transfer_syntax
        try:
            with stored.dataset.bytes() as dataset:
                header, pixels = tag_walker.read_and_locate(dataset, syntax, READ)
        except (tag_walker.MalformedDataset, ValueError):
            return CANNOT_UNDERSTAND
        sop_class = _uid(header, SHOWN["sop_class_uid"])
        series = header.get(SHOWN["series_uid"], b"")
        if sop_class != request.sop_class_uid or sop_class != stored.abstract_syntax:
            return NOT_THE_SOP_CLASS
        if _uid(header, SOP_INSTANCE_UID) != request.sop_instance_uid or not series:
            return CANNOT_UNDERSTAND
        arrival = Arrival(
            sop_class,
            request.sop_instance_uid,
            syntax,
            header,
            stored.dataset.content(),
            stored.dataset.digest,
            pixels,
        )
        try:
            self._spool.store(self._association, self._source, arrival, series)
        except OSError as error:
            log.error("spool.failed", exc_info=error)  # noqa: TRY400 - see petfectior.logs
            return OUT_OF_RESOURCES
        return SUCCESS


def _uid(header: dict[int, bytes], tag: int) -> str:
    return header.get(tag, b"").decode("ascii", "replace").strip(" \0")
