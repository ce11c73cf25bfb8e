"""Sentences about users, sessions and tokens."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "not-signed-in": (
        "Nobody is signed in. Sign in, or send a token as “Authorization: Bearer …”.",
        "Nadie ha iniciado sesión. Inicie sesión o envíe un token como «Authorization: Bearer …».",
    ),
    "token-not-valid": (
        "The token is not known, was revoked or has ended. Ask an administrator for another one.",
        "El token no se conoce, fue revocado o ha caducado. Pida otro a un administrador.",
    ),
    "role-missing": (
        "This needs the role {role}. Ask an administrator for it.",
        "Esto requiere el rol {role}. Pídalo a un administrador.",
    ),
    "sign-in-wrong": (
        "The name or the password is wrong, or the user is disabled. Try again, or ask an administrator.",
        "El nombre o la contraseña no son correctos, o el usuario está desactivado. Inténtelo de nuevo o "
        "consulte a un administrador.",
    ),
    "sign-in-throttled": (
        "Signing in failed too often. Try again in {minutes} min.",
        "El inicio de sesión falló demasiadas veces. Vuelva a intentarlo en {minutes} min.",
    ),
    "password-length": (
        "A password has {shortest} to {longest} characters. A sentence of your own is easy to remember.",
        "Una contraseña tiene de {shortest} a {longest} caracteres. Una frase propia es fácil de recordar.",
    ),
    "password-wrong": (
        "The present password is wrong. Nothing was changed.",
        "La contraseña actual no es correcta. No se ha cambiado nada.",
    ),
    "user-exists": (
        "There is a user of this name already. Choose another name.",
        "Ya existe un usuario con ese nombre. Elija otro.",
    ),
    "user-unknown": (
        "There is no such user; it was probably removed.",
        "No existe ese usuario; probablemente se eliminó.",
    ),
    "user-last-administrator": (
        "This is the last administrator. Make another one first.",
        "Es el último administrador. Cree otro primero.",
    ),
    "user-name-invalid": (
        "A user's name has 1 to 64 letters, digits and . _ @ - and begins with a letter or digit.",
        "El nombre de un usuario tiene de 1 a 64 letras, cifras y . _ @ - y empieza por letra o cifra.",
    ),
    "user-without-password": (
        "The identity provider keeps this user's password. Change it there.",
        "El proveedor de identidad guarda la contraseña de este usuario. Cámbiela allí.",
    ),
    "token-not-made": (
        "The token was not made. A name has 1 to 64 letters, digits and . _ @ -; days are a number.",
        "El token no se creó. El nombre tiene de 1 a 64 letras, cifras y . _ @ -; los días son un número.",
    ),
    "token-exists": (
        "There is a token of this name already. Choose another name, or revoke that one first.",
        "Ya existe un token con ese nombre. Elija otro o revoque antes el existente.",
    ),
    "token-unknown": (
        "There is no such token; it was probably revoked.",
        "No existe ese token; probablemente se revocó.",
    ),
    "setup-done": (
        "There are users already. Sign in; `petfectior users add` on the machine makes further ones.",
        "Ya hay usuarios. Inicie sesión; `petfectior users add` en el equipo crea otros.",
    ),
    "setup-code-wrong": (
        "The code does not fit or is older than an hour. `petfectior users setup-code` on the gateway's "
        "machine prints a new one.",
        "El código no coincide o tiene más de una hora. `petfectior users setup-code` en el equipo del "
        "gateway muestra uno nuevo.",
    ),
}
