"""What state a task is in, in words: a short label, and one sentence that answers "where is my series?"."""

from __future__ import annotations

from typing import Final, Literal

from petfectior.task import Delivery, Kind, Task
from petfectior.work import Outcome, Stage, Status
from services.api.progress import newest_deliveries, progress
from services.api.wording import Wording

Tone = Literal["waiting", "working", "done", "rejected", "failed", "cancelled"]


def _(text: str) -> str:
    """Mark a text for extraction; it is translated when it is shown."""
    return text


STAGE_NAMES: Final = {
    Stage.RECEIVE: _("Receive"),
    Stage.ANONYMIZE: _("De-identify"),
    Stage.UPLOAD: _("Upload"),
    Stage.PROCESS: _("Process"),
    Stage.DOWNLOAD: _("Download"),
    Stage.REBUILD: _("Rebuild"),
    Stage.DELIVER: _("Send"),
}

LABELS: Final = {
    (Stage.RECEIVE, Status.WAITING): _("Receiving"),
    (Stage.RECEIVE, Status.WORKING): _("Receiving"),
    (Stage.ANONYMIZE, Status.WAITING): _("Waiting to be de-identified"),
    (Stage.ANONYMIZE, Status.WORKING): _("De-identifying"),
    (Stage.UPLOAD, Status.WAITING): _("Waiting to upload"),
    (Stage.UPLOAD, Status.WORKING): _("Uploading"),
    (Stage.PROCESS, Status.WAITING): _("At the server"),
    (Stage.PROCESS, Status.WORKING): _("At the server"),
    (Stage.DOWNLOAD, Status.WAITING): _("Waiting to download"),
    (Stage.DOWNLOAD, Status.WORKING): _("Downloading"),
    (Stage.REBUILD, Status.WAITING): _("Waiting to be rebuilt"),
    (Stage.REBUILD, Status.WORKING): _("Rebuilding"),
    (Stage.DELIVER, Status.WAITING): _("Sending"),
    (Stage.DELIVER, Status.WORKING): _("Sending"),
}

OUTCOMES: Final = {
    Outcome.REJECTED: _("Rejected"),
    Outcome.FAILED: _("Failed"),
    Outcome.CANCELLED: _("Cancelled"),
}

PLACES: Final = {
    (Stage.RECEIVE, Status.WAITING): _("The series is arriving: {received} images so far."),
    (Stage.RECEIVE, Status.WORKING): _("The series is arriving: {received} images so far."),
    (Stage.ANONYMIZE, Status.WAITING): _("The series is here and waits to be checked and de-identified."),
    (Stage.ANONYMIZE, Status.WORKING): _("The series is being checked and de-identified."),
    (Stage.UPLOAD, Status.WAITING): _("The package is ready and waits to be uploaded to the server."),
    (Stage.UPLOAD, Status.WORKING): _("The package is being uploaded to the server."),
    (Stage.PROCESS, Status.WAITING): _("The series is at the processing server."),
    (Stage.PROCESS, Status.WORKING): _("The series is at the processing server."),
    (Stage.DOWNLOAD, Status.WAITING): _("The result is ready at the server and waits to be downloaded."),
    (Stage.DOWNLOAD, Status.WORKING): _("The result is being downloaded."),
    (Stage.REBUILD, Status.WAITING): _("The result is here and waits to be rebuilt as DICOM."),
    (Stage.REBUILD, Status.WORKING): _("The result is being rebuilt as DICOM."),
}

DELIVERY_LABELS: Final = {
    "waiting": _("Waiting"),
    "working": _("Sending"),
    "done": _("Delivered"),
    "rejected": _("Refused"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}

REPORT_LABELS: Final = {
    "rescale_bound": _("Rounding error, at most"),
    "rescale_error": _("Rounding error, found"),
}


def tone(task: Task) -> Tone:
    """Return the family of the state: it decides colour and sign."""
    if task.outcome is not None and task.status is Status.STOPPED:
        return task.outcome.value
    if task.status is Status.DONE:
        return "done"
    return "working" if task.status is Status.WORKING or progress(task) else "waiting"


def delivery_tone(delivery: Delivery) -> Tone:
    """Return the family of a delivery's state."""
    status = delivery.work.status
    if status is Status.STOPPED:
        return (delivery.outcome or Outcome.FAILED).value
    if status is Status.DONE:
        return "done"
    return "working" if status is Status.WORKING else "waiting"


def label(task: Task, wording: Wording) -> str:
    """Return the state in one to four words."""
    translate = wording.translate
    if task.outcome is not None and task.status is Status.STOPPED:
        return translate(OUTCOMES[task.outcome])
    if task.status is Status.DONE:
        return translate(_("Done"))
    return translate(LABELS[task.stage, task.status])


def whereabouts(task: Task, wording: Wording) -> str:
    """Answer "where is my series?" in one sentence."""
    translate = wording.translate
    if task.status is Status.STOPPED:
        return _stopped(task, wording)
    names = [one.destination.name for one in newest_deliveries(task)]
    if task.status is Status.DONE:
        return _arrived(task, names, wording)
    if task.stage is Stage.DELIVER:
        sent, total = _counts(task)
        text = translate(_("The images are being sent to {names}: {sent} of {total}."))
        return text.format(names=", ".join(names), sent=wording.number(sent), total=wording.number(total))
    return _underway(task, wording)


def _underway(task: Task, wording: Wording) -> str:
    if task.stage is Stage.RECEIVE and task.expected:
        text = wording.translate(_("The series is arriving: {received} of {expected} images."))
    else:
        text = wording.translate(PLACES[task.stage, task.status])
    return text.format(received=wording.number(task.received), expected=wording.number(task.expected or 0))


def _arrived(task: Task, names: list[str], wording: Wording) -> str:
    if task.kind is Kind.FORWARD:
        text = wording.translate(_("The series was forwarded unchanged to {names}."))
    else:
        text = wording.translate(_("The processed series is at {names}."))
    return text.format(names=", ".join(names))


def _stopped(task: Task, wording: Wording) -> str:
    translate = wording.translate
    if task.outcome is Outcome.REJECTED:
        return translate(_("The series was not processed: it cannot be, as it is."))
    if task.outcome is Outcome.CANCELLED:
        sent, total = _counts(task)
        if sent:
            text = translate(_("The task was cancelled; {sent} of {total} images had already been sent."))
            return text.format(sent=wording.number(sent), total=wording.number(total))
        return translate(_("The task was cancelled; nothing was sent."))
    stage = translate(STAGE_NAMES[task.stage])
    return translate(_("The task stopped at “{stage}” and waits for a person.")).format(stage=stage)


def _counts(task: Task) -> tuple[int, int]:
    newest = newest_deliveries(task)
    return sum(one.accepted_count for one in newest), sum(one.total for one in newest)
