"""Sentences of the configuration, the checks and the log."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "device-name-unknown": (
        "The name of this device cannot be resolved. Check its spelling, or enter the IP address.",
        "No se puede resolver el nombre de este equipo. Revise cómo está escrito o indique la dirección IP.",
    ),
    "device-port-closed": (
        "The machine answers, but nothing listens on port {port}. Check the port, and that the DICOM service "
        "there is started.",
        "El equipo responde, pero nada escucha en el puerto {port}. Revise el puerto y que el servicio DICOM "
        "esté iniciado allí.",
    ),
    "device-no-answer": (
        "Nothing answers at this address. Check the address, the cable, the VPN and the firewall between.",
        "Nada responde en esta dirección. Revise la dirección, el cable, la VPN y el cortafuegos.",
    ),
    "device-refuses-echo": (
        "The device negotiated, but answered the C-ECHO with status {status}. See its log.",
        "El equipo negoció, pero respondió al C-ECHO con el estado {status}. Vea su registro.",
    ),
    "device-answers": (
        "The device answers C-ECHO and accepts our AE title.",
        "El equipo responde al C-ECHO y acepta nuestro título AE.",
    ),
    "certificate-missing": (
        "HTTPS with a certificate of your own is set, but the files of PETFECTIOR_API_CERTIFICATE and "
        "PETFECTIOR_API_KEY are not there. Put them there, or set PETFECTIOR_API_TLS to self-signed.",
        "Está activado HTTPS con certificado propio, pero faltan los archivos de "
        "PETFECTIOR_API_CERTIFICATE y PETFECTIOR_API_KEY. Colóquelos, o ponga PETFECTIOR_API_TLS en "
        "self-signed.",
    ),
    "post-filter-unknown": (
        "There is no such post-filter; it was probably removed.",
        "No existe ese posfiltro; probablemente se eliminó.",
    ),
    "route-unknown": (
        "There is no such route; it was probably removed.",
        "No existe esa ruta; probablemente se eliminó.",
    ),
    "route-exists": (
        "Two routes of one table cannot have the same name. Choose another name, or change that route.",
        "Dos rutas de una tabla no pueden tener el mismo nombre. Elija otro nombre o modifique esa ruta.",
    ),
    "route-destination-unknown": (
        "{count} destination(s) of route {place} are not among the devices that may be sent to. Add the "
        "device, let it be sent to, or take it out of the route.",
        "{count} destino(s) de la ruta {place} no están entre los equipos a los que se puede enviar. "
        "Añada el equipo, permita enviarle o quítelo de la ruta.",
    ),
    "route-destination-gone": (
        "Route {place} decides where this series goes, but {count} of its destinations are gone or may not "
        "be sent to. Correct the route or the device, then retry.",
        "La ruta {place} decide adónde va esta serie, pero {count} de sus destinos ya no existen o no "
        "admiten envíos. Corrija la ruta o el equipo y reintente.",
    ),
    "device-in-route": (
        "{count} route(s) send to this device. Take it out of the routes first.",
        "{count} ruta(s) envían a este equipo. Quítelo antes de las rutas.",
    ),
}
