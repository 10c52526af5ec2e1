// What a page does beyond links and forms: it reads itself again when a run goes on, and obeys keys. All else works without.
"use strict";

const main = document.getElementById("main");
const status = document.getElementById("status");

// One stream for each page. It says only that something changed; the page is then read again and merged, so that focus and
// scroll position stay.
function follow(address) {
  let reading = false;
  let again = false;
  const read = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      await htmx.ajax("GET", location.pathname + location.search, { target: "#main", select: "#main", swap: "outerMorph" });
      announce();
    } finally {
      reading = false;
      if (again) { again = false; setTimeout(read, 500); }
    }
  };
  // Browsers open six connections to a server: a page that nobody sees gives its own back.
  let stream;
  const open = () => {
    stream = new EventSource(address);
    stream.addEventListener("message", read);
    // The server refused: somebody must sign in again, which the page itself says.
    stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 10000); });
  };
  const close = () => { stream?.close(); stream = undefined; };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!stream) { open(); read(); }
  });
  addEventListener("pagehide", close);
  if (!document.hidden) open();
}

let announced = 0;
function announce() {
  if (Date.now() - announced < 10000) return;
  announced = Date.now();
  status.textContent = "The page was updated";
}

if (document.body.dataset.live) follow(document.body.dataset.live);

// A file of this machine goes into the field for text: whoever sends it sees it first.
for (const input of document.querySelectorAll("input[data-into]")) {
  input.closest("[data-file]").hidden = false;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    document.getElementById(input.dataset.into).value = await file.text();
    document.getElementById(input.dataset.name).value = file.name;
  });
}

// Keys, unless somebody types, or has turned them off.
const KEY = "connector.keys";
const dialog = document.getElementById("keys");
if (dialog) {
  const on = document.getElementById("keys-on");
  on.checked = localStorage.getItem(KEY) !== "off";
  on.addEventListener("change", () => localStorage.setItem(KEY, on.checked ? "on" : "off"));
  const opener = document.getElementById("keys-open");
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());

  const rows = () => [...document.querySelectorAll("#main a.row")].filter((row) => row.offsetParent);
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) next.focus();
  };
  const places = { s: "/", r: "/runs", f: "/findings", p: "/plans", d: "/schedule", c: "/certificates" };
  let begun = 0;
  const everywhere = document.getElementById("everywhere");
  document.addEventListener("keydown", (event) => {
    if (event.key === "k" && (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey) { event.preventDefault(); everywhere.focus(); everywhere.select(); }
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog");
    if (!on.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (begun && Date.now() - begun < 1500 && places[event.key]) { location.assign(places[event.key]); return; }
    begun = 0;
    const search = document.querySelector("[data-search]") || everywhere;
    if (event.key === "/" && search) { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === "g") begun = Date.now();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "?") dialog.showModal();
  });
}
