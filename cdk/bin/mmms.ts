import { application } from "../lib/application.ts";

application().synth();
