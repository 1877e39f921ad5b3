import { useEffect } from "react";
import { useMe } from "../../components/me";
import { Empty } from "../../components/states";
import { AskStaffAccess } from "./AskStaffAccess";
import { Passkeys } from "./Passkeys";
import { Password } from "./Password";
import { Profile } from "./Profile";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

/** Everything that is one's own, whatever the workspace. */
export function Account() {
  const me = useMe();
  useEffect(() => {
    document.title = "My account · Bursar";
  }, []);
  if (!me)
    return (
      <div className="page">
        <div className="card">
          <Empty
            only
            title="There are no accounts here yet"
            reason="This version of the server is opened by one-time links only."
          />
        </div>
      </div>
    );
  return (
    <div className="page">
      <div className="settings">
        <h1>My account</h1>
        <Profile account={me.account} />
        <Password account={me.account} />
        <SecondFactor account={me.account} />
        <Passkeys />
        <Sessions />
        {me.account.staff && <AskStaffAccess />}
      </div>
    </div>
  );
}
