// A list of addresses from another service, as a CSV file.

import type { SuppressionRequest } from "mmms-client";
import papa from "papaparse";
import { isReason, REASONS } from "../words/suppressions.js";

export interface Entry {
  /** The line of the file, from 1. */
  line: number;
  entry: SuppressionRequest;
}

export interface BadLine {
  line: number;
  /** The address, or what stands in its place. */
  text: string;
  message: string;
}

export interface Sheet {
  entries: Entry[];
  bad: BadLine[];
  /** The name of the column of addresses; null if the file has no line of names. */
  column: string | null;
  hasLists: boolean;
}

const ADDRESS = ["mail", "email", "address", "emailaddress", "mailaddress"];

/** A name of a column without case, blanks and punctuation: `E-Mail Address` is `emailaddress`. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");

/** Reads a file with an address column, and perhaps `reason` and `list`. The separator is that of the first line. */
export function readSheet(text: string): Sheet {
  const whole = text.replace(/^\ufeff/, "");
  const rows = papa.parse(whole, { delimiter: separatorOf(whole) }).data;
  const lines = numbered(rows).filter(({ cells }) => cells.some((cell) => cell.trim() !== ""));
  const first = lines[0]?.cells ?? [];
  const names = first.map(plain);
  const named = names.findIndex((name) => ADDRESS.includes(name));
  const hasNames = named >= 0 || (first.length > 0 && !first.some((cell) => cell.includes("@")));
  const at = Math.max(0, named);
  const [reasonAt, listAt] = hasNames ? [names.indexOf("reason"), names.indexOf("list")] : [-1, -1];
  const sheet: Sheet = { entries: [], bad: [], column: hasNames ? (first[at] ?? "").trim() : null, hasLists: false };
  for (const { line, cells } of lines.slice(hasNames ? 1 : 0)) {
    const mail = (cells[at] ?? "").trim();
    const reason = (cells[reasonAt] ?? "").trim().toLowerCase();
    const list = (cells[listAt] ?? "").trim();
    if (mail === "") {
      sheet.bad.push({ line, text: cells.join(" ").trim(), message: "has no address" });
    } else if (reason !== "" && !isReason(reason)) {
      sheet.bad.push({
        line,
        text: mail,
        message: `has the reason “${reason}”, which is none of ${REASONS.join(", ")}`,
      });
    } else {
      sheet.hasLists ||= list !== "";
      sheet.entries.push({ line, entry: { mail, ...(reason && { reason }), ...(list && { list }) } });
    }
  }
  return sheet;
}

/** The separator that the first line has most of, outside quotes. */
function separatorOf(text: string): string {
  const line = text.split(/[\r\n]+/).find((one) => one.trim() !== "") ?? "";
  const bare = line.replace(/"[^"]*"/g, "");
  const count = (separator: string) => bare.split(separator).length;
  return [",", ";", "\t", "|"].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/** A cell in quotes may have line breaks of its own. */
function numbered(rows: readonly string[][]): { line: number; cells: string[] }[] {
  let next = 1;
  return rows.map((cells) => {
    const line = next;
    next += 1 + cells.reduce((breaks, cell) => breaks + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
    return { line, cells };
  });
}
