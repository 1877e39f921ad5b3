import { Command, Empty } from "../../components/states";

/** What to do when there is nothing to read yet: the exact commands. */
export function NoSources({ only = false }: { only?: boolean }) {
  return (
    <Empty
      title="No source yet"
      only={only}
      reason="A source is a folder or a bucket into which a cloud delivers its bills. Bursar reads it where it is and never writes there. Stop the server and start it with the place:"
    >
      <Command text="bursar serve --source s3://my-bucket/exports/focus" />
      <p>
        Folders, <code>s3://</code>, <code>az://</code>, <code>abfss://</code> and <code>gs://</code> work;
        FOCUS, AWS CUR, Azure, Google and Oracle exports are recognised by their columns. Several{" "}
        <code>--source</code> are one bill. To look around first:
      </p>
      <Command text="bursar demo" />
    </Empty>
  );
}
