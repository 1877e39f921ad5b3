import { type FormEvent, useState } from "react";
import { auth } from "../../api/identity";
import { Field, Problem } from "../../components/form";
import { Frame } from "./SignIn";

/** Always the same answer: whether an address has an account is nobody's business. */
export function ForgotPassword({ back }: { back: () => void }) {
  const [email, setEmail] = useState("");
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await auth.askReset(email.trim());
      setAsked(true);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const toSignIn = (
    <button type="button" className="text-button" onClick={back}>
      Back to signing in
    </button>
  );
  if (asked)
    return (
      <Frame title="Your administrators can help">
        <p role="status">
          If an account belongs to <strong>{email.trim()}</strong>, its administrators now see that you asked.
          One of them can give you a link to choose a new password; it works once.
        </p>
        <p className="muted">
          Are you the only one? Whoever runs Bursar can print a link that signs you in:{" "}
          <code>bursar member link EMAIL --workspace NAME</code>.
        </p>
        <div>{toSignIn}</div>
      </Frame>
    );
  return (
    <Frame title="Ask for a new password">
      <p>Signing in with a passkey or a provider works all the same.</p>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <Field
          label="E-mail"
          type="email"
          value={email}
          autoComplete="username"
          required
          onChange={(event) => setEmail(event.target.value)}
        />
        {error && <Problem error={error} />}
        <div className="row between">
          <button type="submit" className="control primary">
            Ask for a link
          </button>
          {toSignIn}
        </div>
      </form>
    </Frame>
  );
}
