// Imports a list of another service from a CSV file, in pages. A line with a fault is left out and named.

import { importSuppressions, MmmsError, type SuppressionReason, type SuppressionRequest } from "mmms-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf } from "../fault.js";
import { Dialog } from "../parts/dialog.js";
import { Select } from "../parts/field.js";
import { FaultNotice } from "../parts/notice.js";
import { management } from "../session.js";
import { counted, number } from "../words/figures.js";
import { type BadLine, type Entry, readSheet, type Sheet } from "./csv.js";
import { type About, reasonOptions, Scope } from "./suppression_dialogs.js";

/** The maximum number of entries of a request. */
const PAGE = 1_000;
/** The maximum number of faulty lines that are shown. */
const SHOWN = 100;

interface State {
  done: number;
  added: number;
  bad: readonly BadLine[];
  fault: Fault | null;
  ended: boolean;
}

export function ImportSuppressions({ keys, close, done }: About) {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const [unread, setUnread] = useState(false);
  const [reason, setReason] = useState<SuppressionReason>("manual");
  const [keyId, setKeyId] = useState("");
  const [list, setList] = useState("");
  const [state, setState] = useState<State | null>(null);
  const stopped = useRef(new AbortController());
  useEffect(() => () => stopped.current.abort(), []);

  const read = async (file: File | undefined) => {
    setState(null);
    setSheet(null);
    setUnread(false);
    if (!file) return;
    try {
      setSheet(readSheet(await file.text()));
    } catch {
      setUnread(true);
    }
  };
  const scoped = (entry: SuppressionRequest): SuppressionRequest => {
    const own = entry.list ?? list.trim();
    return { ...entry, reason: entry.reason ?? reason, ...(keyId && own && { api_key_id: keyId, list: own }) };
  };
  const begin = async () => {
    if (!sheet || (state && !state.ended)) return;
    const { signal } = stopped.current;
    const now: State = { done: 0, added: 0, bad: sheet.bad, fault: null, ended: false };
    setState(now);
    for (let at = 0; at < sheet.entries.length && now.fault === null; at += PAGE) {
      const page = sheet.entries.slice(at, at + PAGE);
      try {
        const { added, bad } = await importPage(page, scoped, signal);
        now.added += added;
        now.bad = [...now.bad, ...bad].sort((one, other) => one.line - other.line);
        now.done += page.length;
      } catch (error) {
        if (signal.aborted) return;
        now.fault = faultOf(error);
      }
      setState({ ...now });
      done();
    }
    now.ended = true;
    setState({ ...now });
  };

  const missing = missingOf(sheet, keyId, list);
  const running = state !== null && !state.ended;
  return (
    <Dialog title="Import suppressed addresses" close={close} wide firm={running}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (sheet && missing === "") void begin();
        }}
      >
        <div class="field">
          <label for="import-file">CSV file</label>
          <input
            id="import-file"
            type="file"
            accept=".csv,.txt,text/csv,text/plain"
            disabled={running}
            aria-describedby="import-hint"
            onChange={(event) => void read(event.currentTarget.files?.[0])}
          />
          <p class="hint" id="import-hint">
            The addresses are in the column mail, email or address, or else in the first one. The columns reason
            (bounce, complaint, manual, unsubscribe) and list are optional.
          </p>
        </div>
        {unread && (
          <p class="notice is-bad" role="alert">
            The file cannot be read.
          </p>
        )}
        {sheet && (
          <>
            <p role="status">
              <strong>{counted(sheet.entries.length, "address", "addresses")}</strong>
              {sheet.column ? ` in the column “${sheet.column}”` : " in the first column"}
              {sheet.bad.length > 0 && `, and ${counted(sheet.bad.length, "line", "lines")} with a fault`}
            </p>
            <Select<SuppressionReason>
              label="Reason of lines without one"
              value={reason}
              change={setReason}
              options={reasonOptions}
            />
            <Scope keys={keys} keyId={keyId} setKeyId={setKeyId} list={list} setList={setList} />
            {keyId && sheet.hasLists && <p class="hint">A line that names a list of its own is for that list.</p>}
            {missing && <p class="notice is-unsure">{missing}</p>}
          </>
        )}
        {state && sheet && <Progress state={state} total={sheet.entries.length} />}
        {state?.fault && <FaultNotice fault={state.fault} />}
        <BadLines bad={state?.bad ?? sheet?.bad ?? []} />
        <div class="choices">
          <button type="button" class="button" onClick={close}>
            {running ? "Stop" : state?.ended ? "Done" : "Cancel"}
          </button>
          <button
            type="submit"
            class="button is-primary"
            disabled={
              !sheet || sheet.entries.length === 0 || missing !== "" || running || (state?.ended && !state.fault)
            }
          >
            {sheet ? `Import ${counted(sheet.entries.length, "address", "addresses")}` : "Import"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What has to be chosen before the import can begin; empty if nothing. */
function missingOf(sheet: Sheet | null, keyId: string, list: string): string {
  if (!sheet) return "";
  if (sheet.entries.length === 0) return "There is no address in this file.";
  if (sheet.hasLists && !keyId) return "The file names lists. Choose the key that they belong to.";
  const isOpen = sheet.entries.some(({ entry }) => !entry.list);
  if (keyId && list.trim() === "" && isOpen) return "Name the list of the lines that have none of their own.";
  return "";
}

function Progress({ state: { done, added, ended, fault }, total }: { state: State; total: number }) {
  const share = total > 0 ? done / total : 1;
  return (
    <div class="importing">
      <div
        class="bar is-large"
        role="progressbar"
        aria-label="Import"
        aria-valuenow={Math.floor(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span class="is-sent" style={{ transform: `scaleX(${share})` }} />
      </div>
      <p role="status">
        {ended
          ? `${counted(added, "address is", "addresses are")} on the list now.${fault ? " The import has stopped: to go on, import the file again. What is on the list already stays as it is." : ""}`
          : `${number(done)} of ${number(total)} lines`}
      </p>
    </div>
  );
}

function BadLines({ bad }: { bad: readonly BadLine[] }) {
  if (bad.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: users without a mouse scroll it with the arrow keys
    <section class="notice is-unsure bad-lines" tabIndex={0} aria-label="Lines with a fault">
      <p class="notice-title">{counted(bad.length, "line is", "lines are")} not imported</p>
      <ul>
        {bad.slice(0, SHOWN).map(({ line, text, message }) => (
          <li key={line}>
            Line {number(line)}
            {text && (
              <>
                , “<span dir="auto">{text}</span>”
              </>
            )}
            : {message}
          </li>
        ))}
      </ul>
      {bad.length > SHOWN && <p>And {number(bad.length - SHOWN)} more.</p>}
    </section>
  );
}

/** Imports one page. The service takes a page whole or not at all, so that faulty lines are left out at the next try. */
async function importPage(
  page: readonly Entry[],
  scoped: (entry: SuppressionRequest) => SuppressionRequest,
  signal: AbortSignal,
): Promise<{ added: number; bad: BadLine[] }> {
  const bad: BadLine[] = [];
  let rest = page;
  while (rest.length > 0) {
    const body = { entries: rest.map(({ entry }) => scoped(entry)) };
    try {
      const { data } = await importSuppressions({ client: management.value, body, signal, throwOnError: true });
      return { added: data.data.accepted, bad };
    } catch (error) {
      const faulty = faultyOf(error, rest);
      if (faulty.size === 0) throw error;
      bad.push(...faulty.values());
      rest = rest.filter((_, at) => !faulty.has(at));
    }
  }
  return { added: 0, bad };
}

/** The lines that the service has named, by their place in the page. */
function faultyOf(error: unknown, page: readonly Entry[]): Map<number, BadLine> {
  const faulty = new Map<number, BadLine>();
  if (!(error instanceof MmmsError)) return faulty;
  for (const { field, message } of error.errors) {
    const at = Number(/^entries\.(\d+)/.exec(field)?.[1] ?? Number.NaN);
    const line = page[at];
    if (line && !faulty.has(at)) faulty.set(at, { line: line.line, text: line.entry.mail, message });
  }
  return faulty;
}
