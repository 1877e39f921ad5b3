import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/client";
import { saveFile } from "../../api/http";
import { useMe } from "../../components/me";

const FORMATS = ["csv", "xlsx"] as const;

/**
 * The answer as a file. A link, so that the browser streams it to the disk; whoever has several workspaces gets
 * it fetched instead, because a link cannot name the workspace that this window shows.
 */
export function Exports({ search }: { search: URLSearchParams }) {
  const several = (useMe()?.workspaces.length ?? 0) > 1;
  const save = useMutation({
    mutationFn: (format: "csv" | "xlsx") => saveFile(api.exportHref(search, format), `bursar-cost.${format}`),
  });
  return (
    <>
      {FORMATS.map((format) => (
        <a
          key={format}
          className="control quiet"
          href={api.exportHref(search, format)}
          download
          aria-busy={save.isPending && save.variables === format}
          onClick={(event) => {
            if (!several) return;
            event.preventDefault();
            if (!save.isPending) save.mutate(format);
          }}
        >
          {format.toUpperCase()}
        </a>
      ))}
      {save.error && (
        <span className="small up" role="alert">
          {save.error.message}
        </span>
      )}
    </>
  );
}
