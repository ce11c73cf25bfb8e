"""Every sentence that a reason code may be shown as, English first, then Spanish.

One module per stage; each holds a ``SENTENCES`` table of ``code: (english, spanish)``.
A sentence says what happened, where, and what to do.
"""

from __future__ import annotations

from petfectior.sentences import (
    access,
    administration,
    anonymize,
    association,
    deliver,
    doctor,
    importing,
    rebuild,
    receive,
    task,
    transfer,
    upload,
)

LANGUAGES = ("en", "es")

CATALOGUE: dict[str, tuple[str, str]] = {
    **task.SENTENCES,
    **receive.SENTENCES,
    **anonymize.SENTENCES,
    **transfer.SENTENCES,
    **rebuild.SENTENCES,
    **deliver.SENTENCES,
    **association.SENTENCES,
    **access.SENTENCES,
    **administration.SENTENCES,
    **doctor.SENTENCES,
    **upload.SENTENCES,
    **importing.SENTENCES,
}
