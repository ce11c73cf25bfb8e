"""Which settings stand together on which page, and what people call them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


def _(text: str) -> str:
    """Mark a text for the catalogues; it is translated when it is shown."""
    return text


@dataclass(frozen=True)
class Section:
    """A form of settings.

    Parameters
    ----------
    names
        Settings with their label and a remark.
    """

    key: str
    title: str
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


SECTIONS: Final = {
    section.key: section
    for section in (
        Section(
            "server",
            _("Processing server"),
            {
                "client_id": (_("Client ID"), _("The name of this hospital at the server.")),
                "server_url": (_("Address of the server"), _("https://… as its operator told you.")),
                "server_token": (_("Token"), _("It is stored and never shown again.")),
                "server_ca": (
                    _("CA bundle"),
                    _("Path of a PEM file on the gateway; empty for the system's."),
                ),
                "server_client_certificate": (
                    _("Client certificate"),
                    _("Path of a PEM file with certificate and key, if the server asks for one."),
                ),
                "proxy_url": (_("Proxy"), _("http://user:password@host:port; stored and never shown again.")),
                "no_proxy": (_("Reached without the proxy"), _("Hosts, separated by commas.")),
                "model": (_("Model"), _("Empty lets the server choose.")),
                "park_hours": (_("Hours without an answer that park a task"), ""),
                "activity_drift": (
                    _("Allowed change of total activity"),
                    _("As a fraction: 0.2 is 20 %. A result beyond it is quarantined."),
                ),
            },
        ),
        Section(
            "delivery",
            _("Mirror mode and delivery"),
            {
                "mirror_mode": (
                    _("Mirror mode: send the result back to the device that sent the series"),
                    _("The device is found by its network address; devices marked as destination are added."),
                ),
                "series_description_suffix": (_("Suffix of the series description"), ""),
                "series_number_offset": (_("Offset of the series number"), ""),
                "uid_root": (_("Root of new UIDs"), _("2.25 needs no registration.")),
                "deliveries_per_destination": (_("Deliveries to one destination at once"), ""),
                "delivery_hours": (_("Hours after which a failing delivery is parked"), ""),
                "delivery_first_retry": (
                    _("Seconds before the first retry"),
                    _("They double up to one hour."),
                ),
            },
        ),
        Section(
            "completeness",
            _("Completeness"),
            {
                "quiet_seconds": (
                    _("Seconds without an image that end a series"),
                    _("Only for series that do not say how many images they have."),
                ),
                "quiet_seconds_by_sender": (
                    _("Other seconds for some senders"),
                    _("One per line: AE title = seconds."),
                ),
                "minimum_images": (_("Fewest images of a series"), ""),
                "spacing_tolerance": (
                    _("Tolerance of the slice spacing"),
                    _("As a fraction of the median gap; a larger gap is a missing slice."),
                ),
                "accept_other": (_("Accept and forward what is not processed"), ""),
                "accept_deflated": (_("Accept deflated transfer syntaxes, to forward"), ""),
            },
        ),
        Section(
            "limits",
            _("Retention and limits"),
            {
                "disk_low_bytes": (
                    _("Free bytes below which images are refused"),
                    _("The sender is told that there is no room and tries again."),
                ),
                "log_days": (_("Days that log lines are kept"), _("The audit trail is kept for ever.")),
                "session_idle_minutes": (
                    _("Minutes after which a session that is left alone ends"),
                    _("A ward monitor may need a day: 1440."),
                ),
                "session_hours": (_("Hours that a session lasts at most"), ""),
                "language": (_("Language for those who have not chosen"), ""),
                "grafana_url": (_("Address of Grafana"), _("Linked from the dashboard.")),
            },
        ),
    )
}

PAGES: Final = {
    **{key: section.title for key, section in SECTIONS.items()},
    "dicom": _("Local AE"),
    "devices": _("Devices"),
    "routes": _("Routes"),
    "tracers": _("Tracers"),
    "filters": _("Post-filters"),
    "users": _("Users"),
    "tokens": _("Tokens"),
    "audit": _("Audit trail"),
}
"""Every page of the configuration, in the order of its menu."""
