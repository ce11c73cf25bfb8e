"""What routes are given: the ports, the visitor's language."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from petfectior.errors import PetfectiorError
from petfectior.service import Ports
from services.api import language


def ports_of(request: Request) -> Ports:
    """Return the ports that the application was built with."""
    ports: Ports = request.app.state.ports
    return ports


def language_of(request: Request) -> str:
    """Return the visitor's language; without a registry, the one that was set at start."""
    ports = ports_of(request)
    try:
        default = ports.settings().language
    except PetfectiorError:
        default = ports.base.language
    return language.chosen(request, default)


PortsGiven = Annotated[Ports, Depends(ports_of)]
Language = Annotated[str, Depends(language_of)]
