import { Link } from "react-router";
import { may, opens, useMe } from "../../components/me";
import { Command, Empty } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";

/** The exact command for the workspace that is open. */
export function addSourceCommand(workspace: string, location: string): string {
  const name = /^[\w.-]+$/.test(workspace) ? workspace : `'${workspace.replaceAll("'", "'\\''")}'`;
  return `bursar source add --workspace ${name} ${location}`;
}

const KINDS = (
  <p>
    Folders, <code>s3://</code>, <code>az://</code>, <code>abfss://</code> and <code>gs://</code> work; FOCUS,
    AWS CUR, Azure, Google and Oracle exports are recognised by their columns. Several sources are one bill.
  </p>
);

/** What to do when there is nothing to read yet: the exact commands. */
export function NoSources({ only = false }: { only?: boolean }) {
  const { name } = useKnownWorkspace();
  const me = useMe();
  if (may(me, "manage-sources") && opens(me, "admin"))
    return (
      <Empty
        title="No source yet"
        only={only}
        reason="A source is a folder or a bucket into which a cloud delivers its bills. Bursar reads it where it is and never writes there."
      >
        <Link className="control primary" to="/admin/workspace">
          Add a source
        </Link>
        <p>or from the command line:</p>
        <Command text={addSourceCommand(name, "s3://my-bucket/exports/focus")} />
        {KINDS}
      </Empty>
    );
  if (me)
    return (
      <Empty
        title="No source yet"
        only={only}
        reason="A source is a folder or a bucket into which a cloud delivers its bills. An administrator of this workspace can add the first one; then figures appear here."
      />
    );
  return (
    <Empty
      title="No source yet"
      only={only}
      reason="A source is a folder or a bucket into which a cloud delivers its bills. Bursar reads it where it is and never writes there. Add the place and start the server again:"
    >
      <Command text={addSourceCommand(name, "s3://my-bucket/exports/focus")} />
      <Command text="bursar serve" />
      {KINDS}
      <p>To look around first:</p>
      <Command text="bursar demo" />
    </Empty>
  );
}
