// Upload: folders, files and ZIPs, in batches, with a verdict for each file. Nothing stays in the browser.
"use strict";

const BATCH_BYTES = 32 * 1024 * 1024;
const BATCH_FILES = 500;
const LISTED = 1000;
const TRIES = 3;
const place = document.getElementById("upload");
const at = (id) => document.getElementById(id);
let waiting = [];
let verdicts = new Map();
let running = false;
let underWay = 0;
let bytesDone = 0;
let bytesAll = 0;

async function under(entry, path = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path: path + file.name }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await under(one, `${path}${entry.name}/`)));
  }
}

function isZip(one) {
  return one.file.name.toLowerCase().endsWith(".zip");
}

function nextBatch() {
  if (isZip(waiting[0])) return waiting.splice(0, 1);
  const batch = [];
  let size = 0;
  while (waiting.length > 0 && batch.length < BATCH_FILES && !isZip(waiting[0])) {
    size += waiting[0].file.size;
    if (batch.length > 0 && size > BATCH_BYTES) break;
    batch.push(waiting.shift());
  }
  return batch;
}

function post(body) {
  return new Promise((resolve) => {
    const call = new XMLHttpRequest();
    call.open("POST", "/api/v1/uploads");
    call.setRequestHeader("Content-Type", "application/zip");
    call.responseType = "json";
    call.upload.addEventListener("progress", (event) => progress(event.loaded));
    call.addEventListener("loadend", () => resolve({ status: call.status, answer: call.response }));
    call.send(body);
  });
}

async function sent(body) {
  for (let tried = 1; ; tried += 1) {
    const found = await post(body);
    if (![0, 503].includes(found.status) || tried === TRIES) return found;
    await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** tried));
  }
}

function progress(now) {
  const share = bytesAll ? Math.min(100, Math.floor((100 * (bytesDone + now)) / bytesAll)) : 100;
  at("sent").value = share;
  at("share").textContent = `${share} %`;
}

function note(path, verdict, detail, file) {
  verdicts.set(path, { verdict, detail, file });
}

async function send(batch) {
  const size = batch.reduce((sum, one) => sum + one.file.size, 0);
  if (size > Number(place.dataset.largest)) {
    for (const one of batch) note(one.path, "refused", place.dataset.tooLarge, null);
    return size;
  }
  const whole = isZip(batch[0]);
  const { status, answer } = await sent(whole ? batch[0].file : await zipped(batch.map((one) => one.file)));
  if (status === 200) {
    for (const one of answer.files) {
      const source = whole ? batch[0] : batch[Number(one.name)];
      const path = whole ? `${source.path} › ${one.name}` : source.path;
      note(path, one.verdict, one.detail, one.again ? source : null);
    }
  } else {
    const detail = answer?.detail ?? place.dataset.lost;
    for (const one of batch) note(one.path, "refused", detail, one);
  }
  return size;
}

function show() {
  const counts = { stored: 0, skipped: 0, refused: 0 };
  for (const one of verdicts.values()) counts[one.verdict] += 1;
  for (const [verdict, count] of Object.entries(counts)) at(`count-${verdict}`).textContent = String(count);
  at("count-left").textContent = String(waiting.length + underWay);
  const rank = { refused: 0, skipped: 1, stored: 2 };
  const listed = Array.from(verdicts).sort((a, b) => rank[a[1].verdict] - rank[b[1].verdict]);
  at("verdicts").hidden = listed.length === 0;
  at("more-files").hidden = listed.length <= LISTED;
  at("verdicts").tBodies[0].replaceChildren(...listed.slice(0, LISTED).map(([path, one]) => {
    const row = document.createElement("tr");
    const name = row.insertCell();
    const text = name.appendChild(document.createElement("bdi"));
    text.textContent = path.slice(-200);
    row.insertCell().textContent = one.detail;
    row.className = one.verdict;
    return row;
  }));
  const failed = Array.from(verdicts.values()).some((one) => one.verdict === "refused");
  at("all-done").hidden = running || failed || counts.stored === 0;
  at("some-failed").hidden = running || !failed;
  at("again").hidden = running || !Array.from(verdicts.values()).some((one) => one.file);
}

async function run(files) {
  waiting.push(...files);
  bytesAll += files.reduce((sum, one) => sum + one.file.size, 0);
  at("sending").hidden = false;
  show();
  if (running) return;
  running = true;
  while (waiting.length > 0) {
    const batch = nextBatch();
    underWay = batch.length;
    try {
      bytesDone += await send(batch);
    } catch {
      for (const one of batch) note(one.path, "refused", place.dataset.lost, one);
    }
    underWay = 0;
    progress(0);
    show();
  }
  running = false;
  bytesAll = 0;
  bytesDone = 0;
  show();
}

at("drop").addEventListener("dragover", (event) => {
  event.preventDefault();
  at("drop").classList.add("over");
});
at("drop").addEventListener("dragleave", () => at("drop").classList.remove("over"));
at("drop").addEventListener("drop", async (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  const entries = Array.from(event.dataTransfer.items, (one) => one.webkitGetAsEntry()).filter(Boolean);
  const found = (await Promise.all(entries.map((one) => under(one)))).flat();
  await run(found);
});
for (const id of ["files", "folder"]) {
  at(id).addEventListener("change", async () => {
    const found = Array.from(at(id).files, (file) => ({ file, path: file.webkitRelativePath || file.name }));
    at(id).value = "";
    await run(found);
  });
}
at("again").addEventListener("click", async () => {
  const failed = Array.from(verdicts).filter(([, one]) => one.file);
  for (const [path] of failed) verdicts.delete(path);
  await run(Array.from(new Set(failed.map(([, one]) => one.file))));
});
addEventListener("beforeunload", (event) => {
  if (running) event.preventDefault();
});
