"""Sentences of the rebuild stage."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "package-missing": (
        "The task names no package, so nothing can be rebuilt. Send the series again.",
        "La tarea no nombra ningún paquete y no se puede reconstruir nada. Envíe la serie de nuevo.",
    ),
    "result-missing": (
        "The task names no result, so nothing can be rebuilt. Retry the task.",
        "La tarea no nombra ningún resultado y no se puede reconstruir nada. Reintente la tarea.",
    ),
    "result-activity-drift": (
        "The total activity of the result differs by {percent} % from the source's; {allowed} % are allowed. "
        "It is quarantined; have a physicist look at it, or change the limit in the settings.",
        "La actividad total del resultado difiere un {percent} % de la original; se permite un {allowed} %. "
        "Queda en cuarentena; pida a un físico que la revise o cambie el límite en la configuración.",
    ),
    "source-slice-changed": (
        "A stored source slice is not the one that was packed. Nothing was built from it; check the disk, "
        "then send the series again.",
        "Un corte original almacenado no es el que se empaquetó. No se construyó nada con él; revise el "
        "disco y envíe la serie de nuevo.",
    ),
    "result-not-finite": (
        "The result holds values that are no numbers. It is quarantined; tell the vendor, then retry.",
        "El resultado contiene valores que no son números. Quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "result-slope-not-positive": (
        "A rescale slope of the result is not a positive number. It is quarantined; tell the vendor, then "
        "retry.",
        "Una pendiente de reescalado del resultado no es un número positivo. Quedó en cuarentena; avise al "
        "proveedor y reintente.",
    ),
    "result-negative-in-unsigned-series": (
        "The result holds negative values in a series without sign. It is quarantined; tell the vendor, then "
        "retry.",
        "El resultado contiene valores negativos en una serie sin signo. Quedó en cuarentena; avise al "
        "proveedor y reintente.",
    ),
    "block-encoding-unknown": (
        "The voxel block is encoded in a way that is not in the processing API. It is quarantined; tell the "
        "vendor, then retry.",
        "El bloque de vóxeles está codificado de un modo que no está en la API de procesamiento. Quedó en "
        "cuarentena; avise al proveedor y reintente.",
    ),
    "block-dtype-unknown": (
        "The voxel block holds a kind of numbers that is not in the processing API. It is quarantined; tell "
        "the vendor, then retry.",
        "El bloque de vóxeles contiene un tipo de números que no está en la API de procesamiento. Quedó en "
        "cuarentena; avise al proveedor y reintente.",
    ),
    "block-dtype-wrong": (
        "The voxel block holds numbers of another size than asked for. It is quarantined; tell the vendor, "
        "then retry.",
        "El bloque de vóxeles contiene números de otro tamaño que el pedido. Quedó en cuarentena; avise al "
        "proveedor y reintente.",
    ),
    "block-length-wrong": (
        "The voxel block unfolds to {received} bytes where {expected} were asked for. It is quarantined; "
        "tell the vendor, then retry.",
        "El bloque de vóxeles se despliega a {received} bytes donde se pidieron {expected}. Quedó en "
        "cuarentena; avise al proveedor y reintente.",
    ),
    "block-not-a-frame": (
        "The voxel block is no Blosc2 frame. It is quarantined; tell the vendor, then retry.",
        "El bloque de vóxeles no es un contenedor Blosc2. Quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "block-chunk-damaged": (
        "A chunk of the voxel block is damaged. The block is quarantined; tell the vendor, then retry.",
        "Un fragmento del bloque de vóxeles está dañado. El bloque quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "suv-stored": (
        "The values are SUV by body weight already (g/ml).",
        "Los valores ya son SUV por peso corporal (g/ml).",
    ),
    "suv-from-series-time": (
        "SUV by body weight; decay is corrected to SeriesTime, no later than the first acquisition.",
        "SUV por peso corporal; el decaimiento se corrige a SeriesTime, que no es posterior a la primera "
        "adquisición.",
    ),
    "suv-from-ge-time": (
        "SUV by body weight; SeriesTime is later than the acquisition, so decay is corrected to the time "
        "that GE stores in (0009,xx0D).",
        "SUV por peso corporal; SeriesTime es posterior a la adquisición, por lo que el decaimiento se "
        "corrige a la hora que GE guarda en (0009,xx0D).",
    ),
    "suv-from-acquisition-time": (
        "SUV by body weight; SeriesTime is missing or later than the acquisition, so decay is corrected "
        "to the begin of the first acquisition.",
        "SUV por peso corporal; SeriesTime falta o es posterior a la adquisición, por lo que el decaimiento "
        "se corrige al inicio de la primera adquisición.",
    ),
    "suv-from-administration": (
        "SUV by body weight; the values are corrected to the administration (DecayCorrection ADMIN).",
        "SUV por peso corporal; los valores están corregidos a la administración (DecayCorrection ADMIN).",
    ),
    "suv-philips-factor": (
        "SUV by body weight, by the factor that Philips stores in (7053,xx00).",
        "SUV por peso corporal, con el factor que Philips guarda en (7053,xx00).",
    ),
    "suv-other-kind": (
        "No SUV by body weight: SUVType says that the values are SUV of another kind. Compare the values "
        "themselves.",
        "Sin SUV por peso corporal: SUVType indica que los valores son SUV de otro tipo. Compare los propios "
        "valores.",
    ),
    "suv-units-unfit": (
        "No SUV: it cannot be computed from these units. Compare the values themselves.",
        "Sin SUV: no se puede calcular a partir de estas unidades. Compare los propios valores.",
    ),
    "suv-weight-missing": (
        "No SUV: the header states no weight of the patient. Enter it at the scanner and send the series "
        "again.",
        "Sin SUV: la cabecera no indica el peso del paciente. Introdúzcalo en el escáner y envíe la serie de "
        "nuevo.",
    ),
    "suv-dose-missing": (
        "No SUV: the header states no injected dose. Enter it at the scanner and send the series again.",
        "Sin SUV: la cabecera no indica la dosis inyectada. Introdúzcala en el escáner y envíe la serie de "
        "nuevo.",
    ),
    "suv-attenuation-uncorrected": (
        "No SUV: CorrectedImage states no correction of attenuation.",
        "Sin SUV: CorrectedImage no indica corrección de atenuación.",
    ),
    "suv-decay-uncorrected": (
        "No SUV: DecayCorrection states neither START nor ADMIN, so no one moment fits all images.",
        "Sin SUV: DecayCorrection no indica START ni ADMIN, por lo que ningún momento sirve para todas las "
        "imágenes.",
    ),
    "suv-times-missing": (
        "No SUV: the header lacks the time of injection or of the scan. Enter it at the scanner and send the "
        "series again.",
        "Sin SUV: falta en la cabecera la hora de inyección o de adquisición. Introdúzcala en el escáner y "
        "envíe la serie de nuevo.",
    ),
    "suv-times-odd": (
        "No SUV: by the header's times the injection was after the scan, or more than 100 half-lives before "
        "it. Check the times at the scanner.",
        "Sin SUV: según las horas de la cabecera, la inyección fue posterior a la adquisición o más de 100 "
        "semividas anterior. Revise las horas en el escáner.",
    ),
    "suv-half-life-missing": (
        "No SUV: neither the header nor the table of radionuclides tells the half-life.",
        "Sin SUV: ni la cabecera ni la tabla de radionúclidos indican la semivida.",
    ),
    "images-missing": (
        "There are no pictures of this: nothing was rebuilt yet, or its files are no longer stored.",
        "No hay imágenes de esto: aún no se ha reconstruido nada o sus archivos ya no están almacenados.",
    ),
    "report-missing": (
        "There is no report: nothing was made of this series yet. Look again when the task is rebuilt.",
        "No hay informe: aún no se ha hecho nada con esta serie. Vuelva a mirar cuando la tarea esté "
        "reconstruida.",
    ),
}
