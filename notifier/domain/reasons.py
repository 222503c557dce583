"""Why a delivery is planned, held, dropped or moved: a closed set of reasons that a person can read.

What is stored is the code and its values; the sentence is made when somebody reads it, in their language.
A value never holds personal data: channels, states, times, provider codes, names of rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReasonCode(StrEnum):
    # planned
    RULE = "planned.rule"
    RETRY = "planned.retry"
    THROTTLED = "planned.throttled"
    RESEND_DEDUPLICATED = "planned.resend_deduplicated"
    FALLBACK_USED = "planned.fallback_used"
    NOT_CALLED = "planned.not_called"
    ASKED_NOT_TAKEN = "planned.asked_not_taken"
    OPERATOR_RETRY = "planned.operator"
    OBLIGATED = "planned.obligatory"
    # held
    QUIET_HOURS = "held.quiet_hours"
    OWN_HOURS = "held.own_hours"
    NEXT_MORNING = "held.next_morning"
    CHANNEL_WINDOW = "held.channel_window"
    CORRECTION_HOLD = "held.correction"
    WORKING_HOURS = "held.working_hours"
    MERGED = "held.merge"
    DIGESTED = "held.digest"
    # standby
    FALLBACK_WAITS = "standby.fallback"
    OBLIGATORY_WAITS = "standby.obligatory"
    # suppressed
    NO_CONSENT = "suppressed.no_consent"
    OWN_CHOICE = "suppressed.own_choice"
    NO_EMAIL = "suppressed.no_email"
    NO_MOBILE = "suppressed.no_mobile"
    NO_ZALO_LINK = "suppressed.no_zalo_link"
    CHANNEL_OFF = "suppressed.channel_off"
    LINKED_SOURCE = "suppressed.linked_source"
    ADDRESS_BOUNCED = "suppressed.bounced"
    MAIL_STOPPED = "suppressed.stopped"
    STATUS_REPEATED = "suppressed.status_repeated"
    TOLD_BY_OTHER = "suppressed.told_by_other"
    # superseded
    LATER_STATUS = "superseded.later_status"
    CAME_TOO_LATE = "superseded.came_too_late"
    GATHERED = "superseded.gathered"
    # moved by an attempt
    LEASED = "sending.leased"
    PROVIDER_ACCEPTED = "accepted.provider"
    STORED_IN_INBOX = "delivered.inbox"
    OUTCOME_UNKNOWN = "unknown.outcome"
    WORKER_DIED = "unknown.worker_died"
    REFUSED = "failed.refused"
    TEMPLATE_FAULT = "failed.template"
    BUDGET_SPENT = "failed.budget_spent"
    SMS_BUDGET_SPENT = "failed.sms_budget"
    DEADLINE_PASSED = "expired.deadline"
    # moved by a receipt
    RECEIPT_DELIVERED = "delivered.receipt"
    RECEIPT_READ = "read.receipt"
    RECEIPT_FAILED = "failed.receipt"
    NO_RECEIPT = "settled.no_receipt"
    # moved by the provider's answer to our question
    ASKED_ACCEPTED = "accepted.asked"
    ASKED_DELIVERED = "delivered.asked"
    ASKED_FAILED = "failed.asked"
    ASKED_IN_VAIN = "settled.asked_in_vain"
    # told by the person
    FEEDBACK = "note.feedback"
    # stopped
    FALLBACK_NOT_NEEDED = "cancelled.fallback_not_needed"
    CORRECTED = "cancelled.corrected"
    REMINDER_OUTDATED = "cancelled.reminder_outdated"
    BOUNCED_MEANWHILE = "cancelled.bounced"
    STOPPED_MEANWHILE = "cancelled.stopped"
    OPERATOR_DROP = "cancelled.operator"
    # events
    EVENT_RECEIVED = "event.received"
    EVENT_ROUTED = "event.routed"
    EVENT_NO_RULE = "event.no_rule"
    EVENT_NO_CONTACT = "event.no_contact"
    EVENT_NO_RECIPIENT = "event.no_recipient"
    EVENT_UNROUTABLE = "event.unroutable"
    EVENT_SEQ_GAP = "event.seq_gap"
    EVENT_TIMER = "event.timer"
    EVENT_OUTDATED = "event.outdated"
    EVENT_DIGEST = "event.digest"
    EVENT_STAND_IN = "event.stand_in"
    EVENT_NO_CALENDAR = "event.no_calendar"
    EVENT_CANCELLED = "event.cancelled"
    EVENT_REROUTED = "event.rerouted"
    # providers
    PROVIDER_OPENED = "provider.opened"
    PROVIDER_THROTTLED = "provider.throttled"
    PROVIDER_PROBED = "provider.probed"
    PROVIDER_CLOSED = "provider.closed"
    PROVIDER_DEMOTED = "provider.demoted"
    PROVIDER_RESTORED = "provider.restored"
    PROVIDER_QUOTA_SPENT = "provider.quota_spent"
    PROVIDER_DAY_SPENT = "provider.day_spent"
    PROVIDER_PAUSED = "provider.paused"
    PROVIDER_RESUMED = "provider.resumed"
    PROVIDER_PREFERRED = "provider.preferred"
    # what an operator holds up for a while
    SOURCE_PAUSED = "source.paused"
    SOURCE_RESUMED = "source.resumed"
    SOURCE_PAUSE_OVER = "source.pause_over"
    CHANNEL_PAUSED = "channel.paused"
    CHANNEL_RESUMED = "channel.resumed"
    CHANNEL_PAUSE_OVER = "channel.pause_over"
    # what stands against mail to somebody
    RECIPIENT_BOUNCED = "recipient.bounced"
    RECIPIENT_STOPPED = "recipient.stopped"
    RECIPIENT_RESUMED = "recipient.resumed"
    SUPPRESSION_LIFTED = "recipient.lifted"
    # what a person chose
    PREFERENCES_CHANGED = "recipient.chose"
    # what an operator did to many at once
    DEAD_RETRIED = "operator.retried"
    DEAD_DROPPED = "operator.dropped"
    # what an operator looked at
    CONTACT_REVEALED = "contact.revealed"
    # callbacks to dossier systems
    CALLBACK_DEAD = "callback.dead"
    CALLBACKS_DISABLED = "callback.disabled"
    CALLBACKS_ENABLED = "callback.enabled"
    CALLBACKS_REPLAYED = "callback.replayed"
    # the working calendar
    CALENDAR_DAY = "calendar.day"
    CALENDAR_HOURS = "calendar.hours"
    # the directory
    DIRECTORY_AGENCY = "directory.agency"
    DIRECTORY_OFFICER = "directory.officer"
    # accounts of the console
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    ACCOUNT_RESET = "account.reset"
    ACCOUNT_SET_UP = "account.set_up"
    ACCOUNT_PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - what was done
    ACCOUNT_SIGNED_IN = "account.signed_in"
    ACCOUNT_LOCKED = "account.locked"


TEXTS: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.RULE: ("theo quy tắc {rule}", "rule {rule}"),
    ReasonCode.RETRY: ("thử lại sau lỗi tạm thời {code}", "again after the passing fault {code}"),
    ReasonCode.THROTTLED: ("nhà cung cấp yêu cầu chậm lại ({code})", "the provider asks us to slow down ({code})"),
    ReasonCode.RESEND_DEDUPLICATED: (
        "gửi lại được vì nhà cung cấp loại bản trùng ({code})",
        "sent again, which is safe: the provider drops a second copy ({code})",
    ),
    ReasonCode.FALLBACK_USED: (
        "dùng kênh dự phòng vì {missed} không đến được",
        "fallback used because {missed} cannot reach the person",
    ),
    ReasonCode.NOT_CALLED: (
        "chưa kịp gọi nhà cung cấp, sẽ gửi lại",
        "the provider had not been called yet, sent again",
    ),
    ReasonCode.ASKED_NOT_TAKEN: (
        "nhà cung cấp trả lời là chưa nhận, sẽ gửi lại",
        "the provider says it never took it, sent again",
    ),
    ReasonCode.OPERATOR_RETRY: ("{by} cho gửi lại: {why}", "sent again by {by}: {why}"),
    ReasonCode.OBLIGATED: (
        "người nhận không chọn kênh này, nhưng tin này bắt buộc và các kênh đã chọn không đủ để chắc chắn đến nơi",
        "the recipient did not choose this channel, but the notice is obligatory and no chosen way is sure to arrive",
    ),
    ReasonCode.QUIET_HOURS: ("giờ yên tĩnh, chờ đến {until}", "quiet hours, waits until {until}"),
    ReasonCode.OWN_HOURS: (
        "giờ không làm phiền do người nhận đặt, chờ đến {until}",
        "the recipient's own quiet hours, waits until {until}",
    ),
    ReasonCode.NEXT_MORNING: ("tin không gấp, chờ đến {until}", "not urgent, waits until {until}"),
    ReasonCode.CHANNEL_WINDOW: (
        "kênh chỉ nhận tin trong khung giờ, chờ đến {until}",
        "outside the channel's sending hours, waits until {until}",
    ),
    ReasonCode.CORRECTION_HOLD: (
        "trạng thái vừa được sửa hoặc khác thường, chờ đến {until} phòng khi sửa lại",
        "the status was just corrected or is unusual; waits until {until} in case it is corrected again",
    ),
    ReasonCode.WORKING_HOURS: ("ngoài giờ làm việc, chờ đến {until}", "outside working hours, waits until {until}"),
    ReasonCode.MERGED: (
        "vừa nhắc người này, gộp các việc đến {until}",
        "this person was reminded just now; put together with what comes until {until}",
    ),
    ReasonCode.DIGESTED: ("gộp vào bản tin lúc {until}", "put into the digest of {until}"),
    ReasonCode.GATHERED: ("đã gộp {count} việc vào một tin", "told in one message with others, {count} in all"),
    ReasonCode.REMINDER_OUTDATED: (
        "không còn cần nhắc: hồ sơ đã chuyển sang tình trạng khác",
        "no longer to be reminded of: the dossier stands otherwise now",
    ),
    ReasonCode.EVENT_TIMER: ("đến giờ nhắc, lần {number}", "its time has come, for time number {number}"),
    ReasonCode.EVENT_OUTDATED: (
        "không nhắc: hồ sơ đã chuyển sang tình trạng khác",
        "nobody is reminded: the dossier stands otherwise now",
    ),
    ReasonCode.EVENT_DIGEST: ("gộp {count} việc của một người", "{count} reminders of one person put together"),
    ReasonCode.EVENT_STAND_IN: (
        "{officer} đang nghỉ, nhắc {deputy} thay",
        "{officer} is away, {deputy} is told instead",
    ),
    ReasonCode.EVENT_NO_CALENDAR: (
        "chưa có lịch làm việc năm {year}, không đặt được giờ nhắc",
        "the calendar of {year} is missing: reminders could not be planned",
    ),
    ReasonCode.EVENT_CANCELLED: (
        "{by} cho dừng {done}/{found} tin chưa gửi: {why}",
        "{by} has {done} of {found} unsent messages cancelled: {why}",
    ),
    ReasonCode.EVENT_REROUTED: (
        "{by} cho áp lại quy tắc: {changed} đổi, {added} thêm, {stopped} dừng, {kept} giữ nguyên: {why}",
        "{by} has the rules asked again: {changed} changed, {added} added, {stopped} stopped, {kept} left as they are: {why}",
    ),
    ReasonCode.FALLBACK_WAITS: (
        "chỉ gửi nếu {after} không đến được",
        "sent only if {after} cannot reach the person",
    ),
    ReasonCode.OBLIGATORY_WAITS: (
        "người nhận không chọn kênh này; vì là tin bắt buộc, sẽ gửi nếu {after} không đến được",
        "the recipient did not choose this channel; as the notice is obligatory, sent if {after} cannot reach them",
    ),
    ReasonCode.OWN_CHOICE: (
        "người nhận chọn không nhận loại tin này qua kênh này",
        "the recipient chose not to get this kind of notice on this channel",
    ),
    ReasonCode.NO_CONSENT: ("hồ sơ không đồng ý nhận qua kênh này", "the dossier declines this channel"),
    ReasonCode.NO_EMAIL: ("không có địa chỉ thư điện tử dùng được", "no usable email address"),
    ReasonCode.NO_MOBILE: ("không có số di động dùng được", "no usable mobile number"),
    ReasonCode.NO_ZALO_LINK: ("chưa liên kết Zalo", "no Zalo link"),
    ReasonCode.CHANNEL_OFF: ("kênh chưa được bật", "the channel is not switched on"),
    ReasonCode.LINKED_SOURCE: (
        "hệ thống liên thông {linked} đã tự báo cho công dân",
        "the linked source {linked} already tells the citizen",
    ),
    ReasonCode.ADDRESS_BOUNCED: (
        "địa chỉ thư điện tử không tồn tại, biết từ {since} ({code})",
        "the mail address does not exist, known since {since} ({code})",
    ),
    ReasonCode.MAIL_STOPPED: (
        "người nhận đã dừng thư không bắt buộc",
        "the recipient has stopped mail that need not be given",
    ),
    ReasonCode.BOUNCED_MEANWHILE: (
        "địa chỉ thư điện tử không tồn tại, biết từ {since} ({code}), không gửi nữa",
        "the mail address does not exist, known since {since} ({code}): called off",
    ),
    ReasonCode.STOPPED_MEANWHILE: (
        "người nhận đã dừng thư không bắt buộc trước khi gửi",
        "the recipient stopped mail that need not be given before it was sent",
    ),
    ReasonCode.RECIPIENT_BOUNCED: (
        "địa chỉ thư điện tử không tồn tại ({code}): từ nay không gửi thư đến đó",
        "the mail address does not exist ({code}): no more mail is sent there",
    ),
    ReasonCode.RECIPIENT_STOPPED: (
        "người nhận dừng thư không bắt buộc; thông báo bắt buộc vẫn gửi",
        "the recipient stops mail that need not be given; statutory notices go on",
    ),
    ReasonCode.RECIPIENT_RESUMED: (
        "người nhận đăng ký lại thư không bắt buộc",
        "the recipient takes mail that need not be given again",
    ),
    ReasonCode.SUPPRESSION_LIFTED: (
        "{by} cho gửi thư lại: {why}",
        "mail is sent again, by {by}: {why}",
    ),
    ReasonCode.PREFERENCES_CHANGED: (
        "người nhận đặt lại lựa chọn nhận tin thành [{after}], trước đó [{before}]",
        "the recipient's choices are now [{after}], before that [{before}]",
    ),
    ReasonCode.STATUS_REPEATED: (
        "trạng thái này đã được thông báo",
        "this status has been told already",
    ),
    ReasonCode.TOLD_BY_OTHER: (
        "hệ thống {source} đã báo trạng thái này trong ngày",
        "{source} has had this status told on the same day",
    ),
    ReasonCode.LATER_STATUS: (
        "đã có trạng thái mới hơn ({type}) trước khi gửi",
        "a later status ({type}) came before it was sent",
    ),
    ReasonCode.CAME_TOO_LATE: (
        "sự kiện đến sau trạng thái mới hơn ({type})",
        "the event came after a later status ({type})",
    ),
    ReasonCode.LEASED: ("lần {attempt}, qua {provider}", "attempt {attempt}, by {provider}"),
    ReasonCode.PROVIDER_ACCEPTED: ("theo trả lời của nhà cung cấp", "by the provider's answer"),
    ReasonCode.STORED_IN_INBOX: ("đã ghi vào hộp thư trên Cổng", "stored in the portal inbox"),
    ReasonCode.OUTCOME_UNKNOWN: (
        "không rõ nhà cung cấp đã nhận hay chưa ({code})",
        "not known whether the provider took it ({code})",
    ),
    ReasonCode.WORKER_DIED: (
        "tiến trình gửi dừng giữa chừng, không rõ kết quả",
        "the worker died during the call, the result is not known",
    ),
    ReasonCode.REFUSED: ("nhà cung cấp từ chối hẳn ({code})", "refused for good ({code})"),
    ReasonCode.TEMPLATE_FAULT: (
        "không soạn được tin: thiếu hoặc sai {fact} ({template})",
        "cannot be rendered: {fact} is missing or does not fit ({template})",
    ),
    ReasonCode.BUDGET_SPENT: ("hết số lần thử ({attempts})", "all {attempts} attempts are used"),
    ReasonCode.SMS_BUDGET_SPENT: (
        "ngân sách SMS tháng {month} của {agency} không đủ (giới hạn {limit} đ)",
        "the SMS budget of {agency} for {month} does not suffice (limit {limit} đ)",
    ),
    ReasonCode.DEADLINE_PASSED: ("quá hạn gửi, tin không còn giá trị", "its deadline passed; it would mislead now"),
    ReasonCode.RECEIPT_DELIVERED: ("theo biên nhận", "by its receipt"),
    ReasonCode.RECEIPT_READ: ("theo biên nhận", "by its receipt"),
    ReasonCode.RECEIPT_FAILED: ("theo biên nhận ({code})", "by its receipt ({code})"),
    ReasonCode.NO_RECEIPT: ("không có biên nhận trong thời gian chờ", "no receipt within the time allowed"),
    ReasonCode.FALLBACK_NOT_NEEDED: (
        "không cần dự phòng, {reached} đã đến",
        "fallback not needed, {reached} reached the person",
    ),
    ReasonCode.ASKED_ACCEPTED: ("đã hỏi nhà cung cấp: đã nhận", "asked: the provider has taken it"),
    ReasonCode.ASKED_DELIVERED: ("đã hỏi nhà cung cấp: đã đến", "asked: the provider has delivered it"),
    ReasonCode.ASKED_FAILED: (
        "đã hỏi nhà cung cấp: không đến được ({code})",
        "asked: the provider could not deliver it ({code})",
    ),
    ReasonCode.ASKED_IN_VAIN: (
        "đã hỏi nhà cung cấp, chưa rõ kết quả ({code})",
        "asked, and the provider could not tell ({code})",
    ),
    ReasonCode.CORRECTED: (
        "trạng thái đã được đính chính ({type}) trước khi gửi",
        "the status was corrected ({type}) before it was sent",
    ),
    ReasonCode.OPERATOR_DROP: ("{by} cho dừng: {why}", "dropped by {by}: {why}"),
    ReasonCode.EVENT_RECEIVED: ("sự kiện đã nhận và lưu", "event received and committed"),
    ReasonCode.EVENT_ROUTED: (
        "đã lập kế hoạch: {planned} gửi, {held} chờ giờ, {standby} dự phòng, {suppressed} không gửi",
        "routed: {planned} planned, {held} held, {standby} on standby, {suppressed} suppressed",
    ),
    ReasonCode.EVENT_NO_RULE: ("không có quy tắc cho loại {type}, chỉ lưu", "no rule for {type}: kept, nothing sent"),
    ReasonCode.EVENT_NO_CONTACT: (
        "không có cách liên hệ nào dùng được ({audience}), chỉ ghi hộp thư",
        "no usable contact ({audience}): inbox only",
    ),
    ReasonCode.EVENT_NO_RECIPIENT: ("sự kiện không nêu người nhận ({audience})", "the event names no {audience}"),
    ReasonCode.EVENT_UNROUTABLE: ("không đọc được sự kiện đã lưu ({code})", "the stored event cannot be read ({code})"),
    ReasonCode.EVENT_SEQ_GAP: (
        "thiếu sự kiện: số thứ tự {missing} chưa đến",
        "events are missing: seq {missing} has not come",
    ),
    ReasonCode.PROVIDER_OPENED: (
        "tạm ngừng {provider} đến {until}: {bad}/{calls} lần gọi lỗi, sau cùng là {code}",
        "{provider} is left alone until {until}: {bad} of {calls} calls failed, the last with {code}",
    ),
    ReasonCode.PROVIDER_THROTTLED: (
        "{provider} yêu cầu chậm lại ({code}), chờ đến {until}",
        "{provider} asks us to slow down ({code}), waits until {until}",
    ),
    ReasonCode.PROVIDER_PROBED: ("thử {provider} bằng một tin", "{provider} is tried with one message"),
    ReasonCode.PROVIDER_CLOSED: ("{provider} hoạt động lại", "{provider} works again"),
    ReasonCode.PROVIDER_DEMOTED: (
        "ưu tiên nhà cung cấp khác đến {until}: {late}/{calls} tin của {provider} thiếu biên nhận đúng hạn",
        "another provider is preferred until {until}: {late} of {calls} messages by {provider} lack a receipt in time",
    ),
    ReasonCode.PROVIDER_RESTORED: ("{provider} được ưu tiên trở lại", "{provider} is preferred again"),
    ReasonCode.PROVIDER_QUOTA_SPENT: (
        "{provider} đã dùng hết {quota} tin trong ngày, chờ đến {until}",
        "{provider} has used its {quota} messages of the day, waits until {until}",
    ),
    ReasonCode.PROVIDER_DAY_SPENT: (
        "{provider} báo đã hết số tin trong ngày ({code}), chờ đến {until}",
        "{provider} says that the day's messages are used up ({code}), waits until {until}",
    ),
    ReasonCode.FEEDBACK: ("người nhận đánh giá {rate}/5", "the person rated it {rate} of 5"),
    ReasonCode.PROVIDER_PAUSED: ("{by} tạm dừng {provider}: {why}", "{provider} is paused by {by}: {why}"),
    ReasonCode.PROVIDER_RESUMED: ("{by} cho {provider} chạy lại: {why}", "{provider} is resumed by {by}: {why}"),
    ReasonCode.PROVIDER_PREFERRED: (
        "{by} ưu tiên {preferred} đến {until}: {why}",
        "{preferred} is preferred until {until}, by {by}: {why}",
    ),
    ReasonCode.SOURCE_PAUSED: (
        "{by} tạm dừng sự kiện của {source}: {why}",
        "events of {source} are paused by {by}: {why}",
    ),
    ReasonCode.SOURCE_RESUMED: (
        "{by} cho sự kiện của {source} chạy lại: {why}",
        "events of {source} are resumed by {by}: {why}",
    ),
    ReasonCode.SOURCE_PAUSE_OVER: (
        "hết thời gian {by} tạm dừng sự kiện của {source}: chạy lại",
        "the time is over for which {by} paused events of {source}: resumed",
    ),
    ReasonCode.CHANNEL_PAUSED: ("{by} tạm dừng kênh {channel}: {why}", "{channel} is paused by {by}: {why}"),
    ReasonCode.CHANNEL_RESUMED: ("{by} cho kênh {channel} chạy lại: {why}", "{channel} is resumed by {by}: {why}"),
    ReasonCode.CHANNEL_PAUSE_OVER: (
        "hết thời gian {by} tạm dừng kênh {channel}: chạy lại",
        "the time is over for which {by} paused {channel}: resumed",
    ),
    ReasonCode.DEAD_RETRIED: (
        "{by} cho làm lại {done}/{found} {kind} ({filters}): {why}",
        "{by} has {done} of {found} done again, {kind} ({filters}): {why}",
    ),
    ReasonCode.DEAD_DROPPED: (
        "{by} cho dừng {done}/{found} {kind} ({filters}): {why}",
        "{by} has {done} of {found} dropped, {kind} ({filters}): {why}",
    ),
    ReasonCode.CONTACT_REVEALED: (
        "{by} xem liên hệ đầy đủ ({purpose}): {said}",
        "{by} saw the contact in full ({purpose}): {said}",
    ),
    ReasonCode.CALLBACK_DEAD: (
        "không báo được {type} cho hệ thống hồ sơ sau {tries} lần ({code})",
        "the dossier system could not be told {type} in {tries} tries ({code})",
    ),
    ReasonCode.CALLBACKS_DISABLED: (
        "{source} không nhận phản hồi nữa ({code}), chờ người vận hành",
        "{source} takes no more delivery events ({code}); they wait for an operator",
    ),
    ReasonCode.CALLBACKS_ENABLED: (
        "{by} cho gửi phản hồi đến {source} trở lại",
        "delivery events to {source} are posted again, by {by}",
    ),
    ReasonCode.CALLBACKS_REPLAYED: (
        "{by} cho gửi lại {count} phản hồi đến {source}",
        "{count} delivery events are posted again to {source}, by {by}",
    ),
    ReasonCode.CALENDAR_DAY: (
        "{by} ghi ngày {date} là {kind} ({agency}), trước đó {before}: {note} (nguồn: {source})",
        "{by} has {date} as {kind} ({agency}), before that {before}: {note} (source: {source})",
    ),
    ReasonCode.CALENDAR_HOURS: (
        "{by} đặt giờ làm việc từ {since} ({agency}): {week}, trước đó {before}: {note} (nguồn: {source})",
        "{by} sets the hours from {since} on ({agency}): {week}, before that {before}: {note} (source: {source})",
    ),
    ReasonCode.DIRECTORY_AGENCY: ("{by} ghi cơ quan {agency}: {fields}", "{by} writes the agency {agency}: {fields}"),
    ReasonCode.DIRECTORY_OFFICER: (
        "{by} ghi cán bộ {officer}: {fields}",
        "{by} writes the officer {officer}: {fields}",
    ),
    ReasonCode.ACCOUNT_ADDED: (
        "mở tài khoản {login}, vai trò {role}, phạm vi {agencies}: {said}",
        "the account {login} is opened, role {role}, scope {agencies}: {said}",
    ),
    ReasonCode.ACCOUNT_CHANGED: (
        "đổi tài khoản {login} sang vai trò {role}, phạm vi {agencies}; trước đó {before_role}, {before_agencies}: {said}",
        "the account {login} now has the role {role}, scope {agencies}; before that {before_role}, {before_agencies}: {said}",
    ),
    ReasonCode.ACCOUNT_DISABLED: ("khóa tài khoản {login}: {said}", "the account {login} is disabled: {said}"),
    ReasonCode.ACCOUNT_ENABLED: ("mở lại tài khoản {login}: {said}", "the account {login} is enabled: {said}"),
    ReasonCode.ACCOUNT_RESET: (
        "bỏ mật khẩu và mã xác thực của {login}, cấp liên kết mới: {said}",
        "password and second factor of {login} are taken back, a new link is given: {said}",
    ),
    ReasonCode.ACCOUNT_SET_UP: (
        "{login} đã đặt mật khẩu và mã xác thực",
        "{login} has chosen a password and a second factor",
    ),
    ReasonCode.ACCOUNT_PASSWORD_CHANGED: (
        "{login} đã đổi mật khẩu của mình, các phiên khác kết thúc",
        "{login} has changed their password, the other sessions end",
    ),
    ReasonCode.ACCOUNT_SIGNED_IN: ("{login} đăng nhập ({by})", "{login} signs in ({by})"),
    ReasonCode.ACCOUNT_LOCKED: (
        "tạm khóa đăng nhập của {login} đến {until} sau {failures} lần sai",
        "{login} takes no sign-in until {until}, after {failures} failures",
    ),
}
"""Vietnamese and English, with the names of the values each sentence needs."""

AUDIENCES: dict[str, tuple[str, str]] = {
    "citizen": ("công dân", "citizen"),
    "handler": ("người xử lý", "handler"),
    "head": ("thủ trưởng", "head"),
    "director": ("giám đốc trung tâm", "director of the centre"),
}
"""How a sentence names the value `audience` (`notifier.domain.recipients.Audience`)."""


PURPOSES: dict[str, tuple[str, str]] = {
    "asked": ("người dân hỏi về thông báo", "the person asks about the notice"),
    "complaint": ("giải quyết khiếu nại, phản ánh", "a complaint is dealt with"),
    "fault": ("tìm nguyên nhân không gửi được", "a failed delivery is looked into"),
    "inspection": ("thanh tra, kiểm tra", "an inspection"),
}
"""Why a contact may be seen in full: how a sentence names the value `purpose`."""


@dataclass(frozen=True, slots=True)
class Reason:
    code: ReasonCode
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: str = "vi") -> str:
        """The sentence. A value that is missing shows as its name, so that reading never fails."""
        column = 0 if locale == "vi" else 1
        spoken = {
            name: words[self.values[name]][column]
            for name, words in (("audience", AUDIENCES), ("purpose", PURPOSES))
            if self.values.get(name) in words
        }
        return TEXTS[self.code][column].format_map(_Named({**self.values, **spoken}))


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
