"""Every address that people open in a browser."""

from notifier.web.pages import files, lookup, stop
from notifier.web.pages.console import account
from notifier.web.pages.route import Page, console_page, open_page

PAGES: tuple[Page, ...] = (
    open_page("GET", "/t/{token}", lookup.show_lookup),
    open_page("GET", "/u/{token}", stop.show_stop),
    open_page("POST", "/u/{token}", stop.stop),
    open_page("GET", "/static/{name}", files.show_file),
    console_page("GET", "/console/account", account.show_account),
    console_page("POST", "/console/sign-out", account.sign_out),
)
