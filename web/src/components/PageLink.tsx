import { Link, type LinkProps } from "react-router";
import { opens, useMe } from "./me";
import { PAGES } from "./pages";

interface Props extends LinkProps {
  to: string;
  /** Shown only when the page can be opened: it says nothing but "go there". */
  only?: boolean;
}

/** A link to a page that the role may not open is plain text. */
export function PageLink({ only = false, to, children, ...rest }: Props) {
  const me = useMe();
  const path = to.split(/[?#]/)[0];
  const page = PAGES.find((one) => one.to === path)?.page;
  if (page === undefined || opens(me, page))
    return (
      <Link to={to} {...rest}>
        {children}
      </Link>
    );
  if (only) return null;
  return (
    <span className={rest.className} title={rest.title}>
      {children}
    </span>
  );
}
