"""The working calendar: hours of agencies, and the days that are not like their weekday; 2025, 2026 and 2027.

Marked: pre-deploy (nothing reads it yet).

Lunar dates were looked up, not computed. A note that begins with "Dự kiến" is not announced yet: the Prime Minister
decides the days of Tết and the day beside National Day each year (Labour Code, article 112, clause 3).
"""

from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = """
CREATE TABLE calendar_day (
    date       date NOT NULL,
    agency     text NOT NULL DEFAULT '',
    kind       text NOT NULL CHECK (kind IN ('off', 'work')),
    hours      text CHECK (hours ~ '^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9](,[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9])*$'),
    note       text NOT NULL CHECK (note <> ''),
    source     text NOT NULL CHECK (source <> ''),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (date, agency),
    CONSTRAINT calendar_day_hours_of_work CHECK (kind = 'work' OR hours IS NULL)
);
COMMENT ON TABLE calendar_day IS 'A day that is not like its weekday: off, or worked.';
COMMENT ON COLUMN calendar_day.agency IS 'Its code; empty for the whole province. The row of an agency goes before.';
COMMENT ON COLUMN calendar_day.hours IS 'Of this day alone, as 07:00-11:30,13:30-17:00; null for those of a usual day.';

CREATE TABLE calendar_hours (
    agency     text NOT NULL DEFAULT '',
    since      date NOT NULL,
    week       text NOT NULL CHECK (week <> ''),
    note       text NOT NULL CHECK (note <> ''),
    source     text NOT NULL CHECK (source <> ''),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (agency, since)
);
COMMENT ON TABLE calendar_hours IS 'The hours of a usual week from a day on, as mon-fri 07:00-11:30,13:30-17:00; sat 07:00-11:30.';
"""

_LAW = "Bộ luật Lao động 2019, Điều 112"
_MADE_UP = "Bộ luật Lao động 2019, Điều 111 khoản 3"
_FIRST = "Thông báo 6150/TB-BLĐTBXH ngày 03/12/2024"
_SECOND = "Thông báo 9441/TB-BNV ngày 16/10/2025"
_NEW_YEAR = "Công văn 12729/VPCP-KGVX ngày 25/12/2025"
_CULTURE = "Nghị quyết 28/2026/QH16, Điều 2"
_GUESS_TET = "Dự kiến, chưa có thông báo: Tết Đinh Mùi"

