import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { me } from "../../api/identity";
import type { Account, TotpStart } from "../../api/identityTypes";
import { Confirm, Dialog } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { Command } from "../../components/states";
import { downloadText } from "../../lib/csv";

/** Codes of an authenticator app, asked for after the password. */
export function SecondFactor({ account }: { account: Account }) {
  const [starting, setStarting] = useState<TotpStart | null>(null);
  const [removing, setRemoving] = useState(false);
  const begin = useChange(() => me.totpStart(), []);
  return (
    <section className="card" aria-labelledby="second-factor">
      <div className="card-head">
        <h2 id="second-factor">
          Authenticator app{" "}
          <span className={account.totp ? "badge good" : "badge"}>{account.totp ? "on" : "off"}</span>
        </h2>
        {account.totp ? (
          <button type="button" className="text-button bad" onClick={() => setRemoving(true)}>
            Switch off …
          </button>
        ) : (
          <button
            type="button"
            className="control compact"
            disabled={begin.isPending}
            onClick={() => begin.mutate(undefined, { onSuccess: setStarting })}
          >
            Set it up
          </button>
        )}
      </div>
      <p className="lead">
        {account.totp
          ? "After the password, Bursar asks for a code of your phone. A recovery code works in its place, once."
          : "A code from your phone after the password: a stolen password alone is then worth nothing."}
      </p>
      {begin.error && <Problem error={begin.error} />}
      {starting && <Enrol start={starting} close={() => setStarting(null)} />}
      {removing && (
        <Remove
          close={() => {
            setRemoving(false);
          }}
        />
      )}
    </section>
  );
}

function Remove({ close }: { close: () => void }) {
  const remove = useChange(() => me.totpRemove(), ["session"]);
  return (
    <Confirm title="Switch the codes off?" verb="Switch off" act={() => remove.mutateAsync()} close={close}>
      <p>
        Your password alone will be enough to sign in. The recovery codes stop working. To move to another
        phone, switch off and set it up again.
      </p>
    </Confirm>
  );
}

function Enrol({ start, close }: { start: TotpStart; close: () => void }) {
  const [code, setCode] = useState("");
  const confirm = useChange((text: string) => me.totpConfirm(text), ["session"]);
  const codes = confirm.data?.recovery_codes;
  if (codes) return <RecoveryCodes codes={codes} close={close} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate(code.trim());
  };
  return (
    <Dialog title="Set up an authenticator app" close={close} wide>
      <div className="enrol">
        <img
          className="qr"
          alt="QR code for an authenticator app; the same key stands beside it as text"
          src={`data:image/svg+xml,${encodeURIComponent(start.qr_svg)}`}
        />
        <form className="stack" onSubmit={submit}>
          <p>
            <strong>1.</strong> Scan the picture with an authenticator app, or type this key into it:
          </p>
          <Command text={start.secret} label="Copy the key" />
          <p>
            <strong>2.</strong> Type the six digits that the app shows.
          </p>
          <Field
            label="Code"
            className="mono code-input"
            value={code}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={6}
            pattern="[0-9]{6}"
            required
            onChange={(event) => setCode(event.target.value)}
          />
          {confirm.error && <Problem error={confirm.error} />}
          <div>
            <button type="submit" className="control primary" disabled={confirm.isPending || code.length < 6}>
              Switch on
            </button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}

function RecoveryCodes({ codes, close }: { codes: string[]; close: () => void }) {
  const [kept, setKept] = useState(false);
  return (
    <Dialog title="Your recovery codes" close={close} wide sticky>
      <div className="once">
        <strong>These are shown only now. Keep them where your phone is not.</strong>
        <ul className="recovery mono">
          {codes.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <p className="small">Each lets you in once when the phone is lost or broken.</p>
        <div className="row">
          <button
            type="button"
            className="control"
            onClick={() => void navigator.clipboard?.writeText(codes.join("\n")).catch(() => undefined)}
          >
            Copy all
          </button>
          <button
            type="button"
            className="control"
            onClick={() => downloadText("bursar-recovery-codes.txt", `${codes.join("\n")}\n`)}
          >
            Save as a file
          </button>
        </div>
      </div>
      <label className="check">
        <input type="checkbox" checked={kept} onChange={(event) => setKept(event.target.checked)} />I have
        kept them somewhere safe
      </label>
      <div className="row end">
        <button type="button" className="control primary" disabled={!kept} onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
