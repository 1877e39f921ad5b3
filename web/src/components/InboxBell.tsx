import { NavLink } from "react-router";
import { useInbox } from "../api/messages";
import { plural } from "../lib/money";
import { BellIcon } from "./icons";

/** How much is unread, in the header; nothing on a server without an inbox. */
export function InboxBell() {
  const inbox = useInbox();
  if (!inbox.data) return null;
  const { unread } = inbox.data;
  return (
    <NavLink
      to="/inbox"
      className="icon-button bell"
      aria-label={unread > 0 ? `Inbox: ${plural(unread, "unread message")}` : "Inbox: nothing unread"}
    >
      <BellIcon />
      {unread > 0 && (
        <span className="bell-count num" aria-hidden="true">
          {unread > 99 ? "99+" : unread}
        </span>
      )}
    </NavLink>
  );
}
