// Takes memory away from an engine: the same module with a limit to how far it may grow.

/** The module whose memory may have so many pages of 64 KiB at most. */
export function capped(wasm: Uint8Array, pages: number): Uint8Array {
  let at = 8;
  const unsigned = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < wasm.length) {
    const start = at;
    const id = unsigned();
    const end = unsigned() + at;
    if (id === memorySection) {
      const [memories, flags, least] = [unsigned(), unsigned(), unsigned()];
      if (memories !== 1 || flags !== 0) throw new Error("not one memory without a limit");
      const content = [1, 1, ...leb(least), ...leb(pages)];
      const section = [memorySection, content.length, ...content];
      return Buffer.concat([wasm.subarray(0, start), Buffer.from(section), wasm.subarray(end)]);
    }
    at = end;
  }
  throw new Error("no memory of its own");
}

const memorySection = 5;

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}
