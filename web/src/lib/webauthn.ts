/** Passkeys: between the JSON that servers speak and the bytes that `navigator.credentials` takes. */

type Json = { [key: string]: unknown };

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

export function toBase64Url(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** What a server calls the options, alone or inside another `publicKey`. */
function options(given: unknown): Json {
  const outer = given as Json;
  return (typeof outer.publicKey === "object" && outer.publicKey !== null ? outer.publicKey : outer) as Json;
}

const bytes = (value: unknown) => fromBase64Url(String(value));
const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list ?? []) as Json[]).map((one) => ({
    ...(one as unknown as PublicKeyCredentialDescriptor),
    id: bytes(one.id),
  }));

export function creationOptions(given: unknown): PublicKeyCredentialCreationOptions {
  const found = options(given);
  const user = found.user as Json;
  return {
    ...(found as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(found.challenge),
    user: { ...(user as unknown as PublicKeyCredentialUserEntity), id: bytes(user.id) },
    excludeCredentials: descriptors(found.excludeCredentials),
  };
}

export function requestOptions(given: unknown): PublicKeyCredentialRequestOptions {
  const found = options(given);
  return {
    ...(found as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytes(found.challenge),
    allowCredentials: descriptors(found.allowCredentials),
  };
}

/** What the browser answered, in the JSON that servers read. */
export function credentialJson(credential: PublicKeyCredential): Json {
  const answer = credential.response;
  const response: Json = { clientDataJSON: toBase64Url(answer.clientDataJSON) };
  if ("attestationObject" in answer) {
    const made = answer as AuthenticatorAttestationResponse;
    response.attestationObject = toBase64Url(made.attestationObject);
    response.transports = made.getTransports?.() ?? [];
  } else {
    const shown = answer as AuthenticatorAssertionResponse;
    response.authenticatorData = toBase64Url(shown.authenticatorData);
    response.signature = toBase64Url(shown.signature);
    response.userHandle = shown.userHandle ? toBase64Url(shown.userHandle) : null;
  }
  return {
    id: credential.id,
    rawId: toBase64Url(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** Passkeys need a secure origin: HTTPS, or this machine itself. */
export function passkeysHere(): boolean {
  return window.isSecureContext && typeof window.PublicKeyCredential === "function";
}

export async function offersPasskeysWhileTyping(): Promise<boolean> {
  return (
    passkeysHere() &&
    typeof PublicKeyCredential.isConditionalMediationAvailable === "function" &&
    (await PublicKeyCredential.isConditionalMediationAvailable())
  );
}

/** What a browser's refusal means for the person before it; null when they only closed its window. */
export function passkeyTrouble(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  switch (error.name) {
    case "AbortError":
    case "NotAllowedError":
      return null;
    case "InvalidStateError":
      return "This device already has a passkey for your account.";
    case "SecurityError":
      return "The browser does not allow passkeys on this address. Open Bursar under its public address.";
    default:
      return "The browser could not use a passkey. Try again, or sign in another way.";
  }
}
