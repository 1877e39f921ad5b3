import { SegmentedControl } from "@mantine/core";
import { useEffect } from "react";
import { Link, useSearchParams } from "react-router";
import { useChange } from "../api/changes";
import { messages, useInbox } from "../api/messages";
import type { InboxItem } from "../api/messageTypes";
import { Asked } from "../components/Asked";
import { Problem } from "../components/form";
import { may, opens, useMe } from "../components/me";
import { Empty } from "../components/states";
import { instantLabel } from "../lib/dates";
import { typeWords } from "../lib/eventWords";
import { moment } from "../lib/moments";

const BADGES: Record<string, string> = { warning: "warn", critical: "bad", info: "" };

/** What this person was told, the newest first. */
export function InboxPage() {
  const me = useMe();
  const inbox = useInbox();
  const [search, setSearch] = useSearchParams();
  const unreadOnly = search.get("show") === "unread";
  const all = useChange(() => messages.readAll(), ["inbox"]);
  const one = useChange((id: string) => messages.read(id), ["inbox"]);
  useEffect(() => {
    document.title = "Inbox · Bursar";
  }, []);
  return (
    <div className="page inbox-page">
      <div className="page-head">
        <h1>Inbox</h1>
        {(inbox.data?.items.length ?? 0) > 0 && (
          <div className="row">
            <SegmentedControl
              aria-label="Which are shown"
              value={unreadOnly ? "unread" : "all"}
              onChange={(value) => setSearch(value === "unread" ? { show: "unread" } : {}, { replace: true })}
              data={[
                { value: "all", label: "All" },
                { value: "unread", label: `Unread (${inbox.data?.unread ?? 0})` },
              ]}
            />
            <button
              type="button"
              className="control"
              disabled={(inbox.data?.unread ?? 0) === 0 || all.isPending}
              onClick={() => all.mutate()}
            >
              Mark all as read
            </button>
          </div>
        )}
      </div>
      {(all.error ?? one.error) && <Problem error={all.error ?? one.error ?? new Error("")} />}
      <Asked query={inbox} what="Messages">
        {({ items }) => {
          const shown = items.filter((each) => !unreadOnly || each.read_at === null);
          if (shown.length === 0)
            return (
              <div className="card">
                <Empty
                  title={items.length === 0 ? "Nothing was told yet" : "All of it is read"}
                  reason={
                    items.length === 0
                      ? "Budgets that reach a threshold, anomalies and failed deliveries appear here, as the alert rules of this workspace say."
                      : null
                  }
                >
                  {items.length === 0 && opens(me, "admin") && may(me, "manage-settings") && (
                    <Link to="/admin/alerts">Look at the alert rules</Link>
                  )}
                </Empty>
              </div>
            );
          return (
            <ul className="card inbox" aria-label="Messages">
              {shown.map((each) => (
                <Message key={each.id} item={each} read={() => one.mutate(each.id)} />
              ))}
            </ul>
          );
        }}
      </Asked>
    </div>
  );
}

function Message({ item, read }: { item: InboxItem; read: () => void }) {
  const unread = item.read_at === null;
  // Links lead into this program only, whatever the server says.
  const link = item.link && /^\/(?![/\\])/.test(item.link) ? item.link : null;
  return (
    <li className={unread ? "unread" : ""}>
      <span className={`dot ${BADGES[item.severity] ?? ""}`} aria-hidden="true" />
      <div>
        <p>
          <strong>
            {link ? (
              <Link
                className="quiet"
                to={link}
                onClick={() => {
                  if (unread) read();
                }}
              >
                {item.title}
              </Link>
            ) : (
              item.title
            )}
          </strong>{" "}
          {item.severity !== "info" && (
            <span className={`badge ${BADGES[item.severity] ?? ""}`}>{item.severity}</span>
          )}
        </p>
        <p className="break">{item.text}</p>
        <p className="muted small" title={instantLabel(item.at)}>
          {typeWords(item.type)} · {moment(item.at, Date.now())}
          {unread && <span className="visually-hidden"> · unread</span>}
        </p>
      </div>
      {unread && (
        <button
          type="button"
          className="text-button small"
          aria-label={`Mark ${item.title} as read`}
          onClick={read}
        >
          Read
        </button>
      )}
    </li>
  );
}
