// <notifier-inbox src="https://thongbao.example.gov.vn" ticket="tkt_…"></notifier-inbox>
//
// The inbox of the person at this page: how many messages are unread, and the newest ones, live. The portal's server gets
// the one-time ticket (POST /v1/inbox/{inbox}/tickets) and writes it into the page. When the session that the ticket began
// is over, the element sends the event `notifier-inbox-ended`; a new `ticket` attribute begins another one.

const WORDS = {
  vi: { name: "Hộp thư", none: "Không có thông báo nào.", open: "Mở hộp thư", unread: "chưa đọc", portal: "Xem trên Cổng dịch vụ công", over: "Phiên đã hết. Xin tải lại trang." },
  en: { name: "Inbox", none: "There are no messages.", open: "Open the inbox", unread: "unread", portal: "See it on the portal", over: "The session is over. Reload the page." },
};
const SHOWN = 5;
const LATER = () => 3000 + Math.random() * 3000;

const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: block; font: inherit; color-scheme: light dark; --line: color-mix(in srgb, currentcolor 22%, transparent); }
  header { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; margin-bottom: .5rem; }
  h2 { font-size: 1.125em; margin: 0; }
  .count { font-weight: 600; }
  ul { list-style: none; margin: 0 0 .75rem; padding: 0; }
  li { padding: .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
  li.unread a:first-child { font-weight: 700; }
  .aside { font-size: .875em; }
  time { display: block; font-size: .875em; opacity: .8; }
  a { color: LinkText; }
  :focus-visible { outline: 3px solid currentcolor; outline-offset: 2px; }
`);

function make(name, properties = {}, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

class NotifierInbox extends HTMLElement {
  static observedAttributes = ["ticket"];
  #session = "";
  #stream = null;
  #again = 0;
  #newest = 0;
  #name = make("h2");
  #count = make("span", { className: "count", role: "status" });
  #content = make("div");

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    root.append(make("header", {}, this.#name, this.#count), this.#content);
  }

  connectedCallback() {
    if (this.#session) this.#follow();
    else this.#begin();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(_name, before) {
    if (before === null || !this.isConnected) return;
    this.#session = "";
    this.#begin();
  }

  get #origin() {
    return (this.getAttribute("src") || new URL(import.meta.url).origin).replace(/\/$/, "");
  }

  get #language() {
    return (this.closest("[lang]")?.lang ?? "vi").startsWith("en") ? "en" : "vi";
  }

  /** Change the ticket for a session, which stays in this element and nowhere else. */
  async #begin() {
    this.#stop();
    const reply = await fetch(`${this.#origin}/v1/inbox/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ticket: this.getAttribute("ticket") ?? "" }),
    }).catch(() => null);
    if (!reply?.ok) return this.#ended();
    this.#session = (await reply.json()).session;
    await this.#follow();
  }

  /** What a request of this session answers; null where the session is over or the service is away. */
  async #ask(path, method = "GET") {
    const headers = { Authorization: `Bearer ${this.#session}` };
    const reply = await fetch(`${this.#origin}/v1/inbox/me/${path}`, { method, headers }).catch(() => null);
    if (reply?.status === 401) this.#ended();
    return reply?.ok ? reply.json() : null;
  }

  async #follow() {
    await this.#refresh();
    const pass = this.#session && (await this.#ask("tickets", "POST"));
    if (!this.isConnected || !this.#session) return;
    if (!pass) return this.#later();
    const address = `${this.#origin}/v1/inbox/me/stream?ticket=${pass.ticket}&last_event_id=${this.#newest}`;
    this.#stream = new EventSource(address);
    this.#stream.addEventListener("message", () => this.#refresh());
    this.#stream.addEventListener("unread", () => this.#refresh());
    this.#stream.addEventListener("error", () => this.#later()); // a ticket opens one connection
  }

  #later() {
    this.#stop();
    this.#again = setTimeout(() => this.#follow(), LATER());
  }

  #stop() {
    this.#stream?.close();
    clearTimeout(this.#again);
  }

  #ended() {
    this.#session = "";
    this.#stop();
    this.#show([make("p", { textContent: WORDS[this.#language].over })]);
    this.dispatchEvent(new CustomEvent("notifier-inbox-ended", { bubbles: true }));
  }

  async #refresh() {
    const page = await this.#ask(`messages?limit=${SHOWN}`);
    if (!page) return;
    const words = WORDS[this.#language];
    this.#newest = Math.max(this.#newest, page.messages[0]?.seq ?? 0);
    const list = page.messages.length
      ? make("ul", {}, ...page.messages.map((message) => this.#line(message)))
      : make("p", { textContent: words.none });
    this.#show([list, make("p", {}, this.#link("", words.open))], page.unread);
  }

  #line(message) {
    const at = new Date(message.created_at).toLocaleString(this.#language === "en" ? "en-GB" : "vi-VN", {
      timeZone: "Asia/Ho_Chi_Minh",
      dateStyle: "short",
      timeStyle: "short",
    });
    const line = make("li", { className: message.read_at ? "" : "unread" }, this.#link(`#m-${message.id}`, message.title));
    line.append(make("time", { dateTime: message.created_at, textContent: at }));
    if (message.portal_link) line.append(this.#portal(message));
    return line;
  }

  #portal({ portal_link: href, dossier_code: code }) {
    const words = WORDS[this.#language].portal;
    return make("a", { className: "aside", href, target: "_top", textContent: words, ariaLabel: `${words} ${code}` });
  }

  #link(place, text) {
    return make("a", { href: `${this.#origin}/hop-thu${place}`, target: "_top", textContent: text });
  }

  #show(content, unread = 0) {
    const words = WORDS[this.#language];
    this.#name.textContent = words.name;
    this.#count.textContent = unread ? `${unread} ${words.unread}` : "";
    this.#content.replaceChildren(...content);
  }
}

customElements.define("notifier-inbox", NotifierInbox);
