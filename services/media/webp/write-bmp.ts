const headerBytes = 54;

/** Pixels of four bytes (red, green, blue, and how opaque, which is left out) as a BMP of 24 bits. */
export function writeBmp(
  pixels: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const rowBytes = 4 * Math.ceil((width * 3) / 4);
  const file = Buffer.alloc(headerBytes + rowBytes * height);
  file.write("BM", "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(headerBytes, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  file.writeUInt32LE(rowBytes * height, 34);
  for (let y = 0; y < height; y++) {
    // The last row stands first.
    let to = headerBytes + (height - 1 - y) * rowBytes;
    for (let from = y * width * 4; from < (y + 1) * width * 4; from += 4, to += 3) {
      file[to] = pixels[from + 2] ?? 0;
      file[to + 1] = pixels[from + 1] ?? 0;
      file[to + 2] = pixels[from] ?? 0;
    }
  }
  return file;
}
