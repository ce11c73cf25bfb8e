// The selection of the tasks table: it outlives updates, pages and filters of one visit (ids only, no names).
"use strict";

const KEPT = "petfectior-selected";
const bulk = document.getElementById("bulk");
const selected = new Set(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));

function boxes() {
  return Array.from(document.querySelectorAll("#live input[name=task]"));
}

function show() {
  if (!bulk) return;
  for (const box of boxes()) {
    box.checked = selected.has(box.value);
    box.closest("tr").classList.toggle("picked", box.checked);
  }
  const all = document.getElementById("pick-all");
  if (all) {
    const count = boxes().filter((box) => box.checked).length;
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && !all.checked;
  }
  bulk.hidden = selected.size === 0;
  document.body.classList.toggle("picking", selected.size > 0);
  for (const one of document.querySelectorAll("#bulk-count, .bulk-many")) one.textContent = String(selected.size);
  sessionStorage.setItem(KEPT, JSON.stringify(Array.from(selected)));
}

function pick(box, wanted) {
  if (wanted) selected.add(box.value);
  else selected.delete(box.value);
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.id === "pick-all") for (const one of boxes()) pick(one, box.checked);
  else if (box.name === "task") pick(box, box.checked);
  else return;
  show();
});

document.getElementById("bulk-clear")?.addEventListener("click", () => {
  selected.clear();
  show();
});

document.body.addEventListener("htmx:configRequest", (event) => {
  if ("bulk" in event.target.dataset) event.detail.parameters.tasks = Array.from(selected);
});

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!("bulk" in event.target.dataset)) return;
  event.target.closest("dialog").close();
  if (!event.detail.successful) return;
  selected.clear();
  show();
});

document.body.addEventListener("htmx:afterSwap", show);
document.addEventListener("live:updated", show);
show();
