// Keeps the page live: the server says which card changed, the card is fetched again and put in the old one's place.

const page = document.body;
const people = document.querySelector("[data-people]");
const status = document.querySelector("[data-status]");
const said = document.querySelector("[data-said]");
const busy = new Map();

function find(card) {
  return document.querySelector(`[data-live="${CSS.escape(card)}"]`);
}

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.firstElementChild;
}

// What the reader had in hand stays: scroll positions and the focus; what came since is marked for a short glow.
function replace(old, fresh) {
  const known = new Set([...old.querySelectorAll("[data-id]")].map((each) => each.dataset.id));
  for (const each of fresh.querySelectorAll("[data-id]")) {
    each.classList.toggle("new", !known.has(each.dataset.id));
  }
  const scrolled = [...old.querySelectorAll("[tabindex]")].map((each) => each.scrollTop);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(fresh);
  fresh.querySelectorAll("[tabindex]").forEach((each, at) => { each.scrollTop = scrolled[at] ?? 0; });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function fetchCard(card) {
  const old = find(card);
  const href = old?.dataset.href ?? (people ? `/nguoi/${encodeURIComponent(card)}` : null);
  if (!href) return;
  const reply = await fetch(href);
  if (!reply.ok) return;
  const fresh = parse(await reply.text());
  if (old) replace(old, fresh);
  else people.append(fresh);
  const name = fresh.querySelector("h2")?.textContent.trim();
  if (people && name) said.textContent = `Có tin mới: ${name}`;
}

// One fetch at a time for each card; news that comes meanwhile asks for one more.
async function refresh(card) {
  if (busy.has(card)) {
    busy.set(card, true);
    return;
  }
  do {
    busy.set(card, false);
    await fetchCard(card).catch(() => {});
  } while (busy.get(card));
  busy.delete(card);
}

function show(text, connected) {
  if (!status) return;
  status.hidden = false;
  status.textContent = text;
  status.classList.toggle("on", connected);
}

if (page.dataset.seq !== undefined) {
  const news = new EventSource(`/sandbox/stream?after=${page.dataset.seq}`);
  const take = (event) => refresh(JSON.parse(event.data).card);
  news.addEventListener("message", take);
  news.addEventListener("portal", take);
  news.addEventListener("open", () => show("Trực tiếp", true));
  news.addEventListener("error", () => show("Mất kết nối, đang thử lại", false));
}
