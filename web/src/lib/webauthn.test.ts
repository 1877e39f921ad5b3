import { expect, test } from "vitest";
import { creationOptions, fromBase64Url, passkeyTrouble, requestOptions, toBase64Url } from "./webauthn";

test("base64url goes there and back, without padding", () => {
  for (const text of ["", "AA", "-_8", "AQIDBA", "_____w"])
    expect(toBase64Url(fromBase64Url(text).buffer)).toBe(text);
});

test("options are read alone and inside another publicKey", () => {
  const plain = { challenge: "AQI", allowCredentials: [{ type: "public-key", id: "-_8" }] };
  for (const given of [plain, { publicKey: plain, mediation: "conditional" }]) {
    const options = requestOptions(given);
    expect([...new Uint8Array(options.challenge as ArrayBuffer)]).toEqual([1, 2]);
    expect([...new Uint8Array(options.allowCredentials?.[0]?.id as ArrayBuffer)]).toEqual([251, 255]);
  }
  const made = creationOptions({ challenge: "AQI", user: { id: "Aw", name: "a", displayName: "A" } });
  expect([...new Uint8Array(made.user.id as ArrayBuffer)]).toEqual([3]);
  expect(made.excludeCredentials).toEqual([]);
});

test("closing the browser's window is no error", () => {
  expect(passkeyTrouble(new DOMException("", "NotAllowedError"))).toBeNull();
  expect(passkeyTrouble(new DOMException("", "InvalidStateError"))).toContain("already");
});
