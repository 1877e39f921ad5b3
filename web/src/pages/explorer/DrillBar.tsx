export interface Drill {
  dimension: string;
  value: string | null;
  suggestions: string[];
}

interface Props {
  drill: Drill;
  by: string[];
  label: (dimension: string) => string;
  onPick: (dimension: string) => void;
  onBack: () => void;
  onClose: () => void;
}

/** After a drill: where one is, other ways to split the same charges, and the way back. */
export function DrillBar({ drill, by, label, onPick, onBack, onClose }: Props) {
  return (
    <div className="note drill" role="status">
      <span>
        Only <strong>{drill.value ?? `charges without ${label(drill.dimension)}`}</strong>. Split by
      </span>
      {drill.suggestions.map((one) => (
        <button
          key={one}
          type="button"
          className="control compact"
          aria-pressed={by.length === 1 && by[0] === one}
          onClick={() => onPick(one)}
        >
          {label(one)}
        </button>
      ))}
      <span className="drill-end">
        <button type="button" className="text-button" onClick={onBack}>
          Back
        </button>
        <button type="button" className="text-button" onClick={onClose}>
          Hide
        </button>
      </span>
    </div>
  );
}
