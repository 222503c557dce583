"""Every address that people open in a browser."""

from notifier.domain.operators import Permission
from notifier.web.pages import files, lookup, oidc, stop
from notifier.web.pages.citizen import dossier, embed, inbox, preferences, zalo_link
from notifier.web.pages.citizen import sign_in as citizen_sign_in
from notifier.web.pages.console import (
    account,
    acting,
    dead,
    dossiers,
    find,
    notices,
    now,
    providers,
    reminders,
    reports,
    rules,
    set_up,
    sign_in,
    templates,
)
from notifier.web.pages.console import account, accounts, audit, set_up, sign_in
from notifier.web.pages.route import Page, citizen_page, console_page, open_page

PAGES: tuple[Page, ...] = (
    # Behind the links of messages
    open_page("GET", "/t/{token}", lookup.show_lookup),
    open_page("GET", "/u/{token}", stop.show_stop),
    open_page("POST", "/u/{token}", stop.stop),
    open_page("GET", "/static/{name}", files.show_file),
    # The citizen's pages
    citizen_page("GET", "/hop-thu/tuy-chon", preferences.show_preferences),
    citizen_page("POST", "/hop-thu/tuy-chon", preferences.save_preferences),
    citizen_page("POST", "/hop-thu/tuy-chon/thu", preferences.resume_mail),
    citizen_page("POST", "/hop-thu/tuy-chon/zalo/ma", zalo_link.make_code),
    citizen_page("POST", "/hop-thu/tuy-chon/zalo/huy", zalo_link.end_link),
    open_page("GET", "/hop-thu/dang-nhap", citizen_sign_in.show_sign_in),
    open_page("GET", "/hop-thu/dang-nhap/di", oidc.send_citizen),
    open_page("GET", "/hop-thu/oidc", oidc.take_citizen),
    citizen_page("POST", "/hop-thu/dang-xuat", citizen_sign_in.sign_out),
    citizen_page("GET", "/hop-thu", inbox.show_inbox),
    citizen_page("GET", "/hop-thu/stream", inbox.show_stream),
    citizen_page("POST", "/hop-thu/doc-het", inbox.mark_all_read),
    citizen_page("POST", "/hop-thu/thu/{message}/doc", inbox.mark_read),
    citizen_page("POST", "/hop-thu/thu/{message}/cat", inbox.put_away),
    citizen_page("POST", "/hop-thu/thu/{message}/lay-lai", inbox.bring_back),
    citizen_page("GET", "/hop-thu/ho-so/{source}/{code}", dossier.show_dossier),
    open_page("GET", "/hop-thu/nhung", embed.show_embedded),
    # The console: signing in, the own account, the accounts
    open_page("GET", "/console/sign-in", sign_in.show_sign_in),
    open_page("POST", "/console/sign-in", sign_in.sign_in),
    open_page("GET", "/console/sign-in/provider", oidc.send_operator),
    open_page("GET", "/console/oidc", oidc.take_operator),
    open_page("GET", "/console/set-up/{token}", set_up.open_link),
    open_page("GET", "/console/set-up", set_up.show_set_up),
    open_page("POST", "/console/set-up", set_up.set_up),
    console_page("GET", "/console/accounts", accounts.show_accounts, Permission.ADMINISTER),
    console_page("POST", "/console/accounts", accounts.add_account, Permission.ADMINISTER),
    console_page("GET", "/console/accounts/{login}", accounts.show_one, Permission.ADMINISTER),
    console_page("POST", "/console/accounts/{login}", accounts.change_one, Permission.ADMINISTER),
    console_page("GET", "/console/audit", audit.show_audit, Permission.AUDIT),
    console_page("GET", "/console/account", account.show_account),
    console_page("POST", "/console/sign-out", account.sign_out),
    # The console: how things stand, and acting
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
    # The console: did they get it?
    console_page("GET", "/console/find", find.show_find),
    console_page("POST", "/console/find", find.find),
    console_page("GET", "/console/dossiers/{source}/{code}", dossiers.show_dossier),
    console_page("GET", "/console/notices/{id}", notices.show_notice),
    console_page("POST", "/console/notices/{id}/reveal", notices.reveal, Permission.REVEAL),
    console_page("GET", "/console/deliveries/{id}", notices.show_delivery),
    # The console: reminders and reports, wordings and rules
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
    console_page("GET", "/console/rules", rules.show_rules),
    console_page("POST", "/console/rules/try", rules.try_event),
    console_page("POST", "/console/rules/compare", rules.compare_rules),
)
