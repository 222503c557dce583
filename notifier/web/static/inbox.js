// The open inbox keeps itself up to date: what is new comes over an event stream, how it looks comes from the server.
// A message that is opened is marked as read, which is proof of delivery.

const LATER = 3000;
const said = document.getElementById("said");
const trouble = document.getElementById("trouble");
const list = () => document.getElementById("messages");
let unread = Number(list().dataset.unread);
let newest = Number(list().dataset.newest);
let stream = null;

function count(number) {
  unread = number;
  document.title = (number ? `(${number}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const shown = document.getElementById("count");
  if (!shown) return;
  shown.textContent = number;
  shown.closest(".unread-count").hidden = number === 0;
}

/** The messages as the server shows them now; null where the session is over, undefined where it cannot be reached. */
async function fetchList() {
  const address = new URL(location.href);
  address.searchParams.set("part", "messages");
  try {
    const reply = await fetch(address);
    if (reply.redirected) return null;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    return page.getElementById("messages") ?? undefined;
  } catch {
    return undefined;
  }
}

/** Put the new list into the place of the old one; what was open stays open, and nothing moves under the reader. */
function replace(fresh) {
  const old = list();
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const anchor = document.getElementById(focused)?.closest("details") ?? old.querySelector("details[open]");
  const top = anchor?.getBoundingClientRect().top;
  for (const message of fresh.querySelectorAll("details")) {
    const before = document.getElementById(message.id);
    message.open = before?.open ?? false;
    message.classList.toggle("fresh", before === null);
  }
  old.replaceWith(fresh);
  listen();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const kept = anchor && document.getElementById(anchor.id);
  if (kept) scrollBy(0, kept.getBoundingClientRect().top - top);
  count(Number(fresh.dataset.unread));
}

async function refresh() {
  const fresh = await fetchList();
  if (fresh) replace(fresh);
  else if (fresh === null) over();
  else setTimeout(refresh, LATER);
}

function over() {
  trouble.hidden = false;
  stream?.close();
}

function show(message, isRead) {
  message.classList.toggle("unread", !isRead);
  for (const each of message.querySelectorAll(".mark, form.read")) each.hidden = isRead;
  count(unread + (isRead ? -1 : 1));
}

async function opened(message) {
  if (!message.open || !message.classList.contains("unread")) return;
  show(message, true);
  const form = new URLSearchParams({ csrf: list().dataset.csrf });
  const reply = await fetch(message.dataset.read, { method: "POST", body: form, redirect: "manual" }).catch(() => null);
  if (reply?.type === "opaqueredirect") return;
  show(message, false);
  if (reply?.status === 401) over();
}

function listen() {
  for (const message of list().querySelectorAll("details.unread")) {
    message.addEventListener("toggle", () => opened(message));
  }
}

/** Follow the inbox from the newest message that the page has. The browser reconnects by itself, unless it is refused. */
function watch() {
  stream = new EventSource(`/hop-thu/stream?last_event_id=${newest}`);
  stream.addEventListener("message", async (event) => {
    newest = Number(event.lastEventId);
    await refresh();
    said.textContent = `${list().dataset.news}: ${JSON.parse(event.data).title}`;
  });
  stream.addEventListener("unread", (event) => {
    if (JSON.parse(event.data).unread !== unread) refresh();
  });
  stream.addEventListener("error", async () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    await new Promise((resume) => setTimeout(resume, LATER));
    await refresh();
    if (trouble.hidden) watch();
  });
}

const named = location.hash && document.getElementById(location.hash.slice(1));
if (named instanceof HTMLDetailsElement) named.open = true;
listen();
watch();
