import { readFileSync } from "node:fs";

// Prints, after a deployment, the outputs that are tasks for a person.
const [file = ""] = process.argv.slice(2);
const stacks = JSON.parse(readFileSync(file, "utf8") || "{}") as Record<string, Record<string, string>>;
const todo = Object.values(stacks).flatMap((outputs) =>
  Object.entries(outputs).filter(([name]) => name.startsWith("Todo")),
);
if (todo.length > 0) console.log(["", "To be done by a person:", ...todo.map(([, what]) => `  - ${what}`)].join("\n"));
