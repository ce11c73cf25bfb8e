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
    "user-role-by-provider": (
        "The identity provider decides this user's role. Change the groups there.",
        "El proveedor de identidad decide el rol de este usuario. Cambie los grupos allí.",
    ),
    "oidc-unreachable": (
        "The identity provider does not answer, or not as it should. Try again later, or sign in with a"
        " name and password of PETfectior.",
        "El proveedor de identidad no responde, o no como debe. Inténtelo más tarde o inicie sesión con"
        " un nombre y contraseña de PETfectior.",
    ),
    "oidc-not-begun": (
        "This sign-in was not begun in this browser, was used already or is older than 10 minutes. "
        "Begin anew.",
        "Este inicio de sesión no se comenzó en este navegador, ya se usó o tiene más de 10 minutos. "
        "Empiece de nuevo.",
    ),
    "oidc-refused": (
        "The identity provider did not let you in. Begin anew, or ask whoever runs it.",
        "El proveedor de identidad no le dejó entrar. Empiece de nuevo o consulte a quien lo administra.",
    ),
    "oidc-answer-invalid": (
        "The identity provider's answer does not pass the checks, so nobody is signed in. An "
        "administrator finds in the log which check it was.",
        "La respuesta del proveedor de identidad no supera las comprobaciones, así que nadie ha "
        "iniciado sesión. Un administrador verá en el registro qué comprobación fue.",
    ),
    "oidc-no-role": (
        "The identity provider knows you, but gives you no role in PETfectior. Ask for one of the "
        "groups that may use it.",
        "El proveedor de identidad le conoce, pero no le da ningún rol en PETfectior. Pida entrar en "
        "uno de los grupos que pueden usarlo.",
    ),
    "oidc-user-disabled": (
        "This user is disabled in PETfectior. Ask an administrator.",
        "Este usuario está desactivado en PETfectior. Consulte a un administrador.",
    ),
    "oidc-name-invalid": (
        "The name that the identity provider gives you does not fit: 1 to 64 letters, digits and . _ @ "
        "-. An administrator may name another claim (PETFECTIOR_OIDC_NAME_CLAIM).",
        "El nombre que le da el proveedor de identidad no sirve: de 1 a 64 letras, cifras y . _ @ -. Un"
        " administrador puede indicar otro claim (PETFECTIOR_OIDC_NAME_CLAIM).",
    ),
    "oidc-name-taken": (
        "Another user of PETfectior has your name. Ask an administrator to remove that one.",
        "Otro usuario de PETfectior tiene su nombre. Pida a un administrador que lo elimine.",
    ),
    "oidc-address-unknown": (
        "The identity provider can lead back to a configured name only. Open PETfectior by one of "
        "PETFECTIOR_API_NAMES.",
        "El proveedor de identidad solo puede volver a un nombre configurado. Abra PETfectior con uno "
        "de PETFECTIOR_API_NAMES.",
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
