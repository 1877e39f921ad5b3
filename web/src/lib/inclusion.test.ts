import { expect, test } from "vitest";
import { leafOf, node, proved, readHash, rootOf, toHex } from "./inclusion";

/** A tree and its proofs the slow way: split at the largest power of two below the size. */
function split(size: number): number {
  let at = 1;
  while (at * 2 < size) at *= 2;
  return at;
}
async function root(leaves: Uint8Array[]): Promise<Uint8Array> {
  const [first] = leaves;
  if (leaves.length === 1 && first) return first;
  const at = split(leaves.length);
  return node(await root(leaves.slice(0, at)), await root(leaves.slice(at)));
}
async function path(leaves: Uint8Array[], index: number): Promise<Uint8Array[]> {
  if (leaves.length === 1) return [];
  const at = split(leaves.length);
  return index < at
    ? [...(await path(leaves.slice(0, at), index)), await root(leaves.slice(at))]
    : [...(await path(leaves.slice(at), index - at)), await root(leaves.slice(0, at))];
}
const leaves = Array.from({ length: 13 }, (_, at) => new Uint8Array(32).fill(at + 1));

test("every leaf of every tree is found under its root, and nowhere else", async () => {
  for (let size = 1; size <= leaves.length; size += 1) {
    const some = leaves.slice(0, size);
    const top = toHex(await root(some));
    for (let index = 0; index < size; index += 1) {
      const proof = await path(some, index);
      const leaf = some[index] ?? new Uint8Array(32);
      expect(toHex((await rootOf(leaf, index, size, proof)) ?? new Uint8Array())).toBe(top);
      const other = await rootOf(new Uint8Array(32), index, size, proof);
      expect(toHex(other ?? new Uint8Array())).not.toBe(top);
      expect(await rootOf(leaf, index, size, [...proof, leaf])).toBeNull();
    }
  }
});

test("entries may be counted from 0 or from 1", async () => {
  const checkpoint = { size: 13, root: toHex(await root(leaves)) };
  const proof = (await path(leaves, 6)).map(toHex);
  const leaf = toHex(leaves[6] ?? new Uint8Array());
  expect(await proved(leaf, 6, proof, checkpoint)).toBe("yes");
  expect(await proved(leaf, 7, proof, checkpoint)).toBe("yes");
  expect(await proved(leaf, 9, proof, checkpoint)).toBe("no");
  expect(await proved("not a hash", 6, proof, checkpoint)).toBe("cannot");
  expect(await proved(leaf, 6, proof, { size: 13 })).toBe("cannot");
});

test("a line that is not the one that was hashed proves nothing", async () => {
  const line = '{"sequence":0,"action":"source.add"}';
  const leaf = (await leafOf(line)) ?? "";
  const checkpoint = { size: 1, root: leaf };
  expect(await proved(leaf, 0, [], checkpoint, line)).toBe("yes");
  expect(await proved(leaf, 0, [], checkpoint, line.replace("add", "remove"))).toBe("no");
});

test("a root is read from base64 as well", async () => {
  const bytes = await root(leaves);
  expect(readHash(btoa(String.fromCharCode(...bytes)))).toEqual(bytes);
  expect(readHash("AAAA")).toBeNull();
});
