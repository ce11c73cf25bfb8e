// Live regions, dialogs. No inline script anywhere: the content security policy forbids it.
"use strict";

const EVERY = 800; // milliseconds: what happens is on the screen within a second
const SEEN = "X-Petfectior-Seen";

let asking = false;
let failures = 0;
let seen = "";

function live() {
  return document.getElementById("live");
}

function readingDetails(region) {
  return Array.from(region.querySelectorAll("details[open]"), (one) => one.id);
}

async function ask() {
  const region = live();
  const search = document.querySelector("input[name=q].htmx-request");
  if (!region || document.hidden || asking || search) return;
  asking = true;
  try {
    await refresh(region, region.dataset.live);
    failures = 0;
  } catch {
    failures += 1;
  }
  asking = false;
  const status = document.getElementById("link-lost");
  const text = failures > 2 ? status.dataset.text : "";
  if (status.textContent !== text) status.textContent = text;
}

async function refresh(region, address) {
  const answer = await fetch(address, { headers: { [SEEN]: seen }, signal: AbortSignal.timeout(10000) });
  if (answer.status === 204) return;
  if (answer.status === 401) return location.reload();
  if (answer.status >= 500) throw new Error(String(answer.status));
  if (!answer.ok) return;
  const text = await answer.text();
  // The visitor may have searched meanwhile: then this is no longer the answer.
  if (live() !== region || region.dataset.live !== address) return;
  const open = readingDetails(region);
  Idiomorph.morph(region, text, { morphStyle: "outerHTML" });
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  document.dispatchEvent(new Event("live:updated"));
  seen = answer.headers.get(SEEN) ?? "";
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
  const row = event.target.closest("tr[id^=task-]");
  const choosing = event.target.closest("a, button, label") || String(getSelection());
  if (row && !choosing) row.querySelector("a.open")?.click();
});

document.addEventListener("visibilitychange", ask);
setInterval(ask, EVERY);
