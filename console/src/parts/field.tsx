import type { ComponentChildren, VNode } from "preact";
import { useId } from "preact/hooks";
import { useErrors } from "./form.js";

interface Framed {
  label: string;
  hint?: ComponentChildren;
  /** The API's name of the field, so that the field shows the API's errors about it. */
  field?: string | undefined;
  invalid?: boolean;
}

/** The attributes that connect a control to its label and its hint. */
interface Ties {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

/** The maximum number of errors that a field shows. */
const SAID = 3;

function Frame({ label, hint, field, invalid = false, control }: Framed & { control: (ties: Ties) => VNode }) {
  const id = useId();
  const errors = [...new Set(useErrors(field, id))];
  const described = [errors.length > 0 && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {control({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": errors.length > 0 || invalid ? "true" : undefined,
      })}
      {errors.length > 0 && (
        <p class="hint is-error" id={`${id}-error`}>
          {errors.slice(0, SAID).join("; ")}
          {errors.length > SAID && " …"}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface Labelled extends Framed {
  value: string;
  change: (value: string) => void;
}

interface Line extends Labelled {
  type?: "text" | "email" | "password" | "datetime-local";
  inputMode?: "numeric";
  required?: boolean;
  placeholder?: string;
  autocomplete?: "off" | "current-password";
  mono?: boolean;
}

export function Field({
  label,
  hint,
  field,
  invalid,
  value,
  change,
  mono,
  autocomplete = "off",
  type = "text",
  ...rest
}: Line) {
  const control = (ties: Ties) => (
    <input
      {...ties}
      // The types describe each input type by itself, not a union of them.
      {...({ type } as { type: "email" })}
      class={mono ? "mono" : undefined}
      value={value}
      onInput={(event) => change(event.currentTarget.value)}
      autocomplete={autocomplete}
      spellcheck={false}
      dir="auto"
      {...rest}
    />
  );
  return <Frame label={label} hint={hint} field={field} invalid={invalid ?? false} control={control} />;
}

interface Lines extends Labelled {
  rows: number;
  placeholder?: string;
  mono?: boolean;
  required?: boolean;
}

export function Area({ label, hint, field, value, change, mono, ...rest }: Lines) {
  const control = (ties: Ties) => (
    <textarea
      {...ties}
      class={mono ? "mono" : undefined}
      value={value}
      onInput={(event) => change(event.currentTarget.value)}
      spellcheck={false}
      dir="auto"
      {...rest}
    />
  );
  return <Frame label={label} hint={hint} field={field} control={control} />;
}

interface Choice<T extends string> extends Framed {
  value: T;
  change: (value: T) => void;
  options: readonly (readonly [T, string])[];
}

export function Select<T extends string>({ label, value, change, options, hint, field }: Choice<T>) {
  const control = (ties: Ties) => (
    <select
      {...ties}
      value={value}
      onChange={(event) => {
        const chosen = options.find(([option]) => option === event.currentTarget.value);
        if (chosen) change(chosen[0]);
      }}
    >
      {options.map(([option, name]) => (
        <option key={option} value={option} dir="auto">
          {name}
        </option>
      ))}
    </select>
  );
  return <Frame label={label} hint={hint} field={field} control={control} />;
}

export function Check({ label, value, change }: { label: string; value: boolean; change: (value: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => change(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** The entries of a list that is separated by blanks, line breaks, commas or semicolons. */
export function listed(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
