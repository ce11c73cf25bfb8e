// Packs files into a stored ZIP (APPNOTE 4.3), named by their number: what is uploaded is one body per batch.
"use strict";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (let n = 0; n < bytes.length; n += 1) crc = CRC_TABLE[(crc ^ bytes[n]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function record(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let place = 0;
  for (const [size, value] of fields) {
    if (size === 4) view.setUint32(place, value, true);
    else view.setUint16(place, value, true);
    place += size;
  }
  return view.buffer;
}

// eslint-disable-next-line no-unused-vars -- upload.js calls it
async function zipped(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [number, file] of files.entries()) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = new TextEncoder().encode(String(number));
    const common = [[2, 20], [2, 0], [2, 0], [2, 0], [2, 33], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]];
    const head = record([[4, 0x04034b50], ...common]);
    directory.push(record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), name);
    parts.push(head, name, bytes);
    offset += head.byteLength + name.length + bytes.length;
  }
  const size = directory.reduce((sum, one) => sum + one.byteLength, 0);
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
