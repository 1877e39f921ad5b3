import { Menu } from "@mantine/core";
import { ChevronDown } from "./icons";
import { measureOf, useKnownWorkspace } from "./workspace";

interface Props {
  value: string;
  onChange: (id: string) => void;
}

/** Which of the four costs is meant. Each says what it is good for, because picking the wrong one misleads. */
export function MeasureSelect({ value, onChange }: Props) {
  const workspace = useKnownWorkspace();
  const measure = measureOf(workspace, value);
  return (
    <Menu
      width={340}
      position="bottom-end"
      transitionProps={{ duration: 0 }}
      withinPortal={false}
      withInitialFocusPlaceholder={false}
      shadow="md"
    >
      <Menu.Target>
        <button type="button" className="control" aria-label={`Measure: ${measure.label}`}>
          <span className="muted">Measure</span> {measure.label} <ChevronDown />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {workspace.measures.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => onChange(one.id)}
            aria-current={one.id === value || undefined}
          >
            <strong>{one.label}</strong> <span className="muted small">{one.id}</span>
            <br />
            <span className="muted small">{one.help}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
