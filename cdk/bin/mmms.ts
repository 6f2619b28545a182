import { application } from "../lib/application.ts";
import { Refused } from "../lib/refused.ts";

try {
  application().synth();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
