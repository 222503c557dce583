// Keeps the parts of the page that are marked `data-live` fresh. It rests while nobody sees the page, and it ends when
// nobody has touched it for long: a page that is only left open must not keep its session alive.
const EVERY = 4000;
const UNTOUCHED = 15 * 60 * 1000;

const live = document.getElementById("live");
let touched = Date.now();

for (const kind of ["pointerdown", "keydown", "wheel"]) {
  document.addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
let timer = setTimeout(refresh, EVERY);

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (Date.now() - touched > UNTOUCHED) return stop();
  try {
    const answer = await fetch(live.dataset.from, { redirect: "manual", headers: { Accept: "text/html" } });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return stop();
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the network is away: the next round tries again */ }
  timer = setTimeout(refresh, EVERY);
}

function take(fresh) {
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = document.getElementById(part.id);
    if (!old) { live.append(part); continue; }
    if (old.contains(document.activeElement) && old !== document.activeElement) continue;
    for (const open of old.querySelectorAll("details[open]")) {
      part.querySelector(`#${CSS.escape(open.id)}`)?.setAttribute("open", "");
    }
    if (old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
}

function stop() {
  document.getElementById("stopped").hidden = false;
}
