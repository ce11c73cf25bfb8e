"""Sentences of the upload, process and download stages, and of the server monitor."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "server-not-configured": (
        "No processing server is configured. The task waits; set the server's address, token and client "
        "in the settings.",
        "No hay servidor de procesamiento configurado. La tarea espera; indique la dirección, el token y el "
        "cliente en los ajustes.",
    ),
    "server-address-invalid": (
        "The processing server's address is not a web address. The task waits; correct it in the settings.",
        "La dirección del servidor de procesamiento no es una dirección web. La tarea espera; corríjala en "
        "los ajustes.",
    ),
    "server-insecure": (
        "The processing server's address is not https. Nothing is sent over an open line; the task waits "
        "until the address in the settings begins with https.",
        "La dirección del servidor de procesamiento no es https. No se envía nada por una línea abierta; la "
        "tarea espera hasta que la dirección en los ajustes empiece por https.",
    ),
    "server-name-unknown": (
        "The processing server's name is not known to DNS. The task waits; check the address in the settings "
        "and this machine's name server.",
        "El DNS no conoce el nombre del servidor de procesamiento. La tarea espera; revise la dirección en "
        "los ajustes y el servidor de nombres de esta máquina.",
    ),
    "server-proxy-failed": (
        "The proxy does not pass the call to the processing server. The task waits; check the proxy's "
        "address and credentials in the settings.",
        "El proxy no deja pasar la llamada al servidor de procesamiento. La tarea espera; revise la "
        "dirección y las credenciales del proxy en los ajustes.",
    ),
    "server-tls-failed": (
        "The processing server's certificate is not trusted, or the encrypted connection failed. The task "
        "waits; check the CA bundle and the client certificate in the settings.",
        "El certificado del servidor de procesamiento no es de confianza, o falló la conexión cifrada. La "
        "tarea espera; revise las CA y el certificado de cliente en los ajustes.",
    ),
    "server-token-refused": (
        "The processing server refuses our token. The task waits; ask the vendor for a valid token and enter "
        "it in the settings.",
        "El servidor de procesamiento rechaza nuestro token. La tarea espera; pida un token válido al "
        "proveedor e introdúzcalo en los ajustes.",
    ),
    "server-timeout": (
        "The processing server did not answer in time. The task waits and goes on by itself.",
        "El servidor de procesamiento no respondió a tiempo. La tarea espera y continuará por sí sola.",
    ),
    "server-unreachable": (
        "The processing server cannot be reached. The task waits and goes on by itself when it is back.",
        "No se puede alcanzar el servidor de procesamiento. La tarea espera y continuará por sí sola cuando "
        "vuelva.",
    ),
    "server-busy": (
        "The processing server asks us to wait. The task goes on by itself.",
        "El servidor de procesamiento pide esperar. La tarea continuará por sí sola.",
    ),
    "server-failing": (
        "The processing server answers with an internal error. The task waits and goes on by itself; if it "
        "lasts, tell the vendor.",
        "El servidor de procesamiento responde con un error interno. La tarea espera y continuará por sí "
        "sola; si persiste, avise al proveedor.",
    ),
    "server-speaks-otherwise": (
        "What answers at the processing server's address does not speak the processing API. The task waits; "
        "check the address in the settings.",
        "Lo que responde en la dirección del servidor de procesamiento no habla la API de procesamiento. La "
        "tarea espera; revise la dirección en los ajustes.",
    ),
    "licence-missing": (
        "The processing server has no licence for this client. Ask the vendor, then retry.",
        "El servidor de procesamiento no tiene licencia para este cliente. Consulte al proveedor y "
        "reintente.",
    ),
    "licence-missing-for-tracer": (
        "The processing server has no licence of this client for this series' tracer. Ask the vendor, then "
        "retry.",
        "El servidor de procesamiento no tiene licencia de este cliente para el trazador de esta serie. "
        "Consulte al proveedor y reintente.",
    ),
    "model-missing-for-scanner": (
        "The processing server has no model for this scanner and reconstruction, or not the one asked for. "
        "Check the model in the settings or ask the vendor, then retry.",
        "El servidor de procesamiento no tiene modelo para este equipo y reconstrucción, o no el solicitado. "
        "Revise el modelo en los ajustes o consulte al proveedor y reintente.",
    ),
    "series-refused-by-server": (
        "The processing server refuses this series. Ask the vendor why, then retry.",
        "El servidor de procesamiento rechaza esta serie. Pregunte el motivo al proveedor y reintente.",
    ),
    "call-refused-by-server": (
        "The processing server refused our call (HTTP {status}). Run the conformance test against the server "
        "and tell the vendor, then retry.",
        "El servidor de procesamiento rechazó nuestra llamada (HTTP {status}). Ejecute la prueba de "
        "conformidad contra el servidor, avise al proveedor y reintente.",
    ),
    "package-missing": (
        "The task has no package to send. Send the series again.",
        "La tarea no tiene paquete que enviar. Envíe la serie de nuevo.",
    ),
    "job-lost-repeatedly": (
        "The processing server forgot {attempts} jobs of this task in a row. Tell the vendor, then retry.",
        "El servidor de procesamiento olvidó {attempts} trabajos seguidos de esta tarea. Avise al proveedor "
        "y reintente.",
    ),
    "job-ended": (
        "The processing server says that the job has ended without a result.",
        "El servidor de procesamiento dice que el trabajo terminó sin resultado.",
    ),
    "job-failed": (
        "The processing server could not process the series (its code: {job_code}); its message stands with "
        "the job. Ask the vendor, then retry.",
        "El servidor de procesamiento no pudo procesar la serie (su código: {job_code}); su mensaje está en "
        "el trabajo. Consulte al proveedor y reintente.",
    ),
    "job-parked": (
        "The processing server gave no result for {hours} hours. The task is parked but still watched: a "
        "late result is taken. Ask the vendor, or retry.",
        "El servidor de procesamiento no dio resultado en {hours} horas. La tarea quedó aparcada pero se "
        "sigue vigilando: un resultado tardío se aceptará. Consulte al proveedor o reintente.",
    ),
    "result-announced": (
        "The processing server has the result.",
        "El servidor de procesamiento tiene el resultado.",
    ),
    "result-descriptor-invalid": (
        "The result's description does not follow the processing API. It is quarantined; tell the vendor, "
        "then retry.",
        "La descripción del resultado no sigue la API de procesamiento. Quedó en cuarentena; avise al "
        "proveedor y reintente.",
    ),
    "result-nonce-wrong": (
        "The result does not carry the secret number of our job, so it may be another patient's. It is "
        "quarantined; tell the vendor, then retry.",
        "El resultado no lleva el número secreto de nuestro trabajo, así que puede ser de otro paciente. "
        "Quedó en cuarentena; avise al proveedor y reintente.",
    ),
    "result-blocks-wrong": (
        "The blocks of the result do not fit together. It is quarantined; tell the vendor, then retry.",
        "Los bloques del resultado no encajan entre sí. Quedó en cuarentena; avise al proveedor y reintente.",
    ),
    "result-shape-wrong": (
        "The result has another shape than the series. It is quarantined; tell the vendor, then retry.",
        "El resultado tiene otras dimensiones que la serie. Quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "result-dtype-wrong": (
        "The result holds another kind of numbers than asked for. It is quarantined; tell the vendor, then "
        "retry.",
        "El resultado contiene otro tipo de números que el pedido. Quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "result-length-wrong": (
        "The result is longer or shorter than stated. It is quarantined; tell the vendor, then retry.",
        "El resultado es más largo o más corto de lo indicado. Quedó en cuarentena; avise al proveedor y "
        "reintente.",
    ),
    "result-slopes-wrong": (
        "The result's rescale slopes are missing or not positive. It is quarantined; tell the vendor, then "
        "retry.",
        "Las pendientes de reescalado del resultado faltan o no son positivas. Quedó en cuarentena; avise al "
        "proveedor y reintente.",
    ),
    "result-digest-wrong": (
        "The result's digest is not the one stated: it was damaged or exchanged. It is quarantined; retry, "
        "and tell the vendor if it happens again.",
        "La huella del resultado no es la indicada: se dañó o se cambió. Quedó en cuarentena; reintente y "
        "avise al proveedor si se repite.",
    ),
}
