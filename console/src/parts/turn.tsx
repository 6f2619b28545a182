// A list that is turned over page by page: the cursors of the pages before the open one.

import { useState } from "preact/hooks";

export interface Turned {
  /** The cursor of the open page; undefined for the first. */
  after: string | undefined;
  cursors: readonly string[];
  set: (cursors: readonly string[]) => void;
}

/** A cursor is valid only for the list that it came from, which `list` names. */
export function useTurned(list: string): Turned {
  const [turned, turn] = useState<{ list: string; cursors: readonly string[] }>({ list, cursors: [] });
  const cursors = turned.list === list ? turned.cursors : [];
  return { after: cursors.at(-1), cursors, set: (to) => turn({ list, cursors: to }) };
}

export function Turn({ turned, next, size }: { turned: Turned; next: string | null; size: number }) {
  const { cursors, set } = turned;
  if (cursors.length === 0 && !next) return null;
  return (
    <div class="turn">
      <button
        type="button"
        class="button"
        aria-disabled={cursors.length === 0}
        onClick={() => cursors.length > 0 && set(cursors.slice(0, -1))}
      >
        Back
      </button>
      <button type="button" class="button" aria-disabled={!next} onClick={() => next && set([...cursors, next])}>
        Next {size}
      </button>
    </div>
  );
}
