"""Words, numbers and times in the visitor's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from petfectior.reasons import Reason
from petfectior.task import HistoryEntry
from petfectior.work import Status
from services.api.language import catalogue
from services.api.phrases import explained

MINUTE = 60
HOUR = 3600
DAY = 86400
KIBI = 1024


@dataclass(frozen=True)
class Wording:
    """How things are said in one language; times are of the gateway's own time zone."""

    language: str

    @property
    def translate(self) -> Callable[[str], str]:
        """Return the gettext function."""
        return catalogue(self.language).gettext

    def reason(self, reason: Reason) -> str:
        """Return the sentence of a reason."""
        return explained(reason, self.language)

    def entry(self, entry: HistoryEntry) -> str:
        """Return the sentence of a transition; the end of a stage is recorded in the next one."""
        if entry.reason.code == "stage-finished" and entry.status is Status.WAITING:
            return self.reason(Reason(code="stage-entered"))
        return self.reason(entry.reason)

    def moment(self, seconds: float) -> str:
        """Return a time of today as a time, another day's with its date."""
        local = _local(seconds)
        if local.date() == datetime.now(tz=UTC).astimezone().date():
            return format_time(local, "HH:mm:ss", tzinfo=local.tzinfo, locale=self.language)
        return format_datetime(local, "d MMM y HH:mm", tzinfo=local.tzinfo, locale=self.language)

    def full_moment(self, seconds: float) -> str:
        """Return date, time and zone."""
        local = _local(seconds)
        return format_datetime(local, "d MMM y HH:mm:ss zzz", tzinfo=local.tzinfo, locale=self.language)

    def dicom_date(self, value: str) -> str:
        """Return a DA value (PS3.5 6.2) as a date; what is none, as it is."""
        try:
            day = datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            return value[:20]
        return format_date(day, "d MMM y", locale=self.language)

    def person(self, name: str) -> str:
        """Return a PN value (PS3.5 6.2) as people write it: ``Family, Given Middle``."""
        first, *others = [group for group in name.split("=") if group.strip("^ ")] or [""]
        family, _, given = first.partition("^")
        shown = ", ".join(
            part for part in (family.strip(), " ".join(given.replace("^", " ").split())) if part
        )
        return f"{shown} ({' '.join(others[0].replace('^', ' ').split())})" if others else shown

    def duration(self, seconds: float) -> str:
        """Return a span with its two largest units: ``1 h 04 min``."""
        whole = max(0, int(seconds))
        if whole < 10:  # noqa: PLR2004 - below ten seconds a tenth tells
            return f"{format_decimal(max(0.0, seconds), '0.0', locale=self.language)} s"
        if whole < MINUTE:
            return f"{whole} s"
        if whole < HOUR:
            return f"{whole // MINUTE} min {whole % MINUTE:02d} s"
        if whole < DAY:
            return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
        return f"{whole // DAY} d {whole % DAY // HOUR:02d} h"

    def number(self, value: float) -> str:
        """Return a number with the language's separators."""
        return format_decimal(value, locale=self.language)

    def measure(self, value: object) -> str:
        """Return a value of a report: six significant digits of a number, else its text."""
        return f"{value:.6g}" if isinstance(value, float) else str(value)

    def percent(self, fraction: float) -> str:
        """Return a fraction as whole per cent."""
        return format_percent(fraction, "0 %", locale=self.language)

    def size(self, count: int) -> str:
        """Return a number of bytes in binary units."""
        amount = float(count)
        for unit in ("B", "KiB", "MiB"):
            if amount < KIBI:
                return f"{format_decimal(amount, '0.#', locale=self.language)} {unit}"
            amount /= KIBI
        return f"{format_decimal(amount, '0.##', locale=self.language)} GiB"


def iso(seconds: float) -> str:
    """Return a time for machines: ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone()
