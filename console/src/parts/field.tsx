import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Labelled {
  label: string;
  hint?: ComponentChildren;
  value: string;
  change: (value: string) => void;
}

interface Line extends Labelled {
  type?: "text" | "email" | "password";
  required?: boolean;
  placeholder?: string;
  autocomplete?: "off" | "current-password";
  mono?: boolean;
}

export function Field({ label, hint, value, change, mono, autocomplete = "off", type = "text", ...rest }: Line) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        // The types know roles for each of them apart, not for one of them.
        {...({ type } as { type: "email" })}
        class={mono ? "mono" : undefined}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        aria-describedby={hint ? `${id}-hint` : undefined}
        autocomplete={autocomplete}
        spellcheck={false}
        {...rest}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface Lines extends Labelled {
  rows: number;
  placeholder?: string;
  mono?: boolean;
  required?: boolean;
}

export function Area({ label, hint, value, change, mono, ...rest }: Lines) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class={mono ? "mono" : undefined}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        aria-describedby={hint ? `${id}-hint` : undefined}
        spellcheck={false}
        {...rest}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface Choice<T extends string> {
  label: string;
  value: T;
  change: (value: T) => void;
  options: readonly (readonly [T, string])[];
  hint?: ComponentChildren;
}

export function Select<T extends string>({ label, value, change, options, hint }: Choice<T>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = options.find(([option]) => option === event.currentTarget.value);
          if (chosen) change(chosen[0]);
        }}
        aria-describedby={hint ? `${id}-hint` : undefined}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function Check({ label, value, change }: { label: string; value: boolean; change: (value: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => change(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** What stands on lines of its own or between commas. */
export function listed(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
