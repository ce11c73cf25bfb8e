"""Sentences of the deliver stage."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "resent-by-person": (
        "A person asked to send the derived series again.",
        "Una persona pidió enviar de nuevo la serie derivada.",
    ),
    "device-exists": (
        "A device of this name exists already. Choose another name, or change that device.",
        "Ya existe un dispositivo con este nombre. Elija otro nombre o modifique ese dispositivo.",
    ),
    "device-unknown": (
        "There is no device of this name. Look at the list of devices.",
        "No hay ningún dispositivo con este nombre. Consulte la lista de dispositivos.",
    ),
    "task-not-built-yet": (
        "The derived series is not built yet, so it cannot be sent. Wait until the task reaches delivery.",
        "La serie derivada aún no está construida y no se puede enviar. Espere a que la tarea llegue a la "
        "entrega.",
    ),
    "destination-unreachable": (
        "No connection to the destination. It is tried again; check that it is switched on, and its address "
        "and port.",
        "No hay conexión con el destino. Se reintentará; compruebe que está encendido, su dirección y su "
        "puerto.",
    ),
    "destination-silent": (
        "The destination does not answer the association request. It is tried again; check that a DICOM node "
        "listens on its port.",
        "El destino no responde a la solicitud de asociación. Se reintentará; compruebe que un nodo DICOM "
        "escucha en su puerto.",
    ),
    "association-rejected": (
        "The destination rejected the association (result {result}, source {source}, reason {diagnostic}). "
        "It is tried again; if it persists, ask who runs the destination.",
        "El destino rechazó la asociación (resultado {result}, origen {source}, motivo {diagnostic}). Se "
        "reintentará; si persiste, consulte a quien administra el destino.",
    ),
    "called-ae-title-refused": (
        "The destination does not know the AE title it was called by. Correct the device's AE title, then "
        "send again.",
        "El destino no reconoce el título AE con el que se le llamó. Corrija el título AE del dispositivo y "
        "envíe de nuevo.",
    ),
    "calling-ae-title-refused": (
        "The destination does not know this gateway's AE title. Register the gateway at the destination, "
        "then send again.",
        "El destino no reconoce el título AE de esta pasarela. Registre la pasarela en el destino y envíe de "
        "nuevo.",
    ),
    "contexts-refused": (
        "The destination accepts none of the SOP classes and transfer syntaxes of this series. Enable PET "
        "Image Storage at the destination, then send again.",
        "El destino no acepta ninguna de las clases SOP y sintaxis de transferencia de esta serie. Habilite "
        "PET Image Storage en el destino y envíe de nuevo.",
    ),
    "too-many-contexts": (
        "The instances have {total} different pairs of SOP class and transfer syntax; one association takes "
        "128. Send fewer kinds at a time.",
        "Las instancias tienen {total} pares distintos de clase SOP y sintaxis de transferencia; una "
        "asociación admite 128. Envíe menos clases a la vez.",
    ),
    "association-aborted": (
        "The destination broke the association off. What it has not confirmed is sent again.",
        "El destino interrumpió la asociación. Lo que no ha confirmado se enviará de nuevo.",
    ),
    "response-missing": (
        "The destination did not answer a C-STORE in time. What it has not confirmed is sent again.",
        "El destino no respondió a tiempo a un C-STORE. Lo que no ha confirmado se enviará de nuevo.",
    ),
    "destination-out-of-resources": (
        "The destination is out of resources (status {dimse_status}). It is tried again; check its disk.",
        "El destino no tiene recursos (estado {dimse_status}). Se reintentará; compruebe su disco.",
    ),
    "instance-refused": (
        "The destination refused an instance with status {dimse_status}. {accepted} of {total} are there. "
        "Look at the destination's log, then send again.",
        "El destino rechazó una instancia con el estado {dimse_status}. Hay {accepted} de {total} en él. "
        "Consulte el registro del destino y envíe de nuevo.",
    ),
    "delivery-time-used-up": (
        "The destination could not be served for {hours} hours; {accepted} of {total} are there. Mend the "
        "destination, then send again.",
        "No se pudo atender al destino durante {hours} horas; hay {accepted} de {total} en él. Repare el "
        "destino y envíe de nuevo.",
    ),
    "destination-marked-down": (
        "The destination did not answer a moment ago; it is tried again in turn.",
        "El destino no respondió hace un momento; se reintentará por turno.",
    ),
    "no-free-slot": (
        "As many deliveries to this destination as allowed are running; this one waits its turn.",
        "Ya hay en curso tantas entregas a este destino como se permiten; esta espera su turno.",
    ),
}
