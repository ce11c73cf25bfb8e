"""Sentences of the receive stage."""

from __future__ import annotations

_WAIT_EN = (
    " The task goes on by itself when they arrive: send the series again, or choose “process as it is”."
)
_WAIT_ES = " La tarea continúa sola cuando lleguen: envíe la serie de nuevo o elija «procesar como está»."

SENTENCES: dict[str, tuple[str, str]] = {
    "dataset-malformed": (
        "An instance is no valid DICOM dataset at byte {offset}. Send it again from its source.",
        "Una instancia no es un conjunto de datos DICOM válido en el byte {offset}. Envíela de nuevo desde "
        "su origen.",
    ),
    "dataset-truncated": (
        "An instance ends in the middle of an element that begins at byte {offset}. Send it again from its "
        "source.",
        "Una instancia termina en medio de un elemento que empieza en el byte {offset}. Envíela de nuevo "
        "desde su origen.",
    ),
    "dataset-too-deep": (
        "An instance nests sequences deeper than {depth} levels and is refused. Check the device that "
        "made it.",
        "Una instancia anida secuencias a más de {depth} niveles y se rechaza. Revise el equipo que la creó.",
    ),
    "file-meta-malformed": (
        "A DICOM file has no valid file meta information (group 0002). Export it again from its source.",
        "Un archivo DICOM no tiene una cabecera de archivo (grupo 0002) válida. Expórtelo de nuevo desde su "
        "origen.",
    ),
    "part-damaged": (
        "A stored part of this series is damaged at byte {position}. Check the disk, then send the series "
        "again.",
        "Una parte almacenada de esta serie está dañada en el byte {position}. Revise el disco y envíe la "
        "serie de nuevo.",
    ),
    "series-incomplete": (
        "{received} of {expected} images arrived." + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes." + _WAIT_ES,
    ),
    "series-incomplete-positions": (
        "{received} of {expected} images arrived; missing at slice positions {positions} mm." + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes; faltan en las posiciones {positions} mm." + _WAIT_ES,
    ),
    "series-incomplete-frames": (
        "{received} of {expected} images arrived; time frames are missing at slice positions {positions} mm."
        + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes; faltan instantes en las posiciones {positions} mm."
        + _WAIT_ES,
    ),
    "series-incomplete-head": (
        "{received} of {expected} images arrived; those at the head end are missing." + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes; faltan las del extremo de la cabeza." + _WAIT_ES,
    ),
    "series-incomplete-feet": (
        "{received} of {expected} images arrived; those at the feet end are missing." + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes; faltan las del extremo de los pies." + _WAIT_ES,
    ),
    "series-incomplete-end": (
        "{received} of {expected} images arrived; those at one end of the volume are missing." + _WAIT_EN,
        "Llegaron {received} de {expected} imágenes; faltan las de un extremo del volumen." + _WAIT_ES,
    ),
    "series-too-few-images": (
        "Only {received} images arrived, and the series does not say how many it has; at least {minimum} are "
        "asked for." + _WAIT_EN,
        "Solo llegaron {received} imágenes y la serie no indica cuántas tiene; se piden al menos {minimum}."
        + _WAIT_ES,
    ),
    "series-positions-unknown": (
        "{received} images arrived without distinct slice positions, so nobody can tell whether some are "
        "missing. Check the series at its source, or choose “process as it is”.",
        "Llegaron {received} imágenes sin posiciones de corte distintas y no se puede saber si faltan. "
        "Revise la serie en su origen o elija «procesar como está».",
    ),
    "series-unevenly-spaced": (
        "{received} images arrived whose slice positions are not evenly spaced. Check the series at its "
        "source, or choose “process as it is”.",
        "Llegaron {received} imágenes cuyas posiciones de corte no están a intervalos regulares. Revise la "
        "serie en su origen o elija «procesar como está».",
    ),
    "series-has-gaps": (
        "{received} images arrived; {missing} seem to be missing, at slice positions {positions} mm."
        + _WAIT_EN,
        "Llegaron {received} imágenes; parecen faltar {missing}, en las posiciones {positions} mm."
        + _WAIT_ES,
    ),
    "series-continued": (
        "More instances of the series arrived; it is gathered again.",
        "Llegaron más instancias de la serie; se vuelve a reunir.",
    ),
    "own-derived-series": (
        "This series was made by PETfectior and is never processed again. Send the original series; to avoid "
        "this, exclude derived series from the sender's automatic routing.",
        "Esta serie la creó PETfectior y no se procesa de nuevo. Envíe la serie original; para evitarlo, "
        "excluya las series derivadas del envío automático del emisor.",
    ),
    "forward-without-destination": (
        "The series is only forwarded, and nobody is there to receive it. Add a fixed destination, or a "
        "device with the sender's address, then retry.",
        "La serie solo se reenvía y no hay quién la reciba. Añada un destino fijo o un equipo con la "
        "dirección del emisor y reintente.",
    ),
    "part-replica-gone": (
        "The receiver that holds {count} open part(s) of this series does not answer. Start it again with "
        "its disk; the series is not rejected meanwhile.",
        "El receptor que tiene {count} parte(s) abierta(s) de esta serie no responde. Arránquelo de nuevo "
        "con su disco; mientras tanto la serie no se rechaza.",
    ),
    "instances-conflict": (
        "{count} instance(s) arrived twice with different content. The first one received is used; check the "
        "source if that is wrong.",
        "{count} instancia(s) llegaron dos veces con contenido distinto. Se usa la primera recibida; revise "
        "el origen si no es correcto.",
    ),
    "late-copies": (
        "{count} instance(s) of this series arrived again with equal content; nothing was processed again. "
        "Send the whole series to process it again.",
        "{count} instancia(s) de esta serie llegaron de nuevo con el mismo contenido; no se reprocesó nada. "
        "Envíe la serie entera para procesarla otra vez.",
    ),
    "late-instances": (
        "{count} late instance(s) joined this task before anything was uploaded.",
        "{count} instancia(s) tardías se unieron a esta tarea antes de subir nada.",
    ),
    "series-extended": (
        "Late instances opened this task; it begins with {count} instance(s) stored by an earlier task of "
        "the same series.",
        "Unas instancias tardías abrieron esta tarea; empieza con {count} instancia(s) guardadas por una "
        "tarea anterior de la misma serie.",
    ),
    "task-not-open": (
        "The task takes no more instances; another one is opened for them.",
        "La tarea no admite más instancias; se abre otra para ellas.",
    ),
    "task-past-upload": (
        "The task was uploaded meanwhile; late instances open a task of their own.",
        "La tarea se subió entretanto; las instancias tardías abren una tarea propia.",
    ),
}
