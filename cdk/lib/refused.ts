/** A fault that the user has to fix, in a setting or a program. Its message is printed without a stack trace. */
export class Refused extends Error {}
