"""Sentences of the anonymize stage; those on completeness are with the receive stage."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    # Can it be processed?
    "destination-unknown": (
        "Nobody would receive the result: the sender is not among the {devices} known devices and no fixed "
        "destination is set. Add the device with the sender's address, or a fixed destination; then retry.",
        "Nadie recibiría el resultado: el emisor no está entre los {devices} equipos conocidos y no hay "
        "destino fijo. Añada el equipo con la dirección del emisor o un destino fijo y reintente.",
    ),
    "sop-class-not-pet": (
        "The series is not of PET images (SOP Class PET Image Storage). Send the PET series itself.",
        "La serie no es de imágenes PET (clase SOP PET Image Storage). Envíe la propia serie PET.",
    ),
    "multi-frame-not-processed": (
        "The images are multi-frame, and their functional groups do not describe every frame as Legacy "
        "Converted Enhanced PET does. Send the original single-frame series.",
        "Las imágenes son multitrama y sus grupos funcionales no describen cada trama como en Legacy "
        "Converted Enhanced PET. Envíe la serie original de una imagen por corte.",
    ),
    "multi-frame-compressed": (
        "The images are multi-frame and compressed, which is not processed. Send the series uncompressed, or "
        "the original single-frame series.",
        "Las imágenes son multitrama y están comprimidas, lo que no se procesa. Envíe la serie sin comprimir "
        "o la serie original de una imagen por corte.",
    ),
    "series-is-reprojection": (
        "SeriesType says REPROJECTION: these are projections, not slices. Send the reconstructed slices.",
        "SeriesType indica REPROJECTION: son proyecciones, no cortes. Envíe los cortes reconstruidos.",
    ),
    "series-is-our-own": (
        "This series was made by PETfectior and is not processed again. Take this node out of the rule that "
        "forwards derived series to it.",
        "Esta serie la produjo PETfectior y no se procesa de nuevo. Quite este nodo de la regla que le "
        "reenvía las series derivadas.",
    ),
    "attribute-differs": (
        "The images do not belong together: {attribute} has {values} different values in one series. Send "
        "each series under its own SeriesInstanceUID.",
        "Las imágenes no corresponden a una misma serie: {attribute} tiene {values} valores distintos. Envíe "
        "cada serie con su propio SeriesInstanceUID.",
    ),
    "attribute-missing": (
        "{count} of {received} images lack {attribute}, or it cannot be read. Export the series again with "
        "this attribute.",
        "En {count} de {received} imágenes falta {attribute} o no se puede leer. Exporte la serie de nuevo "
        "con ese atributo.",
    ),
    "attribute-missing-in-series": (
        "The series lacks {attribute}, or it cannot be read. Complete it at the scanner or the PACS and send "
        "the series again.",
        "En la serie falta {attribute} o no se puede leer. Complételo en el equipo o en el PACS y envíe la "
        "serie de nuevo.",
    ),
    "attribute-not-understood": (
        "{attribute} has a value that the standard does not define or that makes no sense. Export the series "
        "again from the scanner.",
        "{attribute} tiene un valor que el estándar no define o que no tiene sentido. Exporte la serie de "
        "nuevo desde el equipo.",
    ),
    "slope-not-positive": (
        "At least one image has a RescaleSlope that is not above zero, so its values mean nothing. Export "
        "the series again from the scanner.",
        "Al menos una imagen tiene un RescaleSlope que no es mayor que cero, así que sus valores no "
        "significan nada. Exporte la serie de nuevo desde el equipo.",
    ),
    "dose-implausible": (
        "RadionuclideTotalDose is {becquerel} Bq, which no patient is given; some systems write MBq. Correct "
        "the dose at the scanner and send the series again.",
        "RadionuclideTotalDose es {becquerel} Bq, una dosis que no se administra; algunos sistemas escriben "
        "MBq. Corrija la dosis en el equipo y envíe la serie de nuevo.",
    ),
    "injection-time-implausible": (
        "The scan began {hours} h after the injection, which cannot be. Correct the injection's date and "
        "time at the scanner and send the series again.",
        "La adquisición empezó {hours} h después de la inyección, lo que no es posible. Corrija la fecha y "
        "la hora de la inyección en el equipo y envíe la serie de nuevo.",
    ),
    "radionuclide-unknown": (
        "Neither the tracer nor the radionuclide is known. Complete the radiopharmaceutical at the scanner, "
        "or add its name to the table of tracers; then retry.",
        "No se conocen ni el trazador ni el radionúclido. Complete el radiofármaco en el equipo o añada su "
        "nombre a la tabla de trazadores y reintente.",
    ),
    "positions-uneven": (
        "Some slice positions have more images than others ({received} images in all), so they make no "
        "volume. Send the whole series, each frame complete.",
        "Algunas posiciones tienen más imágenes que otras ({received} en total), así que no forman un "
        "volumen. Envíe la serie entera, con cada tiempo completo.",
    ),
    "positions-repeated": (
        "{received} images share {positions} slice positions, but SeriesType is neither DYNAMIC nor GATED. "
        "Send one reconstruction per series.",
        "{received} imágenes comparten {positions} posiciones, pero SeriesType no es DYNAMIC ni GATED. Envíe "
        "una sola reconstrucción por serie.",
    ),
    "positions-not-in-line": (
        "The slices do not stand one behind the other: one lies {millimetres} mm beside the axis. Send the "
        "series as it was reconstructed.",
        "Los cortes no están uno detrás de otro: uno está a {millimetres} mm del eje. Envíe la serie tal "
        "como se reconstruyó.",
    ),
    # Reading and writing
    "header-unreadable": (
        "The header of the series cannot be read. Export the series again from the scanner.",
        "No se puede leer la cabecera de la serie. Exporte la serie de nuevo desde el equipo.",
    ),
    "pixels-missing": (
        "An image has no PixelData. Export the series again from the scanner.",
        "Una imagen no tiene PixelData. Exporte la serie de nuevo desde el equipo.",
    ),
    "pixels-unsupported": (
        "The pixels are of a kind that PET images do not have ({bits} bits, or not one sample). Export the "
        "series again as 16-bit images.",
        "Los píxeles son de un tipo que las imágenes PET no tienen ({bits} bits o más de una muestra). "
        "Exporte la serie de nuevo con imágenes de 16 bits.",
    ),
    "pixels-length-wrong": (
        "An image has {found} bytes of PixelData where Rows and Columns need {expected}. Export the series "
        "again from the scanner.",
        "Una imagen tiene {found} bytes de PixelData y Rows y Columns exigen {expected}. Exporte la serie de "
        "nuevo desde el equipo.",
    ),
    "pixels-undecodable": (
        "The compressed pixels of an image cannot be decoded. Send the series uncompressed.",
        "No se pueden descomprimir los píxeles de una imagen. Envíe la serie sin comprimir.",
    ),
    "part-not-stored": (
        "A part of the series is not stored yet. Retry when its receiver has stored it.",
        "Una parte de la serie aún no está almacenada. Reintente cuando el receptor la haya guardado.",
    ),
    "manifest-invalid": (
        "{count} values of the header do not fit what may leave the hospital, so nothing left. Send the "
        "service's log to support.",
        "{count} valores de la cabecera no caben en lo que puede salir del hospital, así que no salió nada. "
        "Envíe el registro del servicio a soporte.",
    ),
    "tracer-unknown": (
        "The table has no tracer of that name. Choose one of the table, or add it first.",
        "La tabla no tiene ningún trazador con ese nombre. Elija uno de la tabla o añádalo antes.",
    ),
    "scanner-unknown": (
        "There is no such scanner, in what was received or among the published names. Choose both from the "
        "lists.",
        "No existe ese equipo, ni entre los recibidos ni entre los nombres publicados. Elija ambos de las "
        "listas.",
    ),
    "folder-without-series": (
        "The folder holds no DICOM file. Name the folder of one PET series.",
        "La carpeta no contiene ningún archivo DICOM. Indique la carpeta de una serie PET.",
    ),
    "package-unreadable": (
        "There is no manifest.json with its block beside it, or the published schema does not allow it. Name "
        "the folder that `petfectior package` wrote.",
        "No hay un manifest.json con su bloque al lado, o el esquema publicado no lo admite. Indique la "
        "carpeta que escribió `petfectior package`.",
    ),
    # Notes: these stop nothing
    "half-life-odd": (
        "The header's half-life ({found} s) is more than 5 % off the tracer's ({expected} s). Check the "
        "radiopharmaceutical at the scanner.",
        "El periodo de la cabecera ({found} s) difiere más del 5 % del del trazador ({expected} s). Revise "
        "el radiofármaco en el equipo.",
    ),
    "copies-differ": (
        "{count} images arrived a second time with other content. The first is used; the others are kept.",
        "{count} imágenes llegaron por segunda vez con otro contenido. Se usa la primera; las otras se "
        "conservan.",
    ),
}
