// Role: brings MNIST's images and labels as bytes.

/** Rows and columns of an image. */
export const side = 28;

/** The bytes of an IDX file behind its head: 4 bytes and 4 for each axis. */
async function readIdx(name, axes) {
  const response = await fetch(`mnist/${name}`);
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  const head = 4 + 4 * axes;
  const buffer = await response.arrayBuffer();
  if (new DataView(buffer).getUint32(0) !== 0x0800 + axes) throw new Error(`${name} is damaged`);
  return new Uint8Array(buffer, head);
}

async function readPart(part) {
  const [images, labels] = await Promise.all([
    readIdx(`${part}-images-idx3-ubyte`, 3),
    readIdx(`${part}-labels-idx1-ubyte`, 1),
  ]);
  return { images, labels, count: labels.length };
}

/** 60,000 images to train with and 10,000 to test with; each 784 bytes, 0 (paper) to 255 (ink). */
export async function loadMnist() {
  const [train, test] = await Promise.all([readPart("train"), readPart("t10k")]);
  return { train, test };
}

/** The first images of a part. */
export function firstOf({ images, labels }, count) {
  return {
    images: images.subarray(0, count * side * side),
    labels: labels.subarray(0, count),
    count,
  };
}
