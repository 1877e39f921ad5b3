import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { ApiError } from "../api/http";
import { sentence, Told } from "./states";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  inputRef?: Ref<HTMLInputElement>;
}

/** A labelled text field; hint and error are read out with it. */
export function Field({ label, hint, error, inputRef, className, ...rest }: FieldProps) {
  const id = useId();
  const about = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={inputRef}
        className={className ? `input ${className}` : "input"}
        {...(about ? { "aria-describedby": about } : {})}
        {...(error ? { "aria-invalid": true } : {})}
        {...rest}
      />
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="hint bad" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  label: string;
  hint?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

export function SelectField({ label, hint, value, onChange, children }: SelectProps) {
  const id = useId();
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value}
        {...(hint ? { "aria-describedby": `${id}-hint` } : {})}
        onChange={(event) => onChange(event.target.value)}
      >
        {children}
      </select>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChecksProps {
  legend: string;
  hint?: ReactNode;
  options: { id: string; label: string; help?: string | undefined }[];
  value: string[];
  onChange: (value: string[]) => void;
}

export function Checks({ legend, hint, options, value, onChange }: ChecksProps) {
  return (
    <fieldset className="checks">
      <legend>{legend}</legend>
      {hint && <p className="hint">{hint}</p>}
      <div className="checks-grid">
        {options.map((one) => (
          <label key={one.id} className="check" title={one.help}>
            <input
              type="checkbox"
              checked={value.includes(one.id)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...value, one.id] : value.filter((other) => other !== one.id),
                )
              }
            />
            {one.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What a form could not do, in the server's words. It takes the focus, so that it is read out where one is. */
export function Problem({ error }: { error: Error }) {
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error) note.current?.scrollIntoView({ block: "nearest" });
  }, [error]);
  const api = error instanceof ApiError ? error : null;
  return (
    <div className="note bad" role="alert" ref={note}>
      {api?.detail ? (
        <>
          <strong>{sentence(api.title)}.</strong> <Told text={api.detail} />
        </>
      ) : (
        <Told text={error.message} />
      )}
    </div>
  );
}

interface PasswordProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: "current-password" | "new-password";
  hint?: ReactNode;
  error?: string | null;
  inputRef?: Ref<HTMLInputElement>;
}

/** A password that can be looked at while it is typed, as SP 800-63B asks for; pasting always works. */
export function PasswordField({
  label,
  value,
  onChange,
  autoComplete,
  hint,
  error,
  inputRef,
}: PasswordProps) {
  const [shown, setShown] = useState(false);
  const id = useId();
  const about = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="form-field">
      <label htmlFor={id}>{label}</label>
      <div className="with-button">
        <input
          id={id}
          ref={inputRef}
          className="input"
          type={shown ? "text" : "password"}
          value={value}
          autoComplete={autoComplete}
          autoCapitalize="off"
          spellCheck={false}
          required
          {...(about ? { "aria-describedby": about } : {})}
          {...(error ? { "aria-invalid": true } : {})}
          onChange={(event) => onChange(event.target.value)}
        />
        <button type="button" className="control" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? "Hide" : "Show"}
          <span className="visually-hidden"> the password</span>
        </button>
      </div>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="hint bad" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
