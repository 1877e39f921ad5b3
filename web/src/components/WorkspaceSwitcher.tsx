import { Menu } from "@mantine/core";
import type { Me } from "../api/identityTypes";
import { ChevronDown } from "./icons";
import { roleLabel } from "./me";

interface Props {
  me: Me;
  choose: (id: string) => void;
}

/** Which workspace this window shows; another window may show another. */
export function WorkspaceSwitcher({ me, choose }: Props) {
  const current = me.workspace;
  if (me.workspaces.length < 2) return <span className="workspace-name clip">{current?.name}</span>;
  return (
    <Menu
      width={280}
      position="bottom-start"
      transitionProps={{ duration: 0 }}
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      shadow="md"
    >
      <Menu.Target>
        <button
          type="button"
          className="account-button"
          aria-label={`Workspace: ${current?.name ?? "none"}. Change it`}
        >
          <span className="workspace-name clip">{current?.name ?? "Choose a workspace"}</span>
          <ChevronDown />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {me.workspaces.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => choose(one.id)}
            aria-current={one.id === current?.id || undefined}
          >
            <strong>{one.name}</strong>
            <br />
            <span className="muted small">
              {one.owner ? "Owner" : roleLabel(one.role)}
              {one.id === current?.id ? " · open now" : ""}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
