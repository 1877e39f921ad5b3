import { useEventTypes } from "../../api/messages";
import { typesByTopic, typeWords } from "../../lib/eventWords";

interface Props {
  legend: string;
  value: string[];
  onChange: (types: string[]) => void;
}

/** What can happen, by what it is about; each says when it does. */
export function TypePicker({ legend, value, onChange }: Props) {
  const types = useEventTypes();
  const known = types.data?.items ?? [];
  const unknown = value.filter((one) => !known.some((each) => each.type === one));
  const set = (type: string, on: boolean) =>
    onChange(on ? [...value, type] : value.filter((one) => one !== type));
  return (
    <fieldset className="checks">
      <legend>{legend}</legend>
      {types.error && <p className="hint bad">The types could not be read: {types.error.message}</p>}
      <div className="type-grid">
        {typesByTopic([...known, ...unknown.map((type) => ({ type, description: "" }))]).map(
          ([topic, all]) => (
            <div key={topic}>
              <span className="muted small">{topic}</span>
              {all.map((one) => (
                <label key={one.type} className="check" title={one.description}>
                  <input
                    type="checkbox"
                    checked={value.includes(one.type)}
                    onChange={(event) => set(one.type, event.target.checked)}
                  />
                  {typeWords(one.type).split(": ").slice(1).join(": ") || topic}
                  <span className="visually-hidden"> ({topic})</span>
                </label>
              ))}
            </div>
          ),
        )}
      </div>
    </fieldset>
  );
}
