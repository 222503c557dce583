"""Stored rows are read once for as long as they say the same."""

from dataclasses import replace

import pytest

from notifier.domain.dossiers import SubjectKind
from notifier.domain.ids import EventId, EventType, SourceName, uuid7
from notifier.intake.codes import MINISTRY_2026, SourceProfile
from notifier.store.events import ClaimedEvent
from tests.support.intake import NOW, PROVINCE, accepted, event
from workers.steps.understanding import understood

PROFILES = {PROVINCE.name: PROVINCE}


def stored(**changes: object) -> ClaimedEvent:
    item = accepted(event(changes))
    return ClaimedEvent(
        id=EventId(uuid7(NOW)),
        source=PROVINCE.name,
        external_id=item.external_id,
        type=item.event_type or EventType("hoso.dong_bo"),
        occurred_at=item.occurred_at,
        received_at=NOW,
        seq=item.seq,
        document=item.document,
        details=None,
    )


def test_the_same_row_is_the_same_event():
    row = stored()
    assert understood(replace(row, document={**row.document}), PROFILES) is understood(row, PROFILES)


def test_a_row_whose_document_changed_is_read_anew():
    row = stored()
    understood(row, PROFILES)
    changed = replace(row, document={**row.document, "HoSo": {**row.document["HoSo"], "ChuHoSo": "Trần Thị Mẫu"}})
    owner = understood(changed, PROFILES).dossier.owner
    assert owner is not None
    assert owner.name == "Trần Thị Mẫu"


def test_a_row_that_borrows_other_details_is_read_anew():
    row = stored()
    bare = replace(row, document={"HoSo": {"MaHoSo": "H01.14-261119-0042"}})
    names = [
        owner.name
        for name in ("Trần Thị Mẫu", "Lê Văn Thử")
        if (owner := understood(replace(bare, details={"ChuHoSo": name}), PROFILES).dossier.owner)
    ]
    assert names == ["Trần Thị Mẫu", "Lê Văn Thử"]


@pytest.mark.parametrize(
    ("profile", "kind"),
    [(PROVINCE, SubjectKind.CITIZEN), (replace(PROVINCE, subject_map=MINISTRY_2026), SubjectKind.ENTERPRISE)],
)
def test_a_row_means_what_its_source_means(profile: SourceProfile, kind: SubjectKind):
    row = stored(**{"/data/HoSo/LoaiDoiTuong": "1"})
    assert understood(row, {SourceName(profile.name): profile}).dossier.subject_kind is kind
    other = understood(row, {PROVINCE.name: replace(PROVINCE, subject_map={"1": SubjectKind.OTHER})})
    assert other.dossier.subject_kind is SubjectKind.OTHER
