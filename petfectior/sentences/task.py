"""Sentences that any stage may use."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "task-created": ("The series began to arrive.", "La serie empezó a llegar."),
    "stage-claimed": ("Work on this stage began.", "Comenzó el trabajo en esta etapa."),
    "stage-entered": ("The task reached this stage.", "La tarea llegó a esta etapa."),
    "stage-finished": ("This stage is finished.", "Esta etapa ha terminado."),
    "stage-continues": (
        "The stage saved its place and goes on in turn.",
        "La etapa guardó su posición y continuará por turno.",
    ),
    "stage-crashed": (
        "An unexpected error ({error}) stopped this stage. It is tried again; if it persists, send the "
        "service's log to support.",
        "Un error inesperado ({error}) detuvo esta etapa. Se reintentará; si persiste, envíe el registro "
        "del servicio a soporte.",
    ),
    "attempts-used-up": (
        "This stage was tried {attempts} times without success and is parked. Mend the cause shown above, "
        "then retry.",
        "Esta etapa se intentó {attempts} veces sin éxito y quedó aparcada. Corrija la causa indicada y "
        "reintente.",
    ),
    "lease-lost": (
        "The worker that had this stage stopped answering; another one takes over.",
        "El proceso que tenía esta etapa dejó de responder; otro la retoma.",
    ),
    "cancelled-by-person": ("A person cancelled this task.", "Una persona canceló esta tarea."),
    "retried-by-person": ("A person asked to try again.", "Una persona pidió reintentar."),
    "restarted-by-person": (
        "A person asked to process the stored series again from the beginning.",
        "Una persona pidió procesar de nuevo la serie almacenada desde el principio.",
    ),
    "task-not-restartable": (
        "Only a task that has ended, with its whole series stored, can be processed again. Wait until it "
        "ends, or cancel it first.",
        "Solo se puede procesar de nuevo una tarea terminada con toda su serie almacenada. Espere a que "
        "termine o cancélela antes.",
    ),
    "files-missing": (
        "These files are not there: the task has not come so far, or they are no longer stored.",
        "Estos archivos no están: la tarea no ha llegado tan lejos o ya no se guardan.",
    ),
    "blob-missing": (
        "A stored file of this task is missing from the blob store. Restore it from a backup, or send the "
        "series again.",
        "Falta un archivo almacenado de esta tarea. Restáurelo de una copia de seguridad o envíe la serie "
        "de nuevo.",
    ),
    "blob-damaged": (
        "A stored file of this task does not have the digest it was stored with. Check the disk, then send "
        "the series again.",
        "Un archivo almacenado de esta tarea no tiene la huella con la que se guardó. Revise el disco y "
        "envíe la serie de nuevo.",
    ),
    "store-unavailable": (
        "The task store does not answer. Work waits until it does.",
        "El almacén de tareas no responde. El trabajo espera hasta que lo haga.",
    ),
    "blob-store-unavailable": (
        "The blob store does not answer. Work waits until it does.",
        "El almacén de archivos no responde. El trabajo espera hasta que lo haga.",
    ),
    "broker-unavailable": (
        "The message broker does not answer. Work waits until it does.",
        "El gestor de mensajes no responde. El trabajo espera hasta que lo haga.",
    ),
    "task-has-ended": (
        "This task has already ended, so there is nothing to cancel.",
        "Esta tarea ya terminó, así que no hay nada que cancelar.",
    ),
    "task-not-stopped": (
        "This task is not stopped, so there is nothing to retry. To send the result once more, use "
        "“Send once more”.",
        "Esta tarea no está detenida, así que no hay nada que reintentar. Para volver a enviar el "
        "resultado, use «Enviar otra vez».",
    ),
    "task-not-incomplete": (
        "Only a series that waits for images, or was rejected for missing ones, can be processed as it is.",
        "Solo una serie que espera imágenes, o que se rechazó porque faltaban, puede procesarse tal "
        "como está.",
    ),
    "task-still-runs": (
        "This task still runs. Cancel it first, then delete it.",
        "Esta tarea sigue en curso. Cancélela primero y después elimínela.",
    ),
    "task-contended": (
        "Others changed this task at the same moment again and again. Try once more.",
        "Otros cambiaron esta tarea al mismo tiempo una y otra vez. Vuelva a intentarlo.",
    ),
    "deliveries-parked": (
        "{parked} of {total} destinations did not receive the series. See each destination's reason, "
        "mend it, then retry.",
        "{parked} de {total} destinos no recibieron la serie. Vea el motivo de cada destino, "
        "corríjalo y reintente.",
    ),
    "dead-letter-missing": (
        "There is no such dead letter; its task was probably retried already.",
        "No existe ese mensaje apartado; probablemente su tarea ya se reintentó.",
    ),
    "setting-unknown": (
        "There is no setting of this name that can be changed here.",
        "No hay ningún ajuste con ese nombre que pueda cambiarse aquí.",
    ),
    "setting-fixed-by-environment": (
        "The setting {name} is fixed by the environment. Change it where the service is started.",
        "El ajuste {name} está fijado por el entorno. Cámbielo donde se inicia el servicio.",
    ),
    "page-unknown": (
        "There is no such page. Follow a link of the list of tasks.",
        "No existe esa página. Siga un enlace de la lista de tareas.",
    ),
    "method-not-allowed": (
        "This address does not take that kind of request. See the API's description.",
        "Esta dirección no admite ese tipo de petición. Consulte la descripción de la API.",
    ),
    "request-not-valid": (
        "The request does not fit. The list says which field, and why.",
        "La petición no es válida. La lista indica qué campo y por qué.",
    ),
    "request-cross-origin": (
        "Another site's page asked for this change, so it was refused. Use the gateway's own pages.",
        "La página de otro sitio pidió este cambio, así que se rechazó. Use las páginas del propio gateway.",
    ),
    "host-unknown": (
        "The gateway was reached by a name it does not know. Use its address or this machine's name, or "
        "list the name in PETFECTIOR_API_NAMES.",
        "Se accedió al gateway con un nombre que no conoce. Use su dirección o el nombre de este equipo, o "
        "añada el nombre a PETFECTIOR_API_NAMES.",
    ),
    "server-error": (
        "The gateway made an error while answering. Try again; if it persists, send the api "
        "service's log to support.",
        "El gateway cometió un error al responder. Vuelva a intentarlo; si persiste, envíe el "
        "registro del servicio api a soporte.",
    ),
    "task-missing": (
        "There is no such task; it was probably deleted. Look for it in the list of tasks.",
        "No existe esa tarea; probablemente se eliminó. Búsquela en la lista de tareas.",
    ),
    "task-exists": (
        "Another task of this series is open already. Its images join that one.",
        "Ya hay otra tarea abierta de esta serie. Sus imágenes se unen a ella.",
    ),
    "task-changed": (
        "The task changed at the same moment. Look at it again, then try once more.",
        "La tarea cambió en ese mismo momento. Revísela y vuelva a intentarlo.",
    ),
    "record-missing": (
        "There is no such {kind} in the registry; it was probably removed.",
        "No existe ese registro de tipo {kind}; probablemente se eliminó.",
    ),
    "record-changed": (
        "Somebody else changed this {kind} at the same moment. Look at it again, then try once more.",
        "Otra persona cambió este registro de tipo {kind} en ese mismo momento. Revíselo y vuelva a "
        "intentarlo.",
    ),
    "blob-key-invalid": (
        "A stored file was asked for under a name that the gateway does not give. Send the service's "
        "log to support.",
        "Se pidió un archivo almacenado con un nombre que el gateway no da. Envíe el registro del "
        "servicio a soporte.",
    ),
    "nothing-to-sweep": (
        "Nothing of this task waits to be woken. There is nothing to do.",
        "Nada de esta tarea espera a ser despertado. No hay nada que hacer.",
    ),
    "store-newer": (
        "The database was written by a newer version (its schema is {stored}, this program knows {known}). "
        "Update PETfectior, or restore the backup made before the update.",
        "La base de datos fue escrita por una versión más nueva (su esquema es {stored}, este programa "
        "conoce {known}). Actualice PETfectior o restaure la copia anterior a la actualización.",
    ),
    "event-unknown": (
        "A message of an unknown kind or version is parked. Run the same version of every service, then "
        "replay or discard it.",
        "Un mensaje de tipo o versión desconocidos quedó apartado. Ejecute la misma versión de todos los "
        "servicios y después reenvíelo o descártelo.",
    ),
    "service-unknown": (
        "There is no service of this name.",
        "No hay ningún servicio con ese nombre.",
    ),
    "service-not-pausable": (
        "There is no service of this name that can be paused.",
        "No hay ningún servicio con ese nombre que pueda pausarse.",
    ),
    "delivery-limit": (
        "The broker handed this message out too often without an answer and parked it. Look at the service's "
        "log, then replay it.",
        "El gestor entregó este mensaje demasiadas veces sin respuesta y lo apartó. Revise el registro del "
        "servicio y después reenvíelo.",
    ),
}
