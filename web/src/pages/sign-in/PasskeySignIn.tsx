import { useEffect, useRef, useState } from "react";
import { auth } from "../../api/identity";
import { Problem } from "../../components/form";
import { KeyIcon } from "../../components/icons";
import {
  credentialJson,
  offersPasskeysWhileTyping,
  passkeysHere,
  passkeyTrouble,
  requestOptions,
} from "../../lib/webauthn";

async function signInWith(mediation: CredentialMediationRequirement, signal: AbortSignal) {
  const { ceremony, publicKey } = await auth.passkeyStart();
  const credential = await navigator.credentials.get({
    publicKey: requestOptions(publicKey),
    mediation,
    signal,
  });
  if (credential) await auth.passkeyFinish(ceremony, credentialJson(credential as PublicKeyCredential));
  return credential !== null;
}

/**
 * A button, and where browsers can it, passkeys offered in the e-mail field itself. Only one question to the
 * authenticator may be open at a time, so the button stops the quiet one.
 */
export function PasskeySignIn({ done }: { done: () => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const open = useRef<AbortController | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    open.current = controller;
    void (async () => {
      try {
        if (!(await offersPasskeysWhileTyping()) || controller.signal.aborted) return;
        if (await signInWith("conditional", controller.signal)) done();
      } catch {
        // Nobody asked for it: the button and the password still stand there.
      }
    })();
    return () => open.current?.abort();
  }, [done]);

  if (!passkeysHere()) return null;
  const start = async () => {
    open.current?.abort();
    const controller = new AbortController();
    open.current = controller;
    setBusy(true);
    setError(null);
    try {
      if (await signInWith("optional", controller.signal)) done();
    } catch (cause) {
      const trouble = passkeyTrouble(cause);
      if (trouble) setError(new Error(trouble));
      else if (cause instanceof Error && !(cause instanceof DOMException)) setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="control wide-control" disabled={busy} onClick={() => void start()}>
        <KeyIcon /> {busy ? "Waiting for your passkey …" : "Sign in with a passkey"}
      </button>
      {error && <Problem error={error} />}
    </>
  );
}
