"""Whatever a dossier system sends, intake answers; and what it accepted can always be read again."""

import json
import operator
import unicodedata
from datetime import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.dossiers import Status
from notifier.domain.errors import IntakeError
from notifier.domain.events import DossierEvent
from notifier.intake.accept import Accepted
from notifier.intake.contacts import email_address, mobile_e164
from notifier.intake.documents import normalised
from notifier.intake.models import (
    BoSungBlock,
    CanBo,
    CapNhatTienDo,
    DinhDanh,
    DongBoHoSo,
    DonVi,
    GiayToKetQua,
    HoSoBlock,
    LePhiLine,
    LichHenBlock,
    TienDoBlock,
    VanBanLine,
)
from notifier.intake.vendor import derive_type
from tests.support.intake import BATCH, PROVINCE, accepted, domain_event, take

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), words)


def json_of(leaves):
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
    )


json_values = json_of(scalars)
texts = st.one_of(
    st.none(),
    st.integers(),
    words,
    st.sampled_from(
        [
            *("", "0", "1", "10", "0912000101", "84912000101", "a@example.vn", "000000001", "H01.14.02", "02"),
            *("000.00.16.H01", "UBND xã Bình Mẫu", "https://example.gov.vn/a", "1.001612.000.00.00.H01"),
        ]
    ),
)
well_formed = {
    datetime | None: st.sampled_from(
        ["", None, "20261119081500", 20261119081500, "20261119", "2026-11-19T08:15:00.5", "0001-01-01T00:00:00"]
    ),
    bool | None: st.sampled_from(["", None, True, False, 0, 1, "0", "1", "true", "False"]),
    Decimal | None: st.sampled_from(["", None, "135000", 135000, 0, "99.50"]),
}


def block(model, *, values=well_formed, **nested):
    """Objects with some of the model's fields, and some of their own."""
    plain = {
        name: values.get(field.annotation, texts) for name, field in model.model_fields.items() if name not in nested
    }
    return st.fixed_dictionaries({}, optional=plain | nested | {"TruongLa": json_values})


def listed(element):
    return st.one_of(st.none(), st.just(""), st.lists(element, max_size=3))


officers = listed(block(CanBo) | words)
papers = block(BoSungBlock, DanhSachGiayToBoSung=listed(words | st.fixed_dictionaries({"TenGiayTo": texts})))
codes = st.sampled_from(["H01.14-261119-0042", "Hồ sơ 5", 42])
statuses = st.sampled_from(["1", 4, "05", "10"])
units = st.one_of(words, st.none(), block(DonVi))
dossiers = st.builds(
    lambda dossier, code: dossier | {"MaHoSo": code},
    block(
        HoSoBlock,
        DonViTiepNhan=units,
        DonViXuLy=units,
        DinhDanhCHS=listed(block(DinhDanh)),
        TrangThaiHoSo=statuses | st.sampled_from(["", None]),
    ),
    codes,
)
steps = block(TienDoBlock, NguoiXuLy=block(CanBo) | words, NguoiXuLyTiep=officers, ThuTruong=officers)
data = st.fixed_dictionaries(
    {"HoSo": dossiers},
    optional={
        "TienDo": steps,
        "BoSung": papers,
        "LePhi": listed(block(LePhiLine)),
        "VanBan": listed(block(VanBanLine)),
        "LichHen": block(LichHenBlock),
        "LyDo": texts,
    },
)


def envelope(content):
    return st.fixed_dictionaries(
        {
            "specversion": st.just("1.0"),
            "id": st.sampled_from(["1", 2]),
            "source": st.just(PROVINCE.name),
            "type": st.sampled_from(["hoso.khong_tiep_nhan", "hoso.dung_xu_ly", "lichhen.dat"]),
            "data": content,
        },
        optional={
            "time": well_formed[datetime | None],
            "seq": st.sampled_from(["", None, 1, "2"]),
            "subject": texts,
            "morong": json_values,
        },
    )


sync_records = st.builds(
    lambda own, dossier, code, status: dossier | own | {"MaHoSo": code, "TrangThaiHoSo": status},
    block(
        DongBoHoSo,
        DanhSachLePhi=listed(block(LePhiLine)),
        DanhSachHoSoBoSung=listed(papers),
        DanhSachGiayToKetQua=listed(block(GiayToKetQua)),
    ),
    dossiers,
    codes,
    statuses,
)
progress_records = st.builds(
    lambda own, step, code, status: step | own | {"MaHoSo": code, "TrangThai": status},
    block(CapNhatTienDo),
    steps,
    codes,
    statuses,
)
odd = dict.fromkeys((datetime | None, bool | None, Decimal | None), json_values)
odd_records = st.one_of(
    st.builds(operator.or_, block(HoSoBlock, values=odd), block(DongBoHoSo, values=odd)),
    st.builds(operator.or_, block(TienDoBlock, values=odd), block(CapNhatTienDo, values=odd)),
    envelope(st.fixed_dictionaries({"HoSo": block(HoSoBlock, values=odd), "TienDo": json_values})),
)


def assert_readable(item):
    assert json.loads(json.dumps(item.document, allow_nan=False)) == item.document
    assert isinstance(domain_event(item), DossierEvent)


def send(record):
    return take([record], content_type="application/json", query={"source": PROVINCE.name})


@given(envelope(data))
def test_every_well_formed_event_is_accepted_and_can_be_read(event):
    assert_readable(accepted(event))


@given(st.one_of(sync_records, progress_records))
def test_every_well_formed_record_is_accepted_and_can_be_read(record):
    (item,) = send(record)

    assert isinstance(item, Accepted), item.error.errors
    assert_readable(item)


@given(odd_records)
def test_an_odd_item_is_refused_by_field_or_can_be_read(record):
    (item,) = send(record)

    if isinstance(item, Accepted):
        assert_readable(item)
    else:
        assert item.error.errors


def problem_of(body, content_type="application/json"):
    try:
        take(body, content_type=content_type, query={"source": PROVINCE.name})
    except IntakeError as refusal:
        return refusal.problem
    return None


any_json = json_of(scalars | st.floats() | st.text())
media_types = st.sampled_from([BATCH, "application/json", "application/cloudevents+json", "text/plain"])


@given(media_types, any_json)
def test_any_json_is_answered(content_type, value):
    problem = problem_of(json.dumps(value).encode(), content_type)

    assert problem in {None, "invalid-event", "broken-json", "unsupported-media-type"}


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body):
    assert problem_of(body) in {None, "invalid-event", "broken-json", "not-utf8"}


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")))
def test_text_comes_out_the_same_however_it_was_composed(text):
    composed = {text: [text]}
    decomposed = {unicodedata.normalize("NFD", text): [unicodedata.normalize("NFD", text)]}

    assert normalised(composed) == normalised(decomposed)


@given(st.text())
def test_a_contact_is_canonical_or_none_and_never_raises(text):
    for canonical in (mobile_e164, email_address):
        once = canonical(text)
        assert once is None or canonical(once) == once


@given(st.sampled_from(Status), st.none() | st.sampled_from(Status), st.booleans())
def test_every_way_of_the_status_is_some_event(status, previous, is_progress):
    assert derive_type(status, previous, is_progress=is_progress).startswith("hoso.")
