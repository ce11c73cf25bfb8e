"""Sentences of the association log: why an association was refused, or ended early."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "secure-association-required": (
        "This device may associate by DICOM TLS only. Configure TLS at the sender, or change this device.",
        "Este equipo solo puede asociarse por DICOM TLS. Configure TLS en el emisor o cambie aquí el equipo.",
    ),
    "application-context-unknown": (
        "The sender asked for an application context other than DICOM's. Check what program it is.",
        "El emisor pidió un contexto de aplicación distinto del de DICOM. Compruebe qué programa es.",
    ),
    "calling-ae-title-unknown": (
        "Only known senders are accepted, and no device has the sender's AE title. Add the device, or "
        "correct the AE title at the sender.",
        "Solo se aceptan emisores conocidos y ningún equipo tiene el título AE del emisor. Añada el equipo o "
        "corrija el título AE en el emisor.",
    ),
    "calling-address-unknown": (
        "Only known senders are accepted, and the device with this AE title has another address. Correct the "
        "device's address if the sender is the right one.",
        "Solo se aceptan emisores conocidos y el equipo con este AE title tiene otra dirección. Corrija la "
        "dirección del equipo si el emisor es el correcto.",
    ),
    "device-may-not-send": (
        "This device may not send to PETfectior. Allow it in the device's settings if it should.",
        "Este equipo no puede enviar a PETfectior. Permítalo en la configuración del equipo si debe hacerlo.",
    ),
    "called-ae-title-unknown": (
        "The sender called another AE title than ours. Correct the called AE title at the sender.",
        "El emisor llamó a un título AE que no es el nuestro. Corrija en el emisor el título AE llamado.",
    ),
    "protocol-version-unknown": (
        "The sender speaks no version of the DICOM upper layer that is known. Check what program it is.",
        "El emisor no habla ninguna versión conocida de la capa superior DICOM. Compruebe qué programa es.",
    ),
    "receiver-paused": (
        "A person has paused the receiver. The sender may try again; resume it on the page of the processes.",
        "Una persona ha puesto en pausa el receptor. El emisor puede reintentar; reanúdelo en la página de "
        "procesos.",
    ),
    "too-many-associations": (
        "As many associations were open as are allowed. The sender may try again; if this lasts, see who is "
        "connected, or raise the limit.",
        "Había tantas asociaciones abiertas como se permiten. El emisor puede reintentar; si continúa, mire "
        "quién está conectado o aumente el límite.",
    ),
    "too-many-associations-of-peer": (
        "This address had as many associations open as one address may. Let the sender open fewer at once, "
        "or raise the limit.",
        "Esta dirección tenía tantas asociaciones abiertas como se permiten a una. Haga que el emisor abra "
        "menos a la vez o aumente el límite.",
    ),
    "handshake-timeout": (
        "The connection did not ask for an association in time and was closed. Check the network and the "
        "sender.",
        "La conexión no pidió una asociación a tiempo y se cerró. Revise la red y el emisor.",
    ),
    "handshake-evicted": (
        "Too many connections waited without asking for an association; the oldest was closed. Check what "
        "opens them.",
        "Demasiadas conexiones esperaban sin pedir una asociación; se cerró la más antigua. Compruebe quién "
        "las abre.",
    ),
    "tls-handshake-failed": (
        "The TLS handshake failed. Check the sender's certificate, its trust in ours, and its TLS version.",
        "Falló el establecimiento de TLS. Revise el certificado del emisor, si confía en el nuestro y su "
        "versión de TLS.",
    ),
    "dicom-tls-files-unusable": (
        "The certificate, key or authorities for DICOM TLS cannot be used. Check dicom_tls_certificate and "
        "dicom_tls_trust: PEM files that PETfectior may read.",
        "No se pueden usar el certificado, la clave o las autoridades para DICOM TLS. Revise "
        "dicom_tls_certificate y dicom_tls_trust: archivos PEM que PETfectior pueda leer.",
    ),
    "connection-lost": (
        "The connection was lost. The sender will most likely try again; check the network if this repeats.",
        "Se perdió la conexión. Es probable que el emisor reintente; revise la red si se repite.",
    ),
    "idle-timeout": (
        "The sender was silent for too long and the association was aborted.",
        "El emisor estuvo callado demasiado tiempo y se abortó la asociación.",
    ),
    "pdu-timeout": (
        "The sender stopped in the middle of a message, or did not read its answers, and was aborted. Check "
        "the network and the sender.",
        "El emisor se detuvo en medio de un mensaje, o no leyó sus respuestas, y fue abortado. Revise la red "
        "y el emisor.",
    ),
    "aborted-by-peer": (
        "The sender aborted the association. See its own log for the reason.",
        "El emisor abortó la asociación. Consulte el motivo en su propio registro.",
    ),
    "node-stopping": (
        "PETfectior was stopping and aborted the association. What was answered with success is kept.",
        "PETfectior se estaba deteniendo y abortó la asociación. Lo respondido con éxito se conserva.",
    ),
    "pdu-unexpected": (
        "The connection sent a PDU that may not come at this place. Check that it is a DICOM sender.",
        "La conexión envió una PDU que no puede llegar en ese momento. Compruebe que es un emisor DICOM.",
    ),
    "pdu-too-long": (
        "The connection announced a PDU beyond the limit and was aborted. Check that it is a DICOM sender.",
        "La conexión anunció una PDU por encima del límite y fue abortada. Compruebe que es un emisor DICOM.",
    ),
    "pdv-length-invalid": (
        "The sender sent a P-DATA PDU whose items do not fill it. Check the sender.",
        "El emisor envió una PDU P-DATA cuyos elementos no la llenan. Revise el emisor.",
    ),
    "associate-rq-malformed": (
        "The request for an association cannot be read. Check that it comes from a DICOM sender.",
        "La petición de asociación no se puede leer. Compruebe que viene de un emisor DICOM.",
    ),
    "dimse-message-malformed": (
        "The sender sent a command set that cannot be read. Check the sender.",
        "El emisor envió un conjunto de comandos que no se puede leer. Revise el emisor.",
    ),
    "fragment-unexpected": (
        "The sender mixed command and dataset fragments. Check the sender.",
        "El emisor mezcló fragmentos de comando y de datos. Revise el emisor.",
    ),
    "context-not-accepted": (
        "The sender used a presentation context that was not accepted. Check the sender.",
        "El emisor usó un contexto de presentación que no se aceptó. Revise el emisor.",
    ),
    "too-many-fragments": (
        "The sender cut a message into too many fragments and was aborted. Check the sender.",
        "El emisor partió un mensaje en demasiados fragmentos y fue abortado. Revise el emisor.",
    ),
    "message-too-long": (
        "The sender sent a message beyond the limit for its kind and was aborted. Check the sender.",
        "El emisor envió un mensaje por encima del límite de su tipo y fue abortado. Revise el emisor.",
    ),
    "association-too-large": (
        "The association brought more bytes than one may and was aborted. Let the sender use several "
        "associations, or raise the limit.",
        "La asociación trajo más bytes de los permitidos y fue abortada. Haga que el emisor use varias "
        "asociaciones o aumente el límite.",
    ),
    "association-log-contended": (
        "An entry of the association log was written by others at the same time; it is tried again.",
        "Otros escribían a la vez una entrada del registro de asociaciones; se intenta de nuevo.",
    ),
}
