"""The codes of dossier systems: dossiers, procedures, agencies, identity papers, and each source's own numbers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from notifier.domain.dossiers import Status, SubjectKind
from notifier.domain.ids import SourceName

DVCQG: Mapping[str, SubjectKind] = {
    "1": SubjectKind.CITIZEN,
    "2": SubjectKind.ENTERPRISE,
    "3": SubjectKind.STATE_BODY,
    "4": SubjectKind.OTHER,
}
"""LoaiDoiTuong as the National Public Service Portal's DongBoHoSoMC is used."""
MINISTRY_2026: Mapping[str, SubjectKind] = {
    "0": SubjectKind.CITIZEN,
    "1": SubjectKind.ENTERPRISE,
    "2": SubjectKind.HOUSEHOLD_BUSINESS,
}
"""LoaiDoiTuong in the ministries' integration guides of 2026."""
DIALECTS: Mapping[str, Mapping[str, SubjectKind]] = {"dvcqg": DVCQG, "ministry_2026": MINISTRY_2026}


@dataclass(frozen=True, slots=True)
class SourceProfile:
    """How one dossier system writes, and the keys it may sign with (several while a secret is changed)."""

    name: SourceName
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    status_map: Mapping[str, Status] = field(default_factory=dict)
    """The source's own words or numbers; what is not in it is read as 1 to 10."""
    subject_map: Mapping[str, SubjectKind] = field(default_factory=lambda: DVCQG)


def status_of(raw: str | None, profile: SourceProfile) -> Status | None:
    """The status that the source means, or None if nothing says what it means."""
    if raw is None:
        return None
    if (mapped := profile.status_map.get(raw)) is not None:
        return mapped
    return Status(int(raw)) if re.fullmatch(r"0?[1-9]|10", raw) else None


def subject_of(raw: str | None, profile: SourceProfile) -> SubjectKind | None:
    return profile.subject_map.get(raw) if raw is not None else None


_DOSSIER = re.compile(r"[0-9A-Z]{1,3}(?:\.[0-9A-Z]{1,3}){0,6}-(?:[0-9]{6}|[0-9]{8})-[0-9]{4,7}")
_DOSSIER_LENGTH = 50


def is_usual_dossier_code(code: str) -> bool:
    """Whether MaHoSo has a form that the circulars of 2018 and 2025 or present practice know.

    Any other code is as good as a key: it is never refused.
    """
    return len(code) <= _DOSSIER_LENGTH and _DOSSIER.fullmatch(code) is not None


_PROCEDURE = re.compile(r"([0-9]\.[0-9]{6})(?:\.[0-9A-Z.]+)?")


def short_procedure_code(raw: str) -> str:
    """`1.002835` of `1.002835.000.00.00.H56`: the national part, by which procedures are compared."""
    found = _PROCEDURE.fullmatch(raw)
    return found[1] if found else raw


_AGENCY = re.compile(r"[0-9A-Z]{2,3}(?:\.[0-9A-Z]{2,3}){0,6}")
_LEVEL_ONE = re.compile(r"[A-Z][0-9]{2}")


def agency_code(raw: str) -> str:
    """The code with level 1 first (Decision 20/2020/QĐ-TTg) and without empty levels at its end.

    QCVN 102:2016 wrote it the other way round: `000.00.16.H01` is `H01.16`. An unknown form is left as it is.
    """
    if not _AGENCY.fullmatch(raw):
        return raw
    levels = raw.split(".")
    if not _LEVEL_ONE.fullmatch(levels[0]):
        if not _LEVEL_ONE.fullmatch(levels[-1]):
            return raw
        levels.reverse()
    while not levels[-1].strip("0"):
        levels.pop()
    return ".".join(levels)


_FILLER = re.compile(r"0{7,12}1?")


def identity_number(raw: str | None) -> str | None:
    """The number of an identity paper; None for `000000001` and its like, which systems write for "none"."""
    number = re.sub(r"\s", "", raw or "")
    return None if not number or _FILLER.fullmatch(number) else number
