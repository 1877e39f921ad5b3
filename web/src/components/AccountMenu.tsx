import { Menu } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { auth } from "../api/identity";
import type { Me } from "../api/identityTypes";
import { Confirm } from "./Dialog";
import { ChevronDown, PersonIcon } from "./icons";

interface Props {
  me: Me;
  signedOut: () => Promise<void>;
}

/** Whose session this is, and how to end it. */
export function AccountMenu({ me, signedOut }: Props) {
  const navigate = useNavigate();
  const [everywhere, setEverywhere] = useState(false);
  const name = me.account.display_name || me.account.email || "Account";
  const signOut = async () => {
    await auth.logout().catch(() => undefined);
    await signedOut();
  };
  return (
    <>
      <Menu
        width={260}
        position="bottom-end"
        transitionProps={{ duration: 0 }}
        withinPortal={false}
        withInitialFocusPlaceholder={false}
        shadow="md"
      >
        <Menu.Target>
          <button type="button" className="account-button" aria-label={`Account: ${name}`}>
            <PersonIcon />
            <span className="account-name clip">{name}</span>
            <ChevronDown />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void navigate("/account")}>
            <strong>My account</strong>
            <br />
            <span className="muted small">{me.account.email}</span>
          </Menu.Item>
          <Menu.Item onClick={() => void signOut()}>Sign out</Menu.Item>
          <Menu.Item onClick={() => setEverywhere(true)}>Sign out everywhere …</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {everywhere && (
        <Confirm
          title="Sign out everywhere?"
          verb="Sign out everywhere"
          danger={false}
          act={async () => {
            await auth.logoutEverywhere();
            await signedOut();
          }}
          close={() => setEverywhere(false)}
        >
          <p>
            Every session of your account ends at once, in this browser and in all others. API tokens go on
            working; they are ended under Administration.
          </p>
        </Confirm>
      )}
    </>
  );
}
