/**
 * The values that this version knows, of a type that may get more: `ErrorType` takes any string, `Known<ErrorType>` only
 * those that MMMS had when this package was made.
 */
export type Known<T> = T extends string ? (string & {} extends T ? never : T) : never;
