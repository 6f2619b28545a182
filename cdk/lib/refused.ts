/** What the user has to mend: a setting or a program. It is told in its own words, without a trace. */
export class Refused extends Error {}
