"""Every address that people open in a browser."""

from notifier.domain.operators import Permission
from notifier.web.pages import files, lookup, stop
from notifier.web.pages.citizen import preferences, zalo_link
from notifier.web.pages.console import account, acting, dead, dossiers, find, notices, now, providers, reminders, reports, templates
from notifier.web.pages.route import Page, citizen_page, console_page, open_page

PAGES: tuple[Page, ...] = (
    open_page("GET", "/t/{token}", lookup.show_lookup),
    open_page("GET", "/u/{token}", stop.show_stop),
    open_page("POST", "/u/{token}", stop.stop),
    open_page("GET", "/static/{name}", files.show_file),
    citizen_page("GET", "/hop-thu/tuy-chon", preferences.show_preferences),
    citizen_page("POST", "/hop-thu/tuy-chon", preferences.save_preferences),
    citizen_page("POST", "/hop-thu/tuy-chon/thu", preferences.resume_mail),
    citizen_page("POST", "/hop-thu/tuy-chon/zalo/ma", zalo_link.make_code),
    citizen_page("POST", "/hop-thu/tuy-chon/zalo/huy", zalo_link.end_link),
    console_page("GET", "/console", now.show_now),
    console_page("GET", "/console/now/live", now.show_live),
    console_page("GET", "/console/dead", dead.show_dead),
    console_page("GET", "/console/dead/act", dead.preview, Permission.ACT),
    console_page("POST", "/console/dead/act", dead.act, Permission.ACT),
    console_page("GET", "/console/providers", providers.show_providers),
    console_page("GET", "/console/providers/act", providers.preview, Permission.ACT),
    console_page("POST", "/console/providers/act", providers.switch, Permission.ACT),
    console_page("GET", "/console/act/delivery/{id}", acting.show_delivery, Permission.ACT),
    console_page("POST", "/console/act/delivery/{id}", acting.act_on_delivery, Permission.ACT),
    console_page("GET", "/console/act/event/{id}", acting.show_event, Permission.ACT),
    console_page("POST", "/console/act/event/{id}", acting.act_on_event, Permission.ACT),
    console_page("GET", "/console/find", find.show_find),
    console_page("POST", "/console/find", find.find),
    console_page("GET", "/console/dossiers/{source}/{code}", dossiers.show_dossier),
    console_page("GET", "/console/notices/{id}", notices.show_notice),
    console_page("POST", "/console/notices/{id}/reveal", notices.reveal, Permission.REVEAL),
    console_page("GET", "/console/deliveries/{id}", notices.show_delivery),
    console_page("GET", "/console/account", account.show_account),
    console_page("POST", "/console/sign-out", account.sign_out),
    console_page("GET", "/console/reminders", reminders.show_sent),
    console_page("GET", "/console/reminders/waiting", reminders.show_waiting),
    console_page("GET", "/console/reminders/soon", reminders.show_soon),
    console_page("GET", "/console/reminders/late", reminders.show_late),
    console_page("GET", "/console/reminders/unlinked", reminders.show_unlinked),
    console_page("GET", "/console/reports", reports.show_reports),
    console_page("GET", "/console/reports/download", reports.download),
    console_page("GET", "/console/templates", templates.show_templates),
    console_page("GET", "/console/templates/{type}", templates.show_template),
    console_page("GET", "/console/templates/{type}/mail", templates.show_mail),
)
