"""Sentences about files that a person uploads."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "upload-stored": ("Received.", "Recibido."),
    "request-too-large": (
        "The upload is larger than 2 GiB. Send it in smaller pieces, or by DICOM (C-STORE).",
        "La subida supera 2 GiB. Envíela en partes más pequeñas o por DICOM (C-STORE).",
    ),
    "upload-not-zip": (
        "This is not a ZIP file, or it is damaged. Pack the folder again and upload the new file.",
        "No es un archivo ZIP o está dañado. Vuelva a comprimir la carpeta y suba el archivo nuevo.",
    ),
    "upload-names-twice": (
        "The ZIP holds two files of one name. Pack the folder again.",
        "El ZIP contiene dos archivos con el mismo nombre. Vuelva a comprimir la carpeta.",
    ),
    "upload-too-many": (
        "The ZIP holds more than {limit} files. Upload it in smaller pieces.",
        "El ZIP contiene más de {limit} archivos. Súbalo en partes más pequeñas.",
    ),
    "upload-unpacks-too-large": (
        "The ZIP unpacks to more than {limit} GiB. Upload it in smaller pieces.",
        "El ZIP descomprimido supera {limit} GiB. Súbalo en partes más pequeñas.",
    ),
    "upload-file-too-large": (
        "The file is larger than 256 MiB. Send it by DICOM (C-STORE) instead.",
        "El archivo supera 256 MiB. Envíelo por DICOM (C-STORE).",
    ),
    "upload-encrypted": (
        "The file is encrypted inside the ZIP. Pack it without a password.",
        "El archivo está cifrado dentro del ZIP. Comprímalo sin contraseña.",
    ),
    "upload-packing-unknown": (
        "The file is packed in a way that is not supported. Pack it as a plain ZIP (deflate).",
        "El archivo está comprimido de una forma no admitida. Comprímalo como ZIP normal (deflate).",
    ),
    "upload-damaged": (
        "The file is damaged inside the ZIP. Pack the folder again.",
        "El archivo está dañado dentro del ZIP. Vuelva a comprimir la carpeta.",
    ),
    "upload-not-dicom": (
        "Not a DICOM file; it was left out.",
        "No es un archivo DICOM; se omitió.",
    ),
    "upload-directory": (
        "A DICOM directory, not an image; it was left out.",
        "Un directorio DICOM, no una imagen; se omitió.",
    ),
    "upload-not-accepted": (
        "This gateway does not take this kind of DICOM object or its encoding. Only PET images are "
        "processed.",
        "Esta pasarela no admite este tipo de objeto DICOM o su codificación. Solo se procesan imágenes PET.",
    ),
    "upload-refused": (
        "The gateway refused the file (DICOM status {status}). Try again; if it persists, look at the "
        "association log.",
        "La pasarela rechazó el archivo (estado DICOM {status}). Reintente; si persiste, mire el registro "
        "de asociaciones.",
    ),
    "upload-unknown": (
        "The connection to the DICOM node broke before it answered. Send the file again; it is never "
        "counted twice.",
        "La conexión con el nodo DICOM se cortó antes de responder. Envíe el archivo de nuevo; nunca se "
        "cuenta dos veces.",
    ),
}