DAYS = (
    ("2025-01-01", "off", "Tết Dương lịch", _LAW),
    ("2025-01-27", "off", "Tết Ất Tỵ, 28 tháng Chạp", _FIRST),
    ("2025-01-28", "off", "Tết Ất Tỵ, 29 tháng Chạp", _FIRST),
    ("2025-01-29", "off", "Tết Ất Tỵ, mùng 1", _FIRST),
    ("2025-01-30", "off", "Tết Ất Tỵ, mùng 2", _FIRST),
    ("2025-01-31", "off", "Tết Ất Tỵ, mùng 3", _FIRST),
    ("2025-04-07", "off", "Giỗ Tổ Hùng Vương, mùng 10 tháng Ba", _LAW),
    ("2025-04-26", "work", "Làm bù cho thứ Sáu 02/5/2025", _FIRST),
    ("2025-04-30", "off", "Ngày Chiến thắng", _LAW),
    ("2025-05-01", "off", "Ngày Quốc tế lao động", _LAW),
    ("2025-05-02", "off", "Hoán đổi, làm bù thứ Bảy 26/4/2025", _FIRST),
    ("2025-09-01", "off", "Quốc khánh, ngày liền kề", _FIRST),
    ("2025-09-02", "off", "Quốc khánh", _LAW),
    ("2026-01-01", "off", "Tết Dương lịch", _LAW),
    ("2026-01-02", "off", "Hoán đổi, làm bù thứ Bảy 10/01/2026", _NEW_YEAR),
    ("2026-01-10", "work", "Làm bù cho thứ Sáu 02/01/2026", _NEW_YEAR),
    ("2026-02-16", "off", "Tết Bính Ngọ, 29 tháng Chạp", _SECOND),
    ("2026-02-17", "off", "Tết Bính Ngọ, mùng 1", _SECOND),
    ("2026-02-18", "off", "Tết Bính Ngọ, mùng 2", _SECOND),
    ("2026-02-19", "off", "Tết Bính Ngọ, mùng 3", _SECOND),
    ("2026-02-20", "off", "Tết Bính Ngọ, mùng 4", _SECOND),
    ("2026-04-26", "off", "Giỗ Tổ Hùng Vương, mùng 10 tháng Ba, trùng Chủ nhật", _LAW),
    ("2026-04-27", "off", "Nghỉ bù Giỗ Tổ Hùng Vương", _MADE_UP),
    ("2026-04-30", "off", "Ngày Chiến thắng", _LAW),
    ("2026-05-01", "off", "Ngày Quốc tế lao động", _LAW),
    ("2026-08-22", "work", "Làm bù cho thứ Hai 31/8/2026", _SECOND),
    ("2026-08-31", "off", "Hoán đổi, làm bù thứ Bảy 22/8/2026", _SECOND),
    ("2026-09-01", "off", "Quốc khánh, ngày liền kề", _SECOND),
    ("2026-09-02", "off", "Quốc khánh", _LAW),
    ("2026-11-24", "off", "Ngày Văn hóa Việt Nam", _CULTURE),
    ("2027-01-01", "off", "Tết Dương lịch", _LAW),
    ("2027-02-04", "off", f"{_GUESS_TET}, 28 tháng Chạp", _LAW),
    ("2027-02-05", "off", f"{_GUESS_TET}, 29 tháng Chạp", _LAW),
    ("2027-02-06", "off", "Tết Đinh Mùi, mùng 1, trùng thứ Bảy", _LAW),
    ("2027-02-07", "off", "Tết Đinh Mùi, mùng 2, trùng Chủ nhật", _LAW),
    ("2027-02-08", "off", f"{_GUESS_TET}, mùng 3", _LAW),
    ("2027-02-09", "off", f"{_GUESS_TET}, nghỉ bù mùng 1", _MADE_UP),
    ("2027-02-10", "off", f"{_GUESS_TET}, nghỉ bù mùng 2", _MADE_UP),
    ("2027-04-16", "off", "Giỗ Tổ Hùng Vương, mùng 10 tháng Ba", _LAW),
    ("2027-04-30", "off", "Ngày Chiến thắng", _LAW),
    ("2027-05-01", "off", "Ngày Quốc tế lao động, trùng thứ Bảy", _LAW),
    ("2027-05-03", "off", "Nghỉ bù Ngày Quốc tế lao động", _MADE_UP),
    ("2027-09-02", "off", "Quốc khánh", _LAW),
    ("2027-09-03", "off", "Dự kiến, chưa có thông báo: Quốc khánh, ngày liền kề", _LAW),
    ("2027-11-24", "off", "Ngày Văn hóa Việt Nam", _CULTURE),
)
WEEK = (
    "",
    "2000-01-01",
    "mon-fri 07:00-11:30,13:30-17:00",
    "Giờ hành chính thông dụng, tuần làm việc 40 giờ",
    "Mặc định của Notifier; tuần 40 giờ: Quyết định 188/1999/QĐ-TTg",
)
BY = "migration:0004"


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(SCHEMA)
    for day in DAYS:
        connection.exec_driver_sql(
            "INSERT INTO calendar_day (date, kind, note, source, changed_by, changed_at) VALUES (%s, %s, %s, %s, %s, now())",
            (*day, BY),
        )
    connection.exec_driver_sql(
        "INSERT INTO calendar_hours (agency, since, week, note, source, changed_by, changed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, now())",
        (*WEEK, BY),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
