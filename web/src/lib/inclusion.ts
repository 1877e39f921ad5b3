/**
 * Whether an entry is in the tree that a checkpoint was signed over, calculated here rather than believed:
 * RFC 9162, section 2.1.3.2, with SHA-256 and the node prefix 0x01.
 */

export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^([0-9a-f]{2}){32}$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

/** Hexadecimal digits, or base64 as checkpoints write it. */
export function readHash(text: string): Uint8Array<ArrayBuffer> | null {
  const hex = fromHex(text);
  if (hex) return hex;
  try {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    return bytes.length === 32 ? bytes : null;
  } catch {
    return null;
  }
}

export async function node(left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** The root that the path leads to; null when the path does not fit a tree of that size. */
export async function rootOf(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: Uint8Array[],
): Promise<Uint8Array | null> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return null;
  let here = index;
  let last = size - 1;
  let hash = leaf;
  for (const one of path) {
    if (last === 0) return null;
    if (here % 2 === 1 || here === last) {
      hash = await node(one, hash);
      while (here % 2 === 0 && here !== 0) {
        here = Math.floor(here / 2);
        last = Math.floor(last / 2);
      }
    } else hash = await node(hash, one);
    here = Math.floor(here / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

/** The hash of a leaf: of 0x00 and the line. */
export async function leafOf(line: string): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const text = new TextEncoder().encode(line);
  const bytes = new Uint8Array(1 + text.length);
  bytes.set(text, 1);
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export type Proved = "yes" | "no" | "cannot";

/** Entries are counted from 0 or from 1, which the proof itself tells apart. */
export async function proved(
  leafText: string,
  sequence: number,
  proof: string[],
  checkpoint: { size: number; root?: string },
  line: string | null = null,
): Promise<Proved> {
  const leaf = readHash(leafText);
  const root = checkpoint.root ? readHash(checkpoint.root) : null;
  const path = proof.map(readHash);
  if (!leaf || !root || path.some((one) => one === null) || !globalThis.crypto?.subtle) return "cannot";
  // What is shown must be what was hashed, or the path proves another entry.
  if (line !== null && (await leafOf(line)) !== toHex(leaf)) return "no";
  for (const index of [sequence, sequence - 1]) {
    const found = await rootOf(leaf, index, checkpoint.size, path as Uint8Array[]);
    if (found && toHex(found) === toHex(root)) return "yes";
  }
  return "no";
}
