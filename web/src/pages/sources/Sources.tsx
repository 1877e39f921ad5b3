import { Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";
import { useSourceNames } from "../../api/queries";
import { Conformance } from "./Conformance";
import { Deliveries } from "./Deliveries";
import { LedgerTab } from "./LedgerTab";
import { SourceList } from "./SourceList";

const TABS = ["sources", "deliveries", "conformance", "ledger"] as const;
type Tab = (typeof TABS)[number];

/** Where the figures come from, what was delivered when, what is wrong with it, and every read we made. */
export function Sources() {
  const [search, setSearch] = useSearchParams();
  const tab: Tab = TABS.find((one) => one === search.get("tab")) ?? "sources";
  const source = search.get("source");
  const name = useSourceNames();
  const show = (next: string | null, only: string | null = source) => {
    const to = new URLSearchParams();
    if (next && next !== "sources") to.set("tab", next);
    if (only && next !== "sources") to.set("source", only);
    setSearch(to);
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>Sources and deliveries</h1>
        {source && tab !== "sources" && tab !== "ledger" && (
          <button type="button" className="control compact" onClick={() => show(tab, "")}>
            Only {name(source)} <span aria-hidden="true">×</span>
            <span className="visually-hidden">: show all sources</span>
          </button>
        )}
      </div>
      <Tabs value={tab} onChange={(next) => show(next)} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="sources">Sources</Tabs.Tab>
          <Tabs.Tab value="deliveries">Deliveries</Tabs.Tab>
          <Tabs.Tab value="conformance">Conformance</Tabs.Tab>
          <Tabs.Tab value="ledger">Every read</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="sources" pt="md">
          <SourceList show={show} />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries" pt="md">
          <Deliveries source={source} />
        </Tabs.Panel>
        <Tabs.Panel value="conformance" pt="md">
          <Conformance source={source} />
        </Tabs.Panel>
        <Tabs.Panel value="ledger" pt="md">
          <LedgerTab />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
