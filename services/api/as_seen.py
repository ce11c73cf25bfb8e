"""What of a task a person may see: a viewer sees no name, patient ID, accession number or UID."""

from __future__ import annotations

from typing import Final

from petfectior.access.person import Person
from petfectior.task import Task

IDENTIFYING: Final = ("patient_name", "patient_id", "accession_number", "study_uid", "series_uid")


def as_seen(task: Task, person: Person) -> Task:
    """Return the task, without what identifies the patient if the person may not see that."""
    if person.sees_patients:
        return task
    series = task.series.model_copy(update=dict.fromkeys(IDENTIFYING, ""))
    outputs = [output.model_copy(update={"series_uid": ""}) for output in task.outputs]
    return task.model_copy(update={"series": series, "outputs": outputs})
