import type { ReactNode } from "react";
import { Command } from "./states";

interface Props {
  title: string;
  secret: string;
  children?: ReactNode;
}

/** A secret that nobody can show again. */
export function Once({ title, secret, children }: Props) {
  return (
    <div className="once">
      <strong>{title}</strong>
      <Command text={secret} label="Copy it" />
      {children && <div className="small">{children}</div>}
    </div>
  );
}
