"""Sentences of ``petfectior import``, which runs on a machine that has no gateway."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "import-token-missing": (
        "Set PETFECTIOR_TOKEN to a token with the scope operator (petfectior tokens add).",
        "Ponga en PETFECTIOR_TOKEN un token con el alcance operator (petfectior tokens add).",
    ),
    "import-address-wrong": (
        "{url} is no address of a gateway: give https://host:port.",
        "{url} no es la dirección de una pasarela: indique https://host:puerto.",
    ),
    "import-unencrypted": (
        "Without https the series could be read on the way: give https://…",
        "Sin https la serie podría leerse por el camino: indique https://…",
    ),
    "import-no-answer": (
        "The gateway does not answer ({error}).",
        "La pasarela no responde ({error}).",
    ),
    "import-refused": (
        "The gateway does not take the files: {detail}",
        "La pasarela no acepta los archivos: {detail}",
    ),
    "import-refused-silently": (
        "The gateway does not take the files and gives no reason (HTTP {status}).",
        "La pasarela no acepta los archivos y no da el motivo (HTTP {status}).",
    ),
    "import-other-certificate": (
        "The gateway's certificate has another fingerprint: {seen}. Do not go on before its administrator "
        "has confirmed it.",
        "El certificado de la pasarela tiene otra huella: {seen}. No siga hasta que su administrador la "
        "haya confirmado.",
    ),
    "import-untrusted": (
        "The gateway's certificate is not trusted here: {cause}. If it is self-signed, ask its "
        "administrator for the fingerprint and give it with --fingerprint.",
        "El certificado de la pasarela no es de confianza aquí: {cause}. Si es autofirmado, pida la huella "
        "a su administrador e indíquela con --fingerprint.",
    ),
    "import-again": (
        "Run the same command again to go on.",
        "Ejecute el mismo comando otra vez para continuar.",
    ),
    "import-uploading": (
        "uploading",
        "subiendo",
    ),
    "import-done": (
        "{stored} received, {earlier} received earlier, {skipped} left out, {failed} refused",
        "{stored} recibidos, {earlier} recibidos antes, {skipped} omitidos, {failed} rechazados",
    ),
}
