// The pictures of a task: loaded when there is something made, redrawn by the server as the sliders move.
"use strict";

const place = document.getElementById("images");

function load() {
  const made = document.getElementById("made")?.dataset.made ?? "0";
  if (!place || made === "0" || place.dataset.made === made) return;
  place.dataset.made = made;
  htmx.ajax("GET", place.dataset.from, { target: "#images", swap: "innerHTML" });
}

function redraw(image, change) {
  const address = new URL(image.dataset.src, location.href);
  change(address);
  const wanted = address.pathname + address.search;
  if (image.dataset.src === wanted) return;
  image.dataset.src = wanted;
  if (image.complete) image.src = wanted;
}

// One picture at a time per image: what was asked for meanwhile is fetched when the last one is there.
document.addEventListener("load", (event) => {
  const image = event.target;
  if (image.dataset?.src && !image.src.endsWith(image.dataset.src)) image.src = image.dataset.src;
}, true);

document.addEventListener("input", (event) => {
  const slider = event.target;
  const section = slider.closest?.("[data-images]");
  if (!section) return;
  if ("top" in slider.dataset) {
    section.querySelector("[data-says=top]").textContent = String(Number(Number(slider.value).toPrecision(6)));
    for (const image of section.querySelectorAll("img")) {
      redraw(image, (address) => address.searchParams.set("top", slider.value));
    }
  } else if ("slice" in slider.dataset) {
    section.querySelector("[data-says=slice]").textContent = slider.value;
    for (const image of section.querySelectorAll(".slices img")) {
      redraw(image, (address) => {
        address.pathname = address.pathname.replace(/slices\/\d+/, `slices/${slider.value - 1}`);
      });
    }
  }
});

document.addEventListener("live:updated", load);
document.addEventListener("DOMContentLoaded", load);
