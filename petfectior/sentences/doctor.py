"""Sentences of the doctor: how a thing is, and what to do about it."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "doctor-service-silent": (
        "This service was not heard of for half a minute. Start it, or see its log for why it ended.",
        "No hay señal de este servicio desde hace medio minuto. Inícielo o vea en su registro por qué "
        "terminó.",
    ),
    "doctor-versions-differ": (
        "A replica of this service is of another version than {version}. Run the same version everywhere.",
        "Una réplica de este servicio es de otra versión que {version}. Ejecute la misma en todas partes.",
    ),
    "doctor-service-alive": (
        "It is alive, version {version}.",
        "Está activo, versión {version}.",
    ),
    "doctor-port-open": (
        "The DICOM node accepts connections on port {port}.",
        "El nodo DICOM acepta conexiones en el puerto {port}.",
    ),
    "doctor-port-closed": (
        "Nothing accepts connections on DICOM port {port}. Start the scp service; if its log says that the "
        "port is taken, set another PETFECTIOR_DICOM_PORT.",
        "Nada acepta conexiones en el puerto DICOM {port}. Inicie el servicio scp; si su registro dice que "
        "el puerto está ocupado, fije otro PETFECTIOR_DICOM_PORT.",
    ),
    "doctor-no-devices": (
        "No remote device is known, so no result can be sent. Add one under Config, Devices.",
        "No se conoce ningún equipo remoto, así que no se puede enviar nada. Añada uno en Configuración, "
        "Equipos.",
    ),
    "doctor-own-title": (
        "This device has the gateway's own AE title. Give each node a title of its own.",
        "Este equipo tiene el mismo título AE que el gateway. Dé a cada nodo un título propio.",
    ),
    "doctor-device-twice": (
        "This device has AE title, address and port of another one. Remove one of them.",
        "Este equipo tiene título AE, dirección y puerto de otro. Elimine uno de los dos.",
    ),
    "doctor-titles-good": (
        "Devices: {count}. No two have AE title, address and port in common.",
        "Equipos: {count}. No hay dos con el mismo título AE, dirección y puerto.",
    ),
    "doctor-gateway-address": (
        "Series come from the address of this machine's router, so mirror mode cannot tell senders apart. "
        "Run the scp on the host's network, or mark the destinations by hand.",
        "Llegan series desde la dirección del router de este equipo, así que el modo espejo no distingue a "
        "los emisores. Ejecute el scp en la red del anfitrión o marque los destinos a mano.",
    ),
    "doctor-address-shared": (
        "{count} AE titles send from this one address. If a router is between, mirror mode may send a "
        "result to the wrong one; give each its device with its AE title.",
        "{count} títulos AE envían desde esta dirección. Si hay un router en medio, el modo espejo puede "
        "devolver un resultado a otro; dé a cada uno su equipo con su título AE.",
    ),
    "doctor-senders-distinct": (
        "Senders seen: {count}, each at an address of its own, so mirror mode can tell them apart.",
        "Emisores vistos: {count}, cada uno con su dirección; el modo espejo los distingue.",
    ),
    "doctor-disk-full": (
        "Only {free} GiB are free: images are refused. Make room, or lower the limit under Config.",
        "Solo quedan {free} GiB libres: se rechazan imágenes. Libere espacio o baje el límite en "
        "Configuración.",
    ),
    "doctor-disk-low": (
        "{free} GiB are free, less than a tenth. Make room soon.",
        "Quedan {free} GiB libres, menos de la décima parte. Libere espacio pronto.",
    ),
    "doctor-disk-good": (
        "{free} GiB are free.",
        "Quedan {free} GiB libres.",
    ),
    "doctor-loopback": (
        "The pages are reached from this machine only, so they need no HTTPS.",
        "Las páginas solo se alcanzan desde este equipo, así que no necesitan HTTPS.",
    ),
    "doctor-no-https": (
        "The pages are reached from other machines without encryption. Set PETFECTIOR_API_TLS to self-"
        "signed, or to own with your certificate; behind a proxy that encrypts this is well.",
        "Las páginas se alcanzan desde otros equipos sin cifrado. Ponga PETFECTIOR_API_TLS en self-signed, "
        "o en own con su certificado; detrás de un proxy que cifra, está bien así.",
    ),
    "doctor-certificate-days": (
        "The certificate of the pages is good for {days} days more. Your own is yours to renew; the self-"
        "signed one is made anew at a start.",
        "El certificado de las páginas vale {days} días más. El propio debe renovarlo usted; el autofirmado"
        " se crea de nuevo al iniciar.",
    ),
    "doctor-server-silent": (
        "The processing server does not answer. Check address, network, VPN and proxy under Config.",
        "El servidor de procesamiento no responde. Revise dirección, red, VPN y proxy en Configuración.",
    ),
    "doctor-server-eligible": (
        "The server answers and would process an FDG series of this client.",
        "El servidor responde y procesaría una serie de FDG de este cliente.",
    ),
    "doctor-token-refused": (
        "The server refuses the token. Enter the one that its operator gave you.",
        "El servidor rechaza el token. Introduzca el que le dio su operador.",
    ),
    "doctor-not-eligible": (
        "The server answers, but would not process such a series now (status {status}). Ask its operator "
        "for licence and models.",
        "El servidor responde, pero ahora no procesaría una serie así (estado {status}). Consulte licencia "
        "y modelos con su operador.",
    ),
    "doctor-clock-good": (
        "Clock and server agree to {seconds} s.",
        "El reloj coincide con el del servidor: {seconds} s.",
    ),
    "doctor-clock": (
        "Clock and server differ by {seconds} s. Have the machine's clock set by NTP.",
        "El reloj y el servidor difieren {seconds} s. Haga que NTP ajuste el reloj del equipo.",
    ),
    "doctor-no-pynetdicom": (
        "It was not asked: this image cannot send C-ECHO. Use the page, or run the doctor in the api's "
        "image.",
        "No se consultó: esta imagen no puede enviar C-ECHO. Use la página o ejecute el diagnóstico en la "
        "imagen de api.",
    ),
}
